"""How long a recovery takes, by what its steps say of themselves: earliest and latest ends, and the critical path.

Declared durations only, nothing is measured. restamp's own work is not in them, nor what nobody says how long it takes.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from restamp.models.step import GATES, Gate
from restamp.steps.plan import Placed, Plan, rank

_NONE = dt.timedelta()


@dataclass(frozen=True)
class Span:
    """From the begin of the recovery: when something is done at best and at worst."""

    best: dt.timedelta = _NONE
    worst: dt.timedelta = _NONE

    def later(self, other: "Span") -> "Span":
        """When both are done."""
        return Span(max(self.best, other.best), max(self.worst, other.worst))


@dataclass(frozen=True)
class Times:
    """When each step and gate is done, what nobody has said how long it takes, and what holds up the end."""

    steps: dict[str, Span]
    gates: dict[Gate, Span]
    unknown: tuple[str, ...]
    critical: tuple[str, ...]  # ids of steps, first to last: the chain that ends last at worst

    @property
    def end(self) -> Span:
        """When the last gate opens."""
        return max(self.gates.values(), key=lambda span: span.worst, default=Span())


def times(plan: Plan, done: Collection[str] = ()) -> Times:
    """The times of what is not done yet; what is done takes none, and an order that arrived is waited for no more."""
    steps: dict[str, Span] = {}
    gates: dict[Gate, Span] = {}
    last: dict[str, str] = {}  # a step or gate -> the step that it had to wait for longest
    for gate in plan.gates:
        span = gates.get(plan.gate_before(gate) or gate, Span())
        last[gate] = last.get(plan.gate_before(gate) or "", "")
        for placed in _in_order(plan):
            if placed.id in steps or rank(placed.begins) >= GATES.index(gate):
                continue
            steps[placed.id], last[placed.id] = _span(placed, steps, gates, last, placed.id in done)
        for placed in plan.holding(gate):
            if steps[placed.id].worst > span.worst:
                last[gate] = placed.id
            span = span.later(steps[placed.id])
        gates[gate] = span
    unknown = tuple(item.id for item in plan.steps if item.step.takes is None and item.id not in done)
    return Times(steps, gates, unknown, _chain(last[plan.gates[-1]], last, done))


def _in_order(plan: Plan) -> list[Placed]:
    """Each step behind those it needs, also where it holds an earlier gate than they do."""
    found: dict[str, Placed] = {}

    def add(placed: Placed) -> None:
        for name in placed.needs:
            if name not in found and (other := plan.find(name)):
                add(other)
        found.setdefault(placed.id, placed)

    for placed in plan.steps:
        add(placed)
    return list(found.values())


def _span(
    placed: Placed, steps: dict[str, Span], gates: dict[Gate, Span], last: dict[str, str], is_done: bool
) -> tuple[Span, str]:
    """When a step is done, and which step it waited for longest."""
    begins, cause = (gates[placed.begins], last[placed.begins]) if placed.begins else (Span(), "")
    for name in placed.needs:
        if steps[name].worst > begins.worst:
            cause = name
        begins = begins.later(steps[name])
    if is_done:
        return begins, cause
    lead = placed.step.lead
    if lead > begins.worst:
        cause = ""
    begins = begins.later(Span(lead, lead))
    best, worst = placed.step.takes or (_NONE, _NONE)
    return Span(begins.best + best, begins.worst + worst), cause


def _chain(step: str, last: dict[str, str], done: Collection[str]) -> tuple[str, ...]:
    chain: list[str] = []
    while step and step not in chain:
        chain.append(step)
        step = last.get(step, "")
    return tuple(item for item in reversed(chain) if item not in done)


def length(span: dt.timedelta) -> str:
    """A duration as people say it: `3 d 4 h`, `20 min`."""
    minutes = int(span.total_seconds() // 60)
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"
