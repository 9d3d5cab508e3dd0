"""What an operator has before the loss: a key pair, files of the OEM, a backup, and decisions in the runbook."""

import datetime as dt
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from restamp.runbook.read import recorded_backups
from restamp.simulator import redfish

if TYPE_CHECKING:
    from restamp.arm.client import Arm
    from restamp.drill.rehearsal import Drill

PASSWORD = "drill"  # noqa: S105 - of a key that is thrown away with the folder
_SHARES = "not-told"
_BACKUPS = r"\\files.example\AzSBackups"
_FILES = ("iso", "oem-package", "worksheet", "switch-configs")


def key(folder: Path) -> Path:
    """The .pfx that opens secrets and backups of the rehearsal."""
    return folder / "keys" / "operator.pfx"


def keys(drill: "Drill") -> None:
    """A key pair whose public half is in git, and whose private half opens secrets and backups."""
    private = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "drill")])
    now = dt.datetime.now(dt.UTC)
    ends = now + dt.timedelta(days=400)
    made = x509.CertificateBuilder(name, name, private.public_key(), 1, now - dt.timedelta(days=1), ends)
    certificate = made.sign(private, hashes.SHA256())
    recipients = drill.runbook / "recipients"
    recipients.mkdir(parents=True)
    (recipients / "operator.cer").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    key(drill.folder).parent.mkdir()
    encrypted = serialization.BestAvailableEncryption(PASSWORD.encode())
    key(drill.folder).write_bytes(
        pkcs12.serialize_key_and_certificates(b"drill", private, certificate, None, encrypted)
    )
    drill.export(RESTAMP_OPENERS=str(key(drill.folder)), RESTAMP_OPENER_PASSWORD=PASSWORD)
    drill.export(RESTAMP_PFX_PASSWORD=PASSWORD, RESTAMP_SECRET_HUB_CORE_BACKUP_KEY_PASSWORD=PASSWORD)
    drill.export(RESTAMP_SECRET_HUB_CORE_BACKUP_PASSWORD=_SHARES)


def signs_in(drill: "Drill") -> None:
    """For a rebuild on AD FS: restamp's application will be made anew, for the certificate that it signs in with."""
    if drill.asked.way == "rebuild":
        drill.export(RESTAMP_CLIENT_CERTIFICATE=str(key(drill.folder)), RESTAMP_CLIENT_CERTIFICATE_PASSWORD=PASSWORD)


@contextmanager
def asking(drill: "Drill") -> "Iterator[Arm]":
    """The stamp as whoever sets up restamp sees it, with the environment of now."""
    from restamp.arm.client import Arm
    from restamp.arm.settings import read

    names = {name.removeprefix("RESTAMP_").lower(): value for name, value in drill.env.items()}
    with Arm(read({"stamp": drill.name} | names)) as arm:
        yield arm


def used(drill: "Drill", plugin: str) -> dict[str, Any]:
    """What stamp.yaml says of a plugin in a rehearsal."""
    if plugin == "oem-generic":
        return {"files": {name: _file(drill.folder, name) for name in _FILES}}
    if plugin == "oem-redfish":
        first, user = _bmc(drill.folder)
        hosts = [first.replace("01-bmc", f"{number:02}-bmc") for number in range(1, drill.asked.nodes + 1)]
        return {"settings": {"bmcs": hosts, "user": user}}
    if plugin == "hub-core":
        return {"settings": _of_the_hub(drill)}
    return {}


def _of_the_hub(drill: "Drill") -> dict[str, Any]:
    settings: dict[str, Any] = {"registration": {"name": "redmond", "subscription": "drill"}}
    settings |= {"share": str(drill.share / drill.region), "copyTo": str(drill.folder / "safe")}
    return settings | {"backupPath": rf"{_BACKUPS}\again", "afterwards": {"tlsPolicy": "TLS_1.2"}}


def backed_up(drill: "Drill") -> None:
    """Settings of backups, and one taken: as an operator does in the portal."""
    with asking(drill) as arm:
        place = arm.place
        location = f"/subscriptions/{place.provider}/resourceGroups/system.{place.region}"
        location += f"/providers/Microsoft.Backup.Admin/backupLocations/{place.region}"
        store: dict[str, Any] = {
            "path": rf"{_BACKUPS}\{place.region}",
            "userName": r"example\backup",
            "password": _SHARES,
        }
        store |= {"encryptionCertBase64": _certificate(drill), "isBackupSchedulerEnabled": True}
        store |= {"backupFrequencyInHours": 12, "backupRetentionPeriodInDays": 7}
        body = {"location": place.region, "properties": {"externalStoreDefault": store}}
        arm.admin.write("PUT", arm.admin.url(location, "2018-09-01"), body)
        arm.admin.write("POST", arm.admin.url(f"{location}/createBackup", "2018-09-01"))
    drill.restamp("secrets", "add", str(key(drill.folder)), "--name", "backup-key")


def decided(drill: "Drill") -> None:
    """What people write: which backup, which machines the stamp comes back on, the certificate of its backups."""
    with (drill.runbook / "backup" / f"{drill.region}.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"certificate: {_certificate(drill)}\n")
    file = drill.runbook / "recoveries" / drill.recovery / "recovery.yaml"
    document = yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - texts, lists and maps
    target = document.setdefault("target", {})
    maker, model = redfish.maker(drill.asked.hardware)
    target |= {"hardware": model, "nodes": str(drill.asked.nodes)}
    target |= {"oem": maker} if maker != redfish.maker(drill.before)[0] else {}
    target |= {"version": drill.asked.version} if drill.asked.version else {}
    known = recorded_backups(drill.runbook)
    if drill.asked.way == "native" and known and (newest := known.newest):
        document |= {"backup": newest.time.isoformat(), "backupId": newest.id}
    file.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")


def _certificate(drill: "Drill") -> str:
    return b64encode((drill.runbook / "recipients" / "operator.cer").read_bytes()).decode()


def _file(folder: Path, name: str) -> str:
    path = folder / "artefacts" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{name} of a rehearsal\n", "utf-8")
    return str(path)


def _bmc(folder: Path) -> tuple[str, str]:
    """The first BMC and who signs in, as the simulator said at its start."""
    found = re.search(r"BMCs (\S+) \.\.\. as ([^,]+),", (folder / "stamp.log").read_text("utf-8"))
    assert found, "a rehearsal's stamp has BMCs"
    return found[1], found[2]
