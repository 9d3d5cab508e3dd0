"""Build: `simulator`, a stamp in a process, for rehearsals and for authors of plugins."""

import shlex
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from restamp.cli import rack

if TYPE_CHECKING:
    from restamp.simulator import Baseline, Stamp
    from restamp.simulator.rules import Rule
    from restamp.simulator.server import Server


LONG = 30 * 86400  # seconds a token is good for, where time flies


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(name="simulator", invoke_without_command=True, rich_markup_mode=None)
    group.callback()(simulator)
    rack.add_to(group)
    app.add_typer(group)


def simulator(
    context: typer.Context,
    stamp: Annotated[
        str, typer.Option(help="<region>.<external domain>: what its endpoints are called.", metavar="NAME")
    ] = "redmond.ext.contoso.example",
    identity: Annotated[Literal["ADFS", "AzureAD"], typer.Option(help="Who signs people in.")] = "ADFS",
    deployment: Annotated[
        int,
        typer.Option(help="Which deployment: another number has other ids, as a redeployed stamp has.", metavar="N"),
    ] = 1,
    seed: Annotated[
        Path | None,
        typer.Option(
            help="Begin with the objects of a runbook, or of recorded traffic (*.Recording.json).", metavar="FOLDER"
        ),
    ] = None,
    population: Annotated[
        int, typer.Option(help="Begin with so many made-up subscriptions, with their plans and offers.", metavar="N")
    ] = 0,
    contents: Annotated[
        bool, typer.Option("--contents", help="And fill them: about 25 objects in each, open to the service admin.")
    ] = False,
    lost: Annotated[
        bool,
        typer.Option("--lost", help="All that was lost: only the people are left, and let the service admin in again."),
    ] = False,
    writes: Annotated[
        float, typer.Option(help="Writes a second that each subscription may take; more is answered 429.", metavar="N")
    ] = 0,
    pep: Annotated[
        bool, typer.Option("--pep", help="And the privileged endpoint: PowerShell remoting, as CloudAdmin.")
    ] = False,
    share: Annotated[
        Path | None,
        typer.Option(
            help=r"Infrastructure backups go here: this folder stands for any \\server\share.", metavar="FOLDER"
        ),
    ] = None,
    nodes: Annotated[
        int, typer.Option(help="And the BMCs of so many nodes, which answer Redfish.", metavar="N", min=0, max=16)
    ] = 0,
    hardware: Annotated[
        str, typer.Option(help="Whose machines they are: contoso-g4 or fabrikam-g6.", metavar="NAME")
    ] = "contoso-g4",
    serves: Annotated[
        list[str] | None,
        typer.Option(
            help="And a type of a resource provider of yours, for a plugin: Foo.Admin/locations/quotas@2024-01-01.",
            metavar="TYPE",
        ),
    ] = None,
    soft_delete: Annotated[
        bool, typer.Option("--soft-delete", help="Deleted secrets keep their names, until they are purged.")
    ] = False,
    hurried: Annotated[
        bool, typer.Option("--hurried", help="Waiting costs no time: the clock jumps on by what clients should wait.")
    ] = False,
    latency: Annotated[float, typer.Option(help="Seconds every answer takes.", metavar="SECONDS")] = 0,
    faults: Annotated[
        int | None,
        typer.Option(
            help="Storm: of all requests 1 % each meet 429, 503, a connection refused, an answer lost.", metavar="SEED"
        ),
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Keep everything in this SQLite file, and go on from it.", metavar="FILE")
    ] = None,
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    folder: Annotated[
        Path | None, typer.Option(help="Where ca.pem and env.sh go; left out: a temporary folder.", metavar="FOLDER")
    ] = None,
) -> None:
    """Start a stamp in a process: sign-in, admin and tenant Resource Manager over HTTPS, on this machine only.

    It answers from its own state and from rules taken from recorded traffic, Microsoft's swagger and documents; what
    none of them shows is listed in docs/limits.md as assumed. An empty stamp has the built-in quotas of a new one, and
    one principal, the service admin, which owns the default provider subscription; anybody else is denied.

    Point a shell at it with `. FOLDER/env.sh`: restamp, curl (--connect-to) and the Azure SDKs then reach it under its
    true names. `pytest` fixtures do the same in a process: restamp.simulator.Stamp and serve.
    """
    if context.invoked_subcommand is not None:
        return
    from restamp.simulator import Share, serve
    from restamp.simulator.tables import serving

    rules = _rules(serves or [])
    here = _begun(stamp, identity, deployment, state, baseline=_machines(nodes, hardware), soft_delete=soft_delete)
    if seed is not None and not (seed / "stamp.yaml").exists():
        _recorded(here, seed)
    if share is not None:
        here.state.share = Share(_present(share))
    if writes or latency or hurried:
        from restamp.simulator.budgets import Budgets, Latency
        from restamp.simulator.circumstances import put_under

        budgets, lifetime = Budgets(writes_per_second=writes or None), LONG if hurried else 3600
        put_under(here, budgets, Latency(latency, latency), token_lifetime=lifetime, hurried=hurried)
    _equipped(here, pep, nodes, hardware)
    if population:
        _populated(here, population, contents, lost)
    if faults is not None:
        from restamp.simulator.storm import storm

        here.faults += storm(faults)
    with tempfile.TemporaryDirectory(prefix="restamp-") as scratch:
        kept = folder or Path(scratch)
        kept.mkdir(parents=True, exist_ok=True)
        with serving(*rules), serve(here, port=port, folder=kept) as server:
            _environment(here, server, kept / "env.sh")
            rack.leave_word(server, kept, state)
            if seed is not None and (seed / "stamp.yaml").exists():
                _restored(here, server, seed)
            _told(here, server, kept)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, _stop)
            server.wait()


