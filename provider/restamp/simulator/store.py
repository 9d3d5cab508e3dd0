"""What a stamp remembers: objects by id, in memory, written through to one SQLite file when there is one."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .addresses import parse

Wire = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


class Store:
    """Objects under their ids without regard to case, in the order they came, and notes about the stamp itself."""

    def __init__(self, file: Path | None = None) -> None:
        self._types: dict[tuple[str, str], dict[str, Wire]] = {}
        self._notes: dict[str, Any] = {}
        self._file: sqlite3.Connection | None = None
        if file is not None:
            self._file = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._file.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
            self._notes = {name: json.loads(value) for name, value in self._file.execute("SELECT * FROM notes")}
            for key, body in self._file.execute("SELECT key, body FROM objects ORDER BY rowid"):
                self._place(key, json.loads(body))

    def get(self, key: str) -> Wire | None:
        """Return the object with this id in lower case."""
        return self._types.get(parse(key).type_key, {}).get(key)

    def of_type(self, type_key: tuple[str, str], below: str = "") -> Iterator[tuple[str, Wire]]:
        """Yield the objects of a type whose ids begin with `below`, with their keys, in the order they came."""
        for key, body in list(self._types.get(type_key, {}).items()):
            if key.startswith(below):
                yield key, body

    def everything(self) -> Iterator[tuple[str, Wire]]:
        """Yield all objects with their keys."""
        for objects in list(self._types.values()):
            yield from list(objects.items())

    def put(self, key: str, body: Wire) -> None:
        """Keep an object; one that was there keeps its place in lists."""
        self._place(key, body)
        if self._file is not None:
            text = json.dumps(body, separators=(",", ":"))
            self._file.execute(
                "INSERT INTO objects VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body", (key, text)
            )

    def delete(self, key: str) -> None:
        """Forget an object."""
        self._types.get(parse(key).type_key, {}).pop(key, None)
        if self._file is not None:
            self._file.execute("DELETE FROM objects WHERE key = ?", (key,))

    def note(self, name: str, default: Any = None) -> Any:
        """Return what was noted under `name`."""
        return self._notes.get(name, default)

    def write_note(self, name: str, value: Any) -> None:
        """Note a JSON value about the stamp itself."""
        self._notes[name] = value
        if self._file is not None:
            self._file.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))

    def begin(self) -> None:
        """Begin a bundle of writes: thousands of objects in one go."""
        if self._file is not None and not self._file.in_transaction:
            self._file.execute("BEGIN")

    def commit(self) -> None:
        """End a bundle of writes."""
        if self._file is not None and self._file.in_transaction:
            self._file.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _place(self, key: str, body: Wire) -> None:
        self._types.setdefault(parse(key).type_key, {})[key] = body
