r"""The share that backups go to: a folder of this machine in place of `\\server\share`, or one that nobody sees."""

import shutil
import tempfile
import weakref
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath

MANAGED = "MASBackup/progressivebackup"
FAULT = "AzureStack.BackupController."  # what the controller's faults begin with (strings of Microsoft's assemblies)


class ShareFault(Exception):
    """What is wrong with a share, under the controller's own name for it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = FAULT + kind


class Share:
    """One share. `capacity` is bytes that fit in all; `password` is the only one it lets in with; None: any.

    Without a folder it is a share of its own that lives as long as the object, and has every folder it is asked for.
    """

    def __init__(self, folder: Path | None = None, *, capacity: int | None = None, password: str | None = None) -> None:
        self.folder, self.capacity, self.password = folder, capacity, password

    @cached_property
    def root(self) -> Path:
        """The folder that stands for the share."""
        if self.folder is not None:
            return self.folder
        made = Path(tempfile.mkdtemp(prefix="restamp-share-"))
        weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
        return made

    @property
    def free(self) -> int:
        """Bytes that still fit."""
        if self.capacity is None:
            return shutil.disk_usage(self.root).free
        return self.capacity - sum(file.stat().st_size for file in self.root.rglob("*") if file.is_file())

    def at(self, path: str, password: str | None = None) -> "Place":
        """Return the place that a UNC path names; ShareFault where it names none, or does not let in."""
        inside = _inside(path)
        if inside is None:
            raise ShareFault("BackupFailedSharePathInvalidFault", f"'{path}' is no path of a share.")
        if not self.root.is_dir():
            raise ShareFault("BackupFailedShareConnectionFault", f"The share of '{path}' is not reachable.")
        if self.password is not None and password != self.password:
            raise ShareFault("BackupFailedShareAuthenticationFault", f"The credentials for '{path}' were refused.")
        folder = self.root / inside
        if self.folder is not None and not folder.is_dir():
            raise ShareFault("BackupFailedSharePathInvalidFault", f"The path '{path}' does not exist.")
        return Place(self, folder)


def _inside(path: str) -> PurePosixPath | None:
    r"""Return what a path names below its share: `a/b` of `\\server\share\a\b`."""
    parsed = PureWindowsPath(path)
    if not parsed.drive.startswith("\\\\") or ".." in parsed.parts:
        return None
    return PurePosixPath(*parsed.parts[1:])


class Place:
    """A folder on a share, and in it what the stamp manages."""

    def __init__(self, share: Share, folder: Path) -> None:
        self._share, self.managed = share, folder / MANAGED

    @property
    def free(self) -> int:
        """Bytes that still fit."""
        return self._share.free

    def files(self) -> list[str]:
        """Return the names of all files there are, from the managed folder on."""
        found = self.managed.rglob("*")
        return sorted(file.relative_to(self.managed).as_posix() for file in found if file.is_file())

    def read(self, name: str) -> bytes:
        """Return a file; ShareFault where it cannot be read."""
        try:
            return (self.managed / name).read_bytes()
        except OSError as wrong:
            raise ShareFault("BackupFailedShareReadWriteFault", f"'{name}' cannot be read: {wrong.strerror}") from wrong

    def has(self, name: str) -> bool:
        """Return whether a file is there."""
        return (self.managed / name).is_file()

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all; ShareFault where the share is full, or does not take it."""
        if len(content) > self.free:
            raise ShareFault("BackupFailedShareOutOfCapacityFault", "The share is full.")
        file = self.managed / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            half = file.with_name(file.name + ".part")
            half.write_bytes(content)
            half.replace(file)
        except OSError as wrong:
            text = f"'{name}' cannot be written: {wrong.strerror}"
            raise ShareFault("BackupFailedShareUploadDataFault", text) from wrong

    def delete(self, name: str) -> None:
        """Delete a file, and the folders that are empty without it."""
        file = self.managed / name
        file.unlink(missing_ok=True)
        for folder in file.parents:
            if folder == self.managed or any(folder.iterdir()):
                return
            folder.rmdir()
