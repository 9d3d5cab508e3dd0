"""Policy rules: does a condition hold for a resource? The simple ones, as Azure Policy documents them."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from .store import Wire

PARAMETER = re.compile(r"\[\s*parameters\(\s*'([^']*)'\s*\)\s*\]", re.IGNORECASE)
TAG = re.compile(r"tags\.(.+)|tags\[\s*'?([^'\]]*)'?\s*\]", re.IGNORECASE)
PLAIN = ("name", "type", "location", "id", "kind")


class Odd(Exception):
    """A condition that the simulator cannot read."""


def holds(condition: Any, resource: Wire, parameters: Mapping[str, Any]) -> bool:
    """Return whether a condition holds: `allOf`, `anyOf`, `not`, or a field and one operator; Odd for all else."""
    if not isinstance(condition, dict):
        raise Odd
    parts = {name.lower(): value for name, value in condition.items()}
    for group, of in (("allof", all), ("anyof", any)):
        if group in parts:
            return of(holds(each, resource, parameters) for each in _items(parts[group]))
    if "not" in parts:
        return not holds(parts["not"], resource, parameters)
    actual = _field(parts.pop("field", None), resource)
    if len(parts) != 1:
        raise Odd
    ((operator, wanted),) = parts.items()
    return _compare(operator, actual, resolved(wanted, parameters))


def resolved(value: Any, parameters: Mapping[str, Any]) -> Any:
    """Return a value, or the parameter that `[parameters('x')]` names."""
    named = PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return parameters.get(named[1].lower()) if named else value


def _compare(operator: str, actual: Any, wanted: Any) -> bool:
    negated = operator.startswith("not")
    operator = operator.removeprefix("not")
    if operator == "exists" and not negated:
        return (actual is not None) == (str(wanted).lower() == "true")
    found: bool
    if operator == "equals":
        found = _same(actual) == _same(wanted)
    elif operator == "in":
        found = _same(actual) in [_same(each) for each in _items(wanted)]
    elif operator == "like":
        pattern = re.sub(r"([\[?])", r"[\1]", str(_same(wanted)))
        found = actual is not None and fnmatchcase(str(_same(actual)), pattern)
    else:
        raise Odd
    return found != negated


def _field(name: Any, resource: Wire) -> Any:
    if not isinstance(name, str):
        raise Odd
    if name.lower() in PLAIN:
        return resource.get(name.lower())
    tags = resource.get("tags") or {}
    if name.lower() == "tags":
        return tags or None
    if tag := TAG.fullmatch(name):
        wanted = (tag[1] or tag[2]).lower()
        return next((value for key, value in tags.items() if key.lower() == wanted), None)
    prefix = f"{resource['type']}/".lower()
    if not name.lower().startswith(prefix):
        return None
    value: Any = resource.get("properties")
    for part in name[len(prefix) :].split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Odd
    return value


def _same(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
