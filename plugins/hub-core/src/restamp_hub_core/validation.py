"""Test-AzureStack on both sides of the restore, and never while the stamp is being updated (documented)."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, failed, waiting
from restamp_hub_core import stamp
from restamp_hub_core.endpoint import privileged
from restamp_hub_core.job import Case, Job, step

_PATIENCE = dt.timedelta(hours=2)


def jobs(case: Case) -> Iterator[Job]:
    """Once the stamp answers, and natively once more when what was restored has settled."""
    title, again = "Test-AzureStack, before anything is restored", "Test-AzureStack, behind the restore"
    yield Job(step("test-before", title, patience=_PATIENCE), validate)
    if case.native:
        yield Job(step("test-after", again, needs=("hub-core/settle",), patience=_PATIENCE), validate)


def validate(run: Run) -> StepResult:
    """Have the stamp test itself; what fails is named, and people decide whether they go on with it."""
    if (waits := while_updated(run)) is not None:
        return waits
    ignored = {"Ignore": list(run.settings.ignored_tests)} if run.settings.ignored_tests else {}
    with privileged(run) as pep:
        if pep.run("Test-AzureStack", **ignored)[-1:] == [True]:
            return done("Test-AzureStack found no failure", evidence={"Test-AzureStack": "True"})
        failures = list(_failures(pep.run("Test-AzureStack", DetailedResults=True, **ignored)))
    return failed(f"Test-AzureStack: {'; '.join(failures) or 'False, and names no test'}")


def while_updated(run: Run) -> StepResult | None:
    """That Test-AzureStack has to wait, in whatever it would test, while the stamp is being updated; None otherwise."""
    if stamp.update_state(run.arm).get("state") != "UpdateInProgress":
        return None
    return waiting("the stamp is being updated, and must not be tested meanwhile", again=dt.timedelta(minutes=10))


def _failures(results: list[Any]) -> Iterator[str]:
    """What failed, as the simulator's form of detailed results has it (assumed)."""
    for each in results:
        if isinstance(each, dict) and str(each.get("Result", "")).upper() == "FAIL":
            yield f"{each.get('Test')} failed: {each.get('Details') or 'no reason is given'}"
