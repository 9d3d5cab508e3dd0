"""Test-AzureStack on both sides of the restore, and never while the stamp is being updated (documented)."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from restamp.arm.client import Arm
from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, failed, waiting
from restamp_hub_core.endpoint import privileged
from restamp_hub_core.job import Case, Job, step

_UPDATES = "/subscriptions/{provider}/resourceGroups/System.{region}/providers/Microsoft.Update.Admin/updateLocations"
_PATIENCE = dt.timedelta(hours=2)


def jobs(_case: Case) -> Iterator[Job]:
    """Before the restore, and natively once more behind it."""
    yield Job(step("test-before", "Test-AzureStack, before the restore", patience=_PATIENCE), validate)


def validate(run: Run) -> StepResult:
    """Have the stamp test itself; what fails is named, and people decide whether they go on with it."""
    if is_updating(run.arm):
        return waiting("the stamp is being updated, and must not be tested meanwhile", again=dt.timedelta(minutes=10))
    ignored = {"Ignore": list(run.settings.ignored_tests)} if run.settings.ignored_tests else {}
    with privileged(run) as pep:
        if pep.run("Test-AzureStack", **ignored)[-1:] == [True]:
            return done("Test-AzureStack found no failure", evidence={"Test-AzureStack": "True"})
        failures = list(_failures(pep.run("Test-AzureStack", DetailedResults=True, **ignored)))
    return failed(f"Test-AzureStack: {'; '.join(failures) or 'False, and names no test'}")


def _failures(results: list[Any]) -> Iterator[str]:
    """What failed, as the simulator's form of detailed results has it (assumed)."""
    for each in results:
        if isinstance(each, dict) and str(each.get("Result", "")).upper() == "FAIL":
            yield f"{each.get('Test')} failed: {each.get('Details') or 'no reason is given'}"


def is_updating(arm: Arm) -> bool:
    """Whether an update is under way, as its location says (recorded)."""
    locations = arm.list_or_none(_UPDATES.format_map(arm.place.values()), "2021-07-01") or []
    return any((each.get("properties") or {}).get("state") == "UpdateInProgress" for each in locations)
