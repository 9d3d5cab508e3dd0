"""The redeploy of a stamp by any vendor: what people do, in order, with what the runbook knows of the lost stamp."""

from collections.abc import Iterable
from typing import Any

from restamp.hookspecs import Recovery, Run, Runbook, hookimpl
from restamp.kind import Kind
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step
from restamp.releases import known

from . import artefacts, hardware, work
from .facts import baseline
from .settings import Settings


@hookimpl
def plugin_card() -> PluginCard:
    """Made for every release that restamp knows: nothing here asks a stamp but Fabric, as recorded since 2019."""
    releases = known().releases
    trains = int(releases[0]), int(releases[-1])
    return PluginCard(
        name="oem-generic", role="oem", title="Redeploy by any OEM, by hand", trains=trains, settings=Settings
    )


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """The machines of the stamp."""
    return [hardware.SCALE_UNIT]


@hookimpl
def capture(run: Run) -> Iterable[Document]:
    """The machines, as Fabric tells of them: what has to be ordered anew is known without them."""
    return hardware.captured(run.arm)


@hookimpl
def check(run: Run) -> Iterable[Finding]:
    """Files that nobody keeps, machines nobody captured, and in a recovery a baseline that does not fit."""
    yield from artefacts.check(run.runbook)
    yield from hardware.check(run.runbook)
    yield from baseline(run.runbook, run.recovery)


@hookimpl
def steps(runbook: Runbook, recovery: Recovery, settings: Settings) -> Iterable[Step]:
    """What people do, by the way of the recovery."""
    return work.steps(runbook, recovery, settings)
