"""Whether the stamp that answers is the one meant: asked before the first write, by every command that talks to it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp.models.stamp import RecoveryDocument, Stamp

if TYPE_CHECKING:
    from restamp.arm.client import Arm


def same_stamp(arm: "Arm", stamp: Stamp) -> None:
    """Refuse a stamp with another region, domain or identity system than the runbook's."""
    findings = list(_differences(arm, stamp))
    if findings:
        raise Refused(findings)


def _differences(arm: "Arm", stamp: Stamp) -> Iterator[Finding]:
    if arm.settings.stamp != stamp.suffix:
        yield _differs(arm, "region or domain", arm.settings.stamp, stamp.suffix)
        return
    if arm.endpoints.identity != stamp.identity:
        yield _differs(arm, "identity", arm.endpoints.identity, stamp.identity)
    elif stamp.region not in arm.regions:
        yield _differs(arm, "region", " and ".join(arm.regions) or "none", stamp.region)


def _differs(arm: "Arm", what: str, found: str, wanted: str) -> Finding:
    hint = "Deploy the stamp under the runbook's names, or capture a runbook for this one."
    return Finding("other-stamp", "stop", arm.settings.admin, f"{what} is {found}, and the runbook says {wanted}", hint)


def writable(deployment: str | None, recovery: RecoveryDocument, recovery_id: str) -> None:
    """Refuse to write to anything but the recovery's own target, and never to what may be the stamp that was lost."""
    hint = ""
    if deployment is None:
        message = "the stamp does not say which deployment it is"
        hint = "Give restamp's principal Owner on the default provider subscription."
    elif deployment == recovery.lost.deployment:
        message = f"deployment {deployment} is the one that was captured: it may be the living stamp"
        hint = "Point DNS or RESTAMP_CONNECT_TO at the redeployed stamp."
    elif recovery.target.deployment is None:
        message = f"it has no target yet; the stamp that answers is deployment {deployment}"
        hint = f"If that is the redeployed stamp: restamp begin {recovery_id} --target {deployment}"
    elif deployment != recovery.target.deployment:
        message = f"its target is deployment {recovery.target.deployment}, and {deployment} answers"
        hint = "Point DNS or RESTAMP_CONNECT_TO at the target, or begin a recovery for this one: restamp begin"
    else:
        return
    raise Refused([Finding("wrong-target", "stop", f"recovery {recovery_id}", message, hint)])
