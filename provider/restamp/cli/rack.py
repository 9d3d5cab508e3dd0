"""Build: `simulator lose`, `redeploy` and `clock`: what happens to a simulated stamp from outside its world."""

import json
import shlex
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp.rack import WORD, asked

if TYPE_CHECKING:
    from restamp.simulator.server import Server

Folder = Annotated[
    Path,
    typer.Argument(
        help="The folder that the simulator was started with (--folder).", envvar="RESTAMP_SIMULATOR", metavar="FOLDER"
    ),
]


def add_to(group: typer.Typer) -> None:
    """Add this group's commands."""
    group.command()(lose)
    group.command()(redeploy)
    group.command()(clock)


def leave_word(server: "Server", folder: Path, state: Path | None) -> None:
    """Write down where a running stamp can be reached, for whoever may read its folder."""
    from restamp.simulator import control

    share = server.stamp.state.share.folder
    word = {
        "host": server.host,
        "port": server.port,
        "name": server.stamp.state.host(control.HOST),
        "token": control.token(server.stamp.state),
        "state": str(state.resolve()) if state else None,
        "share": str(share.resolve()) if share else None,
    }
    _write(folder / WORD, json.dumps(word, indent=2))


def lose(folder: Folder) -> None:
    """Lose a simulated stamp: nothing of it answers any more, and nothing but the share and its people is left.

    Users and groups are the customer's directory's, and outlive it (on Entra applications too, without a role).
    """
    told = asked(folder, "lose", {})
    print(f"lost: {told['lost']}, deployment {told['deployment']}")
    print(f"  deploy another one: restamp simulator redeploy {folder} [--recover BACKUP --pfx FILE]")


def redeploy(
    folder: Folder,
    recover: Annotated[
        str | None, typer.Option(help="In recovery mode, from this backup; left out: a clean one.", metavar="BACKUP")
    ] = None,
    pfx: Annotated[
        Path | None,
        typer.Option(help="What opens the backup; its password: RESTAMP_PFX_PASSWORD, or asked.", metavar="FILE"),
    ] = None,
    path: Annotated[
        str, typer.Option(help="Where the backup is; left out: where the lost stamp wrote to.", metavar="UNC")
    ] = "",
    by_call: Annotated[
        bool, typer.Option("--by-call", help="The rest comes back when the Restore call asks for it, not at once.")
    ] = False,
    settle: Annotated[
        float, typer.Option(help="Minutes from a restore until the last of it is there.", metavar="MINUTES")
    ] = 0,
    version: Annotated[
        str | None, typer.Option(help="The build that is deployed; left out: the lost stamp's.", metavar="VERSION")
    ] = None,
    oem_version: Annotated[str | None, typer.Option(help="Of the OEM package.", metavar="VERSION")] = None,
    oem: Annotated[str | None, typer.Option(help="Whose machines they are.", metavar="NAME")] = None,
    model: Annotated[str | None, typer.Option(help="Which machines they are.", metavar="NAME")] = None,
    nodes: Annotated[int | None, typer.Option(help="How many they are.", metavar="N", min=1, max=16)] = None,
    hardware: Annotated[
        str | None, typer.Option(help="With BMCs, which answer Redfish: contoso-g4 or fabrikam-g6.", metavar="NAME")
    ] = None,
    let_in: Annotated[
        str, typer.Option(help="And make an application of this name, an Owner; env.sh has it.", metavar="NAME")
    ] = "",
) -> None:
    """Deploy a stamp in the place of a lost one, in recovery mode from a backup, or clean.

    Refused is what a real deployment refuses: a backup that is not there, not whole, or not opened by the key; a build
    that is older than the backup's or more than one release newer. Deployment and cloud id are new. What cloud recovery
    does not bring back is not there: registration, marketplace, storage accounts, the settings of backups.
    """
    machines = {"version": version, "oem_version": oem_version, "oem": oem, "model": model, "nodes": nodes}
    body: dict[str, Any] = {"baseline": machines, "hardware": hardware and known(hardware), "let_in": let_in}
    if recover is not None:
        injected = "call" if by_call else "deployment"
        body["source"] = _key(pfx) | {"backup": recover, "path": path, "injected": injected, "settle": settle * 60}
    told = asked(folder, "redeploy", body)
    print(f"deployed: {told['deployment']}, {told['baseline']['nodes']} nodes of {told['baseline']['oem']}")
    print(f"  {told['baseline']['version']}, default provider subscription {told['provider_subscription']}")
    _leave(folder, told)


def known(hardware: str) -> str:
    """The name of a hardware; Refused where there is none of that name."""
    from restamp.simulator.redfish import HARDWARE

    if hardware not in HARDWARE:
        hint = f"It is one of {', '.join(HARDWARE)}."
        raise Refused([Finding("no-hardware", "stop", hardware, "there is no such hardware", hint)])
    return hardware


def _key(pfx: Path | None) -> dict[str, str]:
    from restamp.cli.output import secret

    if pfx is None or not pfx.is_file():
        about = str(pfx) if pfx else "--pfx"
        hint = "Name the .pfx of the certificate that the backup was encrypted for: --pfx FILE"
        raise Refused([Finding("no-key", "stop", about, "a backup opens with a key alone", hint)])
    return {"pfx": b64encode(pfx.read_bytes()).decode(), "password": secret("RESTAMP_PFX_PASSWORD", pfx.name)}


def _leave(folder: Path, told: Mapping[str, Any]) -> None:
    """Say who can sign in now; passwords stand in files that only their owner reads."""
    admin, environment = folder / "service-admin.txt", folder / "env.sh"
    _write(admin, f"{told['admin']}\n{told['password']}\n")
    print(f"  service admin {told['admin']}, password in {admin}")
    lines = environment.read_text("utf-8") if environment.exists() else ""
    values = {name.upper(): told[name] for name in ("client_id", "client_secret", "tenant") if name in told}
    if "RESTAMP_PEP_PASSWORD" in lines:
        values["PEP_PASSWORD"] = told["password"]
    added = (f"export RESTAMP_{name}={shlex.quote(value)}\n" for name, value in values.items())
    _write(environment, lines + "".join(added))
    print(f"  in another shell: . {environment}")


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, "utf-8")


def clock(
    folder: Folder,
    minutes: Annotated[float, typer.Option(help="How far.", min=0)],
) -> None:
    """Move a simulated stamp's clock on: what is due until then happens at once."""
    print(f"now: {asked(folder, 'clock', {'seconds': minutes * 60})['now']}")
