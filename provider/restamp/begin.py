"""Begin a recovery: its folder, what is known, what is needed and what comes next. Changes nothing on any stamp."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from restamp.errors import Refused, RestampError
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, RecoveryDocument, RecoveryId
from restamp.recovery import chosen, file_of, known, targets
from restamp.runbook import Runbook
from restamp.runbook.read import recorded_backups
from restamp.runbook.save import own_file
from restamp.target import may_live, past_the_living, same_stamp

if TYPE_CHECKING:
    from restamp.arm.client import Arm


@dataclass(frozen=True)
class Told:
    """What an operator reads after `begin`."""

    known: tuple[str, ...]
    needed: tuple[str, ...]
    next: tuple[str, ...]


def begin(runbook: Runbook, recovery_id: str, way: str, drill: bool, target: str, connect: "Callable[[], Arm]") -> Told:
    """Write `recovery.yaml`, with the target deployment where the redeployed stamp answers or people name it."""
    recovery_id = _checked(recovery_id or dt.datetime.now(dt.UTC).date().isoformat())
    captured = runbook.captured
    if recovery_id in known(runbook.folder):
        document = _again(runbook, recovery_id, target)
    else:
        document = _new(runbook, captured, way, drill)
    answer, deployment = _asked(runbook, connect) if not target else ("named by hand", target)
    if deployment in document.lost and deployment and not document.redeployed:
        answer = may_live(deployment)
        if target:
            hint = past_the_living(recovery_id, deployment)
            raise Refused(
                [Finding("wrong-target", "stop", f"recovery {recovery_id}", f"{answer}, so it is no target", hint)]
            )
        deployment = None
    aim = document.target.model_copy(update={"deployment": deployment or document.target.deployment})
    document = document.model_copy(update={"target": aim})
    path = file_of(runbook.folder, recovery_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(own_file(document), "utf-8")
    return _told(runbook, recovery_id, document, answer, captured)


def _checked(recovery_id: str) -> str:
    try:
        return TypeAdapter[str](RecoveryId).validate_python(recovery_id)
    except ValidationError:
        hint = "Small letters, digits, dots and dashes, at most 40, such as 2026-11-23: it names a folder."
        raise Refused([Finding("recovery-id", "stop", recovery_id, "is no id of a recovery", hint)]) from None


def _new(runbook: Runbook, captured: Captured | None, way: str, drill: bool) -> RecoveryDocument:
    """What was lost: the deployment that was captured, and what earlier recoveries brought back since."""
    earlier = (captured.deployment if captured else None, *targets(runbook.folder))
    lost = tuple(dict.fromkeys(deployment for deployment in earlier if deployment))
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return RecoveryDocument.model_validate({"way": way, "drill": drill, "begun": now, "lost": lost})


def _again(runbook: Runbook, recovery_id: str, target: str) -> RecoveryDocument:
    document = chosen(runbook.folder, recovery_id).document
    if document.target.deployment and document.target.deployment != target:
        message = f"has begun, for deployment {document.target.deployment}"
        hint = f"Go on with it: restamp up. For another loss begin another: restamp begin {recovery_id}-2"
        raise Refused([Finding("has-begun", "stop", f"recovery {recovery_id}", message, hint)])
    return document


def _asked(runbook: Runbook, connect: "Callable[[], Arm]") -> tuple[str, str | None]:
    """What answers now, if anything does: not answering is an answer here."""
    try:
        with connect() as arm:
            same_stamp(arm, runbook.stamp)
            deployment = arm.about.deployment
    except RestampError as error:
        return f"not yet: {str(error).splitlines()[0]}", None
    return f"deployment {deployment}", deployment


def _told(
    runbook: Runbook, recovery_id: str, document: RecoveryDocument, answer: str, captured: Captured | None
) -> Told:
    file = file_of(runbook.folder, recovery_id)
    known_now = [
        f"stamp {runbook.stamp.suffix}, {runbook.stamp.identity}; {len(runbook.documents)} documents"
        + (f", captured {captured.on}" if captured else ", never captured"),
        f"lost: deployment {', '.join(document.lost) or 'unknown'}",
        f"answers now: {answer}",
        f"target: {document.target.deployment or 'not known yet'}",
    ]
    commit = f"{file} in git: git add {file.parent} && git commit"
    backup = [_which_backup(runbook.folder, file)] if document.way == "native" and not document.backup_id else []
    if document.target.deployment:
        then = ("restamp diff   what would be written", "restamp up     write it")
        return Told(tuple(known_now), (*backup, commit), then)
    stamp = "the redeployed stamp, signed in to: RESTAMP_CLIENT_ID and a secret or certificate"
    return Told(tuple(known_now), (stamp, *backup, commit), (f"restamp begin {recovery_id}   once it answers",))


def _which_backup(runbook: Path, file: Path) -> str:
    """What people write down of a native recovery: the id; its time too, where no capture knew that backup."""
    known = recorded_backups(runbook)
    if known and (newest := known.newest):
        made = f"{newest.time:%Y-%m-%d %H:%M} UTC"
        return f"out of which backup, in {file}: `backupId: {newest.id}` is the newest that was captured, of {made}"
    listed = "`backupId: <id>`, as restamp backups list SHARE names it"
    return f"out of which backup, in {file}: {listed}, and when that was made: `backup: 2026-11-22T21:00:00Z`"
