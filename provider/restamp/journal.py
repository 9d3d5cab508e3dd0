"""The journal of one stamp on this machine: intents and results, appended only; and the lock of its one writer."""

import datetime as dt
import fcntl
import itertools
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from restamp import failpoints
from restamp.errors import Busy

_WITHIN = 0.05  # seconds after which a line is on the disk, if anybody writes another
_LARGE = 8 * 2**20  # bytes at which a file is put by when the next run begins: some 20,000 objects written
_KEPT = 9  # files that were put by

Entry = dict[str, Any]


def home() -> Path:
    """Where this machine keeps journals and the local Pulumi state: RESTAMP_HOME, else the user's state folder."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(os.environ.get("RESTAMP_HOME") or Path(state) / "restamp")


class Journal:
    """Append-only lines of JSON for one stamp. Thread-safe; from the first line on it holds the writer lock."""

    def __init__(self, stamp: str, folder: Path | None = None) -> None:
        """Open nothing yet; `stamp` is `<region>.<domain>`."""
        self._stamp = stamp
        self._path = (folder or home() / "journal") / f"{stamp}.jsonl"
        self._session = secrets.token_hex(4)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._syncing = threading.Lock()  # always taken before the other one
        self._file: BinaryIO | None = None
        self._owner: TextIO | None = None
        self._written = self._synced = 0  # lines
        self._last = 0.0

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._path

    def write(self, event: str, facts: Mapping[str, Any], *, durable: bool = False) -> None:
        """Append one line; `durable` waits until it is on the disk. Busy where another process writes to this stamp."""
        line = {"session": self._session, "event": event, **facts}
        with self._lock:
            file = self._file or self._open()
            failpoints.reached("journal.line.before")
            at = {"at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")}
            file.write(json.dumps(at | line, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n")
            file.flush()
            self._written = number = self._written + 1
            failpoints.reached("journal.line.after")
        if durable:
            self._synchronise(number)
        elif time.monotonic() - self._last > _WITHIN and self._syncing.acquire(blocking=False):
            try:
                self._sync()
            finally:
                self._syncing.release()

    def intent(self, event: str, facts: Mapping[str, Any]) -> str:
        """Append what is about to be done; the id that its results carry too."""
        number = f"{self._session}-{next(self._ids)}"
        self.write(event, {"id": number, **facts})
        return number

    def result(self, intent: str, event: str, facts: Mapping[str, Any]) -> None:
        """Append how it went."""
        self.write(event, {"id": intent, **facts})

    def entries(self) -> Iterator[Entry]:
        """Every line that is kept, the oldest first; what a killed process left half-written is passed over."""
        for path in (*(self._put_by(number) for number in range(_KEPT, 0, -1)), self._path):
            yield from _entries(path)

    def unfinished(self) -> list[Entry]:
        """Operations that were begun on the stamp of the last session, and whose end nobody wrote down."""
        return _unfinished(self._path)[1]

    def close(self) -> None:
        """Give the writer lock back; all lines are on the disk."""
        with self._syncing:
            self._sync()
            with self._lock:
                for file in (self._file, self._owner):
                    if file is not None:
                        file.close()
                self._file = self._owner = None

    def _synchronise(self, number: int) -> None:
        """Wait until a line is on the disk; one of all that wait does it for all."""
        with self._syncing:
            if self._synced < number:
                self._sync()

    def _sync(self) -> None:
        with self._lock:
            number, file = self._written, self._file
        if file is not None and self._synced < number:
            self._last = time.monotonic()
            failpoints.reached("journal.fsync.before")
            os.fsync(file.fileno())
            failpoints.reached("journal.fsync.after")
            self._synced = number

    def _open(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._owner = self._owned()
        failpoints.reached("journal.locked")
        self._rotate()
        self._file = _private(self._path)
        if _torn(self._path):  # by a process that was killed: what we write begins on a line of its own
            self._file.write(b"\n")
        return self._file

    def _owned(self) -> TextIO:
        """The lock of the one writer, in a file of its own: the journal's may be put by."""
        file = self._path.with_suffix(".owner").open("a+", encoding="utf-8")
        file.seek(0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = file.read().strip()
            file.close()
            raise Busy(self._stamp, owner) from None
        file.truncate()
        file.write(f"process {os.getpid()} since {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        file.flush()
        return file

    def _rotate(self) -> None:
        """Put a large file by; what it leaves unfinished begins the new one, in one step."""
        if not self._path.exists() or self._path.stat().st_size < _LARGE:
            return
        session, unfinished = _unfinished(self._path)
        fresh = self._path.with_suffix(".new")
        lines = [
            json.dumps(entry, ensure_ascii=False) + "\n" for entry in (*([session] if session else ()), *unfinished)
        ]
        fresh.unlink(missing_ok=True)
        with _private(fresh) as file:
            file.write("".join(lines).encode())
        for number in range(_KEPT - 1, 0, -1):
            if self._put_by(number).exists():
                self._put_by(number).replace(self._put_by(number + 1))
        self._put_by(1).hardlink_to(self._path)
        fresh.replace(self._path)

    def _put_by(self, number: int) -> Path:
        return self._path.with_suffix(f".{number}.jsonl")


def _private(path: Path) -> BinaryIO:
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def _torn(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return file.read() not in (b"", b"\n")


def _entries(path: Path) -> Iterator[Entry]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and "event" in entry:
                yield entry


def _unfinished(path: Path) -> tuple[Entry | None, list[Entry]]:
    """The last session, and the operations that nobody saw the end of."""
    begun: dict[Any, Entry] = {}
    session: Entry | None = None
    for entry in _entries(path):
        if entry["event"] == "session":
            if session is None or session.get("target") != entry.get("target"):
                begun.clear()  # they ended with the stamp they were on
            session = entry
        elif entry["event"] == "operation":
            begun[entry.get("poll")] = entry
        elif entry["event"] == "operation-ended":
            begun.pop(entry.get("poll"), None)
    return session, list(begun.values())
