"""What every document is made of, and the marks its fields carry."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Ref:
    """The field names other documents: those of the collection `to` (`plans`, `quotas` ...)."""

    to: str


@dataclass(frozen=True, slots=True)
class Local:
    """The field belongs to people: a capture keeps it, and no stamp ever sees it."""


@dataclass(frozen=True, slots=True)
class OnWire:
    """The field's name on the wire, where it is not the one in the document."""

    name: str


@dataclass(frozen=True, slots=True)
class Immutable:
    """The field is set once, when the object is made: a stamp refuses to change it."""


@dataclass(frozen=True, slots=True)
class Aside:
    """The field is told beside the object, for readers: no stamp has it there, and nothing compares it."""


@dataclass(frozen=True, slots=True)
class Anew:
    """The field can be emptied only by writing the object anew, its sealed value included."""


@dataclass(frozen=True, slots=True)
class Gives:
    """The field gives access: an older runbook gives none back that was taken since, unless people grant it.

    `more` names what the wanted value gives beyond the one found, None where there is none; of a map, entry by entry.
    """

    more: Callable[[Any, Any], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Json:
    """The field holds whatever JSON its service takes: in files plain numbers and truths below it are such."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The field is a secret: sealed in files, in clear on the wire alone."""


class Model(BaseModel):
    """A frozen model: snake case in Python, Azure's spelling in files; an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class Document(Model):
    """One desired object of a stamp; the fields below are common to all kinds."""

    unmodelled: dict[str, Any] = Field(
        default_factory=dict, description="what the stamp said and restamp has no field for: kept, never sent on create"
    )
    note: Annotated[str | None, Local()] = Field(None, description="a remark of people; survives every capture")
    on_destroy: Annotated[Literal["retain", "delete"], Local()] = Field(
        "retain", description="what `pulumi destroy` does with the object on the stamp"
    )


def _is_true(value: object) -> object:
    """YAML knows many words for true; a runbook knows two."""
    if isinstance(value, bool) or value in ("true", "false"):
        return value
    raise ValueError("write `true` or `false`")


def _is_number(value: object) -> object:
    """A whole number as people write it: `007`, `1.0`, `1_000` and `+5` are for a person to decide, not for Python."""
    if isinstance(value, str) and not re.fullmatch(r"-?(0|[1-9][0-9]*)", value):
        raise ValueError(f"{value!r} is not a whole number" if value else "has no value: a whole number belongs here")
    return value


def form(pattern: str, otherwise: str) -> Any:
    """The mark of a text that has a form; `otherwise` says what is wrong with one that has not."""

    def checked(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} {otherwise}")
        return value

    return AfterValidator(checked)


def in_set_order(items: Iterable[str]) -> list[str]:
    """Sorted without regard to case, so that the same set is always the same bytes."""
    return sorted(items, key=lambda item: (item.lower(), item))


def _as_set(value: tuple[str, ...]) -> tuple[str, ...]:
    ordered = tuple(in_set_order(value))
    twice = sorted({a for a, b in pairwise(ordered) if a.lower() == b.lower()})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands here twice")
    return ordered


Truth = Annotated[bool, BeforeValidator(_is_true)]
SetOf = AfterValidator(_as_set)
Number = Annotated[int, BeforeValidator(_is_number)]
Count = Annotated[Number, Field(ge=0)]
Name = Annotated[
    str,
    Field(min_length=1),
    form(r"[^/\\?#%\x00-\x1f\x7f]*", "has a character no name may have (/ \\ ? # %)"),
]


def own_fields(model: type[Document]) -> Mapping[str, Any]:
    """The fields a stamp knows: name in Python -> pydantic field, in the order they are written."""
    return _own_fields(model)


@cache
def _own_fields(model: type[Document]) -> Mapping[str, Any]:
    return {name: field for name, field in model.model_fields.items() if name not in Document.model_fields}


@cache
def marks(field: Any) -> tuple[Any, ...]:
    """Every mark of a pydantic field, those inside its containers too."""
    found, pending = [*field.metadata], [field.annotation]
    while pending:
        annotation = pending.pop()
        found += getattr(annotation, "__metadata__", ())
        pending += [arg for arg in get_args(annotation) if arg is not Ellipsis]
    return tuple(found)


@cache
def marked(field: Any, mark: type) -> bool:
    """Whether a field carries a mark."""
    return any(isinstance(item, mark) for item in field.metadata)


def sealed_fields(model: type[Document]) -> list[str]:
    """The names of the fields that are secrets."""
    return [name for name, field in own_fields(model).items() if marked(field, Sealed)]


@cache
def mark_of(field: Any, kind: type[M]) -> M | None:
    """The mark of a kind that a field or a container of it carries, or None."""
    return next((mark for mark in marks(field) if isinstance(mark, kind)), None)


def reference(field: Any) -> Ref | None:
    """The `Ref` a field carries, or None."""
    return mark_of(field, Ref)
