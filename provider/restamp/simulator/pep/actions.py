"""Action plans: what some cmdlets start and wait for, so that Get-ActionStatus can be asked about it afterwards."""

from collections.abc import Callable, Iterator
from typing import Any

from restamp.simulator.state import guid

from .cmdlet import Cmdlet, Invocation

ASSUMED = (
    "Get-ActionStatus: the fields ActionPlanInstanceID, CurrentStatus, StartDateTime and EndDateTime; nothing about"
    " what never ran; -ActionType is taken and ignored.",
)
Run = Callable[[Invocation], Iterator[Any]]


def planned(name: str, run: Run) -> Run:
    """Return what runs as an action plan under a cmdlet's name: its status is kept, whatever comes of it."""

    def ran(call: Invocation) -> Iterator[Any]:
        plan = {"ActionPlanInstanceID": guid(), "StartDateTime": call.state.clock.text()}
        call.say.verbose(f"{name} : BEGIN, action plan {plan['ActionPlanInstanceID']}")
        call.say.progress(name, "Running the action plan", 0)
        status = "Failed"
        try:
            yield from run(call)
            status = "Completed"
        finally:
            ended = plan | {"CurrentStatus": status, "EndDateTime": call.state.clock.text()}
            call.keep("actions", (call.kept("actions") or {}) | {name.lower(): ended})
            call.say.verbose(f"{name} : END, {status}")

    return ran


def _status(call: Invocation) -> Iterator[Any]:
    found = (call.kept("actions") or {}).get(call.text("FunctionName").lower())
    if found:
        yield found


CMDLETS = (Cmdlet("Get-ActionStatus", _status, ("FunctionName", "ActionType")),)
