"""Dumps in a folder: each in a folder of its own, named after its time, with what is in it; whole, or not there."""

import datetime as dt
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError

from restamp.errors import Refused
from restamp.models.document import Count, Model
from restamp.models.finding import Finding

_NAME, _FORM = re.compile(r"\d{8}T\d{6}\.\d{6}Z"), "%Y%m%dT%H%M%S.%fZ"
_MANIFEST, _PART = "manifest.json", ".part"


class Kept(Model):
    """A file of a dump."""

    file: str
    size: Count
    sha256: str


class Saved(Kept):
    """A database in a dump; `contents` is what a comparison looks at, in the words of its product."""

    database: str
    bytes: Count = Field(description="on the server, by its own word")
    contents: dict[str, str]
    left_out: tuple[str, ...] = Field((), description="what is broken on the server, and in no dump of it")


class Manifest(Model):
    """`manifest.json`, written last."""

    server: str
    product: str = Field(description="of the server, with its version")
    made: AwareDatetime
    databases: tuple[Saved, ...]
    accounts: Kept


@dataclass(frozen=True)
class Dump:
    """A whole dump."""

    folder: Path
    manifest: Manifest

    def __str__(self) -> str:
        return f"the dump {self.folder.name} of {self.manifest.server}"


def kept(path: Path) -> dict[str, object]:
    """A file as it is on the disk now: the fields of a `Kept`."""
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return {"file": path.name, "size": file.tell(), "sha256": digest}


def dumps_in(shelf: Path) -> list[Dump]:
    """Every dump of a folder, the newest last; Refused where what is in one cannot be read."""
    folders = sorted(path for path in shelf.iterdir() if _NAME.fullmatch(path.name)) if shelf.is_dir() else []
    found, broken = [], []
    for folder in folders:
        try:
            found.append(Dump(folder, Manifest.model_validate_json((folder / _MANIFEST).read_bytes())))
        except (OSError, ValidationError) as error:
            reason = str(error).partition("\n")[0]
            hint = "Bring it back from a copy, or move the folder away."
            broken.append(Finding("dump", "stop", str(folder), f"{_MANIFEST} cannot be read: {reason}", hint))
    if broken:
        raise Refused(broken)
    return found


def damage(dump: Dump, files: Iterator[Kept] | None = None) -> Iterator[Finding]:
    """What is wrong with the files of a dump, or some of them; reads each from end to end."""
    for one in files or iter((*dump.manifest.databases, dump.manifest.accounts)):
        path = dump.folder / one.file
        try:
            now = Kept.model_validate(kept(path))
        except OSError as error:
            yield _damaged(path, f"cannot be read: {error.strerror or error}")
            continue
        if (now.size, now.sha256) != (one.size, one.sha256):
            how = f"has {now.size} bytes and not {one.size}" if now.size != one.size else "has another hash"
            yield _damaged(path, f"is not what was written: {how}")


def _damaged(path: Path, message: str) -> Finding:
    hint = "Bring it back from a copy; while the server lives: restamp capture --with-data"
    return Finding("dump", "stop", str(path), message, hint)


@contextmanager
def new_dump(shelf: Path) -> Iterator[Path]:
    """A folder to write a dump into, alone; gone where that fails. `finish` makes it one that counts."""
    shelf.mkdir(parents=True, exist_ok=True)
    with (shelf / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "Wait until it has ended."
            raise Refused([Finding("dump", "stop", str(shelf), "another restamp is writing here", hint)]) from None
        part = shelf / _PART
        shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
        part.mkdir()
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


def finish(part: Path, manifest: Manifest) -> Dump:
    """The dump, under its final name from now on."""
    (part / _MANIFEST).write_text(manifest.model_dump_json(by_alias=True, indent=1) + "\n", "utf-8")
    for path in part.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    folder = part.parent / manifest.made.astimezone(dt.UTC).strftime(_FORM)
    return Dump(part.rename(folder), manifest)
