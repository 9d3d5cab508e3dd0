"""Shares as a stamp leaves them, made by a writer of the format that has nothing of restamp's reader in it."""

import base64
import datetime as dt
import hmac
import io
import json
import os
import struct
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

FIRST = dt.datetime(2026, 10, 20, 3, 0, tzinfo=dt.UTC)
EVERY = dt.timedelta(hours=12)
DEPLOYMENT = "015353df-58a2-4d5e-9f0e-6b8f6cb2b0a1"
STAMP, OEM = "1.2501.1.47", "2.1.1907.1"
QUOTAS = {
    "CRP;Microsoft.Compute.Admin;-;Quota": "CRP-Microsoft.Compute.Admin.json",
    "NRP;Microsoft.Network.Admin;-;Quota": "NRP-Microsoft.Network.Admin.json",
    "SRP;SRP;-;-": "SRP-Microsoft.Storage.Admin.json",
}
SUBSCRIPTIONS = "WAS;WasService;-;Microsoft.AzureStack.Subscriptions"
OTHERS = ("ECE;EceService;-;Deployment", "KeyVaultDataPlane;KeyVault;-;Vaults")
REPOSITORIES = (*QUOTAS, SUBSCRIPTIONS, *OTHERS)
NESTED = "SRP;Microsoft.Storage.Admin;-;Quota"
SUBSCRIPTION = "/subscriptions/0eb0f1ca-0000-4000-8000-00000000a0a0"


@dataclass(frozen=True)
class Pair:
    """A certificate that backups are encrypted for, and its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def thumbprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()

    def pfx(self, path: Path, password: str = "sesame") -> Path:
        """A .pfx file of both."""
        how = BestAvailableEncryption(password.encode())
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"backup", self.key, self.certificate, None, how))
        return path


@cache
def pair(name: str) -> Pair:
    """The pair of a name, made once."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    until = FIRST + dt.timedelta(days=3650)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), FIRST, until)
    return Pair(builder.sign(key, hashes.SHA256()), key)


def backup_id(number: int) -> str:
    """The id of a share's backup; 0 is the oldest."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"backup {number}"))


def name_of(repository: str, number: int, kind: str, *, together: bool = True) -> str:
    """What a snapshot's two files are called, without their ends, below the stamp version."""
    stamped = FIRST + number * EVERY
    return f"{repository}/{stamped:%Y%m%d%H%M}_{backup_id(number)}_{kind}{'_C' if together else ''}"


