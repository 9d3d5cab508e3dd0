"""A redeploy on Example hardware: what stood there is captured, people rack it anew, and it is counted."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from restamp.hookspecs import Run, Runbook, hookimpl
from restamp.kind import Kind, Wire
from restamp.models.document import Document, Name
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult, done, later

NAME = "oem-example"
_FABRIC = "/subscriptions/{provider}/resourceGroups/System.{region}/providers/Microsoft.Fabric.Admin"
_NODES = f"{_FABRIC}/fabricLocations/{{region}}/scaleUnitNodes"
_API = "2016-05-01"  # recorded


class ExampleMachine(Document):
    """A machine of the stamp."""

    name: Name
    model: str
    serial: str


MACHINE = Kind("ExampleMachine", "machines/example", ExampleMachine, Wire.nowhere("{name}"), comes_from="plugin")


@hookimpl
def plugin_card() -> PluginCard:
    """What it is: asked before all else. `trains` are the releases of the Hub that it was made for."""
    return PluginCard(name=NAME, role="oem", title="Example hardware", trains=(2206, 2506))


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """The documents it owns."""
    return [MACHINE]


@hookimpl
def capture(run: Run) -> Iterator[ExampleMachine]:
    """What has to be known once the stamp is gone; reads, and never writes."""
    for node in nodes(run):
        said = node.get("properties") or {}
        name = str(node["name"]).rpartition("/")[2]
        yield ExampleMachine(name=name, model=said.get("model") or "", serial=said.get("serialNumber") or "")


@hookimpl
def check(run: Run) -> Iterator[Finding]:
    """What would stop a recovery today, said while the stamp lives."""
    if not captured(run.runbook):
        yield Finding("example", "warn", "machines", "no capture knows them", "restamp capture --commit")


@hookimpl
def steps(runbook: Runbook) -> Iterator[Step]:
    """What is done, the same each time: ids and texts are a file format. No stamp answers in the phase redeploy."""
    stood = ", ".join(f"{machine.name} ({machine.model})" for machine in captured(runbook)) or "nobody knows what"
    yield Step(
        id=f"{NAME}/rack",
        title="Machines racked and cabled",
        phase="redeploy",
        by="oem",
        how=f"Rack and cable the machines as before. There stood: {stood}.",
        lead=timedelta(days=30),
        takes=(timedelta(hours=4), timedelta(days=1)),
        source="assumed",
    )
    yield Step(id=f"{NAME}/machines", title="Machines counted", phase="restore", after=("stamp-ready",))


@hookimpl
def run_step(run: Run) -> StepResult:
    """Look, act at most once, answer; here looking is all. `later` asks again in the next run."""
    assert run.recovery is not None
    wanted = run.recovery.document.target.nodes or len(captured(run.runbook))
    found = len(nodes(run))
    return done(f"{found} machines") if found >= wanted else later(f"{found} machines, and not {wanted}")


def captured(runbook: Runbook) -> list[ExampleMachine]:
    """What stood there, by the last capture."""
    return [document for document in runbook.documents if isinstance(document, ExampleMachine)]


def nodes(run: Run) -> list[dict[str, Any]]:
    """The machines of the stamp that answers, as Fabric has them."""
    return run.arm.list_or_none(_NODES.format_map(run.arm.place.values()), _API) or []
