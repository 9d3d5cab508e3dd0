"""Runs the proof and writes docs/round-trip.md; ends with an AssertionError where something does not come back."""

import tempfile
from pathlib import Path

from restamp.plugins import all_kinds

from .fields import compared, living, proved
from .page import PAGE, reason, rendered
from .way import keys, there_and_back, told


def main() -> None:
    """The round trip first, then every field."""
    with tempfile.TemporaryDirectory() as folder, keys(Path(folder)) as runbook:
        trip = there_and_back(runbook)
        assert trip.after == trip.before
        for kind in all_kinds():
            assert told(trip.first, kind), f"nothing of {kind.name} to lose"
    with tempfile.TemporaryDirectory() as folder, keys(Path(folder)) as runbook, living(runbook) as world:
        facts = {}
        for kind in all_kinds():
            for name in compared(kind):
                facts[kind.name, name] = reason(kind, proved(world, kind, name))
    PAGE.write_text(rendered(facts), "utf-8")


main()
