"""hub-core: the Hub's own steps around the restore of a stamp, as a plugin of restamp."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from restamp.hookspecs import Recovery, Run, Runbook, hookimpl
from restamp.models.step import PluginCard, Step, StepResult, later
from restamp_hub_core import registration, restore, signin, update, validation
from restamp_hub_core.job import Case, Job, Jobs, Later
from restamp_hub_core.settings import Settings

_PARTS: Sequence[Jobs] = (signin.jobs, validation.jobs, restore.jobs, update.jobs, registration.jobs)


@hookimpl
def plugin_card() -> PluginCard:
    """What this is."""
    return PluginCard(
        name="hub-core", role="hub", title="The Hub's own steps around the restore", trains=None, settings=Settings
    )


@hookimpl
def steps(runbook: Runbook, recovery: Recovery, settings: Any) -> Iterable[Step]:
    """Every step of this recovery."""
    return [job.step for job in _jobs(Case(runbook, recovery, settings))]


@hookimpl
def run_step(step: Step, run: Run) -> StepResult:
    """Do one."""
    assert run.recovery is not None, "steps belong to a recovery"
    case = Case(run.runbook, run.recovery, run.settings)
    job = next(job for job in _jobs(case) if job.step.id == step.id)
    try:
        return job.run(run)
    except Later as what:
        return later(str(what))


def _jobs(case: Case) -> Iterator[Job]:
    for part in _PARTS:
        yield from part(case)
