"""What a Pulumi state says of a recovery: what is done, what is not, and what people do next."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from restamp.cli.output import capped
from restamp.models.stamp import Acceptance

_TYPE = "pulumi-python:dynamic/restamp:"
_STEPS = ("Step", "Preflight", "Decision", "Verification")  # what stands around the documents
CAPTURE = "restamp capture --commit"  # the end of a recovery
_LATE = "/state"  # the second resource of a document that gets a field after its referrers


@dataclass(frozen=True)
class Resource:
    """One resource of ours in the Pulumi state; `subject` is the document it is about, `<kind> <reference>`."""

    type: str
    name: str
    outputs: dict[str, Any]
    subject: str

    @property
    def status(self) -> str:
        """Its status; a gate is done when it is open."""
        if self.type == "Gate":
            return "done" if self.outputs.get("open") is True else "waiting"
        return str(self.outputs.get("status") or "failed")


@dataclass(frozen=True)
class Standing:
    """What a state says of a recovery: which of the runbook's documents are done."""

    resources: tuple[Resource, ...]
    missing: tuple[str, ...]  # what no run has come to
    cut: bool = False  # the run ended in an error of its own, which stands above
    accepted: Mapping[str, Acceptance] = field(default_factory=dict)  # subjects that people go on without
    captured: bool = False  # whether the runbook knows the stamp that came back

    @property
    def documents(self) -> tuple[Resource, ...]:
        """The resources that are documents; one that waits for its referrers has two."""
        return tuple(item for item in self.resources if item.type not in ("Gate", "Target", *_STEPS))

    @property
    def steps(self) -> tuple[Resource, ...]:
        """The steps of plugins, and the looks before and behind them."""
        return tuple(item for item in self.resources if item.type in _STEPS)

    @cached_property
    def undone(self) -> tuple[Resource, ...]:
        """What is neither done nor accepted, gates included."""
        return tuple(item for item in self.resources if item.status != "done" and item.subject not in self.accepted)

    @property
    def failed(self) -> bool:
        """Whether something failed that nobody accepted, or is not as it was left."""
        return any(item.status in ("failed", "drifted") for item in self.undone)

    @property
    def waits(self) -> bool:
        """Whether a step waits for somebody: that explains the closed gate, and that nothing behind it ran."""
        return any(item.type in _STEPS for item in self.undone)

    @property
    def exit_status(self) -> int:
        """0 done, 4 failed, 3 where nothing failed and something is still to be done."""
        if self.failed or (self.cut and (self.missing or not self.undone) and not self.waits):
            return 4
        return 3 if self.undone or self.missing or not self.resources else 0

    @property
    def next(self) -> str:
        """What an operator does now."""
        if self.exit_status == 0:
            verified = any(item.type == "Verification" and item.status == "done" for item in self.resources)
            return CAPTURE if verified and not self.captured else "restamp verify"
        if self.failed:
            return "remove the cause, then restamp up: it goes on with these alone"
        if any(item.type == "Step" and item.status == "waiting" for item in self.undone):
            return "what people have to do: restamp status --all. Once they did: restamp signoff STEP, then restamp up"
        if any(item.type == "Decision" for item in self.undone):
            return "restamp up: it compares, and says how a side is taken"
        return "mend what Pulumi says above, then restamp up" if self.exit_status == 4 else "restamp up"

    def summary(self, this_run: str = "") -> str:
        """By outcome, what is not done, and what to do next."""
        everything = (*self.steps, *self.documents)
        without = {item.subject for item in everything if item.status != "done"} & self.accepted.keys()
        undone = [item for item in self.undone if item.type not in ("Gate", "Target")]
        undone.sort(key=lambda item: (item.status == "blocked", item.type, item.name))
        missing = [name for name in self.missing if name.partition(" ")[0] not in _STEPS]
        open_still = {name for name in without if name.partition(" ")[0] not in _STEPS}
        open_still |= {item.subject for item in undone if item.type not in _STEPS}
        open_still |= {name.removesuffix(_LATE) for name in missing}
        done = {item.subject: item for item in reversed(self.documents) if item.subject not in open_still}
        outcomes = Counter(str(item.outputs.get("outcome")) for item in done.values())
        told = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())) or "none"
        gates = [item.name for item in self.resources if item.type == "Gate" and item.status == "done"]
        lines = [f"  {item.type} {item.name}: {item.status}: {item.outputs.get('message')}" for item in undone]
        behind = [f"  {len(self.missing)} more, behind a gate that is not open: not run"] if self.missing else []
        lines += behind if self.waits else [f"  {name}: not run" for name in self.missing]
        told_again = [f"  {self.accepted[subject]}" for subject in sorted(without)]
        inside: Counter[str] = Counter()
        for item in self.documents:
            inside.update(item.outputs.get("counts") or {})
            inside.subtract([str(item.outputs.get("outcome"))] if "counts" in item.outputs else [])
        held = ", ".join(f"{count:,} {name}" for name, count in sorted(inside.items()) if count)
        return "\n".join(
            (
                *([this_run] if this_run else []),
                f"{len(done)} of {len(done) + len(open_still)} objects done: {told}",
                *([f"inside subscriptions: {held}"] if held else []),
                *self._told_of_steps(),
                f"gates open: {', '.join(gates) or 'none'}",
                *capped(lines, "pulumi stack export", 20),
                *capped(told_again, "accepted.yaml", 20),
                f"next: {self.next}",
            )
        )

    def _told_of_steps(self) -> list[str]:
        steps = [item for item in self.steps if item.type == "Step"]
        missing = sum(1 for name in self.missing if name.startswith("Step "))
        counts = Counter("accepted" if item.subject in self.accepted else item.status for item in steps)
        counts["not run"] = missing
        said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()) if count)
        return [f"steps: {said}"] if said else []


def standing(state: Mapping[str, Any], recovery: str, expected: Iterable[str]) -> Standing:
    """What a Pulumi state says of one recovery, of which the documents `<kind> <name>` are expected."""
    wanted = tuple(expected)
    known = set(wanted)
    mine = []
    for item in (state.get("deployment") or {}).get("resources") or []:
        outputs = item.get("outputs") or {}
        if item["type"].startswith(_TYPE) and not item.get("delete") and outputs.get("recovery") == recovery:
            kind, name = item["type"].removeprefix(_TYPE), item["urn"].rpartition("::")[2]
            whole, part = f"{kind} {name}", f"{kind} {name.removesuffix(_LATE)}"
            mine.append(Resource(kind, name, outputs, part if whole not in known and part in known else whole))
    there = {f"{item.type} {item.name}" for item in mine}
    late = [f"{item.type} {item.name}{_LATE}" for item in mine if item.outputs.get("later")]
    return Standing(tuple(mine), tuple(name for name in (*wanted, *late) if name not in there))
