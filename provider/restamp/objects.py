"""The three verbs that work on any kind: collect (capture), compare (diff, verify, refresh), put (restore)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, Protocol, TypeVar

import tenacity
from pydantic import ValidationError

from restamp.errors import Rejected, StampError, Unanswered, Unwritable
from restamp.kind import Kind, Kinds, Place, Wire
from restamp.models.document import (
    Anew,
    Aside,
    Document,
    Immutable,
    Local,
    Sealed,
    marked,
    own_fields,
    reference,
)
from restamp.models.finding import Finding
from restamp.translation import decode, encode, wire_name

D = TypeVar("D", bound=Document)
Outcome = Literal["created", "updated", "unchanged", "left alone"]
_NOT_UNDERSTOOD = (ValidationError, KeyError, TypeError, AttributeError)  # a wire form that no model expects


class Objects(Protocol):
    """What the verbs need of a stamp; `arm.client.Arm` is one, the inside of a subscription another."""

    @property
    def place(self) -> Place:
        """What ids contain here."""

    def get(self, resource_id: str, wire: Wire[Any]) -> dict[str, Any] | None:
        """The object, or None."""

    def list_all(self, path: str, wire: Wire[Any]) -> list[dict[str, Any]]:
        """Every object of a list."""

    def put(self, resource_id: str, wire: Wire[Any], body: dict[str, Any]) -> None:
        """Write the object, whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs: what the runbook wants, what the stamp has."""

    field: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.field}: {self.found!r} -> {self.wanted!r}"


@dataclass(frozen=True, slots=True)
class Put:
    """What a put did, and what it changed."""

    outcome: Outcome
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Found(Generic[D]):
    """An object on the stamp: its body as it came, and the document it stands for."""

    body: dict[str, Any]
    document: D


def collect(
    kind: Kind[D], stamp: Objects, kinds: Kinds, parents: Iterable[Document] = ()
) -> tuple[list[D], list[Finding]]:
    """Every document of a kind on the stamp, and what was left out with its reason."""
    found, findings = look(kind, stamp, kinds, parents)
    return [item.document for item in found], findings


def collect_late(
    kind: Kind[D], stamp: Objects, kinds: Kinds, parents: Iterable[Document] = ()
) -> tuple[list[D] | None, list[Finding]]:
    """The same; None where the service of a provider that comes back late is not on the stamp, which is told."""
    try:
        return collect(kind, stamp, kinds, parents)
    except Rejected as error:
        if kind.gate == "control-plane-restored" or error.status != 404:
            raise
        hint = "Its resource provider has to be deployed first."
        return None, [Finding("not-covered", "warn", kind.name, f"{kind.namespace} is not on the stamp", hint)]


def look(
    kind: Kind[D], stamp: Objects, kinds: Kinds, parents: Iterable[Document] = ()
) -> tuple[list[Found[D]], list[Finding]]:
    """Every object of a kind on the stamp; `parents` are the documents that each have a list of them."""
    found: list[Found[D]] = []
    findings: list[Finding] = []
    place = stamp.place
    parent = kinds[kind.wire.per] if kind.wire.per else kind
    wanted = kind.wire.per_fields or parent.identity
    identities = dict.fromkeys(tuple(str(getattr(document, name)) for name in wanted) for document in parents)
    for path in kind.lists(place, identities):
        for body in stamp.list_all(path, kind.wire):
            about = f"{kind.name} {body.get('displayName') or body.get('name') or body.get('id')}"
            if kind.wire.absent(body):
                continue
            if reason := kind.wire.leave(body, place):
                findings.append(Finding("left-out", "note", about, f"{reason}: not a document"))
                continue
            try:
                document = decode(kind, body, place, kinds)
            except _NOT_UNDERSTOOD as error:
                hint = "Report it with the object's JSON: restamp's model of this kind is too narrow."
                message = f"not understood, so not covered: {_short(error)}"
                findings.append(Finding("not-covered", "warn", about, message, hint))
                continue
            if remark := kind.wire.remark(body):
                findings.append(Finding("remark", "note", f"{kind.name} {kind.ref(document)}", remark))
            if document.unmodelled:
                names = ", ".join(sorted(document.unmodelled))
                findings.append(Finding("unmodelled", "note", about, f"kept but not restored: {names}"))
            found.append(Found(body, document))
    return found, findings


def compare(kind: Kind[D], wanted: D, found: D, skip: frozenset[str] = frozenset()) -> list[Change]:
    """Every field of the stamp's that differs; absent and empty are equal, references compare without case."""
    changes = []
    for name, field in own_fields(kind.model).items():
        if name in kind.identity or name in skip or marked(field, Aside) or _is_hidden(field):
            continue
        one, other = getattr(wanted, name), getattr(found, name)
        if marked(field, Sealed):
            one, other = (one.seen, other.seen) if one and other else (None, None)  # what cannot be read is not equal
        fold: Callable[[str], str] = str.lower if reference(field) else str
        if isinstance(other, str) and isinstance(one, str) and reference(field) and "/" not in other:
            one = one.rpartition("/")[2]  # a stamp may name a plan without its group (recorded)
        if _normal(one, fold) != _normal(other, fold):
            changes.append(Change(field.alias or name, one, other))
    return changes


