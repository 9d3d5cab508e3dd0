"""The steps, and their texts: files in `texts/`, in which `{names}` stand for what the runbook knows."""

import datetime as dt
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from restamp.hookspecs import Recovery, Runbook
from restamp.models.step import By, Step
from restamp.releases import known, release

from .artefacts import NAME, OF_THE_OEM, named
from .facts import facts
from .settings import Settings

TEXTS = {path.name.removesuffix(".txt"): path.read_text("utf-8") for path in (files(__package__) / "texts").iterdir()}
_WEEK = "on site about a business week in all (documented: customer journey)"
_ORDERED = "leadDays in stamp.yaml, which is what the OEM promises; documented are weeks, and no number"
_WITHIN: Mapping[str, Any] = {"takes": (dt.timedelta(), dt.timedelta()), "source": f"within the deployment: {_WEEK}"}


def steps(runbook: Runbook, recovery: Recovery, settings: Settings) -> Iterator[Step]:
    """What people do in this recovery, each step with its text filled in."""
    values, native = facts(runbook, recovery), recovery.document.way == "native"
    useful = set(named(runbook)) - (OF_THE_OEM if recovery.document.target.oem else set())

    def step(name: str, title: str, by: By, text: str = "", **more: Any) -> Step:
        how = TEXTS[text or name].format_map(values).strip()
        more["needs"] = tuple(f"{NAME}/{need}" for need in more.get("needs", ()))
        more["files"] = tuple(file for file in more.get("files", ()) if file in useful)
        return Step(id=f"{NAME}/{name}", title=title, phase="redeploy", by=by, how=how, **more)

    yield step(
        "hardware",
        "Hardware ordered and delivered",
        "operator",
        lead=dt.timedelta(days=settings.lead_days),
        source=_ORDERED,
    )
    yield step("racking", "Racked and cabled", "oem", needs=["hardware"], **_WITHIN)
    yield step("lifecycle-host", "Hardware lifecycle host", "oem", needs=["racking"], **_WITHIN)
    yield step("firmware", "Firmware baseline", "oem", needs=["racking"], files=["oem-package"], **_WITHIN)
    yield step("worksheet", "Deployment worksheet", "operator", files=["worksheet"])
    yield step(
        "switches",
        "Switch configuration",
        "oem",
        needs=["racking", "worksheet"],
        files=["switch-configs"],
        **_WITHIN,
    )
    yield step("version", "Build to deploy, by the OEM's word", "oem", f"version.{recovery.document.way}")
    yield step(
        "deployment",
        "Deployment in cloud recovery mode" if native else "Clean deployment",
        "oem",
        f"deployment.{recovery.document.way}",
        needs=["lifecycle-host", "firmware", "switches", "version"],
        files=["iso"],
        takes=settings.on_site,
        source=_WEEK,
    )
    if not native:
        yield step("update", "Update to the newest release", "oem", needs=["deployment"], **_updates(recovery))
    yield step("handover", "Hand-over", "operator", needs=["deployment" if native else "update"])


def _updates(recovery: Recovery) -> dict[str, Any]:
    """How long it takes from the build that is deployed to the newest release; nothing where nobody named it yet."""
    target = recovery.document.target
    baseline = release(target.version or "")
    if baseline not in known().releases:
        return {}
    many, (least, most) = len(known().after(baseline)), known().hours_of(target.nodes or max(known().hours))
    takes = dt.timedelta(hours=least * many), dt.timedelta(hours=most * many)
    return {"takes": takes, "source": f"{many} updates, {least} to {most} hours each: {known().source}"}
