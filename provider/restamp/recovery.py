"""A recovery's folder: `recoveries/<id>/recovery.yaml`, decided by people and kept in git."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restamp.errors import Refused
from restamp.models.backup import Backups
from restamp.models.finding import Finding
from restamp.models.stamp import Acceptance, Accepted, Captured, RecoveryDocument, Taken
from restamp.models.step import SignOff, Step
from restamp.runbook.read import read_own, recorded_backups
from restamp.runbook.save import own_file


@dataclass(frozen=True)
class Begun:
    """A recovery that people began: its id, and what its file says."""

    id: str
    document: RecoveryDocument


def file_of(runbook: Path, recovery_id: str) -> Path:
    """Where a recovery's file stands."""
    return runbook / "recoveries" / recovery_id / "recovery.yaml"


def known(runbook: Path) -> list[str]:
    """The ids of all recoveries of a runbook, the newest last."""
    return [recovery_id for recovery_id, _ in _read(runbook)]


def _read(runbook: Path) -> list[tuple[str, RecoveryDocument | None]]:
    """Every recovery, the newest last; what is wrong with one is told when it is chosen."""
    files = (runbook / "recoveries").glob("*/recovery.yaml")
    return sorted(((path.parent.name, read_own(path, RecoveryDocument, runbook, [])) for path in files), key=_age)


def _age(item: tuple[str, RecoveryDocument | None]) -> tuple[Any, ...]:
    """When it began; older files do not say so, and count by name: `drill` before any day, `-2` before `-10`."""
    name, document = item
    parts = [int(part) if at % 2 else part for at, part in enumerate(re.split("([0-9]+)", name))]
    begun = document.begun if document else None
    return begun or dt.datetime.min.replace(tzinfo=dt.UTC), "0" <= name[:1] <= "9", parts


def chosen(runbook: Path, recovery_id: str = "") -> Begun:
    """The recovery asked for, else the newest; Refused where there is none."""
    ids = known(runbook)
    chosen_id = recovery_id or (ids[-1] if ids else "")
    if chosen_id not in ids:
        message = f"there is no recovery {chosen_id}" if chosen_id else "no recovery has begun"
        about, hint = f"{runbook}/recoveries", "Begin one, which changes nothing on any stamp: restamp begin"
        raise Refused([Finding("no-recovery", "stop", about, message, hint)])
    findings: list[Finding] = []
    document = read_own(file_of(runbook, chosen_id), RecoveryDocument, runbook, findings)
    if document is None:
        raise Refused(findings)
    return Begun(chosen_id, _dated(runbook, document))


def is_over(begun: Begun, captured: Captured | None) -> bool:
    """Whether what a recovery brought back was captured."""
    target = begun.document.target.deployment
    return captured is not None and target is not None and captured.deployment == target


def _dated(runbook: Path, document: RecoveryDocument) -> RecoveryDocument:
    """With the time of its backup, where people named that alone and the last capture knew it."""
    if document.backup or not document.backup_id:
        return document
    facts = (recorded_backups(runbook) or Backups()).find(document.backup_id)
    return document.model_copy(update={"backup": facts.created}) if facts else document


def accepted(runbook: Path, recovery_id: str, today: dt.date) -> dict[str, Acceptance]:
    """What a recovery goes on without, by subject; what was accepted until a day before `today` counts no more."""
    found = _accepted(runbook, recovery_id)
    return {item.subject: item for item in found if item.until is None or item.until >= today}


def accept(runbook: Path, recovery_id: str, acceptance: Acceptance) -> Path:
    """Write one down, in place of an earlier one of the same subject; the file it stands in."""
    kept = [item for item in _accepted(runbook, recovery_id) if item.subject != acceptance.subject]
    ordered = sorted([*kept, acceptance], key=lambda item: item.subject)
    path = file_of(runbook, recovery_id).with_name("accepted.yaml")
    path.write_text(own_file(Accepted(accepted=tuple(ordered))), "utf-8")
    return path


def _accepted(runbook: Path, recovery_id: str) -> tuple[Acceptance, ...]:
    path = file_of(runbook, recovery_id).with_name("accepted.yaml")
    findings: list[Finding] = []
    read = read_own(path, Accepted, runbook, findings) if path.exists() else Accepted()
    if read is None:
        raise Refused(findings)
    return read.accepted


def signoff_of(runbook: Path, recovery_id: str, step: str) -> Path:
    """Where the sign-off of a step stands: `signoffs/oem-generic/racking.yaml`."""
    return file_of(runbook, recovery_id).parent / "signoffs" / f"{step}.yaml"


def signed(runbook: Path, recovery_id: str, step: str) -> SignOff | None:
    """The sign-off of a step, whatever text it is for; None where there is none."""
    path, findings = signoff_of(runbook, recovery_id, step), list[Finding]()
    read = read_own(path, SignOff, runbook, findings) if path.exists() else None
    if findings:
        raise Refused(findings)
    return read


def stands(signoff: SignOff, step: Step, captured: Captured | None, document: RecoveryDocument) -> bool:
    """Whether a sign-off is for what a step says. Once people captured what came back, what they did stays done.

    Texts are made from the last capture, which is then no longer that of the stamp that was lost.
    """
    again = captured is not None and captured.deployment == document.target.deployment
    return signoff.digest == step.digest or (again and step.by != "restamp")


def sign(runbook: Path, recovery_id: str, signoff: SignOff) -> Path:
    """Write one down, in place of an earlier one; the file it stands in."""
    path = signoff_of(runbook, recovery_id, signoff.step)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(own_file(signoff), "utf-8")
    return path


def taken(runbook: Path, recovery_id: str) -> Taken | None:
    """That people took the side of a runbook older than the backup, with what is withheld; None where nobody has."""
    path, findings = file_of(runbook, recovery_id).with_name("taken.yaml"), list[Finding]()
    read = read_own(path, Taken, runbook, findings) if path.exists() else None
    if findings:
        raise Refused(findings)
    return read


def take(runbook: Path, recovery_id: str, decision: Taken) -> Path:
    """Write it down, in place of what was; the file it stands in."""
    path = file_of(runbook, recovery_id).with_name("taken.yaml")
    path.write_text(own_file(decision), "utf-8")
    return path


def targets(runbook: Path) -> dict[str, RecoveryDocument]:
    """Each deployment that a recovery wrote to and no later one calls lost, with its recovery; drills are left out."""
    found: dict[str, RecoveryDocument] = {}
    for _, document in _read(runbook):
        if document is not None and not document.drill:
            found = {deployment: item for deployment, item in found.items() if deployment not in document.lost}
            found |= {document.target.deployment: document} if document.target.deployment else {}
    return found
