"""Share -> Catalogue: every snapshot with its metadata, and what is wrong with each before any data is read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from restamp.backup import metadata
from restamp.backup.layout import Snapshot, is_version, lay_out
from restamp.backup.registrations import NAME, essential
from restamp.backup.share import Entry, Share, small
from restamp.errors import Damaged, Refused, Unreadable
from restamp.models.backup import SnapshotFacts
from restamp.models.finding import Finding

_KINDS = ("Full", "Progressive")
# swagger; the last two from the strings in Microsoft's assemblies
_STATUSES = (
    "Creating",
    "Queued",
    "Running",
    "Deleted",
    "Failed",
    "PartialSucceeded",
    "Succeeded",
    "Corrupted",
    "Skipped",
)
_ROUNDED = 2 * 1024  # bytes: up or down, and the envelope
_ANOTHER = "Recover from another backup: `restamp backups list` shows them all."


@dataclass(frozen=True)
class Catalogue:
    """What is on a share. `of_store` are files about all of it; `findings` what no snapshot has to do with."""

    snapshots: tuple[Snapshot, ...]
    of_store: tuple[Entry, ...]
    findings: tuple[Finding, ...]
    registered: Mapping[str, frozenset[str]]  # stamp version, "" for all -> the repositories that are essential

    def essential(self, store: str) -> frozenset[str]:
        """The repositories that backups of a stamp version must have; nothing where no file says it."""
        return self.registered.get(store, self.registered.get("", frozenset()))

    @cached_property
    def backups(self) -> tuple[str, ...]:
        """The ids of all backups, newest first; what was taken between two of them is none (inferred)."""
        together = [item for item in self.snapshots if item.contemporaneous] or self.snapshots
        return tuple(dict.fromkeys(item.backup for item in sorted(together, key=lambda s: s.stamped, reverse=True)))

    def repositories(self, store: str) -> frozenset[str]:
        """The repositories that any backup of a stamp version has."""
        return self._repositories.get(store, frozenset())

    def of(self, backup: str) -> tuple[Snapshot, ...]:
        """The snapshots of one backup, by repository."""
        return self._by_backup.get(backup.lower(), ())

    def find(self, store: str, repository: str, backup: str) -> Snapshot | None:
        """A repository's snapshot by its backup; one of another stamp version where there is none of this."""
        found = [item for item in self.of(backup) if item.repository.lower() == repository.lower()]
        return next((item for item in found if item.store == store), found[0] if found else None)

    @cached_property
    def _repositories(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for snapshot in self.snapshots:
            found.setdefault(snapshot.store, set()).add(snapshot.repository)
        return {store: frozenset(names) for store, names in found.items()}

    @cached_property
    def _by_backup(self) -> dict[str, tuple[Snapshot, ...]]:
        found: dict[str, list[Snapshot]] = {}
        for snapshot in self.snapshots:
            found.setdefault(snapshot.backup, []).append(snapshot)
        return {backup: tuple(items) for backup, items in found.items()}


def catalogue(share: Share, progress: Callable[[str, int], None] = lambda _what, _count: None) -> Catalogue:
    """Everything on a share; Refused where there is no backup. `progress` hears what was found, with its count."""
    layout = lay_out(share)
    if not layout.snapshots:
        hint = "Is it the folder that the stamp writes to? A runbook has its path in backup/<region>.yaml."
        raise Refused([Finding("no-backups", "stop", share.name, "there is no backup in its MASBackup", hint)])
    progress("files", len(layout.snapshots))
    # one after another: an SMB server grants a client only so many requests at once, and a second one would be refused
    snapshots = tuple(_read(share, layout.snapshots[key]) for key in sorted(layout.snapshots))
    snapshots = _sized(snapshots)
    progress("snapshots", len(snapshots))
    findings = list(layout.findings)
    registered = _registered(share, layout.of_store, findings)
    return Catalogue(snapshots, tuple(sorted(layout.of_store)), tuple(findings), registered)


def _registered(share: Share, of_store: Iterable[Entry], findings: list[Finding]) -> dict[str, frozenset[str]]:
    found = {}
    for entry in of_store:
        if entry.name.lower() == NAME:
            read = essential(share, entry)
            if isinstance(read, Finding):
                findings.append(read)
            else:
                folder = entry.path.rpartition("/")[0].rpartition("/")[2]
                found[folder if is_version(folder) else ""] = read
    return found


def _sized(snapshots: tuple[Snapshot, ...]) -> tuple[Snapshot, ...]:
    """The snapshots, with a problem where a file has another size than its metadata says.

    One key opens all files of a backup, so a MAC does not tell two that were swapped. Nothing documents how the size is
    rounded: where it fits no more than half of the files it is taken for something else, and nothing is said.
    """
    told = [item for item in snapshots if item.size and item.facts and item.facts.kilobytes]
    wrong = {item.name for item in told if item.facts and abs(item.size - 1024 * item.facts.kilobytes) > _ROUNDED}
    if 2 * len(wrong) >= len(told):
        return snapshots
    return tuple(_of_another_size(item) if item.name in wrong else item for item in snapshots)


def _of_another_size(snapshot: Snapshot) -> Snapshot:
    said = snapshot.facts.kilobytes if snapshot.facts else 0
    message = f"has {snapshot.size // 1024} KB, and its metadata says {said}: it was cut off, or swapped with another"
    problem = Finding("size", "stop", f"{snapshot.name}.zip", message, _ANOTHER)
    return replace(snapshot, problems=(*snapshot.problems, problem))


def _read(share: Share, snapshot: Snapshot) -> Snapshot:
    facts: SnapshotFacts | None = None
    problems = list(_of_files(snapshot))
    if snapshot.metadata is not None:
        try:
            facts = metadata.read(small(share, snapshot.metadata, metadata.LARGEST), f"{snapshot.name}.xml")
            problems += _of_metadata(snapshot, facts)
        except Damaged as error:
            problems.append(Finding(error.code, "stop", error.path, error.reason, error.hint))
        except Unreadable as error:
            problems.append(Finding("unreadable", "stop", f"{snapshot.name}.xml", error.reason, error.hint))
    return replace(snapshot, facts=facts, problems=tuple(problems))


def _of_files(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.data is None:
        yield Finding("no-data", "stop", snapshot.name, "its metadata is there, and its data is not", _ANOTHER)
    elif not snapshot.size:
        yield Finding("empty", "stop", f"{snapshot.name}.zip", "is empty: it was cut off, or never written", _ANOTHER)
    if snapshot.metadata is None:
        message = "its data is there, and its metadata is not, which holds the key to it"
        yield Finding("no-metadata", "stop", snapshot.name, message, _ANOTHER)
    if snapshot.kind not in _KINDS:
        message = f"is a snapshot of kind {snapshot.kind}, which restamp does not know"
        hint = "Look for a newer restamp: nothing is known of a chain with such a link."
        yield Finding("kind", "stop", snapshot.name, message, hint)


def _of_metadata(snapshot: Snapshot, facts: SnapshotFacts) -> Iterator[Finding]:
    """What the metadata says otherwise than the names of folder and file, and a status that is not Succeeded."""
    said = {
        "backup": (facts.backup, snapshot.backup),
        "repository": (facts.repository, snapshot.repository),
        "kind": (facts.kind, snapshot.kind),
        "stamp version": (facts.stamp_version, snapshot.store or facts.stamp_version),
    }
    for what, (inside, named) in said.items():
        if inside.lower() != named.lower():
            message = f"is metadata of {what} {inside}, and stands where {named} belongs: files were swapped, or moved"
            yield Finding("swapped", "stop", f"{snapshot.name}.xml", message, _ANOTHER)
    if facts.status != "Succeeded":
        known = "" if facts.status in _STATUSES else ", a word that restamp does not know"
        yield Finding("status", "stop", snapshot.name, f"its status is {facts.status}{known}", _ANOTHER)
