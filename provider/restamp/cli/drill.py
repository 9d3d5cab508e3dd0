"""Prepare: `drill`, a rehearsal from bare hardware to a verified stamp."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(drill)


def drill(
    rebuild: Annotated[
        bool, typer.Option("--rebuild/--native", help="From the runbook alone, or out of the infrastructure backup.")
    ] = False,
    subscriptions: Annotated[int, typer.Option(help="How large the stamp is.", min=1)] = 60,
    hardware: Annotated[
        str, typer.Option("--oem", "--hardware", help="Whose machines it comes back on: contoso-g4 or fabrikam-g6.")
    ] = "contoso-g4",
    nodes: Annotated[int, typer.Option(help="How many of them.", min=4, max=16)] = 4,
    version: Annotated[
        str,
        typer.Option(
            help="The build it comes back on, such as one release newer; left out: what was lost.", metavar="VERSION"
        ),
    ] = "",
    plugin: Annotated[
        list[str] | None,
        typer.Option(help="A plugin that takes part; left out: hub-core and the OEMs'.", metavar="NAME"),
    ] = None,
    faults: Annotated[
        int | None,
        typer.Option(help="In a storm: as of `restamp simulator --faults`; the end is the same.", metavar="SEED"),
    ] = None,
    serves: Annotated[
        list[str] | None,
        typer.Option(help="A type of a plugin's own resource provider: as of `restamp simulator`.", metavar="TYPE"),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Where all of it happens, and stays; left out: a temporary folder, kept where the drill fails.",
            metavar="FOLDER",
        ),
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
    way = "rebuild" if rebuild else "native"
    asked = Asked(way, subscriptions, hardware, nodes, tuple(plugins), faults, version, tuple(serves or ()))
    with _place(folder) as place:
        rehearsal = Drill(asked, place, _project(), lambda line: print(line, flush=True))
        rehearsal.run()
    print()
    for line in timeline(rehearsal.stages, rehearsal.declared):
        print(line)
    print("\nthe stamp that came back is the one that was lost")


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """The folder given; else one that is gone afterwards, unless the drill fails."""
    place = (folder or Path(tempfile.mkdtemp(prefix="restamp-drill-"))).resolve()
    place.mkdir(parents=True, exist_ok=True)
    try:
        yield place
    except BaseException:
        print(f"the folder of the rehearsal: {place}", file=sys.stderr)
        raise
    if folder is None:
        shutil.rmtree(place)


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
