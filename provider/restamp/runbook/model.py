"""A runbook in memory: references are full, whatever the files say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as of
from functools import cached_property
from pathlib import Path
from typing import Any

from restamp import references
from restamp.kind import Kind, Kinds
from restamp.models.backup import Backups
from restamp.models.document import Document, own_fields, reference
from restamp.models.stamp import Captured, Stamp
from restamp.runbook.read import last_capture, recorded_backups


@dataclass(frozen=True)
class Runbook:
    """All documents of one stamp, in the order of their kinds and references."""

    stamp: Stamp
    documents: tuple[Document, ...]
    kinds: Kinds
    folder: Path
    inside: Mapping[str, tuple[Document, ...]] = of(default_factory=dict)  # reference of the holder -> what it holds

    @cached_property
    def captured(self) -> Captured | None:
        """What the last capture said of the stamp; None where there was none."""
        return last_capture(self.folder)

    @cached_property
    def backups(self) -> Backups | None:
        """What the stamp said of its infrastructure backups; None where no capture could ask."""
        return recorded_backups(self.folder)

    @cached_property
    def index(self) -> dict[tuple[str, str], Document]:
        """(collection, full reference in lower case) -> document."""
        return {
            (kind.collection, kind.ref(doc).lower()): doc for doc in self.documents for kind in (self.kinds.of(doc),)
        }

    def of(self, kind: Kind[Any]) -> tuple[Document, ...]:
        """The documents of one kind."""
        return tuple(document for document in self.documents if type(document) is kind.model)

    def within(self, document: Document) -> tuple[Document, ...]:
        """What a document's sections hold, in the order in which it is brought back."""
        return self.inside.get(self.kinds.of(document).ref(document).lower(), ())

    def names(self) -> list[str]:
        """`<kind> <full reference>` of every document that a stamp is to have: what its resource is called."""
        of = self.kinds.of
        return [f"{of(d).name} {of(d).ref(d)}" for d in self.documents if of(d).comes_from == "stamp"]

    def find(self, collection: str, ref: str) -> Document | None:
        """The document a full reference names."""
        return self.index.get((collection, ref.lower()))


def in_order(documents: list[Document], kinds: Kinds) -> tuple[Document, ...]:
    """Kinds in their own order, documents by reference without case: the same runbook, the same order."""
    rank = {kind.model: number for number, kind in enumerate(kinds)}

    def key(document: Document) -> tuple[int, str, str]:
        ref = kinds.of(document).ref(document)
        return rank[type(document)], ref.lower(), ref

    return tuple(sorted(documents, key=key))


def referred(document: Document) -> Iterator[tuple[str, str, str]]:
    """Every reference of a document: (field as written, collection, reference)."""
    for name, field in own_fields(type(document)).items():
        if (ref := reference(field)) is not None:
            for item in references.inside(getattr(document, name)):
                yield field.alias or name, ref.to, item
