"""Recover: `begin`, `up` and `status`."""

import datetime as dt
import json
import os
import sys
from collections import Counter
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from restamp import failpoints
from restamp.cli.here import CREDENTIALS, CaFile, ClientId, ConnectTo, RunbookOption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from restamp.arm.client import Arm
    from restamp.cli.pulumi import Pulumi
    from restamp.cli.standing import Standing
    from restamp.models.document import Document
    from restamp.recovery import Begun
    from restamp.runbook import Runbook
    from restamp.steps import Placed, Plan

Way = Literal["native", "rebuild"]
NewRecovery = Annotated[str, typer.Argument(help="The recovery; left out: today's date.", metavar="[ID]")]
RecoveryId = Annotated[
    str, typer.Argument(help="The recovery; left out: RESTAMP_RECOVERY, else the newest.", metavar="[ID]")
]
Recovering = Annotated[
    str, typer.Option(help="The recovery; left out: RESTAMP_RECOVERY, else the newest.", metavar="ID")
]
First = Annotated[
    list[str] | None,
    typer.Option(help="Bring this subscription back before the others; may be given again.", metavar="DOCUMENT"),
]
Take = Annotated[
    Literal["runbook"] | None,
    typer.Option(help="Where the stamp's backup is newer than the runbook: write what the runbook says."),
]
Grant = Annotated[
    list[str] | None,
    typer.Option(help="Access that is withheld then, as it is printed; may be given again.", metavar="SUBJECT"),
]
Only = Annotated[
    str,
    typer.Option(help="Only this document: its file, its name as `diff` prints it, or its label.", metavar="DOCUMENT"),
]
From = Annotated[
    str, typer.Option("--from", help="With --only: as it was at this commit of the runbook.", metavar="REVISION")
]
Yes = Annotated[bool, typer.Option("--yes", help="With --only: write without asking, for scripts.")]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands, in the order they are used."""
    app.command(epilog=CREDENTIALS)(begin)
    app.command(epilog=CREDENTIALS, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(up)
    app.command()(status)


def begin(
    recovery: NewRecovery = "",
    runbook: RunbookOption = None,
    way: Annotated[
        Way, typer.Option(help="native: out of the infrastructure backup; rebuild: from the runbook alone.")
    ] = "rebuild",
    drill: Annotated[bool, typer.Option("--drill", help="A rehearsal.")] = False,
    target: Annotated[
        str, typer.Option(help="Deployment id of the redeployed stamp, once it answers.", metavar="ID")
    ] = "",
    connect_to: ConnectTo = "",
    ca: CaFile = "",
    client_id: ClientId = "",
) -> None:
    """Begin a recovery: write its recovery.yaml into the runbook, and change nothing else anywhere.

    Asks the stamp, where one answers, which deployment it is. Again, with --target, it adds the target.
    """
    from restamp.begin import begin as begun
    from restamp.cli.here import arm_of, runbook_folder
    from restamp.plugins import all_kinds
    from restamp.runbook import load

    loaded = load(runbook_folder(runbook), all_kinds())
    told = begun(loaded, recovery, way, drill, target, lambda: arm_of(loaded.stamp.suffix, connect_to, ca, client_id))
    for title, lines in (("known", told.known), ("needed", told.needed), ("next", told.next)):
        print(f"{title}:")
        for line in lines:
            print(f"  {line}")


def up(
    context: typer.Context,
    runbook: RunbookOption = None,
    recovery: Recovering = "",
    first: First = None,
    take: Take = None,
    grant: Grant = None,
    only: Only = "",
    revision: From = "",
    yes: Yes = False,
    connect_to: ConnectTo = "",
    ca: CaFile = "",
    client_id: ClientId = "",
) -> None:
    """Bring the stamp to what the runbook says: `pulumi up` with all it needs set. Again and again is always right.

    Refreshes first, so it also repairs drift; takes up a run that was killed. What stands behind -- goes to Pulumi.

    Subscriptions that are needed first: --first 'Contoso ERP', or `priority: 10` in the document, which captures keep.

    Where a native recovery restored a backup newer than the runbook, differences are shown and not written until one
    side is taken: restamp capture, or --take runbook. Access that the stamp lacks is withheld then, or you --grant it.

    With --only DOCUMENT one object, and what it holds, is brought back without Pulumi: its differences are shown, then
    you are asked. restamp up --only 'Plan offers-rg/gold' --from HEAD~3. On the living stamp this repairs; it deletes
    nothing.
    """
    from restamp.arm.settings import read
    from restamp.cli import output
    from restamp.cli.here import arm_of, given, recovery_of, runbook_folder
    from restamp.cli.pulumi import Pulumi
    from restamp.cli.sides import decided
    from restamp.cli.steps import asked_for_secrets
    from restamp.older import obstacle
    from restamp.plugins import all_kinds
    from restamp.principals import as_today
    from restamp.runbook import load
    from restamp.sealing import for_writing
    from restamp.secrets.at_hand import openers_at_hand
    from restamp.secrets.openers import expired
    from restamp.steps import work

    folder = runbook_folder(runbook)
    _fitting(only, revision, context.args)
    output.findings(list(expired(openers_at_hand())))
    if only:
        from restamp.cli.only import Asked, bring_back

        raise typer.Exit(bring_back(Asked(folder, only, revision, recovery, yes), (connect_to, ca, client_id)))
    loaded = as_today(load(folder, all_kinds()))  # what is wrong with people's table is said before anything runs
    begun = recovery_of(folder, recovery)
    _in_order(loaded, first or [])
    todo = work(loaded, begun, loaded.kinds)
    asked_for_secrets(loaded, todo.of_recovery)
    settings = read(given(loaded.stamp.suffix, connect_to, ca, client_id))
    engine = Pulumi(folder, settings)
    seals = for_writing(folder, loaded.stamp)
    arm = _reached(
        lambda: arm_of(loaded.stamp.suffix, connect_to, ca, client_id, seals), loaded, begun, todo.plan.steps
    )
    with arm or nullcontext():
        undecided = take or grant or obstacle(folder, begun)
        if arm and undecided and _is_back(engine, loaded, begun, todo.plan):
            decided(arm, loaded, begun, take is not None, grant or [])
    failpoints.reached("up.begin")
    engine.take_up()
    failpoints.reached("up.engine.before")
    begun_at = dt.datetime.now(dt.UTC)
    well = engine.up(begun.id, context.args)
    failpoints.reached("up.engine.after")
    standing = replace(_standing(engine, loaded, begun), cut=not well)
    print(standing.summary(_this_run(loaded.stamp.suffix, begun_at)))
    failpoints.reached("up.told")
    raise typer.Exit(standing.exit_status)


def _reached(
    connect: "Callable[[], Arm]", runbook: "Runbook", begun: "Begun", steps: "Sequence[Placed]"
) -> "Arm | None":
    """The recovery's own stamp; None where steps have yet to deploy it: what stands behind them asks again."""
    from restamp.errors import Refused, StampError
    from restamp.target import alone, same_stamp, writable

    try:
        with ExitStack() as kept:
            arm = kept.enter_context(connect())
            same_stamp(arm, runbook.stamp)
            writable(arm.about.deployment, begun.document, begun.id)
            alone(arm, runbook.captured.address if runbook.captured else None)
            kept.pop_all()
            return arm
    except (StampError, Refused) as error:
        if not any(placed.step.phase == "redeploy" for placed in steps):
            raise
        print(f"no stamp to write to yet: {str(error).splitlines()[0]}", file=sys.stderr)
        return None


