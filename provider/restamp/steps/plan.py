"""Steps -> the order they run in: behind which gate each begins, which it holds closed, and what it waits for.

Pure. The order comes from what steps say of each other, of gates and of documents; never from how they were found.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp.models.step import GATES, PHASES, Gate, Step

_ALWAYS: tuple[Gate, ...] = ("stamp-ready", "control-plane-restored")
_STEP = re.compile(r"[a-z0-9-]+(/[a-z0-9.-]+)+")


@dataclass(frozen=True)
class Placed:
    """A step with its place in a recovery."""

    step: Step
    begins: Gate | None  # behind this gate; None: at once
    holds: Gate
    needs: tuple[str, ...] = ()  # ids of the steps it waits for
    after_kinds: tuple[str, ...] = ()  # it waits for all documents of these kinds
    before_kinds: tuple[str, ...] = ()  # all documents of these kinds wait for it
    reasons: tuple[str, ...] = ()  # why it stands where it does, for people

    @property
    def id(self) -> str:
        """The step's id."""
        return self.step.id


@dataclass(frozen=True)
class Plan:
    """Every step of a recovery in an order in which they may run, and the gates there are."""

    steps: tuple[Placed, ...] = ()
    gates: tuple[Gate, ...] = _ALWAYS
    left_out: Mapping[str, str] = field(default_factory=dict)  # id of a step -> id of the one that is there instead

    def holding(self, gate: Gate) -> list[Placed]:
        """The steps that hold a gate closed."""
        return [placed for placed in self.steps if placed.holds == gate]

    def gate_before(self, gate: Gate) -> Gate | None:
        """The gate before one, of those there are; None before the first."""
        earlier = [other for other in self.gates if GATES.index(other) < GATES.index(gate)]
        return earlier[-1] if earlier else None

    def find(self, step_id: str) -> Placed | None:
        """The step of this id."""
        return next((placed for placed in self.steps if placed.id == step_id), None)


def planned(steps: Iterable[Step], kinds: Mapping[str, Gate], held: Sequence[Gate] = ()) -> Plan:
    """The plan of these steps; `kinds` are those of documents in the order they come back, with the gate they hold.

    `held` are gates that something else than steps holds closed, as documents do `control-plane-restored`.

    Refused with everything that is wrong with their order, before anything runs.
    """
    given = [step for step in steps if step.phase != "backup"]
    found = [*_twice(given), *_rivals(given)]
    if found:
        raise Refused(found)
    gone = {step.instead_of: step.id for step in given if step.instead_of}
    rest = {step.id: step for step in given if step.id not in gone}
    targets = {step.id: _Targets.of(step, rest, gone, kinds, found) for step in rest.values()}
    if found:
        raise Refused(found)
    order = _ordered(targets)
    placed: dict[str, Placed] = {}
    for step_id in order:
        placed[step_id] = _placed(rest[step_id], targets, placed, kinds, found)
    if found:
        raise Refused(found)
    holds = {*(item.holds for item in placed.values()), *held, *_ALWAYS}
    gates = tuple(gate for gate in GATES if gate in holds)
    ranked = sorted(placed.values(), key=lambda item: GATES.index(item.holds))
    there = [_on(item, gates) for item in ranked]
    return Plan(tuple(there), gates, {old: new for old, new in gone.items() if any(s.id == old for s in given)})


@dataclass
class _Targets:
    """What a step says of others, by what they are; steps that it means by their phase are among them."""

    needs: set[str]
    behind: list[Gate]
    ahead: list[Gate]
    after_kinds: list[str]
    before_kinds: list[str]
    waited_by: set[str]
    of_phase: set[str]  # those of both that it did not name one by one
    said: tuple[str, ...]  # `after redeploy`

    @classmethod
    def of(
        cls,
        step: Step,
        steps: Mapping[str, Step],
        gone: Mapping[str, str],
        kinds: Mapping[str, Gate],
        found: list[Finding],
    ) -> "_Targets":
        """Sorted into steps, gates and kinds; a name that is none of these is a finding."""
        before = [gone.get(name, name) for name in step.before]
        after = [gone.get(name, name) for name in (*step.needs, *step.after)]
        for name in (*after, *before):
            known = name in steps or name in GATES or name in kinds or name in PHASES
            needed = name in {gone.get(item, item) for item in step.needs}
            if not known and (needed or not _may_be_absent(name)):
                found.append(_unknown(step, name))
        behind, ahead = _of_phases(step, after, steps, 1), _of_phases(step, before, steps, -1)
        return cls(
            {name for name in after if name in steps} | behind,
            [gate for gate in GATES if gate in after],
            [gate for gate in GATES if gate in before],
            [kind for kind in kinds if kind in after],
            [kind for kind in kinds if kind in before],
            {name for name in before if name in steps} | ahead,
            behind | ahead,
            (
                *(f"after {name}" for name in after if name in PHASES),
                *(f"before {name}" for name in before if name in PHASES),
            ),
        )


def _of_phases(step: Step, names: Collection[str], steps: Mapping[str, Step], way: int) -> set[str]:
    """The steps that a step means by a phase: all of it, but for those that say the same of that phase.

    `way` is 1 for what comes before the step, -1 for what comes behind. A phase that does so anyway means nothing.
    """
    meant = {
        phase for phase in PHASES if phase in names and (PHASES.index(step.phase) - PHASES.index(phase)) * way <= 0
    }

    def says(other: Step) -> Collection[str]:
        return (*other.needs, *other.after) if way > 0 else other.before

    return {other.id for other in steps.values() if other.phase in meant - {*says(other)} and other.id != step.id}


