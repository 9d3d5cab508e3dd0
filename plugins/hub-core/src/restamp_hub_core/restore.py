"""The Restore call, posted once and never again unasked; and the time a stamp takes to settle behind it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, waiting
from restamp.restore_call import KEY, PASSWORD, is_under_way, restore_call
from restamp_hub_core import stamp
from restamp_hub_core.job import Case, Job, documents, step

_SINCE = " since "


def jobs(case: Case) -> Iterator[Job]:
    """Natively alone, between two tests of the stamp."""
    if not case.native:
        return
    title, before = "Restore from the infrastructure backup", ("hub-core/test-before", "stamp-checked")
    yield Job(step("restore", title, needs=before, secrets=(KEY, PASSWORD)), restore)
    settle = dt.timedelta(minutes=case.settings.settle)
    times: dict[str, Any] = {"takes": (settle, settle), "patience": settle + dt.timedelta(hours=1)}
    source = "Microsoft, Validate an Azure Stack Hub backup: 60 minutes, then verify"
    yield Job(step("settle", "The stamp settles", needs=("hub-core/restore",), source=source, **times), settled)


def restore(run: Run) -> StepResult:
    """Look whether the state is back, or on its way; else post the call, once in all the runs of this recovery."""
    if since := run.token.partition(_SINCE)[2]:
        return _restored(run, dt.datetime.fromisoformat(since))
    if not is_under_way(run.token) and (found := _back(run)):
        return _restored(run, stamp.time(run.arm), f"{found} are there: restored (inferred)")
    result = restore_call(run, "hub-core")
    return _restored(run, stamp.time(run.arm), result.message) if result.status == "done" else result


def _back(run: Run) -> str:
    """How many of the runbook's plans and offers the stamp has, in words; empty where it has none of them."""
    kinds = {"plans": "Plan", "offers": "Offer"}
    wanted = {kind: {each.name.lower() for each in documents(run.runbook, name)} for kind, name in kinds.items()}
    there = {kind: wanted[kind] & _listed(run, kind) for kind in wanted}
    words = [f"{len(there[kind])} of {len(wanted[kind])} {kind}" for kind in wanted]
    return " and ".join(words) if any(there.values()) else ""


def _listed(run: Run, kind: str) -> set[str]:
    found = run.arm.admin.list_all(stamp.url(run.arm, stamp.SUBSCRIPTIONS, f"/{kind}"))
    return {str(each["id"]).rpartition("/")[2].lower() for each in found}


def _restored(run: Run, since: dt.datetime, message: str = "restored") -> StepResult:
    token = f"{run.token.partition(' ')[0] or 0}{_SINCE}{since.isoformat()}"
    run.remember(token)
    return done(message, token=token, facts={"since": since.isoformat()})


def settled(run: Run) -> StepResult:
    """Wait until the stamp's own clock says that the time since the restore is over."""
    since = dt.datetime.fromisoformat(run.facts["hub-core/restore"]["since"])
    now, until = stamp.time(run.arm), since + dt.timedelta(minutes=run.settings.settle)
    if now >= until:
        return done(f"{run.settings.settle} minutes have gone by since {since:%Y-%m-%d %H:%M} UTC")
    message = f"the stamp settles until {until:%H:%M} UTC by its own clock"
    return waiting(message, progress=1 - (until - now) / (until - since), again=until - now)
