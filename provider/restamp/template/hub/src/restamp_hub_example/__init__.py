"""What Example does itself around a restore: its stamp is as new as it was, and people are told that it is back."""

from collections.abc import Iterable, Iterator
from typing import Any

from restamp.hookspecs import Run, Runbook, hookimpl
from restamp.kind import Kind, Wire
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.step import ItsName, PluginCard, Step, StepResult, done, later

NAME = "hub-example"
_UPDATE = (
    "/subscriptions/{provider}/resourceGroups/System.{region}/providers/Microsoft.Update.Admin/updateLocations/{region}"
)
_API = "2021-07-01"  # recorded


class ExampleContact(Document):
    """Somebody who has to know that the stamp is back. Its name is a part of its step's id."""

    name: ItsName
    phone: str


CONTACT = Kind("ExampleContact", "contacts/example", ExampleContact, Wire.nowhere("{name}"), comes_from="people")


@hookimpl
def plugin_card() -> PluginCard:
    """What it is: asked before all else."""
    return PluginCard(name=NAME, role="hub", title="What Example does around a restore")


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """The documents it owns."""
    return [CONTACT]


@hookimpl
def check(run: Run) -> Iterator[Finding]:
    """What would stop a recovery today, said while the stamp lives."""
    if not contacts(run.runbook):
        hint = f"A file in {CONTACT.folder}: kind: {CONTACT.name}, name, phone"
        yield Finding("example", "warn", "contacts", "nobody would be told that the stamp is back", hint)


@hookimpl
def steps(runbook: Runbook) -> Iterator[Step]:
    """What is done, the same each time: ids and texts are a file format. `after` is an order, if the other is there."""
    build = f"{NAME}/build"
    yield Step(
        id=build,
        title="Build no older than before",
        phase="restore",
        after=("control-plane-restored", "hub-core/update"),
    )
    for contact in contacts(runbook):
        yield Step(
            id=f"{NAME}/tell/{contact.name}",
            title=f"{contact.name} told",
            phase="restore",
            needs=(build,),
            by="operator",
            how=f"Call {contact.name} at {contact.phone}: the stamp {runbook.stamp.suffix} is back.",
        )


@hookimpl
def run_step(run: Run) -> StepResult:
    """Look, act at most once, answer; here looking is all. `later` asks again in the next run."""
    before, now = run.runbook.captured, build(run)
    lost = before.stamp_version if before else None
    if lost and _numbers(now) < _numbers(lost):
        return later(f"the stamp runs {now}, and ran {lost} when it was lost: update it")
    return done(f"the stamp runs {now}", facts={"build": now})


def contacts(runbook: Runbook) -> list[ExampleContact]:
    """Whom to tell."""
    return [document for document in runbook.documents if isinstance(document, ExampleContact)]


def build(run: Run) -> str:
    """The build that the stamp runs."""
    arm = run.arm
    found = arm.admin.get(arm.admin.url(_UPDATE.format_map(arm.place.values()), _API)) or {}
    return str(found.get("properties", {}).get("currentVersion", ""))


def _numbers(build: str) -> list[int]:
    return [int(part) for part in build.split(".") if part.isdecimal()]
