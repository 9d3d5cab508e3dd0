"""What stands beside a snapshot's data, read as something a stranger may have written: small, and without entities."""

import datetime as dt
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from xml.etree import ElementTree

from pydantic import TypeAdapter, ValidationError

from restamp.errors import Damaged
from restamp.models.backup import SnapshotFacts

LARGEST = 1024 * 1024
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NOBODY = "00000000-0000-0000-0000-000000000000"
_ENCODINGS = {BOM_UTF8: "utf-8-sig", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}
_DURATION = TypeAdapter(dt.timedelta)
_REPOSITORY = ("ComponentInfo/RoleName", "ComponentInfo/ComponentName", "ComponentInfo/PartitionId", "RepositoryName")


def read(content: bytes, path: str) -> SnapshotFacts:
    """The metadata of a snapshot; Damaged where it is none, or says too little."""
    fields = _Fields(_root(content, path), path)
    parts = [fields.get(name) or "-" for name in _REPOSITORY]
    return SnapshotFacts(
        backup=fields.guid("BackupId", needed=True),
        repository=";".join(parts),
        kind=fields.needed("SnapshotProperties/BackupType"),
        status=fields.needed("SnapshotProperties/BackupStatus"),
        thumbprint=fields.needed("EncryptionCertThumbprint").replace(" ", "").upper(),
        deployment=fields.guid("DeploymentID", needed=True),
        stamp_version=fields.needed("StampVersion"),
        oem_version=fields.get("OemVersion"),
        contemporaneous=fields.get("IsContemporaneousBackup").lower() == "true",
        key=fields.needed("EncryptedBackupEncryptionKey"),
        previous=fields.guid("SnapshotProperties/PreviousSnapshotId"),
        full=fields.guid("SnapshotProperties/DependentFullSnapshotId"),
        created=fields.moment("SnapshotProperties/CreatedDateTime"),
        took=fields.duration("SnapshotProperties/TimeTakenToCreate"),
        kilobytes=fields.number("SnapshotProperties/CompressedBackupSizeInKb"),
    )


def _root(content: bytes, path: str) -> ElementTree.Element:
    try:
        encoding = next((name for mark, name in _ENCODINGS.items() if content.startswith(mark)), "utf-8")
        text = content.decode(encoding)
        if "<!" in text.replace(
            "<!--", ""
        ):  # no metadata has any, and entities are how a small file becomes a large one
            raise Damaged(path, "metadata", "declares a document type or entities, and is not read")
        parser = ElementTree.XMLParser(encoding="utf-8")  # noqa: S314 - nothing is declared
        root = ElementTree.XML(text.encode(), parser)
    except UnicodeDecodeError as error:
        raise Damaged(path, "metadata", "is no text in UTF-8 or UTF-16") from error
    except ElementTree.ParseError as error:
        raise Damaged(path, "metadata", f"is no XML: {error}") from error
    if _local(root.tag) != "BackupSnapshot":
        raise Damaged(path, "metadata", f"is no snapshot's metadata: it begins with <{_local(root.tag)}>")
    return root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


class _Fields:
    """The fields of a snapshot's metadata, by their paths."""

    def __init__(self, root: ElementTree.Element, path: str) -> None:
        self._root, self._path = root, path

    def get(self, name: str) -> str:
        """The field's text; empty where it says nothing."""
        found: ElementTree.Element | None = self._root
        for part in name.split("/"):
            found = next((item for item in found if _local(item.tag) == part), None) if found is not None else None
        return (found.text or "").strip() if found is not None else ""

    def needed(self, name: str) -> str:
        """The field's text; Damaged where it says nothing."""
        if not (text := self.get(name)):
            raise Damaged(self._path, "metadata", f"says nothing of {name}")
        return text

    def guid(self, name: str, *, needed: bool = False) -> str:
        """The id at the end of a field (the ids of snapshots have the repository before it), in lower case."""
        text = self.needed(name) if needed else self.get(name)
        found = re.search(rf"({GUID})\}}?$", text, re.IGNORECASE)
        if text and not found:
            raise self._unreadable(name, text)
        return "" if found is None or found[1] == _NOBODY else found[1].lower()

    def moment(self, name: str) -> dt.datetime | None:
        """A time; UTC where it names no zone."""
        if not (text := self.get(name)):
            return None
        try:
            found = dt.datetime.fromisoformat(text)
        except ValueError:
            raise self._unreadable(name, text) from None
        return found if found.tzinfo else found.replace(tzinfo=dt.UTC)

    def duration(self, name: str) -> dt.timedelta:
        """A duration, as ISO 8601 or .NET writes it; none is 0."""
        text = self.get(name)
        try:
            return _DURATION.validate_python(re.sub(r"^(\d+)\.(?=\d+:)", r"\1 days ", text)) if text else dt.timedelta()
        except ValidationError:
            raise self._unreadable(name, text) from None

    def number(self, name: str) -> int:
        """A number; 0 where it says none."""
        text = self.get(name)
        return int(text) if text.isascii() and text.isdigit() else 0

    def _unreadable(self, name: str, text: str) -> Damaged:
        return Damaged(self._path, "metadata", f"{name} says {text[:80]!r}, which restamp cannot read")
