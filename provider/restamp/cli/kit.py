"""Prepare: `kit`, all that a recovery needs in one folder, for the day without a network."""

from pathlib import Path
from typing import Annotated

import typer

from restamp.cli.here import RunbookOption


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(kit)


def kit(
    to: Annotated[
        Path, typer.Option(help="Where to: made if it is not there; an older kit there is replaced.", metavar="FOLDER")
    ],
    runbook: RunbookOption = None,
) -> None:
    """Write restamp, Python, Pulumi, plugins, the runbook and its state into one folder, for a day without a network.

    There, ./restamp is this command, with all that it needs, on a bare Linux machine or WSL. It is made from what is
    installed here, and needs no network either. What is not committed is refused, for the kit would not have it. Keys
    and passwords are not in it.

    A kit that was there is replaced once the new one is whole and was tried; one that was used never is.
    """
    from restamp.cli import output
    from restamp.cli.here import runbook_folder, stamp_of
    from restamp.cli.pulumi import Pulumi
    from restamp.kit import STEPS, Contents, make, repository_of

    folder = runbook_folder(runbook)
    pulumi = Pulumi(folder)
    contents = Contents(repository_of(folder), stamp_of(folder), pulumi.engine, pulumi.state())
    with output.progress("put in", STEPS) as step:
        made = make(contents, to, step)
    size = sum(path.stat().st_size for path in to.rglob("*") if path.is_file())
    state = "and its Pulumi state" if contents.state else "which has no Pulumi state yet"
    print(f"{to}, {size / 1e6:,.0f} MB: the runbook of {made.stamp} at {made.commit[:9]}, {state}")
    print(f"it runs on Linux on {made.machine} with glibc {made.glibc} or newer")
    print("not in it: credentials, private keys, passphrases, pinned files, backups")
    print(f"next: {to}/restamp status, on another machine. In stamp.yaml, for restamp check: kits: [{to.absolute()}]")
