"""What the plugins of a runbook do in one recovery: asked of each, looked at, and put in order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from restamp.errors import PluginFailed
from restamp.hookspecs import Recovery, Runbook
from restamp.kind import Kinds
from restamp.models.step import Gate, Step
from restamp.plugins import Used, chosen
from restamp.steps.plan import Plan, planned

LOOKS: tuple[Gate, ...] = ("stamp-checked", "recovered")  # held by the online preflight, and by the verification


@dataclass(frozen=True)
class Work:
    """The plugins in use, every step they said, and the plan of those that belong to a recovery.

    `others` are the documents that somebody else sees to, by kind: how many, and who.
    """

    used: tuple[Used, ...]
    steps: tuple[Step, ...]
    plan: Plan
    others: tuple[str, ...] = ()

    @property
    def of_recovery(self) -> list[Step]:
        """The steps that the recovery runs, in order: none of a capture's, and none that another stands in for."""
        return [placed.step for placed in self.plan.steps]

    def of(self, step_id: str) -> tuple[Used, Step] | None:
        """A step with its plugin; None where no plugin in use has it."""
        step = next((step for step in self.steps if step.id == step_id), None)
        used = next((used for used in self.used if step and used.plugin.name == step.plugin), None)
        return (used, step) if used and step else None


def work(runbook: Runbook, recovery: Recovery, kinds: Kinds, used: tuple[Used, ...] | None = None) -> Work:
    """What is to be done, by all plugins of the runbook unless `used` are named.

    Refused where a plugin or an order cannot be, PluginFailed where a plugin raises.
    """
    used = chosen(runbook.stamp, runbook.captured) if used is None else used
    steps = tuple(said(used, runbook, recovery))
    gates = {kind.name: kind.gate for kind in kinds.on_the_stamp}
    held = {gates[kinds.of(document).name] for document in runbook.documents if kinds.of(document).name in gates}
    return Work(used, steps, planned(steps, gates, [*held, *(LOOKS if used else ())]), tuple(_others(runbook, kinds)))


def _others(runbook: Runbook, kinds: Kinds) -> Iterator[str]:
    counts = Counter(kinds.of(document).name for document in runbook.documents)
    for kind in (kinds[name] for name in counts):
        if (why := kind.wire.read_only or kind.wire.afterwards) and not kind.holds:
            yield f"{counts[kind.name]} {kind.name}: {why}"


def said(used: Iterable[Used], runbook: Runbook, recovery: Recovery) -> Iterator[Step]:
    """Every step, plugin by plugin; each says only steps of its own."""
    for each in used:
        name = each.plugin.name
        arguments = {"runbook": runbook, "recovery": recovery, "settings": each.settings}
        for step in each.plugin.all_of("steps", Step, **arguments):
            if step.plugin != name:
                raise PluginFailed(name, "steps", f"its step {step.id} is named after another plugin")
            if "run_step" not in each.plugin.hooks and step.by == "restamp":
                raise PluginFailed(name, "steps", f"nothing runs its step {step.id}: it has no hook run_step")
            yield step


def backups(steps: Sequence[Step]) -> list[Step]:
    """The steps of `restamp capture --with-data`, each behind those it needs."""
    mine = {step.id: step for step in steps if step.phase == "backup"}
    found: dict[str, Step] = {}

    def add(step: Step) -> None:
        for name in (*step.needs, *step.after):
            if name in mine and name not in found and name != step.id:
                add(mine[name])
        found.setdefault(step.id, step)

    for name in sorted(mine):
        add(mine[name])
    return list(found.values())
