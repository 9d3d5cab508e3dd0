"""docs/round-trip.md: what the proof came to, kind by kind; the page is written from facts, and read back as facts."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from restamp.kind import Kind
from restamp.models.document import own_fields
from restamp.plugins import collected

from .fields import BACK, compared, told_aside

PAGE = Path(__file__).parents[2] / "docs" / "round-trip.md"
Facts = Mapping[tuple[str, str], str]  # kind, field in Python -> what became of it when it was changed on the stamp
HEAD = """\
# The round trip

What restamp does with each field of each kind, as its own tests found it: `tools/run python -m tests.proof` runs them
and writes this page, and `make test` proves every row of it again. Against the simulator: no real stamp was ever
reached ([limits](limits.md)).

- **Round trip**: captured, lost, brought back onto an empty stamp, captured again: the same bytes.
- **Put back**: the field was changed on the stamp, to every kind of other value its type has. What `restamp verify`
  compares with named exactly this field of exactly this object, and what `restamp up` writes with put it back.
- **Left alone**: named just so, and what `up` writes with says why it does not write it; the reasons stand below.
- **Aside**: told for readers, or by people; no stamp has it there, and nothing compares it.

What an object is called by (its name, its group) is its identity: under another name it is another object.

| kind | identity | put back | left alone | aside | round trip | written by | known from |
|---|---|---|---|---|---|---|---|
"""
REASONS = "\nWhy `up` leaves alone what it leaves alone:\n\n"
_COLUMNS = 8


def rendered(facts: Facts) -> str:
    """The page that says these facts."""
    rows = "".join(f"| {' | '.join(_row(kind, facts))} |\n" for kind in collected(()))
    reasons = {f"- {reason}\n": None for outcome in facts.values() if (reason := outcome) != BACK}
    return HEAD + rows + REASONS + "".join(reasons)


def told(page: str) -> dict[tuple[str, str], str]:
    """The facts that a page tells."""
    reasons = dict(re.findall(r"^- (\w+): (.*)$", page.partition(REASONS)[2], re.MULTILINE))
    facts = {}
    for kind in collected(()):
        row = next(line for line in page.splitlines() if line.startswith(f"| {kind.name} |")).split(" | ")
        assert len(row) == _COLUMNS, row
        names = {alias: name for name, alias in _aliases(kind).items()}
        for alias in re.findall(r"`(\w+)`", row[2]):
            facts[kind.name, names[alias]] = BACK
        for alias in re.findall(r"`(\w+)`", row[3]):
            facts[kind.name, names[alias]] = f"{kind.name}: {reasons[kind.name]}"
    return facts


def reason(kind: Kind[Any], outcome: str) -> str:
    """An outcome as the page says it: without the object it was tried on, and without the field."""
    if outcome == BACK:
        return outcome
    short = re.sub(r"differs in \w+, which", "what", outcome[outcome.index(" ", len(kind.name) + 1) + 1 :])
    return f"{kind.name}: {short}"


def _row(kind: Kind[Any], facts: Facts) -> tuple[str, ...]:
    fields, aliases = compared(kind), _aliases(kind)
    aside = [name for name, field in own_fields(kind.model).items() if told_aside(field)]
    back = [aliases[name] for name in fields if facts[kind.name, name] == BACK]
    fixed = [aliases[name] for name in fields if facts[kind.name, name] != BACK]
    columns = ([aliases[name] for name in kind.identity], back, fixed, [aliases[name] for name in aside])
    listed = (", ".join(f"`{name}`" for name in names) for names in columns)
    return (kind.name, *listed, _trip(kind), _by(kind), kind.wire.source)


def _trip(kind: Kind[Any]) -> str:
    if kind.holds and kind.wire.read_only:
        return "same bytes, of what it holds"
    if kind.wire.read_only or kind.wire.afterwards:
        return "same bytes, once others have written it"
    return "same bytes"


def _by(kind: Kind[Any]) -> str:
    """Who writes objects of a kind, and with which right."""
    if kind.wire.read_only:
        return f"nobody: {kind.wire.read_only}"
    if kind.wire.afterwards:
        return f"people: {kind.wire.afterwards}"
    if kind.wire.endpoint == "vault":
        return "restamp, with an access policy of the vault"
    if kind.wire.endpoint == "tenant":
        return "restamp, with a role in the subscription"
    return "restamp, as operator"


def _aliases(kind: Kind[Any]) -> dict[str, str]:
    return {name: field.alias or name for name, field in own_fields(kind.model).items()}
