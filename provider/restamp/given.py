"""A secret that people give: what no stamp shows, or what they alone know, sealed into its field."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from restamp.errors import Refused
from restamp.kind import Kind, Seals
from restamp.models.document import Document, own_fields, sealed_fields
from restamp.models.finding import Finding
from restamp.only import name_of
from restamp.runbook import Runbook
from restamp.sealing import bound_to

_SHOWN = 4


@dataclass(frozen=True)
class Field:
    """A field for a secret: of a document itself, or of something in a section of it."""

    file_of: Document  # whose file it stands in
    document: Document
    name: str


def field_of(runbook: Runbook, document: Document, path: str) -> Field:
    """The field that `password` or `secrets.app/erp-kv/db-password` means; Refused, with what there is.

    A secret that a vault of the document does not have yet is one too.
    """
    known = {named.lower(): field for named, field in _fields(runbook, document)}
    field = known.get(path.lower()) or _new(runbook, document, path)
    if field is None:
        hint = f"It has {', '.join(list(known)[:_SHOWN])}." if known else _hint(runbook)
        message = f"{name_of(runbook, document)} has no such field for a secret"
        raise Refused([Finding("no-field", "stop", path, message, hint)])
    return field


def given(runbook: Runbook, field: Field, value: str, seals: Seals) -> Runbook:
    """The runbook with this value, sealed for its recipients; what else its document says stays."""
    before, within = field.document, runbook.within(field.file_of)
    holder = None if before is field.file_of else field.file_of
    sealed = seals.seal(bound_to(runbook, before, holder), value)
    after = before.model_copy(update={field.name: sealed})
    if holder is None:
        return replace(runbook, documents=tuple(after if item is before else item for item in runbook.documents))
    ref = runbook.kinds.of(holder).ref(holder).lower()
    kept = [item for item in within if item is not before]
    return replace(runbook, inside={**runbook.inside, ref: (*kept, after)})


def _fields(runbook: Runbook, document: Document) -> Iterator[tuple[str, Field]]:
    """Every field for a secret that there is, by what people call it."""
    for name in sealed_fields(type(document)):
        yield own_fields(type(document))[name].alias or name, Field(document, document, name)
    for item in runbook.within(document):
        kind = runbook.kinds.of(item)
        for name in sealed_fields(kind.model):
            yield f"{kind.folder}.{kind.ref(item)}", Field(document, item, name)


def _new(runbook: Runbook, document: Document, path: str) -> Field | None:
    section, _, ref = path.partition(".")
    for kind in runbook.kinds.held_by(runbook.kinds.of(document)):
        values = kind.values(ref) if kind.folder == section else None
        if values and _has_parent(runbook, document, kind, values):
            try:
                made = kind.model.model_validate(values)
            except ValidationError:  # a name that no stamp takes
                return None
            return next((Field(document, made, name) for name in sealed_fields(kind.model)), None)
    return None


def _has_parent(runbook: Runbook, document: Document, kind: Kind[Any], values: dict[str, str]) -> bool:
    """Whether the document holds what such an object is a part of: the vault of a secret."""
    if not kind.wire.per:
        return False
    parent = runbook.kinds[kind.wire.per]
    wanted = [values[name].lower() for name in kind.identity[: len(parent.identity)]]
    held = (item for item in runbook.within(document) if type(item) is parent.model)
    return any([str(getattr(item, name)).lower() for name in parent.identity] == wanted for item in held)


def _hint(runbook: Runbook) -> str:
    having = [name_of(runbook, item) for item in runbook.documents if any(_fields(runbook, item))]
    return f"There are some in {', '.join(having[:_SHOWN])}." if having else "No document of the runbook has one."
