"""Fields that an object cannot be born with: a second resource sets them, once what they wait for is there."""

from dataclasses import dataclass
from typing import Any

from restamp.kind import Kind, Kinds
from restamp.models.document import Document, own_fields, reference
from restamp.models.step import GATES, Gate
from restamp.runbook.model import referred


@dataclass(frozen=True)
class Lateness:
    """What of a document comes later: its fields, the document without them, and the gate they hold closed."""

    fields: tuple[str, ...]
    born: Document
    gate: Gate
    referred: bool  # a state that is set once everything that refers to the object is there


def lateness(document: Document, kind: Kind[Any], kinds: Kinds) -> Lateness | None:
    """What comes later of a document; None where all of it can be at once.

    That is a state that closes an object for those who come to it, and names of what its provider brings back later: on
    the native way they are there from the backup, and are not taken away.
    """
    if kind.comes_from != "stamp":
        return None
    late = kind.wire.late
    closes = late is not None and late.until == "referred" and getattr(document, late.field) in late.births
    named = [(alias, _gate(to, ref, kinds)) for alias, to, ref in referred(document)]
    gates = [(alias, gate) for alias, gate in named if GATES.index(gate) > GATES.index(kind.gate)]
    names = {field.alias or name: name for name, field in own_fields(kind.model).items()}
    fields = ([late.field] if late and closes else []) + sorted({names[alias] for alias, _ in gates})
    if not fields:
        return None
    last = max([kind.gate, *(gate for _, gate in gates)], key=GATES.index)
    return Lateness(tuple(fields), _born(document, kind, kinds), last, closes)


def _born(document: Document, kind: Kind[Any], kinds: Kinds) -> Document:
    """The document without the names of what is not there yet."""
    changes, own = dict[str, Any](), GATES.index(kind.gate)
    for name, field in own_fields(kind.model).items():
        if (ref := reference(field)) is not None and isinstance(value := getattr(document, name), tuple):
            changes[name] = tuple(item for item in value if GATES.index(_gate(ref.to, item, kinds)) <= own)
    return document.model_copy(update=changes)


def _gate(to: str, ref: str, kinds: Kinds) -> Gate:
    """The gate that a document of this name holds closed."""
    found = (kind.gate for kind in kinds.in_collection(to) if kind.values(ref) is not None)
    return next(found, "control-plane-restored")
