"""The end of a recovery: people sign in again, see what is theirs, and everything is as the runbook says."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from restamp import check
from restamp.compare import Comparison, compare
from restamp.errors import Refused, RestampError
from restamp.kinds.subscriptions import Subscription
from restamp.models.finding import Finding
from restamp.plugins import chosen
from restamp.recovery import accepted
from restamp.runbook import Runbook
from restamp.steps.run import Around

if TYPE_CHECKING:
    from restamp.arm.client import Arm


@dataclass
class Verified:
    """What was found; `stops` is what keeps the recovery from being over."""

    comparison: Comparison
    findings: list[Finding] = field(default_factory=list)

    @property
    def stops(self) -> list[str]:
        """Each difference that nobody accepted and each finding that is one, in a line."""
        differs = [*self.comparison.of("create"), *self.comparison.of("update")]
        said = [
            f"{item.kind} {item.label}: {'missing' if item.action == 'create' else 'different'}" for item in differs
        ]
        return said + [str(finding) for finding in check.stops(self.findings)]

    def __str__(self) -> str:
        result = self.comparison
        unexpected, unread = len(result.of("unexpected")), len(result.of("not verified"))
        said = f"{result.equal} of {result.compared} objects equal, {unexpected} unexpected, {unread} not verified"
        said += f", {result.accepted} accepted" if result.accepted else ""
        return f"{said}; inside covered: {result.covered} of {result.subscriptions} subscriptions"


def verify(arm: "Arm", runbook: Runbook, around: Around, step: Callable[[str, int], None]) -> Verified:
    """Sign in at both endpoints, list what a test user has, ask the plugins, and compare everything. Never writes."""
    findings = [*sign_ins(arm, runbook), *of_plugins(runbook, around)]
    begun, today = around.recovery, dt.datetime.now(dt.UTC).date()
    waived = accepted(runbook.folder, begun.id, today) if begun else {}
    return Verified(compare(arm, runbook, step).without(waived), findings)


def of_plugins(runbook: Runbook, around: Around) -> Iterator[Finding]:
    """What each plugin of the runbook says is not as it was; that one cannot be asked is said too."""
    try:
        used = chosen(runbook.stamp, runbook.captured)
    except Refused as refused:
        for finding in refused.findings:
            yield replace(finding, message=f"was not asked: {finding.message}")
        return
    for each in used:
        yield from check.called("verify", each, around)


def sign_ins(arm: "Arm", runbook: Runbook) -> Iterator[Finding]:
    """What keeps the operator, and a test user of each directory that has one, from signing in and seeing their own."""
    try:
        arm.tenant("").list_all(arm.tenant("").url("/subscriptions", "2016-06-01"))
    except RestampError as error:
        yield Finding("sign-in", "stop", arm.settings.management, f"nobody signs in: {error}", error.hint)
        return
    mine = [item for item in runbook.documents if isinstance(item, Subscription)]
    users = arm.settings.test_users
    if not users:
        hint = "Name one for each directory: testUser and testPassword in the file of RESTAMP_CREDENTIALS."
        yield Finding(
            "sign-in", "warn", "test user", "nobody is named, so that tenants can sign in is not verified", hint
        )
    for directory, name in users.items():
        owned = {item.id.lower() for item in mine if item.owner.lower() == name.lower() and item.state == "Enabled"}
        yield from _seen_by(arm, directory, name, owned)


def _seen_by(arm: "Arm", directory: str, name: str, owned: set[str]) -> Iterator[Finding]:
    try:
        there = arm.subscriptions_of_test_user(directory)
    except RestampError as error:
        yield Finding("sign-in", "stop", name, f"cannot sign in: {error}", error.hint)
        return
    if missing := sorted(owned - there):
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        message = f"signs in and does not see {', '.join(missing[:3])}{more}, which it owns"
        yield Finding("sign-in", "stop", name, message, "restamp diff says what is missing there.")
    else:
        yield Finding("sign-in", "note", name, f"signs in and sees {len(there)} subscriptions, {len(owned)} of its own")
