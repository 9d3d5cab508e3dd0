"""The gates of a recovery, one behind the other, and the steps, preflights and verification between them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pulumi

from restamp.models.step import Gate as Named
from restamp.older import obstacle
from restamp.recovery import Begun, accepted, signed
from restamp.resources.gate import Gate
from restamp.resources.look import Decision, Preflight, Verification
from restamp.resources.step import StepResource
from restamp.resources.target import Target
from restamp.resources.where import below_project
from restamp.runbook.outline import Outline
from restamp.steps import Placed, work

_FIRST: Named = "stamp-ready"
_DOCUMENTS: Named = "control-plane-restored"


class Chain:
    """Declares what stands around the documents of a runbook, in the order of its plan."""

    def __init__(self, runbook: Outline, begun: Begun, opts: pulumi.ResourceOptions) -> None:
        """Refused where plugins or the order of their steps keep the recovery from running."""
        self._runbook, self._begun, self._opts = runbook, begun, opts
        found = work(runbook, begun, runbook.kinds)
        self.plan, self._looked_at = found.plan, bool(found.used)
        self._gates: dict[str, Gate] = {}
        self._steps: dict[str, StepResource] = {}
        self._of_kind: dict[str, dict[str, Any]] = {}  # kind -> its documents, by what they are called
        today = dt.datetime.now(dt.UTC).date()
        self._accepted = sorted(accepted(runbook.folder, begun.id, today))
        self._undecided = bool(obstacle(runbook.folder, begun))
        self._offline = {"Preflight offline": self._preflight("offline", None)} if self._looked_at else {}
        self._online: dict[str, Preflight] = {}
        self.last: Gate | None = None

    def made(self, kind: str, called: str, document: Any) -> None:
        """A document is there, which steps may wait for."""
        self._of_kind.setdefault(kind, {})[called] = document

    def before(self, kind: str) -> dict[str, StepResource]:
        """The steps that all documents of a kind wait for, by what they are called."""
        return {f"Step {item.id}": self._step(item) for item in self.plan.steps if kind in item.before_kinds}

    def close(self, name: Named, documents: Mapping[str, pulumi.Output[str]] | None = None) -> None:
        """Declare a gate, with everything that holds it closed."""
        members: dict[str, Any] = {f"Step {item.id}": self._step(item) for item in self.plan.holding(name)}
        if name == _FIRST:
            members |= self._offline
            target = Target("target", runbook=self._runbook, begun=self._begun, needs=members, opts=self._opts)
            members = {**members, "target": target}
        elif self.last is not None and self.last.name == _FIRST:
            members |= self._online
        if name == "recovered":
            members["Verification"] = Verification(self._at, self.last, members, self._opts)
        if self._undecided and name == self.plan.gate_before(_DOCUMENTS):
            members["Decision"] = Decision(self._at, self.last, members, self._opts)
        results = {of: member.result for of, member in members.items()} | dict(documents or {})
        gate = Gate(
            name,
            results=results,
            recovery=self._begun.id,
            after=self.last,
            accepted=self._accepted,
            opts=self._opts,
        )
        self._gates[name] = self.last = gate
        if name == _FIRST and self._looked_at:
            self._online = {"Preflight online": self._preflight("online", gate)}

    @property
    def _at(self) -> dict[str, Any]:
        return {
            "stamp": self._runbook.stamp.suffix,
            "recovery": self._begun.id,
            "runbook": below_project(self._runbook.folder),
            "target": self._begun.document.target.deployment,
        }

    def _preflight(self, name: str, after: Gate | None) -> Preflight:
        waived = f"Preflight {name}" in self._accepted
        return Preflight(name, self._at | ({"accepted": True} if waived else {}), after, self._opts)

    def _step(self, placed: Placed) -> StepResource:
        """The resource of a step, made after those it needs."""
        if placed.id not in self._steps:
            needs: dict[str, Any] = {f"Step {name}": self._step(other) for name, other in self._needed(placed)}
            for kind in placed.after_kinds:
                needs |= self._of_kind.get(kind, {})
            needs |= {None: self._offline, _FIRST: self._online}.get(placed.begins, {})
            after = self._gates[placed.begins] if placed.begins else None
            self._steps[placed.id] = StepResource(
                placed.step, self._at | self._signed(placed), after, needs, self._opts
            )
        return self._steps[placed.id]

    def _needed(self, placed: Placed) -> list[tuple[str, Placed]]:
        return [(name, other) for name in placed.needs if (other := self.plan.find(name)) is not None]

    def _signed(self, placed: Placed) -> dict[str, str]:
        """When people signed a step off: the step is asked again once they did."""
        found = signed(self._runbook.folder, self._begun.id, placed.id) if placed.step.signed else None
        return {"signed": f"{found.at.isoformat()} {found.digest}"} if found else {}
