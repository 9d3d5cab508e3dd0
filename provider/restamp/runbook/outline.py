"""A runbook as a program needs it: of what holds thousands of objects only a digest and the first lines are read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from restamp.errors import Refused
from restamp.kind import Kind, Kinds
from restamp.models.backup import Backups
from restamp.models.document import Document, own_fields, reference
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, Stamp
from restamp.runbook.load import files, load, resolved
from restamp.runbook.model import in_order
from restamp.runbook.names import Names
from restamp.runbook.read import last_capture, read_documents, read_own, recorded_backups
from restamp.runbook.staged import complete
from restamp.runbook.text import Loader

_FIRST = 65_536  # characters: what stands before the sections of a document is far shorter


@dataclass(frozen=True)
class Head:
    """A document with sections, unread: its file within the runbook, what its bytes are, its own plain fields."""

    kind: Kind[Any]
    file: str
    digest: str
    values: Mapping[str, str]

    @property
    def ref(self) -> str:
        """The full reference."""
        return self.kind.ref(self.stub)

    @cached_property
    def stub(self) -> Document:
        """A document that has an identity and nothing else."""
        aliases = {name: self.kind.model.model_fields[name].alias or name for name in self.kind.identity}
        stub: Document = self.kind.model.model_construct(**{n: self.values[alias] for n, alias in aliases.items()})
        return stub

    def referred(self, names: Names) -> Iterator[tuple[str, str]]:
        """What it refers to: (collection, full reference)."""
        for name, field in own_fields(self.kind.model).items():
            ref, written = reference(field), self.values.get(field.alias or name)
            if ref is not None and written:
                yield ref.to, names.full(ref.to, written) or written


@dataclass(frozen=True)
class Outline:
    """A runbook whose large documents are read one at a time, when they are needed."""

    stamp: Stamp
    kinds: Kinds
    folder: Path
    documents: tuple[Document, ...]
    heads: tuple[Head, ...]
    names: Names

    @cached_property
    def captured(self) -> Captured | None:
        """What the last capture said of the stamp; None where there was none."""
        return last_capture(self.folder)

    @cached_property
    def backups(self) -> Backups | None:
        """What the stamp said of its infrastructure backups; None where no capture could ask."""
        return recorded_backups(self.folder)

    def read(self, file: str) -> tuple[Document, tuple[Document, ...]]:
        """A large document and what it holds, as of now; Refused with what is wrong with it."""
        found: list[Finding] = []
        placed = read_documents(self.folder / file, self.folder, self.kinds, found) or []
        documents = [resolved(item, self.names, frozenset(), found) for item in placed]
        if found or not documents:
            raise Refused(found)
        return documents[0], tuple(documents[1:])


def digest_of(path: Path) -> str:
    """What the bytes of a file are, in 32 hexadecimal digits."""
    return sha256(path.read_bytes()).hexdigest()[:32]


def outline(folder: Path, kinds: Kinds) -> Outline:
    """The runbook in a folder; where anything is wrong with it, Refused with every problem, as `load` has them."""
    complete(folder)
    found: list[Finding] = []
    stamp = read_own(folder / "stamp.yaml", Stamp, folder, found)
    holders = {f"{kind.place}/" if kind.identity else kind.place: kind for kind in kinds.on_their_own if kind.holds}
    heads, placed = [], []
    for path in files(folder):
        name = path.relative_to(folder).as_posix()
        holder = next((kind for place, kind in holders.items() if name.startswith(place)), None)
        if holder is None:
            placed += read_documents(path, folder, kinds, found) or []
        elif (head := _head(holder, path, name)) is not None:
            heads.append(head)
        else:
            found.append(Finding("head", "stop", name, "cannot be read"))
    names = Names([*(item.document for item in placed), *(head.stub for head in heads)], kinds)
    documents = tuple(resolved(item, names, frozenset(), found) for item in placed)
    if found or stamp is None or len({head.ref for head in heads}) < len(heads):
        load(folder, kinds)  # says all that is wrong, in the words people know
        raise Refused(found)
    rank = {kind.name: number for number, kind in enumerate(kinds)}
    heads.sort(key=lambda head: (rank[head.kind.name], head.ref.lower()))
    return Outline(stamp, kinds, folder, in_order(list(documents), kinds), tuple(heads), names)


def _head(kind: Kind[Any], path: Path, name: str) -> Head | None:
    data = path.read_bytes()
    try:
        values = dict(_plain_fields(data.decode("utf-8")[:_FIRST]))
    except (UnicodeDecodeError, yaml.YAMLError):
        return None
    needed = {"kind", *(kind.model.model_fields[item].alias or item for item in kind.identity)}
    if not needed <= values.keys() or values["kind"] != kind.name:
        return None
    return Head(kind, name, sha256(data).hexdigest()[:32], values)


def _plain_fields(text: str) -> Iterator[tuple[str, str]]:
    """The fields of a file's map that are single values, up to the first section below them."""
    events = yaml.parse(text, Loader=Loader)
    depth, key = 0, None
    for event in events:
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth, key = depth + 1, None
            if depth == 2 and isinstance(event, yaml.MappingStartEvent):
                return
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and depth == 1:
            if key is None:
                key = event.value
            else:
                yield key, event.value
                key = None