def _rules(types: list[str]) -> "list[Rule]":
    """Types of others' providers, as rules; Refused with each that is none."""
    from restamp.errors import Refused
    from restamp.models.finding import Finding
    from restamp.simulator.tables import rule_of

    rules: list[Rule] = []
    wrong: list[Finding] = []
    for text in types:
        try:
            rules.append(rule_of(text))
        except ValueError as error:
            hint = "Write <namespace>/<types>@<api-version>, as the wire of your kind has them."
            wrong.append(Finding("serves", "stop", "--serves", str(error), hint))
    if wrong:
        raise Refused(wrong)
    return rules


def _present(share: Path) -> Path:
    from restamp.errors import Refused
    from restamp.models.finding import Finding

    if not share.is_dir():
        hint = "Make it, with the folder in it that the backup settings name: mkdir -p SHARE/<domain>/<region>"
        raise Refused([Finding("no-share", "stop", str(share), "is no folder", hint)])
    return share


def _equipped(stamp: "Stamp", pep: bool, nodes: int, hardware: str) -> None:
    """What is asked for beside Resource Manager; nothing of it is imported where it is not."""
    if pep:
        from restamp.simulator.pep import Pep

        stamp.pep = Pep(stamp.state)
    if nodes:
        from restamp.simulator.redfish import Nodes

        stamp.nodes = Nodes(stamp.state, hardware, nodes)


def _machines(nodes: int, hardware: str) -> "Baseline":
    """What the stamp was deployed on: machines with BMCs, or the usual ones without."""
    from restamp.simulator.baseline import USUAL

    if not nodes:
        return USUAL
    from restamp.simulator.redfish import maker

    oem, model = maker(rack.known(hardware))
    return replace(USUAL, oem=oem, model=model, nodes=nodes)


def _populated(stamp: "Stamp", number: int, contents: bool, lost: bool) -> None:
    """Made-up subscriptions; or, after the loss, those alone who were in the customer's directory, which survives."""
    from restamp.simulator.population import people, population

    if lost:
        stamp.load(people(stamp, number))
    else:
        stamp.load(population(stamp, number, contents=contents, everywhere=stamp.admin if contents else None))


