"""A recovery's folder: `recoveries/<id>/recovery.yaml`, decided by people and kept in git."""

from dataclasses import dataclass
from pathlib import Path

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp.models.stamp import RecoveryDocument
from restamp.runbook.load import read_own


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
    return sorted(path.parent.name for path in (runbook / "recoveries").glob("*/recovery.yaml"))


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
    return Begun(chosen_id, document)
