"""How long a rehearsal took here, beside what its steps declare of real ones: two columns that are never summed."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from restamp.steps.times import length

if TYPE_CHECKING:
    from restamp.drill.rehearsal import Stage


def timeline(stages: "Sequence[Stage]", steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Lines for people."""
    yield "restamp's own time, measured here against a simulated stamp:"
    for stage in stages:
        yield f"  {stage.seconds:6.1f} s  {stage.title}"
    yield "what the steps declare of a real recovery (no one figure comes of these two):"
    for step in steps:
        takes = [dt.timedelta(seconds=_seconds(item)) for item in step.get("takes", ())]
        lead = dt.timedelta(seconds=_seconds(step.get("lead", "PT0S")))
        said = " to ".join(dict.fromkeys(length(item) for item in takes)) or "nobody says"
        ahead = f", ordered {length(lead)} ahead" if lead else ""
        yield f"  {said:>20}{ahead}  {step['id']} ({step['by']})" + (
            f"  [{step['source']}]" if step.get("source") else ""
        )


def _seconds(text: str) -> float:
    from pydantic import TypeAdapter

    return TypeAdapter(dt.timedelta).validate_python(text).total_seconds()