def _is_back(engine: "Pulumi", runbook: "Runbook", begun: "Begun", plan: "Plan") -> bool:
    """Whether the stamp has what the backup has: each step that restores it is done, or accepted."""
    standing = _standing(engine, runbook, begun)
    over = {item.name for item in standing.steps if item.status == "done" or item.subject in standing.accepted}
    return {placed.id for placed in plan.holding("backup-restored")} <= over


def _in_order(runbook: "Runbook", named: list[str]) -> None:
    """Which subscriptions the program begins with: those named here, in this order, then by their priority."""
    from restamp.errors import Refused
    from restamp.models.finding import Finding
    from restamp.only import named as meant

    first = [meant(runbook, text) for text in named]
    if wrong := [
        text for text, item in zip(named, first, strict=True) if runbook.kinds.of(item).holds != "subscription"
    ]:
        hint = "All that subscriptions need is brought back before them anyway. Name a subscription."
        raise Refused([Finding("first", "stop", wrong[0], "is no subscription, and only these have an order", hint)])
    turns = [first] if first else []
    rest: dict[int, list[Document]] = {}
    for item in runbook.documents:
        if item not in first and (priority := int(getattr(item, "priority", 0))):
            rest.setdefault(priority, []).append(item)
    turns += [rest[priority] for priority in sorted(rest, reverse=True)]
    if turns:
        refs = [[runbook.kinds.of(item).ref(item) for item in turn] for turn in turns]
        os.environ["RESTAMP_FIRST"] = json.dumps(refs)


