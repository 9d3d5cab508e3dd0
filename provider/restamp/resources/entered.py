"""A subscription made, and given back: a recovery user may own it while it is filled."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from restamp import entering, objects
from restamp.errors import StampError
from restamp.inside import Result, line
from restamp.kind import Kind
from restamp.kinds.authorization import RoleAssignment
from restamp.kinds.subscriptions import Subscription
from restamp.models.document import Document
from restamp.resources.session import Session

if TYPE_CHECKING:
    from restamp.arm.inside import Inside


class _Written:
    """Steps of entering as a session writes them: each in the journal before and after."""

    def __init__(self, here: Session, recovery: str) -> None:
        self._here, self._recovery = here, recovery

    def put(self, kind: Kind[RoleAssignment], document: RoleAssignment, stamp: "Inside") -> None:
        self._here.put(kind, document, frozenset(), self._recovery, stamp)

    def delete(self, kind: Kind[RoleAssignment], document: RoleAssignment, stamp: "Inside") -> None:
        self._here.delete(kind, document, stamp)


def made(here: Session, document: Document, later: frozenset[str], recovery: str, *, filled: bool) -> Result:
    """What became of the subscription itself; where a recovery user is its way in, restamp is let in afterwards."""
    kind = here.kinds.of(document)
    lent = entering.lent(here.arm, document) if filled else None
    if lent is None or not isinstance(document, Subscription):
        return here.bring(kind, document, later, recovery)
    own = here.bring(kind, objects.at_birth(kind, lent), frozenset(), recovery)
    if own.undone:
        return own
    failed = _tried(own, lambda: entering.enter(here.arm, document, recovery, _Written(here, recovery)))
    return given_back(here, document, later, recovery, failed) if failed is not own else own


def given_back(here: Session, document: Document, later: frozenset[str], recovery: str, own: Result) -> Result:
    """The subscription is its owner's again, and restamp's role in it is gone; failed where it is not."""
    if getattr(document, "access", "") != "recovery-user":
        return own
    back = here.bring(here.kinds.of(document), document, later, recovery)
    if back.undone:
        return back
    return _tried(own, lambda: entering.leave(here.arm, document, recovery, _Written(here, recovery)))


def _tried(own: Result, step: Callable[[], None]) -> Result:
    try:
        step()
    except StampError as error:
        return Result(own.kind, own.ref, "failed", f"recovery user: {line(error)}")
    return own
