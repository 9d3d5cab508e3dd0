"""What the runbook itself says: how much of the stamp is in it, how old it is, and whether sign-offs still count."""

import datetime as dt
from collections.abc import Iterable, Iterator

from restamp.hookspecs import Runbook
from restamp.models.backup import Backups
from restamp.models.finding import Finding
from restamp.models.step import Step
from restamp.recovery import Begun, signed, stands


def of_runbook(runbook: Runbook, told: Backups | None) -> Iterator[Finding]:
    """Whether it was captured, whole, and since the newest backup; `told` is what the stamp says of its backups."""
    last = runbook.captured
    if last is None:
        yield _stop("never-captured", "was never captured: there is nothing to rebuild from", "restamp capture")
        return
    if last.inside_covered < last.subscriptions:
        missing = last.subscriptions - last.inside_covered
        covered = f"inside covered: {last.inside_covered} of {last.subscriptions} subscriptions"
        message = f"{covered}: a rebuild loses what is in {missing}"
        hint = "Each tenant lets restamp in: docs/operator/rights.md. captured.yaml names them."
        yield Finding("not-covered", "warn", "runbook", message, hint)
    yield from older(runbook, told.newest.time if told and told.newest else None)


def older(runbook: Runbook, newest: dt.datetime | None) -> Iterator[Finding]:
    """That the runbook was captured before the newest backup, which is of this time; nothing where nobody knows."""
    last = runbook.captured
    if last is None or newest is None:
        return
    written = last.at or dt.datetime.combine(last.on, dt.time.min, dt.UTC)
    if newest > written:
        message = f"is of {written:%Y-%m-%d %H:%M} UTC, and the newest backup of {newest:%Y-%m-%d %H:%M}"
        hint = "Capture after each backup: restamp capture --commit"
        yield Finding("older-runbook", "warn", "runbook", message, hint)


def of_signoffs(runbook: Runbook, begun: Begun, steps: Iterable[Step]) -> Iterator[Finding]:
    """Sign-offs of a recovery that are for another text than their step has today."""
    for step in steps:
        found = signed(runbook.folder, begun.id, step.id) if step.signed else None
        if found is not None and not stands(found, step, runbook.captured, begun.document):
            message = f"was signed off by {found.by} on {found.at:%Y-%m-%d}, for another text than it has now"
            yield Finding("stale-signoff", "warn", f"step {step.id}", message, f"restamp signoff {step.id} --by NAME")


def _stop(code: str, message: str, hint: str) -> Finding:
    return Finding(code, "stop", "runbook", message, hint)