def _fitting(only: str, revision: str, rest: list[str]) -> None:
    """Refuse options that mean something only with --only, and Pulumi's with it."""
    from restamp.errors import Refused
    from restamp.models.finding import Finding

    wrong = rest if only else ["--from"] * bool(revision)
    if wrong:
        message = "does not go with --only: Pulumi has no part in it" if only else "goes with --only alone"
        hint = "restamp up --only DOCUMENT --from REVISION --yes"
        raise Refused([Finding("options", "stop", " ".join(wrong), message, hint)])


def status(
    runbook: RunbookOption = None,
    recovery: RecoveryId = "",
    whole: Annotated[
        bool,
        typer.Option("--all", help="The whole ordered plan: every step, who does it, why it stands there, how long."),
    ] = False,
    form: Annotated[
        Literal["text", "mermaid", "json"],
        typer.Option("--format", help="With --all: for people, a drawing, programs."),
    ] = "text",
) -> None:
    """Say what is done, what is not, and what comes next: from git and the Pulumi state alone, asking no stamp.

    With --all before anything runs, too: the order of all steps, lead times, and what holds up the end.
    """
    from restamp.cli.here import recovery_of, runbook_folder
    from restamp.cli.plan import told
    from restamp.cli.pulumi import Pulumi
    from restamp.plugins import all_kinds
    from restamp.runbook import load
    from restamp.steps import work

    folder = runbook_folder(runbook)
    loaded = load(folder, all_kinds())
    begun = recovery_of(folder, recovery)
    standing = _standing(Pulumi(folder), loaded, begun)
    if whole:
        print(told(work(loaded, begun, loaded.kinds), {item.name: item for item in standing.steps}, form))
        if form != "text":
            raise typer.Exit(standing.exit_status)
    target = begun.document.target.deployment or "not known yet: restamp begin --target"
    print(f"recovery {begun.id} ({begun.document.way}{', drill' if begun.document.drill else ''}), target {target}")
    print(standing.summary())
    raise typer.Exit(standing.exit_status)


def _this_run(stamp: str, begun: dt.datetime) -> str:
    """What the run came to, as its provider wrote it down: objects by outcome, calls, rate and time."""
    from restamp.journal import Journal

    took = (dt.datetime.now(dt.UTC) - begun).total_seconds()
    since = begun.isoformat(timespec="milliseconds")
    ended = [entry for entry in Journal(stamp).entries() if entry["event"] == "ended" and entry["at"] >= since]
    outcomes: Counter[str] = Counter()
    for entry in ended:
        outcomes.update(entry["outcomes"])
    told = ", ".join(f"{count:,} {name}" for name, count in outcomes.most_common()) or "nothing written"
    calls, throttled = (sum(entry[name] for entry in ended) for name in ("calls", "throttled"))
    rate = f"{outcomes.total() / took:,.0f} objects/s"
    return f"this run: {told}; {calls:,} calls, {throttled:,} answered 429; {took:,.0f} s, {rate}"


def around_documents(runbook: "Runbook", begun: "Begun") -> list[str]:
    """What stands around the documents of a recovery, by what it is called in the state."""
    from restamp.steps import work

    found = work(runbook, begun, runbook.kinds)
    looks = ["Preflight offline", "Preflight online", "Verification verification"] if found.used else []
    return [*looks, *(f"Step {placed.id}" for placed in found.plan.steps)]


def _standing(engine: "Pulumi", runbook: "Runbook", begun: "Begun") -> "Standing":
    from restamp.cli.standing import standing
    from restamp.recovery import accepted, is_over

    found = standing(engine.state(), begun.id, [*runbook.names(), *around_documents(runbook, begun)])
    without = accepted(runbook.folder, begun.id, dt.datetime.now(dt.UTC).date())
    return replace(found, accepted=without, captured=is_over(begun, runbook.captured))
