"""One repository at one moment: the names of its two files, its metadata, and the chain it is a link of.

Names, fields and rules are those of Microsoft's published validator and of the strings in its assemblies.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from .share import Place

Kind = Literal["Full", "Progressive"]
NOBODY = "00000000-0000-0000-0000-000000000000"
MAKE = ("thumbprint", "stamp_version", "oem_version", "deployment")  # one within a chain (the controller's rule)


@dataclass(frozen=True)
class Snapshot:
    """What the metadata of a snapshot says."""

    backup: str
    repository: str
    kind: Kind
    stamped: str  # yyyyMMddHHmm of when it began, UTC
    stamp_version: str
    oem_version: str
    deployment: str
    thumbprint: str
    key: str
    automatic: bool
    previous: str  # the backup of the link before; empty in a full one
    full: str  # the backup of the full one at the chain's beginning
    created: str
    took: str
    size: int = 0  # KB
    compressed: int = 0
    status: str = "Succeeded"

    @property
    def name(self) -> str:
        """Where its files are, without their suffix."""
        return f"{self.stamp_version}/{self.repository}/{self.stamped}_{self.backup}_{self.kind}_C"


def metadata(snapshot: Snapshot) -> bytes:
    """Return the file beside a snapshot's data."""
    role, component, partition, name = snapshot.repository.split(";")
    root = ElementTree.Element("BackupSnapshot")
    _add(root, BackupDataVersion="1.0.1", StampVersion=snapshot.stamp_version, OemVersion=snapshot.oem_version)
    _add(root, DeploymentID=snapshot.deployment, IsAutomaticBackup=str(snapshot.automatic).lower())
    _add(root, IsContemporaneousBackup="true", BackupId=snapshot.backup)
    info = ElementTree.SubElement(root, "ComponentInfo")
    _add(info, RoleName=role, ComponentName=component, PartitionId=partition)
    _add(root, HostVMName="AzS-ERCS01", RepositoryName=name, EncryptedBackupEncryptionKey=snapshot.key)
    _add(root, EncryptionCertThumbprint=snapshot.thumbprint)
    properties = ElementTree.SubElement(root, "SnapshotProperties")
    _add(properties, BackupType=snapshot.kind, PreviousSnapshotId=snapshot.previous or NOBODY)
    _add(properties, DependentFullSnapshotId=snapshot.full, CreatedDateTime=snapshot.created)
    _add(properties, TimeTakenToCreate=snapshot.took, Description="", BackupStatus=snapshot.status)
    _add(properties, BackupSizeInKb=str(snapshot.size), CompressedBackupSizeInKb=str(snapshot.compressed))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root)


def info(snapshot: Snapshot, roles: Iterable[str]) -> bytes:
    """Return the store's own file about a backup: fields as the API names them, form made up."""
    root = ElementTree.Element("BackupInfo")
    _add(root, BackupDataVersion="1.0.1", BackupId=snapshot.backup, Status=snapshot.status)
    _add(root, CreatedDateTime=snapshot.created, TimeTakenToCreate=snapshot.took)
    _add(root, StampVersion=snapshot.stamp_version, OemVersion=snapshot.oem_version, DeploymentID=snapshot.deployment)
    _add(root, EncryptionCertThumbprint=snapshot.thumbprint, IsAutomaticBackup=str(snapshot.automatic).lower())
    statuses = ElementTree.SubElement(root, "RoleStatus")
    for role in dict.fromkeys(roles):
        _add(ElementTree.SubElement(statuses, "Role"), RoleName=role, Status=snapshot.status)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root)


def _add(parent: ElementTree.Element, **texts: str) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, name).text = text


def parsed(name: str, content: bytes) -> Snapshot | None:
    """Return what metadata says, given the name of its file without suffix; None where it is no metadata."""
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - the share is the operator's own
    except ElementTree.ParseError:
        return None
    fields = {each.tag: each.text or "" for each in root.iter()}
    repository = ";".join(fields.get(part, "-") for part in ("RoleName", "ComponentName", "PartitionId"))
    previous = fields.get("PreviousSnapshotId", "")
    return Snapshot(
        backup=fields.get("BackupId", "").lower(),
        repository=f"{repository};{fields.get('RepositoryName', '-')}",
        kind="Full" if fields.get("BackupType") == "Full" else "Progressive",
        stamped=name.rpartition("/")[2].partition("_")[0],
        stamp_version=fields.get("StampVersion", ""),
        oem_version=fields.get("OemVersion", ""),
        deployment=fields.get("DeploymentID", "").lower(),
        thumbprint=fields.get("EncryptionCertThumbprint", ""),
        key=fields.get("EncryptedBackupEncryptionKey", ""),
        automatic=fields.get("IsAutomaticBackup") == "true",
        previous="" if previous == NOBODY else previous.lower(),
        full=fields.get("DependentFullSnapshotId", "").lower(),
        created=fields.get("CreatedDateTime", ""),
        took=fields.get("TimeTakenToCreate", ""),
        status=fields.get("BackupStatus", ""),
    )


def on(place: Place) -> list[Snapshot]:
    """Return every snapshot at a place that has both its files."""
    files = set(place.files())
    names = sorted(file[:-4] for file in files if file.endswith(".xml") and f"{file[:-4]}.zip" in files)
    found = [parsed(name, place.read(f"{name}.xml")) for name in names]
    return [each for name, each in zip(names, found, strict=True) if each is not None and each.name == name]


def chain(tip: Snapshot, among: Iterable[Snapshot]) -> list[Snapshot] | None:
    """Return the links that a snapshot needs, the full one first; None where one is missing or of another make."""
    by_backup = {each.backup: each for each in among if each.repository == tip.repository}
    links = [tip]
    while links[0].kind == "Progressive":
        before = by_backup.get(links[0].previous)
        if before is None or before in links or make(before) != make(tip) or before.status != "Succeeded":
            return None
        links.insert(0, before)
    return links if links[0].backup == tip.full else None


def make(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what has to be the same in all links of a chain."""
    return tuple(getattr(snapshot, field).lower() for field in MAKE)


def files(snapshots: Iterable[Snapshot]) -> Iterator[str]:
    """Yield the names of the files of snapshots."""
    for each in snapshots:
        yield from (f"{each.name}.zip", f"{each.name}.xml")
