"""The three verbs that work on any kind: collect (capture), compare (diff, verify, refresh), put (restore)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

import tenacity
from pydantic import ValidationError

from restamp import references
from restamp.errors import Unanswered, Unwritable
from restamp.kind import Kind, Kinds, Place
from restamp.models.document import Document, OnWire, SetOf, marks, own_fields, reference
from restamp.models.finding import Finding

D = TypeVar("D", bound=Document)
Outcome = Literal["created", "updated", "unchanged"]
_NOT_UNDERSTOOD = (ValidationError, KeyError, TypeError, AttributeError)  # a wire form that no model expects
_PLAIN = frozenset({"id", "name", "type", "location", "etag"})  # of every object: computed, or told by its id


class Objects(Protocol):
    """What the verbs need of a stamp; `arm.client.Arm` is one."""

    @property
    def place(self) -> Place:
        """Region and default provider subscription."""

    def get(self, resource_id: str, api_version: str) -> dict[str, Any] | None:
        """The object, or None."""

    def list_all(self, path: str, api_version: str) -> list[dict[str, Any]]:
        """Every object of a list."""

    def put(self, resource_id: str, api_version: str, body: dict[str, Any]) -> dict[str, Any]:
        """The object after the write."""


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


def collect(kind: Kind[D], stamp: Objects, kinds: Kinds) -> tuple[list[D], list[Finding]]:
    """Every document of a kind on the stamp, and what was left out with its reason."""
    documents: list[D] = []
    findings: list[Finding] = []
    place = stamp.place
    for body in stamp.list_all(kind.wire.listed.format_map(place.values()), kind.wire.api_version):
        about = f"{kind.name} {body.get('displayName') or body.get('name') or body.get('id')}"
        if reason := kind.wire.leave(body, place):
            findings.append(Finding("left-out", "note", about, f"{reason}: not a document"))
            continue
        try:
            document = decode(kind, body, place, kinds)
        except _NOT_UNDERSTOOD as error:
            hint = "Report it with the object's JSON: restamp's model of this kind is too narrow."
            findings.append(
                Finding("not-covered", "warn", about, f"not understood, so not covered: {_short(error)}", hint)
            )
            continue
        if document.unmodelled:
            names = ", ".join(sorted(document.unmodelled))
            findings.append(Finding("unmodelled", "note", about, f"kept but not restored: {names}"))
        documents.append(document)
    return documents, findings


def compare(kind: Kind[D], wanted: D, found: D, skip: frozenset[str] = frozenset()) -> list[Change]:
    """Every field of the stamp's that differs; absent and empty are equal, references compare without case."""
    changes = []
    for name, field in own_fields(kind.model).items():
        if name in kind.identity or name in skip:
            continue
        one, other = getattr(wanted, name), getattr(found, name)
        fold: Callable[[str], str] = str.lower if reference(field) else str
        if _normal(one, fold) != _normal(other, fold):
            changes.append(Change(field.alias or name, one, other))
    return changes


def put(kind: Kind[D], wanted: D, stamp: Objects, kinds: Kinds, later: frozenset[str] = frozenset()) -> Put:
    """Bring one object to what its document says: read, compare, write only what differs. Safe to call again.

    `later` names fields that something else will set: they are not compared, and born with a value that can be.
    Unwritable where the object is there and its state is none anybody can ask for.
    """
    found = _read(kind, wanted, stamp, kinds)
    if found is None:
        born = _at_birth(kind, wanted)
        _write(kind, born, stamp, kinds)
        if born != wanted and not later:
            _write(kind, wanted, stamp, kinds, _read(kind, wanted, stamp, kinds))
        return Put("created")
    changes = compare(kind, wanted, found.document, later)
    if not changes:
        return Put("unchanged")
    kept = wanted.model_copy(update={name: getattr(found.document, name) for name in later})
    _write(kind, kept, stamp, kinds, found)
    return Put("updated", tuple(changes))


def decode(kind: Kind[D], body: Mapping[str, Any], place: Place, kinds: Kinds) -> D:
    """The document an object of the stamp stands for; what no field knows goes to `unmodelled`."""
    outside = {key: value for key, value in body.items() if key not in _PLAIN and key != "properties"}
    inside = body.get("properties") or {}
    identity = _identity(kind, str(body["id"]), place)
    raw = kind.wire.decode(dict(outside if kind.wire.flat else inside), place)
    values: dict[str, Any] = {}
    known = set(kind.wire.computed) | set(kind.wire.repeats)
    for name, field in own_fields(kind.model).items():
        wire_name = _wire_name(field, name)
        known.add(wire_name)
        if name in identity:
            values[field.alias or name] = identity[name]
        elif (value := raw.get(wire_name)) is not None:
            values[field.alias or name] = _converted(
                field, value, lambda item, to: references.to_ref(item, to, kinds, place)
            )
    rest = raw if kind.wire.flat else outside | raw
    unmodelled = {key: value for key, value in rest.items() if key not in known and value is not None}
    return kind.model.model_validate(values | {"unmodelled": unmodelled})


