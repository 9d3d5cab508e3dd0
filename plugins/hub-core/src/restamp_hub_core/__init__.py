"""hub-core: the Hub's own steps around the restore of a stamp, as a plugin of restamp."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from restamp.hookspecs import Recovery, Run, Runbook, hookimpl
from restamp.kind import Kind
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult, later
from restamp_hub_core import (
    again,
    backups,
    consent,
    findings,
    identity,
    images,
    keys,
    registration,
    restore,
    signin,
    update,
    validation,
)
from restamp_hub_core.job import Case, Job, Jobs, Later
from restamp_hub_core.settings import Settings

_PARTS: Sequence[Jobs] = (
    *(backups.jobs, identity.jobs, signin.jobs, validation.jobs, keys.jobs, restore.jobs),
    *(consent.jobs, update.jobs, registration.jobs, images.jobs, again.jobs),
)


@hookimpl
def plugin_card() -> PluginCard:
    """What this is."""
    return PluginCard(
        name="hub-core", role="hub", title="The Hub's own steps around the restore", trains=None, settings=Settings
    )


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """What a stamp has beside its own documents, and people bring back."""
    return images.IMAGE, images.EXTENSION


@hookimpl
def capture(run: Run) -> Iterable[Document]:
    """Images and extensions."""
    return images.on(run.arm)


@hookimpl
def check(run: Run) -> Iterable[Finding]:
    """What nobody could say any more once the stamp is lost."""
    return findings.before(run)


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


@hookimpl
def verify(run: Run) -> Iterable[Finding]:
    """Backups that are made again, and images that are there."""
    return findings.behind(run)


def _jobs(case: Case) -> Iterator[Job]:
    for part in _PARTS:
        yield from part(case)
