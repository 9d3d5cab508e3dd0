"""Example after a loss: people deploy it anew, then its backup is put back, and plans get its quotas again."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from restamp.hookspecs import Recovery, Run, hookimpl
from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Model, Name
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult, done, failed, waiting

NAME = "rp-example"
API = "2024-01-01"
AGAIN = timedelta(minutes=1)  # how long its restore is left alone between two looks
_SERVICE = "/subscriptions/{provider}/providers/Example.Admin/locations/{region}"


class Settings(Model):
    """What stamp.yaml says of it. Each field has a default, so that naming the plugin is enough to use it."""

    backup: str = ""  # where its own backup is


class ExampleQuota(Document):
    """How many a subscription may have."""

    name: Name
    limit: Count


QUOTA = Kind(  # data alone: restamp lists, captures, compares and writes them
    name="ExampleQuota",
    folder="quotas/example",
    model=ExampleQuota,
    wire=Wire(f"{_SERVICE}/quotas/{{name}}", f"{_SERVICE}/quotas", api_version=API, source="assumed"),
    gate="rps-restored",  # its service comes back late: until then plans are written without it
)


@hookimpl
def plugin_card() -> PluginCard:
    """What it is: asked before all else."""
    return PluginCard(name=NAME, role="rp", title="Example", settings=Settings)


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """The documents it owns."""
    return [QUOTA]


@hookimpl
def check(run: Run) -> Iterator[Finding]:
    """What would stop a recovery today, said while the stamp lives."""
    if not run.settings.backup:
        hint = f"plugins: {NAME}: settings: backup: in stamp.yaml"
        yield Finding("example", "warn", "Example", "nobody says where its own backup is", hint)


@hookimpl
def steps() -> Iterator[Step]:
    """What is done, the same each time: ids and texts are a file format. `after` is an order, `needs` a condition."""
    yield Step(
        id=f"{NAME}/deploy",
        title="Example deployed anew",
        phase="restore",
        after=("registered",),
        by="operator",
        how="Deploy Example from the marketplace, in the version that it had, and wait until its dashboard is green.",
        takes=(timedelta(hours=1), timedelta(hours=4)),
        source="assumed",
    )
    yield Step(
        id=f"{NAME}/restore",
        title="Example restored from its own backup",
        phase="restore",
        needs=(f"{NAME}/deploy",),
        before=(QUOTA.name,),
    )


@hookimpl
def run_step(run: Run) -> StepResult:
    """Look, act at most once, answer. Named after the recovery, its work is found again, by any machine."""
    assert run.recovery is not None
    url = restore(run, run.recovery)
    found = run.arm.admin.get(url)
    if found is None:
        run.arm.admin.write("PUT", url, {"properties": {"backup": run.settings.backup}})
        return waiting("its restore was begun", again=AGAIN)
    state = found["properties"].get("provisioningState", "Succeeded")
    if state == "Failed":
        return failed("its restore failed: its dashboard says why")
    return done("its backup was put back") if state == "Succeeded" else waiting(f"its restore: {state}", again=AGAIN)


@hookimpl
def verify(run: Run) -> Iterator[Finding]:
    """What is not as it was. Nothing found is a pass: say also what nobody can see."""
    if run.recovery is not None and run.arm.admin.get(restore(run, run.recovery)) is None:
        yield Finding("example", "stop", "Example", "was not restored", "restamp up")


def restore(run: Run, recovery: Recovery) -> str:
    """The URL of the restore that this recovery begins."""
    arm = run.arm
    return arm.admin.url(f"{_SERVICE.format_map(arm.place.values())}/restores/{recovery.id}", API)