def _may_be_absent(name: str) -> bool:
    """Whether a name may be that of another plugin's step, or of its kind, which is just not there."""
    return bool(_STEP.fullmatch(name)) or name[:1].isupper()


def _ordered(targets: Mapping[str, _Targets]) -> list[str]:
    """Ids so that each comes after what it waits for, by name where nothing is said; Refused with a circle."""
    sorter = TopologicalSorter({name: set(item.needs) for name, item in targets.items()})
    for name, item in targets.items():
        for other in item.waited_by:
            sorter.add(other, name)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = [str(name) for name in error.args[1]]
        message = f"each waits for the one before it: {' -> '.join(reversed(circle))}"
        hint = "One of these plugins has to give way: ask its makers, or leave it out of stamp.yaml."
        raise Refused([Finding("steps", "stop", circle[0], message, hint)]) from None
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order


def _placed(
    step: Step,
    targets: Mapping[str, _Targets],
    before: Mapping[str, Placed],
    kinds: Mapping[str, Gate],
    found: list[Finding],
) -> Placed:
    own = targets[step.id]
    waits = sorted(own.needs | {name for name, item in targets.items() if step.id in item.waited_by})
    begins: Gate | None = None if step.phase == "redeploy" else "stamp-ready"
    behind: list[Gate | None] = [begins, *own.behind, *(before[name].begins for name in waits)]
    if own.after_kinds:
        behind += [_before(kinds[kind]) for kind in own.after_kinds]
    begins = max(behind, key=rank)
    ahead = [*own.ahead, *(kinds[kind] for kind in own.before_kinds)]
    holds = min(ahead, key=rank) if ahead else ("stamp-ready" if step.phase == "redeploy" else _next(begins))
    found += _impossible(step, begins, holds, own, kinds)
    return Placed(
        step, begins, holds, tuple(waits), tuple(own.after_kinds), tuple(own.before_kinds), _reasons(own, waits)
    )


def rank(gate: Gate | None) -> int:
    """Which gate it is, from 0 on; -1 stands for the begin of a recovery."""
    return -1 if gate is None else GATES.index(gate)


def _next(gate: Gate | None) -> Gate:
    return GATES[min(rank(gate) + 1, len(GATES) - 1)]


def _before(gate: Gate) -> Gate:
    return GATES[GATES.index(gate) - 1]


def _on(placed: Placed, gates: Sequence[Gate]) -> Placed:
    """Behind a gate that there is: the last one up to the one it names."""
    there = [gate for gate in gates if rank(gate) <= rank(placed.begins)]
    begins = there[-1] if there else None
    return replace(placed, begins=begins)


def _reasons(own: _Targets, waits: Iterable[str]) -> tuple[str, ...]:
    after = (*own.behind, *(name for name in waits if name not in own.of_phase), *own.after_kinds)
    before = (*own.ahead, *own.before_kinds, *sorted(own.waited_by - own.of_phase))
    return (*own.said, *(f"after {name}" for name in after), *(f"before {name}" for name in before))


def _impossible(
    step: Step, begins: Gate | None, holds: Gate, own: _Targets, kinds: Mapping[str, Gate]
) -> Iterator[Finding]:
    """Why a step can never be done where it wants to be."""
    hint = "Its makers have to decide: what it waits for stands behind what waits for it."
    if step.phase == "redeploy" and begins is not None:
        yield Finding(
            "steps", "stop", step.id, f"is a redeploy step, and waits for {begins}, when a stamp answers", hint
        )
    elif rank(begins) >= rank(holds):
        yield Finding("steps", "stop", step.id, f"has to be done before {holds}, and begins behind {begins}", hint)
    order = list(kinds)
    later, earlier = (
        max(own.after_kinds, key=order.index, default=""),
        min(own.before_kinds, key=order.index, default=""),
    )
    if later and earlier and order.index(later) >= order.index(earlier):
        message = f"waits for every {later}, and every {earlier}, which comes first, waits for it"
        yield Finding("steps", "stop", step.id, message, hint)


def _twice(steps: Sequence[Step]) -> Iterator[Finding]:
    seen: set[str] = set()
    for step in steps:
        if step.id in seen:
            yield Finding("steps", "stop", step.id, "is there twice", f"A defect of the plugin {step.plugin}.")
        seen.add(step.id)


def _rivals(steps: Sequence[Step]) -> Iterator[Finding]:
    """Two plugins for one job."""
    first: dict[str, str] = {}
    for step in (step for step in steps if step.instead_of):
        other = first.setdefault(str(step.instead_of), step.id)
        if other != step.id:
            message = f"both {other} and {step.id} want to stand in its place"
            yield Finding(
                "steps", "stop", str(step.instead_of), message, "Leave one of the two plugins out of stamp.yaml."
            )


def _unknown(step: Step, name: str) -> Finding:
    if _STEP.fullmatch(name):
        plugin = name.partition("/")[0]
        message, hint = (
            f"needs {name}, and no plugin in use has such a step",
            f"Use the plugin {plugin}, or leave {step.plugin} out.",
        )
    else:
        message = f"names {name!r}, which is no step, gate, phase or kind"
        hint = f"Gates: {', '.join(GATES)}. A defect of the plugin {step.plugin}, or another one is missing."
    return Finding("steps", "stop", step.id, message, hint)
