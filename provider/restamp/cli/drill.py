"""Prepare: `drill`, a rehearsal from bare hardware to a verified stamp."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(drill)


def drill(
    way: Annotated[
        Literal["native", "rebuild"], typer.Option(help="Out of the infrastructure backup, or from the runbook alone.")
    ] = "native",
    subscriptions: Annotated[int, typer.Option(help="How large the stamp is.", min=1)] = 60,
    hardware: Annotated[
        str, typer.Option(help="The machines it comes back on: contoso-g4 or fabrikam-g6.")
    ] = "contoso-g4",
    nodes: Annotated[int, typer.Option(help="How many of them.", min=4, max=16)] = 4,
    plugin: Annotated[
        list[str] | None,
        typer.Option(help="A plugin that takes part; left out: hub-core and the OEMs'.", metavar="NAME"),
    ] = None,
    faults: Annotated[
        int | None,
        typer.Option(help="In a storm: as of `restamp simulator --faults`; the end is the same.", metavar="SEED"),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where all of it happens, and stays; left out: a temporary folder.", metavar="FOLDER"),
    ] = None,
) -> None:
    """Rehearse a whole recovery on a simulated stamp: backed up, captured, lost, redeployed, brought back, compared.

    Runs the commands that people would type, through the real engine, with sign-offs given by the drill; prints what
    each says, and a timeline. Exits with 4 on any difference between the stamp that was lost and what came back.

    Nothing but this machine's loopback is used, and no real stamp: what is only simulated stands in docs/limits.md.
    """
    from restamp.drill import Asked, Drill
    from restamp.drill.timeline import timeline
    from restamp.plugins import installed

    there = [each.name for each in installed() if not each.broken]
    plugins = plugin or [name for name in ("hub-core", "oem-generic", "oem-redfish") if name in there]
    asked = Asked(way, subscriptions, hardware, nodes, tuple(plugins), faults)
    with tempfile.TemporaryDirectory(prefix="restamp-drill-") as scratch:
        there_to = folder or Path(scratch)
        there_to.mkdir(parents=True, exist_ok=True)
        rehearsal = Drill(asked, there_to.resolve(), _project(), lambda line: print(line, flush=True))
        rehearsal.run()
        print()
        for line in timeline(rehearsal.stages, rehearsal.declared):
            print(line)
        print("\nthe stamp that came back is the one that was lost", file=sys.stdout)


def _project() -> Path:
    """The operator's own project, else the one that restamp came in."""
    import restamp
    from restamp.cli.here import project
    from restamp.errors import Refused

    try:
        return project()
    except Refused:
        root = Path(restamp.__file__).parents[2]
        if (root / "Pulumi.yaml").exists():
            return root
        raise
