"""Where a document stands: on the stamp itself, or inside one of its subscriptions."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from restamp import objects
from restamp.errors import Forbidden, NoKey, Refused, Shut, Unwritable, Waits
from restamp.kind import Kind
from restamp.models.document import Document, own_fields, reference, sealed_fields
from restamp.models.finding import Finding
from restamp.models.stamp import Stamp
from restamp.resources.session import Session
from restamp.runbook.read import read_own

if TYPE_CHECKING:
    from restamp.arm.inside import Inside

T = TypeVar("T")
CONFIG = "restamp:runbook"
_vaults: dict[str, threading.Lock] = {}  # one of us at a time lets itself into a vault, and out again


class Standing:
    """A document, and the place on a stamp that it is about."""

    def __init__(self, here: Session, kind: Kind[Any], document: Document, props: Mapping[str, Any]) -> None:
        """`props` may name `subscription` and `directory`; no subscription is the default provider's."""
        self._here, self._kind, self._document = here, kind, document
        self._subscription, self._directory = props.get("subscription") or "", props.get("directory") or ""

    def put(self, later: frozenset[str], recovery: str, runbook: str = "") -> objects.Put:
        """Bring the object to what the document says; Waits where restamp only reads it, and it is not so.

        A sealed value is opened with the keys of the runbook in this folder: Refused or NoKey where they are missing.
        """
        kind, document = self._kind, self._document
        if kind.wire.read_only:
            return self._watched()
        if self._is_sealed and not kind.wire.afterwards:
            self._unlock(runbook)
        return self._let_in(lambda: self._here.put(kind, document, later, recovery, self._inside))

    def seen(self, runbook: str = "") -> Document | None:
        """The object as the stamp has it now, None where it is not there; a value that no key is for is not told.

        What is left alone for now is taken to be as it should: nothing would be done about it.

        One list answers for all objects of a kind that has one. Forbidden or Unwritable where it cannot be read.
        """
        kind, document = self._kind, self._document
        if kind.wire.afterwards:
            return document
        if not kind.inside and not kind.wire.per:
            return self._here.seen(kind, kind.ref(document))
        if self._is_sealed:
            with suppress(Refused, Shut):
                self._unlock(runbook)
        found = self._read()
        return found.document if found else None

    def delete(self) -> None:
        """Nothing is left of the object; what restamp only reads stays."""
        kind, document = self._kind, self._document
        if kind.wire.action:
            raise Unwritable(
                f"{kind.name} {kind.label(document)}", f"stays: restamp only knows how to {kind.wire.action}"
            )
        if not kind.wire.read_only:
            self._let_in(lambda: self._here.delete(kind, document, self._inside))

    @cached_property
    def _inside(self) -> "Inside | None":
        """The subscription's inside; made late, for the keys that are at hand then are part of its place."""
        if not self._kind.inside:
            return None
        arm = self._here.arm
        return arm.inside(self._subscription or arm.place.provider, self._directory)

    def _read(self) -> objects.Found[Any] | None:
        return objects.read(self._kind, self._document, self._inside or self._here.arm, self._here.kinds)

    def _watched(self) -> objects.Put:
        found = self._read()
        changes = objects.compare(self._kind, self._document, found.document) if found else []
        if found and not changes:
            return objects.Put("unchanged")
        wrong = f"differs in {', '.join(change.field for change in changes)}" if found else "is not there"
        raise Waits(f"{wrong}: {self._kind.wire.read_only} ({', '.join(self._parents())})")

    def _parents(self) -> Iterator[str]:
        """Whose it is, as people call them: what its identity refers to."""
        fields = own_fields(self._kind.model)
        for name in self._kind.identity:
            ref = reference(fields[name])
            for kind in self._here.kinds.in_collection(ref.to) if ref else ():
                value = getattr(self._document, name)
                found = self._here.seen(kind, value)
                yield f"{kind.name} {kind.label(found) if found else value}"

    def _let_in(self, act: Callable[[], T]) -> T:
        """What `act` gives; a vault that does not let us in is entered by the right of an Owner, and left again."""
        if self._inside is None or self._kind.wire.endpoint != "vault":
            return act()
        vault = self._kind.resource_id(self._document, self._inside.place).partition("/secrets/")[0]
        with _vaults.setdefault(vault.lower(), threading.Lock()):
            try:
                return act()
            except Forbidden:
                with self._inside.entered(vault):
                    return act()

    @property
    def _is_sealed(self) -> bool:
        return any(getattr(self._document, name) is not None for name in sealed_fields(self._kind.model))

    def _unlock(self, runbook: str) -> None:
        """Bring the keys of a runbook, once a process."""
        from restamp.sealing import for_writing

        if self._here.arm.seals is not None:
            return
        about = f"{self._kind.name} {self._kind.label(self._document)}"
        if not (named := os.environ.get("RESTAMP_RUNBOOK") or runbook):
            raise NoKey(about, f"its value is sealed, and {CONFIG} or RESTAMP_RUNBOOK names no runbook")
        folder, found = Path(named), list[Finding]()
        stamp = read_own(folder / "stamp.yaml", Stamp, folder, found)
        if stamp is None:
            raise Refused(found)
        self._here.arm.seals = for_writing(folder, stamp)
        if self._here.arm.seals is None:
            raise NoKey(about, "its value is sealed, and neither the capture key nor a private key is at hand")
