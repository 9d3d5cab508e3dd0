"""Whether the stamp that answers is the one meant: asked before the first write, by every command that talks to it."""

from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING

from restamp import objects
from restamp.errors import Refused
from restamp.kind import Kinds
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, RecoveryDocument, Stamp
from restamp.runbook import Runbook

if TYPE_CHECKING:
    from restamp.arm.client import Arm

_SHOWN = 3


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


def brought_back(arm: "Arm", runbook: Runbook) -> bool:
    """Whether another deployment answers than the one that was captured last: what a recovery made of it."""
    captured = runbook.captured.deployment if runbook.captured else None
    return captured is not None and arm.about.deployment not in (captured, None)


def writable(deployment: str | None, recovery: RecoveryDocument, recovery_id: str) -> None:
    """Refuse to write to anything but the recovery's own target, and never to what may be a stamp that was lost."""
    hint = ""
    if deployment is None:
        message = "the stamp does not say which deployment it is"
        hint = "Give restamp's principal Contributor on the default provider subscription (docs/operator/rights.md)."
    elif deployment in recovery.lost and not recovery.redeployed:
        message, hint = may_live(deployment), past_the_living(recovery_id, deployment)
    elif recovery.target.deployment is None:
        message = f"it has no target yet; the stamp that answers is deployment {deployment}"
        hint = f"If that is the redeployed stamp: restamp begin {recovery_id} --target {deployment}"
    elif deployment != recovery.target.deployment:
        message = f"its target is deployment {recovery.target.deployment}, and {deployment} answers"
        hint = "Point DNS or RESTAMP_CONNECT_TO at the target, or begin a recovery for this one: restamp begin"
    else:
        return
    raise Refused([Finding("wrong-target", "stop", f"recovery {recovery_id}", message, hint)])


def beside(arm: "Arm", place: str | None) -> Iterator[Finding]:
    """That a stamp answers where the captured one did, and it is not the one that is reached, if any is."""
    if place and arm.another_at(place):
        message = f"another stamp answers at {place}, where the one that was captured did"
        hint = "If it lives, end the recovery. If not, take it off the network: nobody may write to the wrong one."
        yield Finding("wrong-target", "stop", arm.settings.stamp, message, hint)


def alone(arm: "Arm", place: str | None) -> None:
    """Refuse to write to a stamp while another one answers where the captured one did."""
    if found := list(beside(arm, place)):
        raise Refused(found)


def repairable(deployment: str | None, last: Captured | None, recovery: RecoveryDocument | None, its_id: str) -> str:
    """The recovery that may write to the stamp that answers, by its id; "" where it is the one that was captured.

    That one lives, whatever a recovery says, so a single document may be repaired on it.
    """
    if last is not None and deployment is not None and deployment == last.deployment:
        return its_id if recovery is not None and recovery.target.deployment == deployment else ""
    if recovery is not None:
        writable(deployment, recovery, its_id)
        return its_id
    message = f"deployment {deployment or 'unknown'} answers, and the runbook is that of {last and last.deployment}"
    hint = "If the stamp was lost, begin its recovery: restamp begin. If this is the stamp: restamp capture"
    raise Refused([Finding("other-deployment", "stop", "up --only", message, hint)])


def may_live(deployment: str) -> str:
    """What is said of a deployment that was lost and answers."""
    return f"deployment {deployment} is one that was lost: it may be the living stamp"


def past_the_living(recovery_id: str, deployment: str) -> str:
    """The way on where a lost deployment answers: another address, or people's word that it is a new stamp."""
    return (
        "Point DNS or RESTAMP_CONNECT_TO at the redeployed stamp. That has a new id (assumed): if this is it, write "
        f"`redeployed: <how you know>` into recoveries/{recovery_id}/recovery.yaml, then: "
        f"restamp begin {recovery_id} --target {deployment}"
    )


def expected(deployment: str | None, last: Captured | None, targets: Container[str | None], new: str = "") -> None:
    """Refuse to capture any deployment but the last one's, a recovery's target, and `new`, which people named."""
    known, here = last.deployment if last else None, deployment or "unknown"
    if new and new != here:
        message, hint = f"deployment {here} answers, and --new-deployment says {new}", "Name the one that answers."
    elif new or known is None or deployment == known or deployment in targets:
        return
    else:
        message = f"deployment {here} answers, and the runbook is that of {known}"
        hint = f"If the stamp was lost, begin its recovery: restamp begin. {_from_now_on(here)}"
    raise Refused([Finding("other-deployment", "stop", "capture", message, hint)])


def familiar(deployment: str | None, last: Captured | None, targets: Mapping[str, RecoveryDocument]) -> bool:
    """Whether a deployment is as it was captured: not a recovery's target that nobody has captured since."""
    recovery = targets.get(deployment or "")
    if recovery is None or last is None or deployment != last.deployment:
        return recovery is None
    return not (recovery.redeployed and recovery.begun and recovery.begun.date() >= last.on)


def nothing_lost(before: Runbook, found: Runbook, deployment: str | None, *, known: bool) -> None:
    """Refuse a capture that would take the runbook away: half of a familiar stamp's, anything of one just restored."""
    old, new = _objects(before), _objects(found)
    gone = [key for key in old if key not in new]
    changed = [] if known else [key for key in old if key in new and _differ(before.kinds, old[key], new[key])]
    if len(gone) * 2 <= len(old) if known else not gone + changed:
        return
    keys = [(holder, kind, before.kinds[kind].ref(old[holder, kind, same])) for holder, kind, same in gone + changed]
    names = [f"{kind} {ref}" + (f" in {holder}" if holder else "") for holder, kind, ref in keys]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    loss = f"it would take {len(gone)} of the runbook's {len(old)} objects away and change {len(changed)}"
    message = f"{loss}: {', '.join(names[:_SHOWN])}{more}"
    first = "" if known else "A recovery's target is captured once it is restored: restamp up, then restamp verify. "
    hint = first + _from_now_on(deployment or "unknown")
    raise Refused([Finding("takes-away", "stop", "capture", message, hint)])


def _objects(runbook: Runbook) -> dict[tuple[str, str, tuple[str, ...]], Document]:
    """Every document, what others hold included, by holder, kind and what makes it the same one."""
    of = runbook.kinds.of
    all_of_them = {"": runbook.documents, **runbook.inside}
    return {
        (holder, of(document).name, of(document).sameness(document)): document
        for holder, documents in all_of_them.items()
        for document in documents
    }


def _differ(kinds: Kinds, document: Document, other: Document) -> bool:
    kind = kinds.of(document)
    return not kind.wire.afterwards and bool(objects.compare(kind, document, other))


def _from_now_on(deployment: str) -> str:
    command = f"restamp capture --new-deployment {deployment}"
    return f"To take the stamp as it is from now on (git keeps the old runbook): {command}"
