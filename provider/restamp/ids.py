"""Resource ids: built from templates, taken apart by segment, compared without case.

A template is an id with `{fields}`: `/subscriptions/{provider}/resourceGroups/{group}/providers/…/plans/{name}`. One
field may stand for any number of segments, none included: `{scope*}` in `/subscriptions/{subscription}/{scope*}/…`.
Ids are never parsed as UUIDs, and never rewritten as text (recorded: ids with letters beyond f, names with spaces).
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from urllib.parse import quote

_FIELD = re.compile(r"^([^{}]*)\{(\w+)(\*?)\}$")  # what stands before it: `system.{region}`
_GROUPS = "resourceGroups"


@cache
def _segments(template: str) -> tuple[str, ...]:
    return tuple(template.split("/"))


def same(one: str, other: str) -> bool:
    """Whether two ids name the same thing; the stamp looks ids up without case (recorded)."""
    return one.lower() == other.lower()


def build(template: str, values: Mapping[str, str]) -> str:
    """The id a template gives with these values; spaces stay raw, as on the wire (recorded)."""
    parts = []
    for part in _segments(template):
        match = _FIELD.match(part)
        value = match[1] + values[match[2]] if match else part
        if value or not (match and match[3]):
            parts.append(value)
    return "/".join(parts)


def fields(template: str) -> tuple[str, ...]:
    """The names of a template's fields, in their order."""
    return tuple(match[2] for part in _segments(template) if (match := _FIELD.match(part)))


def only(template: str, names: Iterable[str]) -> str:
    """The template of these fields alone, in the template's order: what tells one object from its siblings."""
    wanted = set(names)
    return "/".join(part for part in _segments(template) if (match := _FIELD.match(part)) and match[2] in wanted)


def take(template: str, resource_id: str) -> dict[str, str] | None:
    """The values of a template's fields in an id, as spelled there; None where the id has another form."""
    wanted, given = _segments(template), resource_id.split("/")
    many = next((at for at, part in enumerate(wanted) if part.endswith("*}")), None)
    if many is not None:
        extra = len(given) - len(wanted) + 1
        if extra < 0:
            return None
        given = [*given[:many], _scope(given[many : many + extra]), *given[many + extra :]]
    if len(wanted) != len(given):
        return None
    values = {}
    for want, got in zip(wanted, given, strict=True):
        match = _FIELD.match(want)
        if match and same(got[: len(match[1])], match[1]):
            values[match[2]] = got[len(match[1]) :]
        elif want.lower() != got.lower():
            return None
    return values


def _scope(segments: list[str]) -> str:
    """A scope below a subscription; `resourceGroups` has two spellings on the wire (recorded), one in runbooks."""
    if segments and same(segments[0], _GROUPS):
        segments = [_GROUPS, *segments[1:]]
    return "/".join(segments)


def path(resource_id: str) -> str:
    """The id as the path of a URL."""
    return quote(resource_id, safe="/()!$'*,;:@&=+~")


def namespace(resource_id: str) -> str:
    """The provider namespace in an id or template, `Microsoft.Compute.Admin`; empty where it has none."""
    parts = resource_id.split("/")
    return next((after for part, after in pairwise(parts) if part.lower() == "providers"), "")
