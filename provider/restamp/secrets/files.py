"""A runbook's sealed values with their files: read, looked for, and written again, all files or none."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from restamp.errors import Refused, Shut
from restamp.models.finding import Finding, Position
from restamp.models.sealed import SealedFile, SealedValue
from restamp.secrets import capture_key
from restamp.secrets.places import Path as Within
from restamp.secrets.places import Place, places, rewritten, stamp_with_key
from restamp.secrets.seal import Seals

_STAMP = "stamp.yaml"
_LARGEST = 32 * 1024 * 1024


class Parsed(Protocol):
    """A file's content, where each part stands, and what is wrong with it."""

    @property
    def value(self) -> Any:
        """Maps, lists and texts."""

    @property
    def problems(self) -> Sequence[tuple[Position, str, str]]:
        """Place, sentence and hint of each."""

    def at(self, path: Within, /) -> Position:
        """Where a part stands."""


class Yaml(Protocol):
    """What reads and writes files: `restamp.runbook.text`, handed down because the runbook is on the same floor."""

    def parse(self, text: str, file: str, /) -> Parsed:
        """One document, read."""

    def written(self, value: dict[str, Any], /) -> str:
        """One document as it stands in its file."""


@dataclass(frozen=True)
class File:
    """A file of the runbook that has sealed values."""

    name: str
    text: str
    places: tuple[Place, ...]


class Sealing:
    """What commands do with the sealed values of one runbook."""

    def __init__(self, folder: Path, seals: Seals, keys: Path, yaml: Yaml) -> None:
        """Read the runbook; `keys` is where this machine keeps capture keys, `found` what is wrong with the values."""
        self._folder, self._keys, self._yaml = folder, keys, yaml
        self._without_key = seals
        self.found: list[Finding] = []
        self.files = tuple(file for file in map(self._read, _names(folder)) if file.places)

    @cached_property
    def seals(self) -> Seals:
        """What can be done on this machine, with the capture key if it is at hand."""
        return capture_key.with_capture_key(self._without_key, self._keys, self._stamp, self._capture_key)

    def at(self, document: str, field: str) -> Place:
        """The value of one field of a file; Refused, with what there is, where there is none."""
        file = next((file for file in self.files if file.name == document), None)
        if file is None:
            known = ", ".join(file.name for file in self.files[:4]) or "no file of it has one"
            raise Refused([Finding("no-place", "stop", document, "has no sealed value", f"In this runbook: {known}.")])
        for place in file.places:
            if field in (place.field, place.identity):
                return place
        known = ", ".join(place.field for place in file.places[:4])
        raise Refused([Finding("no-place", "stop", field, f"{document} has no such sealed value", f"It has {known}.")])

    def rekeyed(self) -> tuple[Mapping[str, str], int]:
        """Every value sealed for today's recipients: the files that change, and how many values in them.

        Refused with every value that does not open.
        """
        changed: dict[str, str] = {}
        values = 0
        for file in self.files:
            changes = self._resealed(file)
            values += len(changes)
            if changes:
                changed[file.name] = self._with(file, changes)
        if self.found:
            raise Refused(self.found)
        return changed, values

    def added(self, data: bytes, name: str) -> Mapping[str, str]:
        """A file sealed as `secrets/<name>.yaml`: the files that change; none where it is sealed already."""
        _named(name)
        able, key = capture_key.for_sealing(self._without_key, self._keys, self._stamp, self._capture_key)
        where = f"secrets/{name}.yaml"
        before = next((file.places[0].value for file in self.files if file.name == where), None)
        value = able.seal(f"file/{name}", data, before)
        changed = {} if self._capture_key is key else {_STAMP: self._with_key(key)}
        if value is not before:
            sealed = SealedFile(name=name, size=len(data), on=dt.datetime.now(dt.UTC).date(), value=value)
            given = sealed.model_dump(mode="json", by_alias=True, exclude_none=True)
            changed[where] = self._yaml.written({"kind": "SealedFile"} | given)
        return changed

    @cached_property
    def _stamp(self) -> str:
        """`<region>.<domain>`; what else is wrong with stamp.yaml is said by whoever loads the runbook."""
        path = self._folder / _STAMP
        value = self._yaml.parse(path.read_bytes().decode("utf-8", "replace"), _STAMP).value if path.exists() else None
        if not isinstance(value, dict) or not {"region", "domain"} <= set(value):
            hint = "Name the runbook's folder with --runbook."
            raise Refused(
                [Finding("no-file", "stop", str(path), "there is no stamp.yaml with region and domain", hint)]
            )
        return f"{value['region']}.{value['domain']}"

    @cached_property
    def _capture_key(self) -> SealedValue | None:
        return next((file.places[0].value for file in self.files if file.name == _STAMP), None)

    def _read(self, name: str) -> File:
        content = (self._folder / name).read_bytes().decode("utf-8", "replace")
        if "sealed" not in content:
            return File(name, content, ())
        parsed = self._yaml.parse(content, name)
        self.found += [Finding("yaml", "stop", "", message, hint, where) for where, message, hint in parsed.problems]
        return File(name, content, tuple(places(parsed.value, parsed.at, self.found)))

    def _resealed(self, file: File) -> dict[tuple[str, ...], tuple[str, ...]]:
        changes = {}
        for place in file.places:
            try:
                new = self.seals.reseal(place.identity, place.value, f"{file.name}: {place.field}")
            except Shut as shut:
                self.found.append(Finding("shut", "stop", place.field, shut.reason, shut.hint, Position(file.name)))
                continue
            if new is not place.value:
                changes[place.value.sealed] = new.sealed
        return changes

    def _with(self, file: File, changes: dict[tuple[str, ...], tuple[str, ...]]) -> str:
        try:
            return rewritten(file.text, changes)
        except ValueError as error:
            self.found.append(Finding("not-a-list", "stop", "sealed", str(error), "", Position(file.name)))
            return file.text

    def _with_key(self, key: SealedValue) -> str:
        content = (self._folder / _STAMP).read_bytes().decode()
        if self._capture_key is None:
            return stamp_with_key(content, key)
        return rewritten(content, {self._capture_key.sealed: key.sealed})


def _names(folder: Path) -> list[str]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.y*ml"))
    return [name for name in names if not name.startswith(".")]


def _named(name: str) -> None:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name):
        hint = "Lower-case letters, digits, dots and dashes, such as appservice-secrets."
        raise Refused([Finding("wrong-name", "stop", "--name", f"{name!r} is no name for a sealed file", hint)])


def content(path: Path) -> bytes:
    """What is in a file that is to be sealed; Refused where that cannot be read, or is too much."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise Refused([Finding("unreadable", "stop", str(path), message)]) from error
    if not 0 < len(data) <= _LARGEST:
        message = f"has {len(data)} bytes, and 1 to {_LARGEST} can be sealed"
        raise Refused([Finding("wrong-size", "stop", str(path), message)])
    return data
