"""The journal of one stamp on this machine: intents and results, appended only; and the lock of its one writer."""

import datetime as dt
import fcntl
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from restamp.errors import Busy


def home() -> Path:
    """Where this machine keeps journals and the local Pulumi state: RESTAMP_HOME, else the user's state folder."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(os.environ.get("RESTAMP_HOME") or Path(state) / "restamp")


class Journal:
    """Append-only lines of JSON for one stamp. Thread-safe; from the first `write` on it holds the writer lock."""

    def __init__(self, stamp: str, folder: Path | None = None) -> None:
        """Open nothing yet; `stamp` is `<region>.<domain>`."""
        self._stamp = stamp
        self._path = (folder or home() / "journal") / f"{stamp}.jsonl"
        self._lock = threading.Lock()
        self._file: TextIO | None = None

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._path

    def write(self, event: str, facts: Mapping[str, Any], *, durable: bool = False) -> None:
        """Append one line; `durable` waits until it is on the disk. Busy where another process writes to this stamp."""
        line = {"at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"), "event": event, **facts}
        with self._lock:
            file = self._file or self._open()
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            file.flush()
            if durable:
                os.fsync(file.fileno())

    def unfinished(self) -> list[dict[str, Any]]:
        """Operations that were begun and whose end nobody wrote down."""
        begun: dict[str, dict[str, Any]] = {}
        target = None
        if not self._path.exists():
            return []
        for line in self._path.read_text("utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:  # the last line of a process that was killed
                continue
            if entry["event"] == "session" and entry.get("target") != target:
                target = entry.get("target")
                begun.clear()  # they ended with the stamp they were on
            elif entry["event"] == "operation":
                begun[entry["poll"]] = {key: value for key, value in entry.items() if key not in ("at", "event")}
            elif entry["event"] == "operation-ended":
                begun.pop(entry["poll"], None)
        return list(begun.values())

    def close(self) -> None:
        """Give the writer lock back."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _open(self) -> TextIO:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._path.open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise Busy(self._stamp, _owner(self._path)) from None
        self._owner_file().write_text(f"process {os.getpid()} since {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        self._file = file
        return file

    def _owner_file(self) -> Path:
        return self._path.with_suffix(".owner")


def _owner(path: Path) -> str:
    try:
        return path.with_suffix(".owner").read_text().strip()
    except OSError:
        return ""
