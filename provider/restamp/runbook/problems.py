"""What is wrong with a file, in an operator's words: pydantic's errors and broken references as findings."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from restamp.models.document import Document, Model
from restamp.models.finding import Finding, Position
from restamp.runbook.names import Names
from restamp.runbook.text import Part, Path

_OF_ALL = tuple(field.alias or name for name, field in Document.model_fields.items())
_SENTENCES = {
    "missing": "is missing",
    "int_parsing": "{input!r} is not a whole number",
    "int_from_float": "{input!r} is not a whole number",
    "greater_than_equal": "{input} is below {ge}",
    "string_type": "must be a single value, not a {kind}",
    "int_type": "must be a whole number, not a {kind}",
    "dict_type": "must be a map of names, not a {kind}",
    "tuple_type": "must be a list, not a {kind}",
    "model_type": "must be a map of fields, not a {kind}",
    "literal_error": "{input!r} is not one of {expected}",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length} characters",
    "date_from_datetime_parsing": "{input!r} is not a day such as 2026-11-23",
    "date_from_datetime_inexact": "{input!r} is not a day such as 2026-11-23",
    "date_parsing": "{input!r} is not a day such as 2026-11-23",
    "value_error": "{error}",
    "extra_forbidden": "there is no such field",
}


def of_field(model: type[Model], error: Any, part: Part) -> Finding:
    """A pydantic error as a finding at the place it is about."""
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    field = ".".join(str(part) for part in path)
    if error["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in _fields_at(model, path).items()]
        known.sort(key=lambda name: name in _OF_ALL)
        hint = suggestion(str(path[-1]), known) or f"The fields are {', '.join(known)}."
        return Finding("unknown-key", "stop", field, "there is no such field", hint, part.at(path, key=True))
    hint = _of_choice(error) if error["type"] == "literal_error" else ""
    return Finding("wrong-value", "stop", field, sentence(error), hint, part.at(path))


def sentence(error: Any) -> str:
    """What is wrong with a field, as a sentence whose subject is the field."""
    words: dict[str, Any] = {"input": error["input"], "kind": _kind_of(error["input"]), **error.get("ctx", {})}
    if error["type"] in _SENTENCES:
        return _SENTENCES[error["type"]].format_map(words)
    said = str(error["msg"])
    return said[:1].lower() + said[1:]


def _of_choice(error: Any) -> str:
    """A choice in the wrong case, or nearly one."""
    return suggestion(str(error["input"]), re.findall("'([^']*)'", error["ctx"]["expected"]))


def of_reference(field: str, to: str, item: str, names: Names, where: Position) -> Finding:
    """A reference that means nothing, means two things, or is spelled in another case."""
    if (meant := names.full(to, item)) is not None:
        right = names.written(to, meant)
        return Finding("wrong-case", "stop", field, f"{item} is spelled {right}", f"Write {right}.", where)
    if several := names.ambiguous(to, item):
        message = f"{item} is the name of {len(several)} documents under {to}/"
        return Finding("ambiguous", "stop", field, message, f"Write {' or '.join(several[:4])}.", where)
    add = f"Add its document under {to}/"
    if to == "quotas":
        add += ", or write <namespace>/<name> for a quota that needs none"
    hint = suggestion(item, names.known(to)) or f"{add}."
    return Finding("unknown-reference", "stop", field, f"there is no {item} under {to}/", hint, where)


def of_repetition(field: str, item: str, before: str, where: Position) -> Finding:
    """A reference to what another reference in the same list names already."""
    message = f"{item} stands here already, as {before}"
    return Finding("twice", "stop", field, message, "Remove one of the two.", where)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`Did you mean …?`, or nothing."""
    by_lower = {item.lower(): item for item in known}
    close = get_close_matches(word.lower(), by_lower, 1, 0.6)
    return f"Did you mean {by_lower[close[0]]}?" if close else ""


def place(key: str, item: str, value: Any) -> Path:
    """Where a reference stands within a document: in a field, in its list, or as a key of its map."""
    if isinstance(value, str):
        return (key,)
    return (key, item if isinstance(value, dict) else list(value).index(item))


def _fields_at(model: type[Model], path: Path) -> dict[str, Any]:
    """The fields of the model an unknown key stands in."""
    for part in path[:-1]:
        field = next((item for name, item in model.model_fields.items() if part in (name, item.alias)), None)
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, Model):
            model = field.annotation
    return dict(model.model_fields)


def _kind_of(value: object) -> str:
    return "map" if isinstance(value, dict) else "list" if isinstance(value, list | tuple) else "single value"
