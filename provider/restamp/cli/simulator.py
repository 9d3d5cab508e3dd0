"""Build: `simulator`."""

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(simulator)


def simulator(
    stamp: Annotated[
        str, typer.Option(help="<region>.<external domain>.", metavar="NAME")
    ] = "redmond.ext.contoso.example",
) -> None:
    """Start a stamp in a process."""