def _stop(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    print("stopped", flush=True)
    sys.exit(0)


def _begun(
    name: str, identity: Literal["ADFS", "AzureAD"], deployment: int, state: Path | None, **made: Any
) -> "Stamp":
    """A new stamp, or the one in the state file."""
    from restamp.simulator import Stamp

    region, _, domain = name.partition(".")
    return Stamp(region, domain, identity, state, deployment, **made)


def _recorded(stamp: "Stamp", seed: Path) -> None:
    """The objects that recordings begin with, moved onto the stamp."""
    from restamp.errors import Refused
    from restamp.models.finding import Finding
    from restamp.simulator.recordings import Seed, exchanges, initial_state, rebased

    try:
        recorded = initial_state(exchanges(seed))
    except (OSError, ValueError) as error:
        hint = "Name the folder of a runbook (it has a stamp.yaml), or of recordings (*.Recording.json)."
        raise Refused([Finding("no-seed", "stop", str(seed), str(error), hint)]) from error
    here = Seed(stamp.region, stamp.provider_subscription, None)
    stamp.load(rebased(body, recorded, here) for body in recorded.objects)


def _restored(stamp: "Stamp", server: "Server", runbook: Path) -> None:
    """Write a runbook's documents onto the stamp, through its own front door."""
    from restamp import objects
    from restamp.arm.client import Arm
    from restamp.arm.settings import Settings
    from restamp.plugins import all_kinds
    from restamp.runbook import load

    settings = Settings(
        stamp=f"{stamp.region}.{stamp.domain}",
        client_id=stamp.admin.client_id,
        client_secret=stamp.admin.secret,
        ca=str(server.ca),
        connect_to=server.connect_to,
    )
    loaded = load(runbook, all_kinds())
    with Arm(settings) as arm:
        for late in (False, True):  # twice: what waits for its referrers gets its last field the second time
            for document in loaded.documents:
                kind = loaded.kinds.of(document)
                waits = kind.wire.late is not None and kind.wire.late.until == "referred"
                if late <= waits:
                    later = frozenset({kind.wire.late.field}) if kind.wire.late and waits and not late else frozenset()
                    objects.put(kind, document, arm, loaded.kinds, later)


def _environment(stamp: "Stamp", server: "Server", file: Path) -> None:
    """A file to source: how restamp and other clients reach the stamp, and sign in as its service admin."""
    values = {
        "RESTAMP_CONNECT_TO": server.connect_to,
        "RESTAMP_CA": str(server.ca),
        "RESTAMP_SIMULATOR": str(file.parent.resolve()),
    }
    if stamp.admin.client_id:  # a redeployed stamp has a user for its service admin
        values |= {
            "RESTAMP_CLIENT_ID": stamp.admin.client_id,
            "RESTAMP_CLIENT_SECRET": stamp.admin.secret,
            "RESTAMP_TENANT": stamp.admin.tenant,
        }
    if stamp.pep:
        user, password = stamp.pep.cloud_admin
        values |= {
            "RESTAMP_PEP": ",".join(stamp.pep.hosts),
            "RESTAMP_PEP_USER": user,
            "RESTAMP_PEP_PASSWORD": password,
        }
    if stamp.nodes:
        values["RESTAMP_SECRET_OEM_REDFISH_BMC"] = stamp.nodes.administrator[1]
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()), "utf-8")
    file.chmod(0o600)


def _told(stamp: "Stamp", server: "Server", folder: Path) -> None:
    print(f"stamp {stamp.region}.{stamp.domain} ({stamp.identity}), deployment {stamp.deployment_id}")
    print(f"  {len(stamp.objects())} objects; listens on {server.host}:{server.port}")
    print(f"  CA {server.ca}")
    print(f"  connect-to {server.connect_to}")
    if stamp.nodes:
        print(f"  BMCs {stamp.nodes.hosts[0]} ... as {stamp.nodes.administrator[0]}, {stamp.nodes.hardware}")
    print(f"  in another shell: . {folder}/env.sh", flush=True)
    print("ready; Ctrl-C stops it", flush=True)
