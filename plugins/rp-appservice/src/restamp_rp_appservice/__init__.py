"""App Service on Azure Stack Hub: deployed anew by people, then restored in its three documented stages."""

from collections.abc import Iterable, Iterator

from restamp.hookspecs import Run, Runbook, hookimpl
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult
from restamp.releases import known

from . import sealed, work
from .settings import Settings


@hookimpl
def plugin_card() -> PluginCard:
    """For every release from the first that the recovery was documented for."""
    trains = 1901, int(known().releases[-1])
    return PluginCard(name=work.NAME, role="rp", title="App Service", trains=trains, settings=Settings)


@hookimpl
def check(run: Run) -> Iterator[Finding]:
    """Secrets that are not sealed, or too old; data that would be lost with the stamp."""
    yield from sealed.of_secrets(run)
    yield from sealed.of_places(run)


@hookimpl
def steps(runbook: Runbook, settings: Settings) -> Iterable[Step]:
    """The same in both ways: no infrastructure backup has anything of App Service (documented)."""
    return work.steps(runbook, settings)


@hookimpl
def run_step(step: Step, run: Run) -> StepResult:
    """Do one of those that people do not."""
    return work.WORK[step.id](run)
