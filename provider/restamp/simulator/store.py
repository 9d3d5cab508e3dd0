"""What a stamp remembers: objects by id, in memory, written through to one SQLite file when there is one.

A stamp holds thousands of subscriptions: objects are kept apart by the subscription (or vault) that they are in, and
the few types that are asked for across subscriptions are also found by a term.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .addresses import parse

Wire = dict[str, Any]

Type = tuple[str, str]
TERMS: dict[Type, tuple[tuple[str, ...], ...]] = {
    ("", "directory"): (("client_id",), ("name",), ("tenant",)),
    ("microsoft.subscriptions.admin", "subscriptions"): (("owner",), ("offerId",)),
    ("microsoft.subscriptions.admin", "directorytenants"): (("properties", "tenantId"),),
    ("microsoft.authorization", "roleassignments"): (("properties", "principalId"),),
    ("microsoft.keyvault", "vaults"): (("name",),),
}  # fields by which objects of a type are found on the whole stamp
SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


class Store:
    """Objects under their ids without regard to case, in the order they came, and notes about the stamp itself."""

    def __init__(self, file: Path | None = None) -> None:
        self._types: dict[Type, dict[str, dict[str, Wire]]] = {}
        self._terms: dict[Type, dict[str, dict[str, None]]] = {kind: {} for kind in TERMS}
        self._said: dict[str, frozenset[str]] = {}
        self._notes: dict[str, Any] = {}
        self._file: sqlite3.Connection | None = None
        self.changes = 0  # objects that became others, or came, or went
        if file is not None:
            self._file = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._file.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
            self._notes = {name: json.loads(value) for name, value in self._file.execute("SELECT * FROM notes")}
            for key, body in self._file.execute("SELECT key, body FROM objects ORDER BY rowid"):
                self._place(key, json.loads(body))

    def get(self, key: str) -> Wire | None:
        """Return the object with this id in lower case."""
        return self._types.get(parse(key).type_key, {}).get(_part(key), {}).get(key)

    def of_type(self, type_key: Type, below: str = "") -> Iterator[tuple[str, Wire]]:
        """Yield the objects of a type whose ids begin with `below`, with their keys, in the order they came."""
        parts = self._types.get(type_key, {})
        if below.count("/") > 2:
            parts = {"": parts.get(_part(below), {})}
        for objects in list(parts.values()):
            for key, body in list(objects.items()):
                if key.startswith(below):
                    yield key, body

    def by(self, type_key: Type, term: str) -> Iterator[tuple[str, Wire]]:
        """Yield the objects of a type that say `term` in one of the type's fields of `TERMS`, whatever its case."""
        for key in list(self._terms[type_key].get(term.lower(), ())):
            yield key, self._types[type_key][_part(key)][key]

    def inside(self, below: str) -> Iterator[tuple[str, Wire]]:
        """Yield all objects in one subscription (or vault) whose ids begin with `below`."""
        part = _part(below)
        for parts in list(self._types.values()):
            yield from [(key, body) for key, body in parts.get(part, {}).items() if key.startswith(below)]

    def everything(self) -> Iterator[tuple[str, Wire]]:
        """Yield all objects with their keys."""
        for parts in list(self._types.values()):
            for objects in list(parts.values()):
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
        kind = parse(key).type_key
        self.changes += self._types.get(kind, {}).get(_part(key), {}).pop(key, None) is not None
        if kind in TERMS:
            self._say(kind, key, frozenset())
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

    def clear(self) -> None:
        """Forget all objects and notes."""
        for key, _ in list(self.everything()):
            self.delete(key)
        self._notes = {}
        if self._file is not None:
            self._file.execute("DELETE FROM notes")

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
        kind = parse(key).type_key
        part = self._types.setdefault(kind, {}).setdefault(_part(key), {})
        self.changes += (before := part.get(key)) is body or before != body
        part[key] = body
        if kind in TERMS:
            self._say(kind, key, frozenset(_terms(body, TERMS[kind])))

    def _say(self, kind: Type, key: str, terms: frozenset[str]) -> None:
        """Find an object by these terms from now on, and by no others."""
        before = self._said.pop(key, frozenset())
        for term in before - terms:
            self._terms[kind][term].pop(key)
        for term in terms - before:
            self._terms[kind].setdefault(term, {})[key] = None
        if terms:
            self._said[key] = terms


def _terms(body: Wire, fields: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    for path in fields:
        value: Any = body
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            yield value.lower()


def _part(key: str) -> str:
    """Return what an id is kept apart by: its first two segments, such as `/subscriptions/{s}`."""
    return "/".join(key.split("/", 3)[:3])
