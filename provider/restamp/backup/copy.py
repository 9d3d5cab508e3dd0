"""Share -> folder: everything one backup is made of, verified after it was written; the copy is a share like the first.

`SHA256SUMS` beside it is what a later run knows finished files by, and `sha256sum -c` checks the copy without restamp.
"""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from restamp.backup.catalogue import Catalogue, catalogue
from restamp.backup.chains import Whole, named
from restamp.backup.metadata import GUID
from restamp.backup.share import Entry, Folder, Share, chunks
from restamp.errors import NotCopied, Refused
from restamp.models.finding import Finding
from restamp.sums import SUMS, as_line, digest_of, sums_in

_HINT = "Name an empty folder, or one with an earlier copy of the same share."


@dataclass
class Copied:
    """What a copy came to."""

    files: int = 0
    size: int = 0
    kept: int = 0  # files that an earlier run had copied
    wanted: int = 0  # files that the backup is made of
    findings: list[Finding] = field(default_factory=list)


def files_of(found: Catalogue, parts: Whole) -> list[Entry]:
    """Data and metadata of every snapshot, and the files about all of a share that are not another backup's."""
    both = [entry for link in parts.links for entry in (link.data, link.metadata) if entry is not None]
    ids = {link.backup for link in parts.links}
    about = [entry for entry in found.of_store if set(re.findall(GUID, entry.name.lower())) <= ids]
    return sorted({*both, *about})


def chain_copied(share: Share, backup: str, to: Path, said: Callable[[int, int], None]) -> Copied:
    """Copy everything a backup is made of, as `copy`; `said` hears how many bytes are done, and how many there are."""
    found = catalogue(share)
    parts = named(found, backup)
    files = files_of(found, parts)
    total, done = sum(entry.size for entry in files), 0

    def step(size: int) -> None:
        nonlocal done
        done += size
        said(done, total)

    copied = copy(share, files, to, step)
    copied.wanted, copied.findings = len(files), [*parts.findings, *copied.findings]
    return copied


def copy(share: Share, files: list[Entry], to: Path, step: Callable[[int], None]) -> Copied:
    """Copy what is not there yet; Refused where that would change the share, overwrite something, or does not fit.

    NotCopied where the folder cannot be written to; run again, it goes on with the file it stopped at.
    """
    _refuse(share, files, to)
    try:
        to.mkdir(parents=True, exist_ok=True)
        work = _Copying(share, to, step)
        for entry in files:
            work.take(entry)
    except OSError as error:
        raise NotCopied(str(to), error.strerror or str(error)) from error
    return work.done


class _Copying:
    """One run into one folder; `done` is what it came to so far."""

    def __init__(self, share: Share, to: Path, step: Callable[[int], None]) -> None:
        self._share, self._to, self._step = share, to, step
        self._sums, self.done = sums_in(to), Copied()

    def take(self, entry: Entry) -> None:
        """Have one file, or a finding of why not."""
        path = self._to / entry.path
        if not path.exists():
            self._write(entry, path)
        elif not self._is_the_same(entry, path):
            self.done.findings.append(_left(path) if _changes(entry) else _different(path))
            return
        else:
            self.done.kept += 1
            if entry.path not in self._sums:
                self._finish(entry, digest_of(path))
        self.done.files += 1
        self.done.size += entry.size

    def _is_the_same(self, entry: Entry, path: Path) -> bool:
        """Whether a file that is there is the share's: by its digest if we finished it, else byte by byte."""
        if entry.path in self._sums and not _changes(entry):
            self._step(entry.size)
            return digest_of(path) == self._sums[entry.path]
        digest = sha256()
        with self._share.open(entry.path) as file:
            for chunk in chunks(file):
                digest.update(chunk)
                self._step(len(chunk))
        return digest_of(path) == digest.hexdigest()

    def _write(self, entry: Entry, path: Path) -> None:
        """One file, read back from the disk before it has its name."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part, digest = path.with_name(f"{path.name}.part"), sha256()
        with self._share.open(entry.path) as source, part.open("wb") as target:
            for chunk in chunks(source):
                digest.update(chunk)
                target.write(chunk)
                self._step(len(chunk))
            target.flush()
            os.fsync(target.fileno())
            size = target.tell()
            os.posix_fadvise(target.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if size != entry.size:
            raise NotCopied(str(path), f"was read to its end after {size} bytes, and {entry.size} were there before")
        if digest_of(part) != digest.hexdigest():
            raise NotCopied(str(path), "what was read back is not what was written")
        part.rename(path)
        self._finish(entry, digest.hexdigest())

    def _finish(self, entry: Entry, digest: str) -> None:
        with (self._to / SUMS).open("a", encoding="utf-8") as file:
            file.write(as_line(entry.path, digest))
            file.flush()
            os.fsync(file.fileno())


def _refuse(share: Share, files: list[Entry], to: Path) -> None:
    findings = [_different(to / entry.path) for entry in files if _is_other(to / entry.path, entry)]
    if isinstance(share, Folder) and to.resolve().is_relative_to(share.folder.resolve()):
        message = "lies on the share itself, where restamp writes nothing"
        findings.append(Finding("on-the-share", "stop", str(to), message, "Name a folder elsewhere with --to."))
    needed = sum(entry.size for entry in files if not (to / entry.path).exists())
    parent = next(folder for folder in (to, *to.absolute().parents) if folder.exists())
    if needed > (free := shutil.disk_usage(parent).free):
        message = f"{needed:,} bytes are to be copied, and {free:,} are free"
        findings.append(Finding("no-room", "stop", str(to), message, "Name a folder elsewhere with --to."))
    if findings:
        raise Refused(findings)


def _is_other(path: Path, entry: Entry) -> bool:
    """Whether something else stands there, by its size; files about all of a share change, and are left as they are."""
    return path.exists() and path.stat().st_size != entry.size and not _changes(entry)


def _changes(entry: Entry) -> bool:
    return entry.name.lower().endswith(".json")


def _different(path: Path) -> Finding:
    return Finding("different", "stop", str(path), "is there, and is not what the share has", _HINT)


def _left(path: Path) -> Finding:
    message = "is there from an earlier copy, and the share has another one: it was left"
    return Finding("left", "note", str(path), message, _HINT)
