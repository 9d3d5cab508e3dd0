"""Resource ids: built from templates, taken apart by segment, compared without case.

A template is an id with `{fields}`: `/subscriptions/{provider}/resourceGroups/{group}/providers/…/plans/{name}`.
Ids are never parsed as UUIDs, and never rewritten as text (recorded: ids with letters beyond f, names with spaces).
"""

import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from urllib.parse import quote

_FIELD = re.compile(r"^\{(\w+)\}$")


@cache
def _segments(template: str) -> tuple[str, ...]:
    return tuple(template.split("/"))


def same(one: str, other: str) -> bool:
    """Whether two ids name the same thing; the stamp looks ids up without case (recorded)."""
    return one.lower() == other.lower()


def build(template: str, values: Mapping[str, str]) -> str:
    """The id a template gives with these values; spaces stay raw, as on the wire (recorded)."""
    return template.format_map(values)


def fields(template: str) -> tuple[str, ...]:
    """The names of a template's fields, in their order."""
    return tuple(match[1] for part in _segments(template) if (match := _FIELD.match(part)))


def take(template: str, resource_id: str) -> dict[str, str] | None:
    """The values of a template's fields in an id, as spelled there; None where the id has another form."""
    wanted, given = _segments(template), resource_id.split("/")
    if len(wanted) != len(given):
        return None
    values = {}
    for want, got in zip(wanted, given, strict=True):
        if match := _FIELD.match(want):
            values[match[1]] = got
        elif want.lower() != got.lower():
            return None
    return values


def path(resource_id: str) -> str:
    """The id as the path of a URL."""
    return quote(resource_id, safe="/()!$'*,;:@&=+~")


def namespace(resource_id: str) -> str:
    """The provider namespace in an id or template, `Microsoft.Compute.Admin`; empty where it has none."""
    parts = resource_id.split("/")
    return next((after for part, after in pairwise(parts) if part.lower() == "providers"), "")
