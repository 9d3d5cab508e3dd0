"""Ways into a subscription that does not let restamp in: its tenant's, or by a recovery user who owns it meanwhile.

Each step can be taken again at any time: a run that was killed is finished by the next one. Roles and what an Owner may
do are documented; that an owner changed by the operator may sign in and give roles at once is assumed.
"""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import tenacity

from restamp import inside
from restamp.errors import Unwritable
from restamp.inside import Result
from restamp.kind import Kind, Kinds
from restamp.kinds.authorization import ROLE_ASSIGNMENT, RoleAssignment
from restamp.kinds.subscriptions import Subscription
from restamp.models.document import Document

if TYPE_CHECKING:
    from restamp.arm.client import Arm
    from restamp.arm.inside import Inside

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"  # the built-in role, the same on every stamp (documented)
_OURS = uuid.UUID("6e0b4c1e-2f6a-5b0c-9a56-0a2f5a1d7c33")  # of no meaning but that it never changes
_PATIENCE = 60.0  # seconds that a role may take to be heard of


class Writes(Protocol):
    """How a step is written, and written down."""

    def put(self, kind: Kind[RoleAssignment], document: RoleAssignment, stamp: "Inside") -> None:
        """Bring one object of a subscription to what its document says."""

    def delete(self, kind: Kind[RoleAssignment], document: RoleAssignment, stamp: "Inside") -> None:
        """Remove one object of a subscription."""


def lent(arm: "Arm", document: Document) -> Document | None:
    """The subscription as its directory's recovery user owns it; None where that is no way in, or none is needed."""
    if not isinstance(document, Subscription) or document.access != "recovery-user":
        return None
    named = arm.settings.recovery_user(document.tenant)
    if named is None or inside.way_in(arm, document).covered:
        return None
    return document.model_copy(update={"owner": named[0]})


def enter(arm: "Arm", document: Subscription, recovery: str, writes: Writes) -> None:
    """Let restamp in: the recovery user, who owns the subscription now, makes it an Owner."""
    stamp, user = inside.way_in(arm, document), arm.as_recovery_user(document.id, document.tenant)
    _until_covered(user)
    grant = _grant(document, recovery, stamp.principal)
    try:
        writes.put(ROLE_ASSIGNMENT, grant, user)
    except Unwritable:  # an earlier run gave it to a principal that was made anew since
        writes.delete(ROLE_ASSIGNMENT, grant, user)
        writes.put(ROLE_ASSIGNMENT, grant, user)
    _until_covered(stamp)


def leave(arm: "Arm", document: Document, recovery: str, writes: Writes) -> None:
    """Give back what the recovery user gave, in this run or in one that was killed: restamp takes its role away."""
    if not isinstance(document, Subscription) or document.access != "recovery-user":
        return
    stamp = inside.way_in(arm, document)
    if not stamp.covered:
        return
    grant = _grant(document, recovery, stamp.principal)
    if stamp.get(ROLE_ASSIGNMENT.resource_id(grant, stamp.place), ROLE_ASSIGNMENT.wire) is not None:
        writes.delete(ROLE_ASSIGNMENT, grant, stamp)


def _grant(document: Subscription, recovery: str, principal: str) -> RoleAssignment:
    return RoleAssignment(name=_name(document.id, recovery), role=OWNER, principal=principal)


def _name(subscription: str, recovery: str) -> str:
    """One guid for each recovery and subscription, so that it is found again."""
    return str(uuid.uuid5(_OURS, f"{recovery}/{subscription.lower()}"))


def _until_covered(stamp: "Inside") -> None:
    """Wait until a role works; past our patience whatever needs it says that it does not."""
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda covered: not covered),
        stop=tenacity.stop_after_delay(_PATIENCE),
        wait=tenacity.wait_exponential(multiplier=0.5, max=10),
        retry_error_callback=lambda _state: False,
    )(lambda: stamp.covered)


def asked_of_people(arm: "Arm", document: Document) -> str:
    """What has to be done before restamp can write what is inside a subscription, by whom, with the commands."""
    if not isinstance(document, Subscription):
        return "give restamp's principal a role in the default provider subscription"
    whose, scope = f"{document.owner}, its owner,", f"/subscriptions/{document.id}"
    if document.access == "tenant":
        return f"by tenant: {whose} runs restamp up --only 'Subscription {document.id}' as a principal that is Owner"
    if document.access == "recovery-user" and arm.settings.recovery_user(document.tenant) is None:
        return f"RESTAMP_CREDENTIALS names no recoveryUser for the directory {document.tenant}"
    principal = inside.way_in(arm, document).principal_at_home
    if principal is None:
        return f"RESTAMP_CREDENTIALS names nobody of the directory {document.tenant}, and others have no place in it"
    return (
        f"by tenant: {whose} signs in to {arm.settings.management} and runs New-AzRoleAssignment -ObjectId {principal} "
        f"-RoleDefinitionName Owner -Scope {scope}, or az role assignment create --assignee-object-id {principal} "
        f"--role Owner --scope {scope}"
    )


def as_tenant(
    arm: "Arm", document: Subscription, held: Iterable[Document], kinds: Kinds, noted: inside.Noted
) -> list[Result]:
    """What became of what a subscription holds, written by its tenant's principal; the operator's part is left out.

    Only the tenant endpoint and vaults are asked. Waiting where the principal has no role in the subscription.
    """
    stamp, seen, wanted = seen_as_tenant(arm, document, held, kinds)
    return inside.bring_back(wanted, seen, kinds, stamp, noted)


def seen_as_tenant(
    arm: "Arm", document: Subscription, held: Iterable[Document], kinds: Kinds
) -> tuple["Inside", inside.Contents, list[Document]]:
    """A subscription as its tenant's principal sees it, and what of its contents that principal may write."""
    own = Kinds({kind.name: kind for kind in kinds if not (kind.inside and kind.wire.endpoint == "admin")})
    stamp = arm.of_tenant(document.id, document.tenant)
    seen = inside.look(stamp, own, document)
    wanted = [item for item in held if kinds.of(item).name in own.by_name]
    seen.gone = inside.gone(wanted, seen, own, stamp)
    return stamp, seen, wanted
