"""One field changed on the stamp: verify names exactly it, and put brings it back, or says why it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.serving import new_stamp

from restamp import inside, objects, translation
from restamp.arm.client import Arm
from restamp.arm.inside import Inside
from restamp.compare import Comparison, compare
from restamp.errors import Unwritable
from restamp.kind import Kind
from restamp.models.document import Aside, Document, Local, OnWire, Sealed, marked, marks, own_fields, reference
from restamp.plugins import all_kinds
from restamp.runbook import Runbook, save
from restamp.runbook.model import in_order
from restamp.sealing import for_capture
from restamp.simulator import Stamp

from .others import TAKEN, others
from .populated import RESCUERS, deployed, everything
from .way import at, captured

BACK = "put back"


@dataclass(frozen=True)
class Here:
    """A document, and the stamp that has it: the admin endpoint, or the inside of a subscription."""

    document: Document
    holder: Document | None
    stamp: Arm | Inside


class Living:
    """A stamp that lives, with something of every kind, and its runbook."""

    def __init__(self, stamp: Stamp, arm: Arm, folder: Path) -> None:
        """Capture it first; from now on secrets can be told apart and opened."""
        self.stamp, self.arm, self.kinds = stamp, arm, all_kinds()
        first = captured(arm, folder)
        save(first.runbook, first.captured)
        held = {ref: in_order(list(each), self.kinds) for ref, each in first.runbook.inside.items()}
        self.runbook = Runbook(first.runbook.stamp, first.runbook.documents, self.kinds, folder, held)
        seals = for_capture(self.runbook)
        assert seals is not None
        self.arm.seals = self.seals = seals
        self.usual: tuple[tuple[str, str, list[str]], ...] = tuple(self._named())  # of a stamp that nobody changed

    @cached_property
    def refs(self) -> dict[str, tuple[str, ...]]:
        """The references there are, by collection."""
        named = [(self.kinds.of(each).collection, self.kinds.of(each).ref(each)) for each in self.runbook.documents]
        return {to: tuple(ref for each, ref in named if each == to) for to in {each for each, _ in named}}

    def find(self, kind: Kind[Any], field: str) -> Here:
        """The document of a kind that says most of a field."""
        own = [Here(each, None, self.arm) for each in self.runbook.of(kind)]
        for holder in self.runbook.documents:
            if self.kinds.of(holder).holds:
                way_in = inside.way_in(self.arm, holder)
                own += [Here(each, holder, way_in) for each in self.runbook.within(holder) if type(each) is kind.model]
        return max(own, key=lambda here: len(str(getattr(here.document, field) or "")))

    def others(self, kind: Kind[Any], field: str, document: Document) -> Iterator[Any]:
        """Other values of a field, as many ways as its type has."""
        value, found = getattr(document, field), own_fields(kind.model)[field]
        if marked(found, Sealed):
            identity = {name: str(getattr(document, name)) for name in kind.identity}
            bound = kind.bound_to(identity, self.find(kind, field).stamp.place)
            yield self.seals.seal(bound, "another value")
        elif (kind.name, field) == ("RoleAssignment", "principal"):
            yield self.stamp.add_group(RESCUERS).object_id
        elif (kind.name, field) in TAKEN:
            yield TAKEN[kind.name, field]
            yield from [None] if type(None) in getattr(found.annotation, "__args__", ()) and value else []
        elif (to := reference(found)) and isinstance(value, str):
            yield from (ref for ref in self.refs[to.to][:3] if ref != value)
        else:
            yield from others(found.annotation, value, self.refs)

    @contextmanager
    def changed(self, kind: Kind[Any], here: Here, other: Document) -> Iterator[None]:
        """Somebody changes the object on the stamp; when all is seen it is what it was before."""
        resource_id = kind.resource_id(other, here.stamp.place)
        vault, _, secret = resource_id.partition("/secrets/")
        before = here.stamp.get(resource_id, kind.wire)
        kept = self.stamp.state.store.get(f"/vault/{vault.rpartition('/')[2]}/secrets/{secret}".lower()) or before
        assert kept is not None
        self._change(kind, here, other, before or {})
        try:
            yield
        finally:
            self.stamp.load([kept])

    def _change(self, kind: Kind[Any], here: Here, other: Document, before: dict[str, Any]) -> None:
        if kind.wire.afterwards:  # its secrets are people's: nothing could be sent, so it is changed where it is kept
            store = {_on_wire(name, own_fields(kind.model)[name]): getattr(other, name) for name in compared(kind)}
            (place,) = (name for name, value in before["properties"].items() if isinstance(value, dict))
            self.stamp.load([before | {"properties": {place: before["properties"][place] | store}}])
            return
        resource_id = kind.resource_id(other, here.stamp.place)
        theirs = translation.encode(kind, other, here.stamp.place, self.kinds)
        if kind.wire.endpoint == "vault":
            here.stamp.put(resource_id, kind.wire, theirs)
        elif kind.wire.acts is not None:
            for action, sent in kind.wire.acts(before, theirs):
                here.stamp.put(resource_id, replace(kind.wire, action=action), dict(sent))
        else:
            self._overwrite(kind, before, theirs)

    def _overwrite(self, kind: Kind[Any], before: dict[str, Any], theirs: dict[str, Any]) -> None:
        """Whole: what they leave out is gone."""
        gone = {_on_wire(name, field) for name, field in own_fields(kind.model).items()} - {"name", "id"}
        after = {key: value for key, value in before.items() if key not in gone} | theirs
        if "properties" in theirs:
            kept = {key: value for key, value in before["properties"].items() if key not in gone}
            after |= {"properties": kept | theirs["properties"]}
        self.stamp.load([after])

    def verify(self) -> Comparison:
        """What `restamp verify` compares."""
        return compare(self.arm, self.runbook, lambda _kind, _count: None)

    def named(self) -> list[tuple[str, str, list[str]]]:
        """What verify names: kind, reference, fields; but for what it names on a stamp that nobody changed."""
        return [each for each in self._named() if each not in self.usual]

    def _named(self) -> list[tuple[str, str, list[str]]]:
        found = self.verify().differences
        return [(item.kind, item.ref, [change.field for change in item.changes]) for item in found]

    def put(self, kind: Kind[Any], here: Here) -> str:
        """What became of putting a document back: `put back`, or why it cannot be."""
        if here.holder is None:
            try:
                done = objects.put(kind, here.document, self.arm, self.kinds)
            except Unwritable as refused:
                return str(refused)
            return (
                BACK if done.outcome == "updated" else f"{kind.name} {kind.ref(here.document)} {kind.wire.afterwards}"
            )
        assert isinstance(here.stamp, Inside)
        seen = inside.look(here.stamp, self.kinds, here.holder)
        done = inside.bring_back([here.document], seen, self.kinds, here.stamp, lambda *_: nullcontext({}))
        return BACK if done[0].outcome == "updated" else done[0].message


@contextmanager
def living(folder: Path) -> Iterator[Living]:
    """A stamp with two subscriptions, served meanwhile; `folder` is a runbook's, with a recipient."""
    stamp = deployed(new_stamp(seed=1), 2)
    stamp.load(everything(stamp, 2))
    with at(stamp) as arm:
        yield Living(stamp, arm, folder)
    stamp.close()


