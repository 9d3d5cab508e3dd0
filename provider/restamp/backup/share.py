"""The share that infrastructure backups are on: three verbs, all of them read. A folder is one, SMB another (`smb`)."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Any, Protocol

from restamp.errors import ShareLost, Unreadable

CHUNK = 1024 * 1024  # what is read at once: over SMB faster than less, and than more


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A file or folder on a share; `path` is from the share's root, with / between its parts."""

    path: str
    is_folder: bool = False
    size: int = 0

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Share(Protocol):
    """Read-only. Unreadable for a file or folder that cannot be read, ShareLost where the share itself is gone."""

    @property
    def name(self) -> str:
        """What people call it."""

    def entries(self, path: str) -> list[Entry]:
        """What is in a folder, in order of names; "" is the root."""

    def stat(self, path: str) -> Entry:
        """One file or folder."""

    def open(self, path: str) -> io.RawIOBase:
        """A file to read from and seek in, unbuffered."""


class Folder:
    """A share that is mounted, or a copy of one."""

    def __init__(self, folder: Path) -> None:
        """`folder` must be there: ShareLost otherwise."""
        self.name, self.folder = str(folder), folder
        if not folder.is_dir():
            raise ShareLost(self.name, "there is no such folder")

    def entries(self, path: str) -> list[Entry]:
        """What is in a folder, in order of names."""
        prefix = f"{path}/" if path else ""
        with self._told(path), os.scandir(self.folder / path) as found:
            return sorted(_entry(prefix + item.name, item.stat()) for item in found)

    def stat(self, path: str) -> Entry:
        """One file or folder."""
        with self._told(path):
            return _entry(path, (self.folder / path).stat())

    def open(self, path: str) -> io.RawIOBase:
        """A file to read from and seek in, unbuffered."""
        with self._told(path):
            return Told((self.folder / path).open("rb", buffering=0), lambda: self._told(path))

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            if not self.folder.is_dir():
                raise ShareLost(self.name, reason) from error
            raise Unreadable(path, reason) from error


class Told(io.RawIOBase):
    """A file of a share, whose errors are told as the share tells them."""

    def __init__(self, raw: io.RawIOBase, telling: Callable[[], AbstractContextManager[None]]) -> None:
        """`telling` translates what goes wrong with `raw`."""
        self._raw, self._telling = raw, telling

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Bytes read; less than asked for where the server gives less, 0 at the end."""
        with self._telling():
            return self._raw.readinto(buffer)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new position."""
        with self._telling():
            return self._raw.seek(offset, whence)

    def tell(self) -> int:
        """The position."""
        return self._raw.tell()

    def close(self) -> None:
        """Closed, also where the share is gone: what was read has been told of."""
        if not self.closed:
            super().close()
            with suppress(ShareLost, Unreadable), self._telling():
                self._raw.close()


def chunks(file: io.RawIOBase) -> Iterator[memoryview]:
    """What is left of a file, in pieces of at most CHUNK; each is valid until the next one."""
    buffer = memoryview(bytearray(CHUNK))
    while count := file.readinto(buffer):
        yield buffer[:count]


def fill(file: io.RawIOBase, buffer: memoryview) -> int:
    """Bytes read into a buffer; fewer than it holds only where the file ends."""
    count = 0
    while count < len(buffer) and (more := file.readinto(buffer[count:])):
        count += more
    return count


def exactly(file: io.RawIOBase, size: int) -> bytes:
    """The next `size` bytes; less only where the file ends before."""
    found = bytearray(size)
    return bytes(found[: fill(file, memoryview(found))])


def small(share: Share, entry: Entry, largest: int) -> bytes:
    """A whole file that has a natural size; Unreadable where it is larger than that."""
    if entry.size > largest:
        raise Unreadable(entry.path, f"has {entry.size:,} bytes, and {largest:,} are the most such a file may have")
    with share.open(entry.path) as file:
        return exactly(file, entry.size)


def _entry(path: str, found: os.stat_result) -> Entry:
    return Entry(path, S_ISDIR(found.st_mode), found.st_size)