def encode(kind: Kind[D], document: D, place: Place, kinds: Kinds) -> dict[str, Any]:
    """The body that writes a document: what it says, and nothing of `unmodelled`."""
    fields: dict[str, Any] = {}
    for name, field in own_fields(kind.model).items():
        value = getattr(document, name)
        if name not in kind.identity and value is not None:
            fields[_wire_name(field, name)] = _converted(
                field, value, lambda item, to: references.to_id(item, to, kinds, place)
            )
    fields |= {wire_name: getattr(document, name) for wire_name, name in kind.wire.repeats.items()}
    fields = kind.wire.encode(fields, place)
    envelope: dict[str, Any] = {"location": place.region} if kind.wire.located else {}
    return envelope | (fields if kind.wire.flat else {"properties": fields})


def _identity(kind: Kind[Any], resource_id: str, place: Place) -> dict[str, str]:
    ref = kind.ref_of(resource_id, place)
    if ref is None:
        raise KeyError(resource_id)
    return dict(zip(kind.identity, ref.removeprefix(kind.prefix).split("/"), strict=True))


def _wire_name(field: Any, name: str) -> str:
    return next((mark.name for mark in marks(field) if isinstance(mark, OnWire)), field.alias or name)


def _converted(field: Any, value: Any, change: Callable[[str, str], str]) -> Any:
    """A value with its references changed, in the forms JSON has."""
    if (ref := reference(field)) is not None:
        value = references.mapped(value, lambda item: change(item, ref.to))
    if SetOf in field.metadata:  # a stamp may name a thing twice; a document does not
        value = {item.lower(): item for item in reversed(value)}.values()
    return value if isinstance(value, str | dict) or not isinstance(value, Iterable) else list(value)


def _normal(value: Any, fold: Callable[[str], str] = lambda text: text) -> Any:
    """The form in which values are compared: empty is absent, sets have no order."""
    if isinstance(value, str):
        return fold(value) or None
    if isinstance(value, dict):
        return {fold(key): item for key, item in value.items()} or None
    if isinstance(value, tuple | list):
        return sorted(fold(str(item)) for item in value) or None
    return value


def _at_birth(kind: Kind[D], wanted: D) -> D:
    """The document with the values an object can be born with."""
    late = kind.wire.late
    if late is None or (birth := late.births.get(getattr(wanted, late.field))) is None:
        return wanted
    return wanted.model_copy(update={late.field: birth})


@dataclass(frozen=True, slots=True)
class _Found(Generic[D]):
    body: dict[str, Any]
    document: D


def _read(kind: Kind[D], wanted: D, stamp: Objects, kinds: Kinds) -> _Found[D] | None:
    body = stamp.get(kind.resource_id(wanted, stamp.place), kind.wire.api_version)
    if body is None:
        return None
    what = f"{kind.name} {kind.label(wanted)}"
    if reason := kind.wire.leave(body, stamp.place):
        raise Unwritable(what, reason)
    try:
        return _Found(body, decode(kind, body, stamp.place, kinds))
    except _NOT_UNDERSTOOD as error:
        raise Unwritable(what, f"is there in a form that restamp does not understand: {_short(error)}") from error


def _write(kind: Kind[D], wanted: D, stamp: Objects, kinds: Kinds, found: _Found[D] | None = None) -> None:
    """Send the object just read with our fields laid over it, whole; look again before anything is sent twice."""
    body = encode(kind, wanted, stamp.place, kinds)
    if found is not None:
        body = _laid_over(found.body, body, _emptied(kind, wanted, found.document))
    for attempt in tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Unanswered),
        stop=tenacity.stop_after_attempt(4),
        wait=tenacity.wait_exponential(multiplier=0.5, max=10),
        reraise=True,
    ):
        with attempt:
            now = _read(kind, wanted, stamp, kinds) if attempt.retry_state.attempt_number > 1 else None
            if now is None or compare(kind, wanted, now.document):
                stamp.put(kind.resource_id(wanted, stamp.place), kind.wire.api_version, body)


def _emptied(kind: Kind[D], wanted: D, found: D) -> dict[str, Any]:
    """Fields the stamp has and the document leaves out: sent empty, for leaving them out would keep them."""
    fields = own_fields(kind.model).items()
    return {_wire_name(f, n): "" for n, f in fields if getattr(wanted, n) is None and getattr(found, n) is not None}


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
