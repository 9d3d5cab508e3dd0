"""Short names in files <-> full references in memory, and the file a document stands in.

A plan is `gold` where one group has a plan of that name, `offers-rg/gold` where two have. What has no document is
written with its namespace in front, `Microsoft.Compute.Admin/Basic`: checked for presence, never written.
"""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from restamp.kind import Kind, Kinds, Place
from restamp.models.document import Document

_LONGEST = 150
_DEVICES = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class Names:
    """The names in use in one runbook: which references exist, and how each is written."""

    def __init__(self, documents: Iterable[Document], kinds: Kinds) -> None:
        """Index every document by collection, full reference and short name."""
        self._kinds = kinds
        self._full: dict[tuple[str, str], tuple[str, str]] = {}
        self._by_short: dict[tuple[str, str], list[str]] = {}
        for document in documents:
            kind = kinds.of(document)
            ref = kind.ref(document)
            short = kind.prefix + str(getattr(document, kind.identity[-1])) if kind.identity else ref
            if (kind.collection, ref.lower()) not in self._full:  # the same object in a second file says nothing new
                self._full[kind.collection, ref.lower()] = ref, short
                self._by_short.setdefault((kind.collection, short.lower()), []).append(ref)

    def written(self, collection: str, ref: str) -> str:
        """The shortest form of a full reference that means only this."""
        stored, short = self._full.get((collection, ref.lower()), ("", ""))
        if not stored:
            return self._outside(collection, ref)
        alone = len(self._by_short[collection, short.lower()]) == 1
        return short if alone and self._full.get((collection, short.lower()), (stored,))[0] == stored else stored

    def full(self, collection: str, written: str) -> str | None:
        """The full reference a written one means; None where it means nothing, or two things."""
        if stored := self._full.get((collection, written.lower())):
            return stored[0]
        if len(found := self._by_short.get((collection, written.lower()), [])) == 1:
            return found[0]
        return self._from_outside(collection, written)

    def spellings(self, collection: str, full: str) -> tuple[str, ...]:
        """The ways a full reference may be written; empty where it has no document."""
        return self._full.get((collection, full.lower()), ())

    def ambiguous(self, collection: str, written: str) -> list[str]:
        """The full references a short name could mean."""
        return sorted(self._by_short.get((collection, written.lower()), []))

    def known(self, collection: str) -> list[str]:
        """Every name that may be written, for suggestions."""
        return sorted(self.written(collection, ref) for (of, _), (ref, _) in self._full.items() if of == collection)

    def _outside(self, collection: str, ref: str) -> str:
        for kind in self._kinds.in_collection(collection):
            if not ref.startswith("/") and ref.startswith(kind.prefix) and _parts(kind, ref) and kind.namespace:
                short = f"{kind.namespace}/{ref.removeprefix(kind.prefix)}"
                return short if self._from_outside(collection, short) == ref else f"{kind.namespace}/{ref}"
        return ref

    def _from_outside(self, collection: str, written: str) -> str | None:
        namespace, _, rest = written.partition("/")
        for kind in self._kinds.in_collection(collection):
            known = kind.namespace and kind.namespace.lower() == namespace.lower()
            for ref in (kind.prefix + rest, rest) if known and rest else ():
                if _parts(kind, ref):
                    return ref
            if kind.wire.leave({"name": written}, Place("", "")):
                return written  # the stamp's own: it has no document and needs none
        if written.startswith("/subscriptions/"):
            return written
        return written if collection == "quotas" and "." in namespace and rest and "/" not in rest else None


def file_of(document: Document, kind: Kind[Any], names: Names) -> str:
    """The document's file within the runbook, a function of what it says: `plans/gold.yaml`."""
    ref = kind.ref(document)
    if not kind.identity:
        return kind.place
    if kind.title:
        return f"{kind.folder}/{slug(kind.label(document))}--{_safe(ref)}.yaml"
    return f"{kind.collection}/{'/'.join(map(_safe, names.written(kind.collection, ref).split('/')))}.yaml"


def fits(file: str, document: Document, kind: Kind[Any], names: Names) -> bool:
    """Whether a document may stand in this file: a title may have been edited since, an identity may not."""
    if not kind.title:
        return file == file_of(document, kind, names)
    folder, _, name = file.rpartition("/")
    return folder == kind.folder and name.endswith(f"--{_safe(kind.ref(document))}.yaml")


def slug(title: str) -> str:
    """A title as part of a file name: lower case, ASCII, words joined by dashes, at most 60 characters."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-") or "unnamed"


def _safe(name: str) -> str:
    """A name as a file name on any system: what no system forbids stays, the rest as in URLs."""
    encoded = quote(name, safe=" !#$&'()+,;=@[]^`{}~")
    if encoded.endswith((".", " ")) or encoded.startswith((".", " ")) or _DEVICES.match(encoded):
        encoded = "".join(f"%{ord(char):02X}" if char in ". " else char for char in encoded)
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}" if _DEVICES.match(encoded) else encoded
    if len(encoded) > _LONGEST:  # names may be long where every letter takes six characters
        encoded = f"{encoded[:80]}~{sha256(name.encode()).hexdigest()[:16]}"
    return encoded


def _parts(kind: Kind[Any], ref: str) -> bool:
    return kind.values(ref) is not None
