"""An OEM's plugin as somebody outside of restamp writes one: it deploys through a service of its own, here a folder."""

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from restamp.hookspecs import Recovery, Run, Runbook, hookimpl
from restamp.models.document import Model
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult, done, failed, waiting

HOURS = dt.timedelta(hours=1)


class Settings(Model):
    """In stamp.yaml."""

    racks: int = 1
    wipe: bool = False


@hookimpl
def plugin_card() -> PluginCard:
    return PluginCard(name="oem-acme", role="oem", title="Acme hardware", trains=(2102, 2506), settings=Settings)


@hookimpl
def check() -> Iterable[Finding]:
    if os.environ.get("ACME_SHELF") == "empty":
        yield Finding("acme", "stop", "spare parts", "the shelf is empty", "Order new ones.")


@hookimpl
def steps(runbook: Runbook, recovery: Recovery, settings: Any) -> Iterable[Step]:
    how = f"Put {settings.racks} rack in its place, and switch it on."
    yield Step(id="oem-acme/rack", title="Racking", phase="redeploy", by="oem", how=how, lead=21 * 24 * HOURS,
               takes=(4 * HOURS, 8 * HOURS), source="Acme's handbook")  # fmt: skip
    yield Step(id="oem-acme/deploy", title="Deployment", phase="redeploy", needs=("oem-acme/rack",),
               secrets=("password",), takes=(8 * HOURS, 20 * HOURS), patience=dt.timedelta(seconds=1))  # fmt: skip
    yield Step(id="oem-acme/badges", title="Badges", phase="restore", needs=("oem-acme/deploy",),
               after=("control-plane-restored",))  # fmt: skip
    if settings.wipe:
        yield Step(id="oem-acme/wipe", title="Wipe the old disks", phase="restore", destructive=True,
                   needs=("control-plane-restored",))  # fmt: skip


@hookimpl
def run_step(step: Step, run: Run) -> StepResult:
    service = Path(os.environ["ACME_SERVICE"])
    if step.id == "oem-acme/badges":
        return done(f"badges for {run.facts['oem-acme/deploy']['order']}, {len(list(run.arm.regions))} region")
    if step.id == "oem-acme/wipe":
        (service / "wiped").touch()
        return done("wiped")
    assert run.recovery is not None
    order = service / f"order-{run.recovery.id}"
    if not order.exists():
        order.write_text(f"{len(run.secret('password'))} letters")
        run.remember(order.name)
    if (service / "broken").exists():
        return failed(f"the service refused {run.secret('password')}")
    if (service / "ready").exists():
        return done("deployed", facts={"order": order.name})
    return waiting("deploying", progress=0.5, again=dt.timedelta(milliseconds=50), token=order.name)
