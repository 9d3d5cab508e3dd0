"""Recover: which side counts, where the runbook is older than the backup that the stamp came from."""

import datetime as dt
import getpass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restamp.arm.client import Arm
    from restamp.compare import Comparison
    from restamp.models.stamp import Taken
    from restamp.recovery import Begun
    from restamp.runbook import Runbook


def decided(arm: "Arm", runbook: "Runbook", begun: "Begun", take: bool, grant: "Sequence[str]") -> None:
    """Go on where one side is taken, or both say the same; else show what differs, and refuse with the two ways."""
    from restamp import older, withheld
    from restamp.errors import Refused
    from restamp.models.finding import Finding
    from restamp.recovery import take as write
    from restamp.recovery import taken
    from restamp.runbook.read import last_capture

    last = last_capture(runbook.folder)
    if not older.is_older(last, begun.document):
        if take or grant:
            message, hint = "nothing is to be decided: the runbook is not older than the backup", "restamp up"
            raise Refused([Finding("nothing-older", "stop", "--take, --grant", message, hint)])
        return
    decision = taken(runbook.folder, begun.id)
    if decision is None:
        result = _compared(arm, runbook)
        differing = len(result.of("create")) + len(result.of("update"))
        if differing and not take:
            raise older.undecided(begun, last, f": {differing} objects differ")
        decision = _decision(result, runbook)
    decision = withheld.granted(decision, grant)
    path = write(runbook.folder, begun.id, decision)
    _told(decision)
    print(f"needed: {path} in git: git add {path} && git commit")


def _compared(arm: "Arm", runbook: "Runbook") -> "Comparison":
    from restamp.cli import output
    from restamp.cli.look import show
    from restamp.compare import compare

    with output.progress("compared", len(runbook.kinds.by_name)) as step:
        result = compare(arm, runbook, step)
    show(result)
    return result


def _decision(result: "Comparison", runbook: "Runbook") -> "Taken":
    from restamp.models.stamp import Taken
    from restamp.withheld import lacking

    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return Taken(at=now, by=getpass.getuser(), withheld=tuple(lacking(result, runbook)))


def _told(decision: "Taken") -> None:
    from restamp.cli import output

    lines = (f"  withheld: {item.subject}: {item.told}" for item in decision.withheld)
    for line in output.capped(lines, "taken.yaml"):
        print(line)
    if decision.withheld:
        print(f"{len(decision.withheld)} not granted; one by one: restamp up --grant '{decision.withheld[0].subject}'")