def zipped(files: Mapping[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these; stored, so that its size is the same everywhere."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def quotas(repository: str) -> list[dict[str, object]]:
    """Two quotas of a service as Resource Manager has them."""
    namespace = {"C": "Compute", "N": "Network", "S": "Storage"}[repository[0]]
    fields = {
        "Compute": {
            "coresLimit": 50,
            "virtualMachineCount": 20,
            "availabilitySetCount": 10,
            "maxAllocationStandardManagedDisksAndSnapshots": 2048,
            "maxAllocationPremiumManagedDisksAndSnapshots": 2048,
        },
        "Network": {
            f"max{what}PerSubscription": 50
            for what in (
                "Vnets",
                "VirtualNetworkGateways",
                "VirtualNetworkGatewayConnections",
                "PublicIps",
                "Nics",
                "LoadBalancers",
                "SecurityGroups",
            )
        },
        "Storage": {"capacityInGb": 2048, "numberOfStorageAccounts": 20},
    }[namespace]
    place = f"{SUBSCRIPTION}/providers/Microsoft.{namespace}.Admin/locations/redmond/quotas"
    return [
        {
            "id": f"{place}/{name}",
            "name": name,
            "type": f"Microsoft.{namespace}.Admin/quotas",
            "location": "redmond",
            "properties": fields,
        }
        for name in ("Default Quota", "small")
    ]


def payload(repository: str, number: int, size: int) -> bytes:
    """What a snapshot's data is before it is encrypted."""
    if repository not in QUOTAS:
        size += 64 * sum(repository.encode()[:3])  # each repository has its own
        return zipped({"data.bin": os.urandom(size), "which.txt": f"{repository} {number}".encode()})
    content = json.dumps(quotas(repository), indent=2).encode()
    if repository[0] != "S":
        return zipped({QUOTAS[repository]: content})
    inside = zipped({QUOTAS[repository]: content}, zipfile.ZIP_DEFLATED)
    return zipped({f"{NESTED}/snapshot.zip": inside, "SRP;StorageAccount;-;SRP/Account.json": b"[]"})


def sealed(data: bytes, keys: bytes) -> bytes:
    """The envelope: five numbers, IV, tag, ciphertext."""
    padder, iv = padding.PKCS7(128).padder(), os.urandom(16)
    encryptor = Cipher(algorithms.AES(keys[:32]), modes.CBC(iv)).encryptor()
    body = encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
    tag = hmac.digest(keys[32:], body, "sha512")
    return struct.pack("<5h", 1, 0, 0, len(iv), len(tag)) + iv + tag + body


def wrapped(keys: bytes, to: Pair, algorithm: hashes.HashAlgorithm | None = None) -> str:
    """Both keys, for the holder of a private key."""
    how = algorithm or hashes.SHA256()
    text = base64.b64encode(keys)
    return base64.b64encode(to.key.public_key().encrypt(text, OAEP(MGF1(how), how, None))).decode()


@dataclass
class Made:
    """A share, being made."""

    folder: Path
    repositories: Sequence[str] = REPOSITORIES
    pair: Pair = field(default_factory=lambda: pair("backup"))
    stamp: str = STAMP
    legacy: bool = False
    size: int = 4096  # of what restamp never opens
    fields: dict[str, str] = field(default_factory=dict)  # of every metadata
    keys: dict[int, bytes] = field(default_factory=dict)  # one pair a backup, as the recorded operation's result has it

    @property
    def managed(self) -> Path:
        return self.folder / "MASBackup"

    def path(self, name: str, end: str = ".zip") -> Path:
        """One of a snapshot's files."""
        return self.managed / "progressivebackup" / self.stamp / f"{name}{end}"

    def snapshot(
        self, repository: str, number: int, kind: str = "Full", *, data: bytes | None = None, **fields: str
    ) -> None:
        """One snapshot; `fields` of its metadata are other ones than they should be."""
        keys = self.keys.setdefault(number, os.urandom(64))
        name = name_of(repository, number, kind)
        if self.legacy:
            stamped = FIRST + number * EVERY
            zip_file = self.managed / f"{stamped:%Y%m%d%H%M}" / backup_id(number) / f"{repository}.zip"
        else:
            zip_file = self.path(name)
        zip_file.parent.mkdir(parents=True, exist_ok=True)
        data = payload(repository, number, self.size) if data is None else data
        zip_file.write_bytes(sealed(data, keys))
        told = self.metadata(repository, number, kind, keys, len(data)) | self.fields | fields
        zip_file.with_name(f"{zip_file.name[:-4]}.xml").write_text(xml(told), "utf-8")

    def metadata(self, repository: str, number: int, kind: str, keys: bytes, size: int) -> dict[str, str]:
        role, component, partition, name = repository.split(";")
        created = FIRST + number * EVERY + dt.timedelta(minutes=25)
        before = kind == "Progressive"
        return {
            "BackupDataVersion": "1.0.1",
            "StampVersion": self.stamp,
            "OemVersion": OEM,
            "DeploymentID": DEPLOYMENT,
            "IsAutomaticBackup": "true",
            "IsContemporaneousBackup": "true",
            "BackupId": backup_id(number),
            "ComponentInfo/RoleName": role,
            "ComponentInfo/ComponentName": component,
            "ComponentInfo/PartitionId": partition,
            "HostVMName": "AzS-ERCS01",
            "RepositoryName": name,
            "EncryptedBackupEncryptionKey": wrapped(keys, self.pair),
            "EncryptionCertThumbprint": self.pair.thumbprint,
            "SnapshotProperties/BackupType": kind,
            "SnapshotProperties/PreviousSnapshotId": f"{repository};{backup_id(number - 1)}" if before else "",
            "SnapshotProperties/DependentFullSnapshotId": backup_id(0) if before else "",
            "SnapshotProperties/CreatedDateTime": f"{created:%Y-%m-%dT%H:%M:%S}.1234567Z",
            "SnapshotProperties/TimeTakenToCreate": "PT20M30.5S",
            "SnapshotProperties/BackupStatus": "Succeeded",
            "SnapshotProperties/BackupSizeInKb": "12",
            "SnapshotProperties/CompressedBackupSizeInKb": str(size // 1024),
        }

    def backup(self, number: int) -> None:
        """A whole backup: the subscriptions progressive after the first, all else in full."""
        for repository in self.repositories:
            progressive = repository == SUBSCRIPTIONS and number and not self.legacy
            self.snapshot(repository, number, "Progressive" if progressive else "Full")
        if self.legacy:
            folder = f"{FIRST + number * EVERY:%Y%m%d%H%M}"
            (self.managed / folder / backup_id(number) / "BackupInfo.xml").write_text("<BackupInfo/>")
        else:
            (self.managed / "progressivebackup" / f"{backup_id(number)}_BackupInfo.xml").write_text("<BackupInfo/>")


def xml(fields: Mapping[str, str]) -> str:
    """The metadata of a snapshot; a / in a field's name is one level more."""
    lines, inside = ['<?xml version="1.0" encoding="utf-8"?>', "<BackupSnapshot>"], ""
    for name, value in fields.items():
        group, _, own = name.rpartition("/")
        if group != inside:
            lines += [f"</{inside}>"] * bool(inside) + [f"<{group}>"] * bool(group)
            inside = group
        lines.append(f"<{own}>{escape(value)}</{own}>")
    return "\n".join([*lines, f"</{inside}>" if inside else "", "</BackupSnapshot>"])


def made(folder: Path, backups: int = 3, **how: object) -> Made:
    """A share with some backups, the newest last."""
    share = Made(folder, **how)  # type: ignore[arg-type]
    for number in range(backups):
        share.backup(number)
    return share
