"""A runbook older than the backup that a stamp came from: nothing of it is written until one side is taken."""

import datetime as dt
from pathlib import Path

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, RecoveryDocument
from restamp.recovery import Begun, taken
from restamp.runbook.read import last_capture


def is_older(last: Captured | None, recovery: RecoveryDocument) -> bool:
    """Whether the backup that a native recovery restored is newer than the runbook.

    A capture that only says its day counts from that day's beginning. Refused where nobody wrote down which backup.
    """
    if recovery.way != "native" or last is None:
        return False
    if recovery.backup is None:
        message = "is native, and does not say from which backup the stamp was restored"
        hint = "Write when that was made into recovery.yaml: `backup: 2026-11-22T21:00:00Z`."
        raise Refused([Finding("no-backup-time", "stop", "recovery", message, hint)])
    if last.backup is not None and last.backup.time >= recovery.backup:
        return False
    return recovery.backup > (last.at or dt.datetime.combine(last.on, dt.time.min, dt.UTC))


def obstacle(folder: Path, begun: Begun) -> str:
    """Why nothing of the runbook is written yet: it is older than the backup, and nobody took its side; else empty."""
    try:
        refuse_undecided(folder, begun)
    except Refused as refused:
        return f"{refused}. {refused.hint}"
    return ""


def refuse_undecided(folder: Path, begun: Begun) -> None:
    """Refused, with both ways, where the runbook is older than the backup and nobody took its side."""
    last = last_capture(folder)
    if is_older(last, begun.document) and not taken(folder, begun.id):
        raise undecided(begun, last, "")


def undecided(begun: Begun, last: Captured | None, differs: str) -> Refused:
    """What is said where people have to take a side: the two ways, as commands."""
    written = (last.at or last.on) if last else "never"
    message = f"the runbook ({written}) is older than the backup of the stamp ({begun.document.backup}){differs}"
    new = f"--new-deployment {begun.document.target.deployment} " if begun.document.target.deployment else ""
    hint = (
        f"The stamp's side: restamp capture {new}--commit. The runbook's: restamp up --take runbook, "
        "which grants no access that the stamp lacks, unless you name it."
    )
    return Refused([Finding("older-runbook", "stop", f"recovery {begun.id}", message, hint)])