def compared(kind: Kind[Any]) -> tuple[str, ...]:
    """The fields of a kind that a stamp shows: neither its identity, nor told aside, nor known to people alone."""
    fields = own_fields(kind.model).items() if kind.comes_from == "stamp" else ()
    return tuple(name for name, field in fields if name not in kind.identity and not told_aside(field))


def told_aside(field: Any) -> bool:
    """Whether no stamp shows a field."""
    return marked(field, Aside) or marked(field, Local)


def proved(world: Living, kind: Kind[Any], name: str) -> str:
    """What putting a changed field back comes to; AssertionError where verify does not name it, or it is not back."""
    here, said = world.find(kind, name), set[str]()
    alias = own_fields(kind.model)[name].alias or name
    ref = kind.ref(here.document)
    tried = list(world.others(kind, name, here.document))
    assert tried, f"{kind.name} {alias}: there is no other value to try"
    for other in tried:
        about = f"{kind.name} {ref}: {alias}: {getattr(here.document, name)!r}, changed to {other!r}"
        with world.changed(kind, here, here.document.model_copy(update={name: other})):
            assert world.named() == [(kind.name, ref, [alias])], about
            outcome = world.put(kind, here)
            said.add(outcome)
            found = objects.read(kind, here.document, here.stamp, world.kinds)
            assert found is not None, about
            differs = [change.field for change in objects.compare(kind, here.document, found.document)]
            assert differs == ([] if outcome == BACK else [alias]), f"{about}: {outcome}"
    assert world.named() == []
    (only,) = said
    return only


def _on_wire(name: str, field: Any) -> str:
    return next((mark.name for mark in marks(field) if isinstance(mark, OnWire)), field.alias or name)
