"""Machines over Redfish: what a stamp stands on, captured; and before a deployment, whether the new ones will do.

Reads, and nothing else, unless the runbook asks for the steps that switch machines off or start them from the network.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from restamp.errors import Refused, Unreachable
from restamp.hookspecs import Run, hookimpl
from restamp.kind import Kind
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult, done, failed, waiting

from .compare import differences, needed
from .errors import NotRedfish
from .machine import MACHINE, Machine
from .rack import Rack, each, seen
from .settings import Settings

NAME = "oem-redfish"
FITS, OFF, START = f"{NAME}/hardware-fits", f"{NAME}/power-off", f"{NAME}/boot-from-network"
_ONCE = "once"  # remembered by a step that must not act again
_READING = (timedelta(seconds=10), timedelta(minutes=10))
_SOURCE = "some forty requests to each BMC, all at once"


@hookimpl
def plugin_card() -> PluginCard:
    """What this plugin is."""
    return PluginCard(
        name=NAME, role="oem", title="Machines over Redfish: inventory, fitness, power", settings=Settings
    )


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """One document a machine."""
    yield MACHINE


@hookimpl
def capture(run: Run) -> Iterable[Document]:
    """Every machine; StampError where one does not answer, so that none is forgotten."""
    if not run.settings.bmcs:
        return ()
    rack = seen(run)
    for error in rack.silent.values():
        raise error
    return rack.machines


@hookimpl
def check(run: Run) -> Iterable[Finding]:
    """What is missing for the comparison; what machines that answer cannot be deployed with, or how they changed."""
    if not run.settings.bmcs:
        hint = f"Write them into stamp.yaml: plugins.{NAME}.settings.bmcs"
        yield Finding("hardware", "warn", f"plugin {NAME}", "no BMC is named, so nothing is known of any machine", hint)
        return
    if not _before(run):
        hint = "Capture while the machines answer: restamp capture --commit"
        yield Finding("hardware", "warn", f"plugin {NAME}", "no machine was captured, so none can be compared", hint)
    try:
        rack = seen(run)
    except Refused as refused:
        yield from refused.findings
        return
    yield from _silent(rack, "note" if run.recovery else "warn")
    if not rack.silent:
        yield from _found(run, rack)


@hookimpl
def steps(settings: Settings) -> Iterable[Step]:
    """Whether the machines are fit, before anything is deployed on them; power and boot only if the runbook asks."""
    if not settings.bmcs:
        return
    common: dict[str, Any] = {"phase": "redeploy", "before": settings.before, "secrets": ("bmc",)}
    common |= {"takes": _READING, "source": _SOURCE}
    yield Step(id=FITS, title="The machines are fit for the deployment", after=settings.after, **common)
    if settings.power_off or settings.boot_from_network:
        how = f"Switches off, at once, whatever runs there: {', '.join(settings.bmcs)}"
        yield Step(id=OFF, title="Every machine is off", how=how, needs=(FITS,), destructive=True, **common)
    if settings.boot_from_network:
        how = "What answers there may install over all disks. Only machines that are off are started."
        title = "Every machine starts from the network, once"
        yield Step(id=START, title=title, how=how, needs=(OFF,), destructive=True, **common)


@hookimpl
def run_step(step: Step, run: Run) -> StepResult:
    """Look, act where that is the step, and say how it stands; BMCs that are busy or restart are asked again."""
    try:
        return {FITS: _fits, OFF: _switched_off, START: _started}[step.id](run)
    except (NotRedfish, Unreachable) as error:
        return waiting(str(error))


@hookimpl
def verify(run: Run) -> Iterable[Finding]:
    """How the machines differ from those before; what is not well, or does not answer."""
    if run.settings.bmcs:
        rack = seen(run)
        yield from _silent(rack, "warn")
        yield from _unwell(rack)
        yield from differences(_before(run), rack.machines)


def _before(run: Run) -> list[Machine]:
    return [document for document in run.runbook.documents if isinstance(document, Machine)]


def _found(run: Run, rack: Rack) -> list[Finding]:
    """All there is to say of machines that all answer."""
    settings: Settings = run.settings
    asked = run.recovery.document.target.nodes if run.recovery else None
    fit = needed(rack.machines, max(settings.nodes, asked or 0), settings.firmware)
    return [*fit, *_unwell(rack), *differences(_before(run), rack.machines)]


def _silent(rack: Rack, level: Any) -> Iterator[Finding]:
    for name, error in rack.silent.items():
        yield Finding("hardware", level, name, f"is not seen: {error}", error.hint)


def _unwell(rack: Rack) -> Iterator[Finding]:
    for name, troubles in rack.troubles.items():
        for trouble in troubles:
            yield Finding("hardware", "warn", name, trouble, "Have the OEM look at it before it is deployed.")


def _fits(run: Run) -> StepResult:
    rack = seen(run)
    if rack.silent:
        names = ", ".join(rack.silent)
        return waiting(f"{len(rack.machines)} machines answer; not yet: {names}", again=timedelta(minutes=5))
    found = _found(run, rack)
    stops = [finding for finding in found if finding.level == "stop"]
    if stops:
        more = f" and {len(stops) - 1} more: restamp check" if len(stops) > 1 else ""
        return failed(f"{stops[0]}{more}")
    build = rack.machines[0].build
    told = {str(number): str(finding) for number, finding in enumerate(found, 1)}
    message = f"{len(rack.machines)} machines: {build['model']}; {len(found)} differences from before"
    return done(message, facts={"machines": str(len(rack.machines)), "model": build["model"]}, evidence=told)


def _switched_off(run: Run) -> StepResult:
    """Once they were all off, whoever switches one on has a reason: asked again, nothing is switched off."""
    if run.token:
        return done("every machine was switched off", token=run.token)
    on = [name for name, is_on in each(run, lambda bmc: bmc.is_on).items() if is_on]
    if not on:
        return done("every machine is off", token=_ONCE)
    each(run, lambda bmc: bmc.switch_off(), on)
    return waiting(f"switched off: {', '.join(on)}", again=timedelta(seconds=10))


def _started(run: Run) -> StepResult:
    """A machine that is on was started already, by this step or by people: it is never started a second time."""
    if run.token:
        return done("every machine was started", token=run.token)
    off = [name for name, is_on in each(run, lambda bmc: bmc.is_on).items() if not is_on]
    if not off:
        return done("every machine was started", token=_ONCE)
    each(run, lambda bmc: bmc.start_from_network(), off)
    return waiting(f"started: {', '.join(off)}", again=timedelta(seconds=10))
