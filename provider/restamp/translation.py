"""A document and the body of its object on a stamp: decoded by its kind, and encoded."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from restamp import references
from restamp.errors import NoKey
from restamp.kind import Kind, Kinds, Place
from restamp.models.document import (
    Aside,
    Document,
    Model,
    OnWire,
    Sealed,
    SetOf,
    mark_of,
    marked,
    own_fields,
    reference,
)
from restamp.models.sealed import SealedValue

D = TypeVar("D", bound=Document)
_PLAIN = frozenset({"id", "name", "type", "location", "etag"})  # of every object: computed, or told by its id


def decode(kind: Kind[D], body: Mapping[str, Any], place: Place, kinds: Kinds) -> D:
    """The document an object of the stamp stands for; what no field knows goes to `unmodelled`."""
    outside = {key: value for key, value in body.items() if key not in _PLAIN and key != "properties"}
    inside = body.get("properties") or {}
    identity = kind.identity_of(str(body["id"]), place) if kind.identity else {}  # one of a kind may have no id
    if identity is None:
        raise KeyError(body["id"])
    beside = {name: outside[name] for name in kind.wire.outside if name in outside}
    raw = kind.wire.decode(dict(outside) if kind.wire.flat else inside | beside, place)
    values: dict[str, Any] = {}
    known = set(kind.wire.computed) | set(kind.wire.repeats)
    for name, field in own_fields(kind.model).items():
        there = wire_name(field, name)
        known.add(there)
        if name in identity:
            values[field.alias or name] = identity[name]
        elif (value := raw.get(there)) is None:
            continue
        elif marked(field, Sealed):
            seals = place.seals
            values[field.alias or name] = seals and seals.seal(kind.bound_to(identity, place), value)
        else:
            values[field.alias or name] = _converted(
                field, value, lambda item, to: references.to_ref(item, to, kinds, place)
            )
    rest = raw if kind.wire.flat else outside | raw
    unmodelled = {key: value for key, value in rest.items() if key not in known and value is not None}
    return kind.model.model_validate(values | {"unmodelled": unmodelled})


def encode(kind: Kind[D], document: D, place: Place, kinds: Kinds, without: Collection[str] = ()) -> dict[str, Any]:
    """The body that writes a document: what it says, and nothing of `unmodelled`; fields to go `without` stay shut.

    NoKey or Tampered where a sealed value does not open; both name the object and the field.
    """
    fields: dict[str, Any] = {}
    for name, field in own_fields(kind.model).items():
        value = getattr(document, name)
        if name in kind.identity or name in without or value is None or marked(field, Aside):
            continue
        if marked(field, Sealed):
            fields[wire_name(field, name)] = _opened(kind, document, place, field.alias or name, value)
        else:
            fields[wire_name(field, name)] = _converted(
                field, value, lambda item, to: references.to_id(item, to, kinds, place)
            )
    fields |= {there: getattr(document, name) for there, name in kind.wire.repeats.items()}
    fields = kind.wire.encode(fields, place)
    envelope: dict[str, Any] = {"location": place.region} if kind.wire.located else {}
    envelope |= {name: fields.pop(name) for name in kind.wire.outside if name in fields}
    return envelope | (fields if kind.wire.flat else {"properties": fields})


def _opened(kind: Kind[D], document: D, place: Place, field: str, value: SealedValue) -> str:
    about = f"{kind.name} {kind.ref(document)}: {field}"
    if place.seals is None:
        raise NoKey(about, "no capture key and no private key is at hand")
    identity = {name: str(getattr(document, name)) for name in kind.identity}
    return place.seals.open(kind.bound_to(identity, place), value, about)


def wire_name(field: Any, name: str) -> str:
    """What a field is called on the wire; `name` is its own in Python."""
    mark = mark_of(field, OnWire)
    return mark.name if mark else field.alias or name


def _converted(field: Any, value: Any, change: Callable[[str, str], str]) -> Any:
    """A value with its references changed, in the forms JSON has."""
    if (ref := reference(field)) is not None:
        value = references.mapped(value, lambda item: change(item, ref.to))
    if SetOf in field.metadata:  # a stamp may name a thing twice; a document does not
        value = {item.lower(): item for item in reversed(value)}.values()
    return _as_json(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, Model):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    return [_as_json(item) for item in value]