def put(kind: Kind[D], wanted: D, stamp: Objects, kinds: Kinds, later: frozenset[str] = frozenset()) -> Put:
    """Bring one object to what its document says: read, compare, write only what differs. Safe to call again.

    `later` names fields that something else will set: they are not compared, and born with a value that can be.
    Unwritable where the object is there and its state is none anybody can ask for.
    """
    if kind.wire.afterwards:
        return Put("left alone")
    return bring(kind, wanted, read(kind, wanted, stamp, kinds), stamp, kinds, later)


def bring(
    kind: Kind[D],
    wanted: D,
    found: Found[D] | None,
    stamp: Objects,
    kinds: Kinds,
    later: frozenset[str] = frozenset(),
) -> Put:
    """The same, where somebody has looked already: `found` is the object as it is now, None where there is none."""
    if found is None:
        _refuse_read_only(kind, wanted)
        born = at_birth(kind, wanted)
        _write(kind, born, stamp, kinds)
        if born != wanted and not later:
            _write(kind, wanted, stamp, kinds, read(kind, wanted, stamp, kinds))
        return Put("created")
    changes = compare(kind, wanted, found.document, later)
    if not changes:
        return Put("unchanged")
    _refuse_read_only(kind, wanted)
    _refuse_fixed(kind, wanted, changes)
    kept = wanted.model_copy(update={name: getattr(found.document, name) for name in later})
    _write(kind, kept, stamp, kinds, found)
    return Put("updated", tuple(changes))


def _is_hidden(field: Any) -> bool:
    """Whether a stamp takes it and never shows it: what only people know, and is no secret that can be told apart."""
    return marked(field, Local) and not marked(field, Sealed)


def hidden(kind: Kind[D], found: D) -> list[str]:
    """The fields of an object that nobody can read: secrets that are disabled, or that there is no key for."""
    fields = own_fields(kind.model).items()
    return [field.alias or name for name, field in fields if marked(field, Sealed) and getattr(found, name) is None]


def _refuse_read_only(kind: Kind[D], wanted: D) -> None:
    if kind.wire.read_only:
        raise Unwritable(f"{kind.name} {kind.label(wanted)}", f"cannot be written: {kind.wire.read_only}")


def _refuse_fixed(kind: Kind[D], wanted: D, changes: list[Change]) -> None:
    fixed = {field.alias or name for name, field in own_fields(kind.model).items() if marked(field, Immutable)}
    if wrong := [change.field for change in changes if change.field in fixed]:
        reason = (
            f"differs in {', '.join(wrong)}, which a stamp never changes: remove the object there to have it made anew"
        )
        raise Unwritable(f"{kind.name} {kind.label(wanted)}", reason)


def _normal(value: Any, fold: Callable[[str], str] = lambda text: text) -> Any:
    """The form in which values are compared: empty is absent, sets have no order."""
    if isinstance(value, str):
        return fold(value) or None
    if isinstance(value, dict):
        return {fold(key): item for key, item in value.items()} or None
    if isinstance(value, tuple | list):
        return sorted(fold(str(item)) for item in value) or None
    return value


def at_birth(kind: Kind[D], wanted: D) -> D:
    """The document with the values an object can be born with."""
    late = kind.wire.late
    if late is None or (birth := late.births.get(getattr(wanted, late.field))) is None:
        return wanted
    return wanted.model_copy(update={late.field: birth})


