"""The Restore call, posted once and never again unasked; and the time a stamp takes to settle behind it."""

import base64
import datetime as dt
from collections.abc import Iterator
from typing import Any

from restamp.errors import Rejected
from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, later, waiting
from restamp_hub_core import stamp
from restamp_hub_core.job import Case, Job, documents, step
from restamp_hub_core.opening import KEY, PASSWORD

_POSTING, _FAILED, _SINCE = "posting", "failed", "since "
_POLL = dt.timedelta(minutes=1)  # recorded: Retry-After 60


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
    before, _, how = run.token.partition(" ")
    attempts = int(before or 0)
    if how.startswith("https://"):
        return _polled(run, attempts, how)
    if how.startswith(_SINCE):
        return _restored(run, attempts, dt.datetime.fromisoformat(how.removeprefix(_SINCE)))
    if found := _back(run):
        return _restored(run, attempts, stamp.time(run.arm), f"{found} are there: restored (inferred)")
    if attempts < run.settings.restore_attempts:
        return _posted(run, attempts + 1)
    what = "failed" if how == _FAILED else "was posted, and nobody heard the answer, so it may be on its way"
    again = f"to post it again, restoreAttempts: {attempts + 1} under plugins: hub-core: settings in stamp.yaml"
    return later(f"the Restore call {what}, and nothing is there yet. Look at the stamp; {again}")


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


def _posted(run: Run, attempt: int) -> StepResult:
    assert run.recovery is not None
    backup = run.recovery.document.backup_id
    if not backup:
        return later(f"nobody says which backup: backupId in recoveries/{run.recovery.id}/recovery.yaml")
    body = {
        "decryptionCertBase64": base64.b64encode(run.secret_file(KEY)).decode(),
        "decryptionCertPassword": run.secret(PASSWORD),
    }
    run.remember(f"{attempt} {_POSTING}")
    try:
        begun = run.arm.admin.begin("POST", stamp.url(run.arm, stamp.BACKUPS, f"/backups/{backup}/restore"), body)
    except Rejected as error:
        run.remember(str(attempt - 1))  # nothing was begun
        error.tell_without(body.values())
        raise
    if begun is None:
        return _restored(run, attempt, stamp.time(run.arm))
    token = f"{attempt} {begun.poll}"
    run.remember(token)
    return waiting(f"the Restore call of backup {backup} was posted", token=token, again=_POLL)


def _polled(run: Run, attempt: int, poll: str) -> StepResult:
    answer = run.arm.admin.read(poll)
    if answer.status == 202:
        return waiting("the stamp restores", token=run.token, again=_POLL)
    if answer.status < 400:
        return _restored(run, attempt, stamp.dated(answer))
    token = f"{attempt} {_FAILED}"
    run.remember(token)
    error = answer.body.get("error", answer.body) if isinstance(answer.body, dict) else {}
    why = f"{answer.status} {error.get('code', '')} {error.get('message', '')}".strip()
    return later(
        f"the Restore call failed: {why}. Look at the stamp: the next run says how it is posted again", token=token
    )


def _restored(run: Run, attempts: int, since: dt.datetime, message: str = "restored") -> StepResult:
    token = f"{attempts} {_SINCE}{since.isoformat()}"
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
