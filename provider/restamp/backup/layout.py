"""Where things are on a share: folders and file names of the progressive and of the legacy layout."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from restamp.backup.metadata import GUID
from restamp.backup.share import Entry, Share
from restamp.errors import Refused, Unreadable
from restamp.models.backup import SnapshotFacts
from restamp.models.finding import Finding

MANAGED, PROGRESSIVE = "masbackup", "progressivebackup"
_FILE = re.compile(rf"(\d{{12}})_({GUID})_([a-z]+?)(_c)?\.(zip|xml)", re.IGNORECASE)
_PART = re.compile(r"[^;]+(;[^;]+){3}")
# Which of the folders they stand in is documented nowhere, so they are looked for in each.
_OF_STORE = re.compile(r"(.*_)?backupinfo\.xml|registrations\.json|recoverypoint\.json", re.IGNORECASE)
_STAMPED = "%Y%m%d%H%M"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One repository at one moment: what the names of folders and files say, its two files, and what is in them.

    `facts` and `problems` are the catalogue's; problems are those that show without reading its data.
    """

    store: str  # the stamp version its folder is called by; empty in the legacy layout
    repository: str
    backup: str
    kind: str
    contemporaneous: bool  # one of all repositories together; the others are links between two backups
    stamped: dt.datetime
    name: str  # what people find it by
    data: Entry | None = None
    metadata: Entry | None = None
    facts: SnapshotFacts | None = None
    problems: tuple[Finding, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its data on the share."""
        return self.data.size if self.data else 0

    @property
    def begun(self) -> dt.datetime:
        """The moment up to which it has the repository's state; by its file's name where the metadata says nothing."""
        return (self.facts and self.facts.begun) or self.stamped


@dataclass
class Layout:
    """Everything on a share, sorted by what it is."""

    snapshots: dict[tuple[str, str, str], Snapshot] = field(default_factory=dict)  # by store, repository, file
    of_store: list[Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def odd(self, entry: Entry, message: str) -> None:
        """Something that nobody writes there: said, and left alone."""
        hint = "Nothing but the stamp may write there. Look at what it is before anybody moves it."
        self.findings.append(Finding("odd-name", "note", entry.path, message, hint))

    def add(self, key: tuple[str, str, str], snapshot: Snapshot, entry: Entry) -> None:
        """One of a snapshot's two files."""
        snapshot, is_data = self.snapshots.get(key, snapshot), entry.name.lower().endswith(".zip")
        self.snapshots[key] = replace(snapshot, data=entry) if is_data else replace(snapshot, metadata=entry)


def lay_out(share: Share) -> Layout:
    """Find every snapshot by its names; Refused where there is no backup here. Nothing is opened."""
    found = Layout()
    for entry in _managed(share):
        if not entry.is_folder:
            _file_of_store(entry, found)
        elif entry.name.lower() == PROGRESSIVE:
            _progressive(share, entry, found)
        elif (stamped := _moment(entry.name)) is not None:
            _legacy(share, entry, stamped, found)
        else:
            found.odd(entry, "is no folder of backups")
    return found


def _managed(share: Share) -> list[Entry]:
    """What is in the folder that the stamp manages: MASBackup in what was named, or that itself."""
    top = share.entries("")
    for entry in top:
        if entry.is_folder and entry.name.lower() == MANAGED:
            return share.entries(entry.path)
    if any(entry.is_folder and (entry.name.lower() == PROGRESSIVE or _moment(entry.name)) for entry in top):
        return top
    below = [f"{share.name}/{path}" for path in _below(share, top)]
    hint = f"Name one of these: {', '.join(below[:4])}" if below else "Name the folder that MASBackup is in."
    raise Refused([Finding("no-backups", "stop", share.name, "there is no folder MASBackup in it", hint)])


def _below(share: Share, top: list[Entry]) -> Iterator[str]:
    """The folders, at most two below, that have one: <external domain>/<region>, as Microsoft recommends."""
    for domain in top:
        for region in (domain, *_folders(share, domain)):
            if any(entry.name.lower() == MANAGED for entry in _folders(share, region)):
                yield region.path


def _folders(share: Share, of: Entry) -> list[Entry]:
    """The folders in a folder; none in one that cannot be read, of which a share may have any."""
    with suppress(Unreadable):
        return [entry for entry in share.entries(of.path) if entry.is_folder] if of.is_folder else []
    return []


def _progressive(share: Share, folder: Entry, found: Layout) -> None:
    for version in share.entries(folder.path):
        if not version.is_folder:
            _file_of_store(version, found)
        elif not is_version(version.name):
            found.odd(version, "is no stamp version, such as 1.2209.0.53")
        else:
            for repository in share.entries(version.path):
                if not repository.is_folder:
                    _file_of_store(repository, found)
                elif not _PART.fullmatch(repository.name):
                    found.odd(repository, "is no repository: role;component;partition;repository")
                else:
                    _repository(share, version.name, repository, found)


def _repository(share: Share, store: str, folder: Entry, found: Layout) -> None:
    for entry in share.entries(folder.path):
        named = _FILE.fullmatch(entry.name)
        stamped = _moment(named[1]) if named else None
        if entry.is_folder or named is None or stamped is None:
            found.odd(entry, "is no snapshot: <yyyyMMddHHmm>_<backup id>_<Full|Progressive>[_C].zip, or .xml")
            continue
        name, kind = f"{folder.name}/{entry.name[:-4]}", named[3].capitalize()
        snapshot = Snapshot(store, folder.name, named[2].lower(), kind, bool(named[4]), stamped, name)
        found.add((store, folder.name.lower(), entry.name[:-4].lower()), snapshot, entry)


def _legacy(share: Share, folder: Entry, stamped: dt.datetime, found: Layout) -> None:
    """`MASBackup/<timestamp>/<backup id>`: each snapshot is a full one, and all of them one backup."""
    for backup in share.entries(folder.path):
        if not (backup.is_folder and re.fullmatch(GUID, backup.name, re.IGNORECASE)):
            found.odd(backup, "is no backup id")
            continue
        for entry in share.entries(backup.path):
            repository, ends = entry.name[:-4], entry.name[-4:].lower()
            if _OF_STORE.fullmatch(entry.name):
                found.of_store.append(entry)
            elif entry.is_folder or ends not in (".zip", ".xml") or not _PART.fullmatch(repository):
                found.odd(entry, "is no snapshot: role;component;partition;repository.zip, or .xml")
            else:
                name = f"{folder.name}/{backup.name}/{repository}"
                snapshot = Snapshot("", repository, backup.name.lower(), "Full", True, stamped, name)
                found.add((backup.path, repository.lower(), ""), snapshot, entry)


def _file_of_store(entry: Entry, found: Layout) -> None:
    if _OF_STORE.fullmatch(entry.name):
        found.of_store.append(entry)
    else:
        found.odd(entry, "is none of the files that a stamp writes there")


def is_version(name: str) -> bool:
    """Whether a folder is called by a stamp version."""
    return re.fullmatch(r"\d+(\.\d+){3}", name) is not None


def _moment(text: str) -> dt.datetime | None:
    """The time in a name; UTC, which is assumed."""
    try:
        return dt.datetime.strptime(text, _STAMPED).replace(tzinfo=dt.UTC) if len(text) == 12 else None
    except ValueError:
        return None