def read(kind: Kind[D], wanted: D, stamp: Objects, kinds: Kinds) -> Found[D] | None:
    """The object a document is about, as it is now; None where there is none.

    Unwritable where there is one that is no document, or that no model expects.
    """
    body = stamp.get(kind.resource_id(wanted, stamp.place), kind.wire)
    if body is None and kind.wire.alike:
        return alike(kind, wanted, look(kind, stamp, kinds)[0])
    if body is None or kind.wire.absent(body):
        return None
    what = f"{kind.name} {kind.label(wanted)}"
    if reason := kind.wire.leave(body, stamp.place):
        raise Unwritable(what, reason)
    try:
        return Found(body, decode(kind, body, stamp.place, kinds))
    except _NOT_UNDERSTOOD as error:
        raise Unwritable(what, f"is there in a form that restamp does not understand: {_short(error)}") from error


def alike(kind: Kind[D], wanted: D, found: Iterable[Found[D]]) -> Found[D] | None:
    """The object that is what a document wants, under another name, where a stamp takes no second one; else None."""
    if not kind.wire.alike:
        return None
    own = kind.sameness(wanted)
    return next((item for item in found if kind.sameness(item.document) == own), None)


def _write(kind: Kind[D], wanted: D, stamp: Objects, kinds: Kinds, found: Found[D] | None = None) -> None:
    """Send the object just read with our fields laid over it, whole; look again before anything is sent twice."""
    right = _right_already(kind, wanted, found.document) if found else {}
    body = encode(kind, wanted, stamp.place, kinds, right)
    if found is not None:
        body = _laid_over(found.body, body, _emptied(kind, wanted, found.document))
        for name in right.values():
            body.pop(name, None)
    for attempt in tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Unanswered),
        stop=tenacity.stop_after_attempt(4),
        wait=tenacity.wait_exponential(multiplier=0.5, max=10),
        reraise=True,
    ):
        with attempt:
            now = read(kind, wanted, stamp, kinds) if attempt.retry_state.attempt_number > 1 else None
            if now is None or compare(kind, wanted, now.document):
                _send(kind, kind.resource_id(wanted, stamp.place), stamp, body, now or found)


def _send(kind: Kind[D], resource_id: str, stamp: Objects, body: dict[str, Any], found: Found[D] | None) -> None:
    """One PUT, or the POSTs that lead from the body found to the one wanted; an error repeats no secret."""
    acts = kind.wire.acts(found.body if found else {}, body) if kind.wire.acts else [(kind.wire.action, body)]
    try:
        for action, sent in acts:
            stamp.put(resource_id, replace(kind.wire, action=action), dict(sent))
    except StampError as error:
        names = {wire_name(field, name) for name, field in own_fields(kind.model).items() if marked(field, Sealed)}
        if names:
            error.tell_without(_texts(names, body))
        raise


def _texts(names: set[str], value: Any) -> Iterator[str]:
    """The texts under these names, however deep they are."""
    for key, item in value.items() if isinstance(value, dict) else ():
        if key in names and isinstance(item, str):
            yield item
        yield from _texts(names, item)


def _emptied(kind: Kind[D], wanted: D, found: D) -> dict[str, Any]:
    """Fields the stamp has and the document leaves out: sent empty, for leaving them out would keep them."""
    fields = [(n, f) for n, f in own_fields(kind.model).items() if not marked(f, Sealed) and not marked(f, Aside)]
    return {wire_name(f, n): "" for n, f in fields if getattr(wanted, n) is None and getattr(found, n) is not None}


def _right_already(kind: Kind[D], wanted: D, found: D) -> dict[str, str]:
    """Sealed fields that are right on the stamp, with their names there.

    They are opened and sent only where a field needs it: each value that is sent makes a new version. What no stamp
    shows is never known to be right.
    """
    own = own_fields(kind.model).items()
    if any(getattr(wanted, n) is None and getattr(found, n) is not None for n, f in own if marked(f, Anew)):
        return {}
    shown = [(n, f) for n, f in own if marked(f, Sealed) and not marked(f, Local)]
    pairs = [(n, f, getattr(wanted, n), getattr(found, n)) for n, f in shown]
    return {n: wire_name(f, n) for n, f, one, other in pairs if one and (other is None or one.seen == other.seen)}


def _laid_over(found: dict[str, Any], ours: dict[str, Any], emptied: dict[str, Any]) -> dict[str, Any]:
    if "properties" not in ours:
        return found | emptied | ours
    return found | ours | {"properties": (found.get("properties") or {}) | emptied | ours["properties"]}


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()[:3]
        )
    return f"{type(error).__name__} {error}"
