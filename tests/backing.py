"""Infrastructure backups of simulated stamps in tests: set up, made, and opened by a decryptor of its own."""

import hmac
import io
import struct
import zipfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from .asking import Desk
from .shares import Pair, pair

PATH = r"\\nas.contoso.example\backups\redmond"
PASSWORD = "the share's own word"
HOUR, DAY = 3600, 86400


def place(desk: Desk, what: str = "") -> str:
    region = desk.stamp.region
    return f"resourceGroups/system.{region}/providers/Microsoft.Backup.Admin/backupLocations/{region}{what}"


def set_up(desk: Desk, held: Pair | None = None, **more: Any) -> Any:
    """Set where backups go; return the answer."""
    certificate = b64encode((held or pair("backup")).certificate.public_bytes(Encoding.DER)).decode()
    store = {"path": PATH, "userName": "contoso\\backup", "password": PASSWORD, "encryptionCertBase64": certificate}
    store |= {"backupFrequencyInHours": 12, "backupRetentionPeriodInDays": 7, "isBackupSchedulerEnabled": False}
    body = {"location": desk.stamp.region, "properties": {"externalStoreDefault": store | more}}
    return desk.ask("PUT", place(desk), body)


def back_up(desk: Desk) -> dict[str, Any]:
    """Take a backup to its end; return what is said of it."""
    begun = desk.ask("POST", place(desk, "/createBackup"))
    assert begun.status == 202, begun.body
    desk.stamp.clock.advance(600)
    info: dict[str, Any] = desk.follow(begun).body["properties"]["backupInfo"]
    return info


def listed(desk: Desk) -> list[dict[str, Any]]:
    """What the stamp says of its backups."""
    return [each["properties"]["backupInfo"] for each in desk.ask("GET", place(desk, "/backups")).body["value"]]


def restore(desk: Desk, backup: str, held: Pair | None = None, password: str = "sesame", **more: Any) -> Any:
    """Call for a restore; return the answer."""
    body = {
        "decryptionCertBase64": b64encode(pfx_of(held or pair("backup"))).decode(),
        "decryptionCertPassword": password,
    }
    return desk.ask("POST", place(desk, f"/backups/{backup}/restore"), body | more)


def pfx_of(held: Pair, password: str = "sesame") -> bytes:
    how = BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"backup", held.key, held.certificate, None, how)


def files_of(share: Path, backup: str) -> list[Path]:
    """The data of a backup's snapshots, by repository."""
    return sorted((share / "MASBackup" / "progressivebackup").rglob(f"*_{backup}_*.zip"))


def opened(file: Path, held: Pair) -> dict[str, bytes]:
    """What is in a snapshot, read as the published decryptor does: key from the metadata, MAC, then the zip."""
    wrapped = b64decode(ElementTree.parse(file.with_suffix(".xml")).findtext("EncryptedBackupEncryptionKey") or "")
    keys = b64decode(held.key.decrypt(wrapped, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)).decode())
    whole = file.read_bytes()
    tag, cipher, mac, iv_length, mac_length = struct.unpack("<hhhhh", whole[:10])
    start = 10 + iv_length + mac_length
    assert (tag, cipher, mac, len(keys)) == (1, 0, 0, 64)
    assert hmac.digest(keys[32:], whole[start:], "sha512") == whole[10 + iv_length : start]
    decryptor = Cipher(algorithms.AES256(keys[:32]), modes.CBC(whole[10 : 10 + iv_length])).decryptor()
    plain = decryptor.update(whole[start:]) + decryptor.finalize()
    return unzipped(plain[: -plain[-1]])


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
