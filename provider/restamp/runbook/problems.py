"""What is wrong with a file, in an operator's words: pydantic's errors and broken references as findings."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from restamp.models.document import Model
from restamp.models.finding import Finding, Position
from restamp.runbook.names import Names
from restamp.runbook.text import Parsed, Path

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
    "string_pattern_mismatch": "{input!r} has characters that no such name may have",
    "date_from_datetime_parsing": "{input!r} is not a day such as 2026-11-23",
    "date_parsing": "{input!r} is not a day such as 2026-11-23",
    "value_error": "{error}",
    "extra_forbidden": "there is no such field",
}


def of_field(model: type[Model], error: Any, parsed: Parsed) -> Finding:
    """A pydantic error as a finding at the place it is about."""
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    field = ".".join(str(part) for part in path)
    if error["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in _fields_at(model, path).items()]
        hint = suggestion(str(path[-1]), known) or f"The fields are {', '.join(known)}."
        return Finding("unknown-key", "stop", field, "there is no such field", hint, parsed.at(path, key=True))
    return Finding("wrong-value", "stop", field, sentence(error), "", parsed.at(path))


def sentence(error: Any) -> str:
    """What is wrong with a field, as a sentence whose subject is the field."""
    words: dict[str, Any] = {"input": error["input"], "kind": _kind_of(error["input"]), **error.get("ctx", {})}
    said = str(error["msg"])
    return _SENTENCES.get(error["type"], said[:1].lower() + said[1:]).format_map(words)


def of_reference(to: str, item: str, meant: str | None, names: Names, where: Position) -> Finding:
    """A reference that means nothing, means two things, or is spelled in another case."""
    about = f"{item}"
    if meant is not None:
        right = names.written(to, meant)
        return Finding("wrong-case", "stop", about, f"is spelled {right}", f"Write {right}.", where)
    if len(several := names.ambiguous(to, item)) > 1:
        message = f"may be {' or '.join(several)}"
        return Finding("ambiguous", "stop", about, message, f"Write {several[0]} or {several[1]}.", where)
    hint = (
        suggestion(item, names.known(to))
        or f"Add it under {to}/, or write <namespace>/<name> for what needs no document."
    )
    return Finding("unknown-reference", "stop", about, f"there is no such document under {to}/", hint, where)


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
