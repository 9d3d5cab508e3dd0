"""A resource provider's plugin as a third party writes one: a quota of its own, and one step that fills its groups."""

from collections.abc import Iterable
from typing import Any

from restamp.hookspecs import Run, hookimpl
from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Name
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult, done

API = "2019-10-01"


class BytesQuota(Document):
    """How many bytes a subscription may have."""

    name: Name
    bytes: Count


QUOTA = Kind(
    name="BytesQuota",
    folder="quotas/bytes",
    model=BytesQuota,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Acme.Bytes.Admin/locations/{region}/quotas/{name}",
        listed="/subscriptions/{provider}/providers/Acme.Bytes.Admin/locations/{region}/quotas",
        api_version="2024-01-01",
        source="documented",
    ),
    gate="rps-restored",
)


@hookimpl
def plugin_card() -> PluginCard:
    return PluginCard(name="rp-bytes", role="rp", title="Bytes as a service")


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    return [QUOTA]


def groups(run: Run) -> list[tuple[str, bool]]:
    """Where each of our two groups is, and whether it is there."""
    arm = run.arm
    urls = [arm.admin.url(f"/subscriptions/{arm.place.provider}/resourceGroups/bytes-{n}", API) for n in (1, 2)]
    return [(url, arm.admin.get(url) is not None) for url in urls]


@hookimpl
def steps() -> Iterable[Step]:
    yield Step(id="rp-bytes/fill", title="Groups of the service", phase="restore", secrets=("key",),
               after=("registered",), before=("BytesQuota",))  # fmt: skip


@hookimpl
def run_step(run: Run) -> StepResult:
    run.say(f"a key of {len(run.secret('key'))} letters")
    for url, there in groups(run):
        if not there:
            run.arm.admin.write("PUT", url, {"location": run.arm.place.region})
    return done("both groups are there", facts={"groups": "2"})


@hookimpl
def verify(run: Run) -> Iterable[Finding]:
    for url, there in groups(run):
        if not there:
            yield Finding("bytes", "stop", url, "is gone", "restamp up puts it back.")
