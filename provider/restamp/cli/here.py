"""Which runbook and which stamp a command is about."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restamp.errors import Refused
from restamp.models.finding import Finding

if TYPE_CHECKING:
    from restamp.arm.client import Arm
    from restamp.kind import Seals
    from restamp.models.stamp import Stamp
    from restamp.recovery import Begun

RunbookOption = Annotated[
    Path | None,
    typer.Option(
        "--runbook",
        "-r",
        help="The runbook's folder. Left out: RESTAMP_RUNBOOK, this folder, or the only one in stacks/runbooks.",
        metavar="FOLDER",
    ),
]
ConnectTo = Annotated[
    str,
    typer.Option(
        "--connect-to",
        help="Dial another address: name:port=address:port, comma separated, * allowed. RESTAMP_CONNECT_TO.",
        metavar="MAP",
    ),
]
CaFile = Annotated[
    str, typer.Option("--ca", help="PEM file of the CA behind the stamp's certificates. RESTAMP_CA.", metavar="FILE")
]
ClientId = Annotated[
    str, typer.Option("--client-id", help="The application that signs in. RESTAMP_CLIENT_ID.", metavar="ID")
]

CREDENTIALS = (
    "Signs in with RESTAMP_CLIENT_ID and RESTAMP_CLIENT_SECRET, or RESTAMP_CLIENT_CERTIFICATE (a PEM or PFX file) and "
    "RESTAMP_CLIENT_CERTIFICATE_PASSWORD; RESTAMP_TENANT names the directory of an Entra sign-in."
)


def project(start: Path | None = None) -> Path:
    """The folder of the nearest Pulumi.yaml, from here upwards; Refused where there is none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").exists():
            return folder
    hint = "Go to the folder of the runbooks' repository, the one with Pulumi.yaml."
    raise Refused([Finding("no-project", "stop", str(here), "there is no Pulumi.yaml here or above", hint)])


def runbook_folder(given: Path | None) -> Path:
    """The runbook that is meant: the one given, RESTAMP_RUNBOOK, this folder, or the only one there is."""
    if given is not None:
        return given
    if named := os.environ.get("RESTAMP_RUNBOOK"):
        return Path(named)
    if Path("stamp.yaml").exists():
        return Path()
    found = sorted(path.parent for path in Path("stacks/runbooks").glob("*/stamp.yaml"))
    if len(found) == 1:
        return found[0]
    message = "there are several runbooks here" if found else "there is no runbook here"
    hint = (
        "Name one: " + " or ".join(f"--runbook {path}" for path in found[:4])
        if found
        else "Name its folder with --runbook."
    )
    raise Refused([Finding("no-runbook", "stop", "stacks/runbooks", message, hint)])


def stamp_of(folder: Path) -> "Stamp":
    """The stamp of a runbook, from its stamp.yaml."""
    from restamp.models.stamp import Stamp
    from restamp.runbook.read import read_own

    found: list[Finding] = []
    stamp = read_own(folder / "stamp.yaml", Stamp, folder, found)
    if stamp is None:
        raise Refused(found)
    return stamp


def recovery_of(folder: Path, given: str) -> "Begun":
    """The recovery that is meant: the one given, else RESTAMP_RECOVERY, else the newest."""
    from restamp.recovery import chosen

    return chosen(folder, given or os.environ.get("RESTAMP_RECOVERY", ""))


def arm_of(stamp: str, connect_to: str = "", ca: str = "", client_id: str = "", seals: "Seals | None" = None) -> "Arm":
    """A connection to `<region>.<domain>`, not made yet: options first, then the environment."""
    from restamp.arm.client import Arm
    from restamp.arm.settings import read

    return Arm(read(given(stamp, connect_to, ca, client_id)), seals=seals)


def given(stamp: str, connect_to: str, ca: str, client_id: str) -> dict[str, str]:
    """What options say of the way to a stamp."""
    return {"stamp": stamp, "connect_to": connect_to, "ca": ca, "client_id": client_id}
