"""Prepare: `capture`."""

from pathlib import Path
from typing import Annotated

import typer

from restamp.cli.here import CREDENTIALS, CaFile, ClientId, ConnectTo, RunbookOption


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=CREDENTIALS)(capture)


def capture(
    runbook: RunbookOption = None,
    stamp: Annotated[
        str, typer.Option(help="<region>.<external domain>, for a first capture: writes stamp.yaml.", metavar="NAME")
    ] = "",
    connect_to: ConnectTo = "",
    ca: CaFile = "",
    client_id: ClientId = "",
) -> None:
    """Write what the stamp is today into the runbook; reads only from the stamp."""
    from restamp.capture import capture as captured
    from restamp.cli import output
    from restamp.cli.here import arm_of, runbook_folder, stamp_of
    from restamp.plugins import all_kinds
    from restamp.runbook import save

    if stamp:
        folder = runbook or Path("stacks/runbooks") / stamp.partition(".")[0]
        if not (folder / "stamp.yaml").exists():
            _first(folder, stamp, connect_to, ca, client_id)
    else:
        folder = runbook_folder(runbook)
    known = stamp_of(folder)
    with (
        arm_of(known.suffix, connect_to, ca, client_id) as arm,
        output.progress("captured", len(all_kinds().by_name)) as step,
    ):
        found = captured(arm, known, all_kinds(), folder, step)
    changed = save(found.runbook, found.captured)
    print(f"inside covered: {found.captured.inside_covered} of {found.captured.subscriptions} subscriptions")
    for kind, count in found.counted().items():
        print(f"  {kind:16} {count:6}")
    for line in output.capped((f"  {finding}" for finding in found.findings), "restamp diff --json"):
        print(line)
    print(f"{len(found.runbook.documents)} documents in {folder}: {_files(changed)}")


def _files(changed: "object") -> str:
    parts = [f"{len(getattr(changed, name))} {name}" for name in ("added", "changed", "gone") if getattr(changed, name)]
    return ", ".join(parts) or "no file changed"


def _first(folder: Path, name: str, connect_to: str, ca: str, client_id: str) -> None:
    """The stamp.yaml of a runbook that begins: the identity system is what the stamp says."""
    from restamp.cli.here import arm_of
    from restamp.models.stamp import Stamp
    from restamp.runbook.save import own_file

    region, _, domain = name.partition(".")
    with arm_of(name, connect_to, ca, client_id) as arm:
        stamp = Stamp(region=region, domain=domain, identity=arm.endpoints.identity)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stamp.yaml").write_text(own_file(stamp), "utf-8")
