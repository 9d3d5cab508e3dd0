"""The update to the newest release, natively behind the restore: one after the other, for days."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from restamp.errors import Rejected
from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, failed, later, waiting
from restamp_hub_core import stamp
from restamp_hub_core.job import Case, Job, step
from restamp_hub_core.stamp import UPDATES, Wire, properties

_READY = ("Ready", "ReadyToInstall")  # swagger
_OVER = ("Installed", "Obsolete", "Recalled", "Invalid")
_AGAIN = dt.timedelta(minutes=10)


def jobs(case: Case) -> Iterator[Job]:
    """Natively: a clean stamp is brought to the newest release by its OEM, before anything is written to it."""
    if case.native and case.settings.update:
        hours = dt.timedelta(hours=8), dt.timedelta(hours=40)
        source = "Microsoft, release notes of 2408 to 2506: one update of 4 to 16 nodes; several may follow each other"
        more: dict[str, Any] = {"takes": hours, "source": source, "patience": dt.timedelta(hours=12)}
        yield Job(step("update", "Update to the newest release", needs=("control-plane-restored",), **more), update)


def update(run: Run) -> StepResult:
    """Look what the stamp is at; begin the next update where there is one; done when none is left."""
    here = stamp.update_state(run.arm)
    updates = run.arm.admin.list_all(stamp.url(run.arm, UPDATES, "/updates"))
    if here.get("state") == "UpdateInProgress":
        return _under_way(updates)
    if here.get("state") == "UpdateFailed":
        return failed("the last update failed: the administrator portal says why, and resumes it")
    if ready := sorted((each for each in updates if _state(each) in _READY), key=_order):
        return _begun(run, ready[0])
    if held := [f"{_name(each)} is {_state(each)}" for each in updates if _state(each) not in _OVER]:
        return later(f"for the operator: {'; '.join(held)}")
    return done(f"{here.get('currentVersion')} is the newest that the stamp is offered")


def _state(update: Wire) -> str:
    return str(properties(update).get("state"))


def _name(update: Wire) -> str:
    return str(properties(update).get("displayName") or update["name"])


def _order(update: Wire) -> tuple[bool, list[int]]:
    """The OEM's package first (documented), then from the oldest release to the newest."""
    said = properties(update)
    parts = str(said.get("version", "")).split(".")
    return said.get("packageType") != "OEM", [int(part) for part in parts if part.isdecimal()]


def _begun(run: Run, found: Wire) -> StepResult:
    name = _name(found)
    if stamp.asked_lately(run, name):
        return waiting(f"{name} was asked for", token=run.token, again=_AGAIN)
    token = stamp.asking(run, name)
    try:
        run.arm.admin.begin(
            "POST", stamp.url(run.arm, UPDATES, f"/updates/{str(found['id']).rpartition('/')[2]}/apply")
        )
    except Rejected as error:
        if error.status != 409:  # another one is under way
            raise
    return waiting(f"{name} begins", token=token, again=_AGAIN)


def _under_way(updates: list[dict[str, Any]]) -> StepResult:
    now = next((each for each in updates if _state(each) == "Installing"), {"name": "an update"})
    percent = (properties(now).get("updateStateProperties") or {}).get("progressPercentage")
    progress = percent / 100 if isinstance(percent, int) else None
    return waiting(f"{_name(now)} is being installed", progress=progress, again=_AGAIN)
