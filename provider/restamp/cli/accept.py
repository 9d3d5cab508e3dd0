"""Recover: `accept`, what a recovery goes on without."""

import datetime as dt
import getpass
from typing import Annotated

import typer

from restamp.cli.here import RunbookOption
from restamp.errors import Refused
from restamp.models.finding import Finding


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(accept)


def accept(
    subject: Annotated[
        list[str],
        typer.Argument(help="What is not done, as `status` prints it: Plan offers-rg/gold.", metavar="SUBJECT"),
    ],
    reason: Annotated[str, typer.Option(help="Why the recovery may go on without it.", metavar="TEXT")],
    by: Annotated[str, typer.Option(help="Who decides; left out: this machine's user.", metavar="NAME")] = "",
    until: Annotated[str, typer.Option(help="The last day it counts; left out: for good.", metavar="DATE")] = "",
    recovery: Annotated[
        str, typer.Option(help="The recovery; left out: RESTAMP_RECOVERY, else the newest.", metavar="ID")
    ] = "",
    runbook: RunbookOption = None,
) -> None:
    """Go on without one object or step: its gate opens, and `status` repeats it. Writes accepted.yaml, asks no stamp.

    What needs the object stays blocked, and is accepted by itself. `restamp up` goes on trying.
    """
    from restamp.cli.here import recovery_of, runbook_folder
    from restamp.cli.recover import around_documents
    from restamp.models.stamp import Acceptance
    from restamp.only import name_of, named
    from restamp.plugins import all_kinds
    from restamp.recovery import accept as accepted
    from restamp.runbook import load

    folder = runbook_folder(runbook)
    loaded, begun, said = load(folder, all_kinds()), recovery_of(folder, recovery), " ".join(subject)
    around = {name.lower(): name for name in around_documents(loaded, begun)}
    name = around.get(said.lower()) or name_of(loaded, named(loaded, said))
    today = _today()
    decision = Acceptance(
        subject=name, reason=_given(reason), by=by or getpass.getuser(), on=today, until=_day(until, today)
    )
    path = accepted(folder, begun.id, decision)
    print(decision)
    print(f"needed: {path} in git: git add {path} && git commit")
    print("next: restamp up")


def _given(reason: str) -> str:
    if not reason.strip():
        raise _wrong("--reason", "says nothing", "Say why the recovery may go on without it: it is read for weeks.")
    return reason.strip()


def _day(text: str, today: dt.date) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise _wrong("--until", f"{text!r} is no day", f"Such as {today}.") from None
    if day is not None and day < today:
        raise _wrong("--until", f"{day} is over", f"Today, UTC, is {today}.")
    return day


def _wrong(about: str, message: str, hint: str) -> Refused:
    return Refused([Finding("accept", "stop", about, message, hint)])


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
