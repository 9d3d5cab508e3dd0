"""Look: `diff`, `verify` and `schema`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restamp.cli.here import CREDENTIALS, CaFile, ClientId, ConnectTo, RunbookOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from restamp.arm.client import Arm
    from restamp.compare import Comparison
    from restamp.inside import Difference
    from restamp.models.finding import Finding
    from restamp.models.stamp import Acceptance
    from restamp.recovery import Begun
    from restamp.runbook import Runbook
    from restamp.verification import Verified

Json = Annotated[bool, typer.Option("--json", help="Everything, as JSON on standard output.")]
_SIGN = {"create": "+", "update": "~", "unexpected": "?", "not verified": "!"}


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=CREDENTIALS)(diff)
    app.command(epilog=CREDENTIALS)(verify)
    app.command()(schema)


def diff(
    runbook: RunbookOption = None,
    as_json: Json = False,
    connect_to: ConnectTo = "",
    ca: CaFile = "",
    client_id: ClientId = "",
) -> None:
    """Show what `up` would create, update field by field, and leave alone. Writes nothing, and exits with 0."""
    from restamp.compare import compare

    with _looking(runbook, connect_to, ca, client_id) as (arm, loaded, step):
        result = compare(arm, loaded, step)
    if as_json:
        print(_as_json(result, {}, ()))
        return
    show(result)
    created, updated, unexpected, unread = (len(result.of(action)) for action in _SIGN)
    left = f"{unexpected} unexpected (left alone)" + (f", {unread} not verified" if unread else "")
    print(f"{created} to create, {updated} to update, {result.equal} equal, {left}")


def verify(
    runbook: RunbookOption = None,
    as_json: Json = False,
    connect_to: ConnectTo = "",
    ca: CaFile = "",
    client_id: ClientId = "",
) -> None:
    """Say whether the stamp is what the runbook says: missing, different, unexpected, not verified, not covered.

    Once a recovery has begun, it also signs in where tenants do, as the test users of RESTAMP_CREDENTIALS too, looks
    whether they see what they own, and asks each plugin of the runbook.

    Exits with 0 only if there is no difference and nothing unexpected, but for what people accepted, which is repeated.
    """
    from restamp.check import stops
    from restamp.cli import output
    from restamp.cli.standing import CAPTURE
    from restamp.recovery import is_over

    begun, accepted = _decided(runbook)
    with _looking(runbook, connect_to, ca, client_id) as (arm, loaded, step):
        found = _verified(arm, loaded, begun, step)
    result = found.comparison.without(accepted)
    if as_json:
        print(_as_json(result, accepted, found.findings))
    else:
        show(result)
        output.findings(found.findings)
        print(_verdict(result))
        for line in output.capped((f"  {item}" for item in accepted.values()), "accepted.yaml"):
            print(line)
    unread = any(finding.level != "note" for finding in result.findings)
    if len(result.differences) > result.accepted or unread or stops(found.findings):
        raise typer.Exit(4)
    if begun and not as_json and not is_over(begun, loaded.captured):
        print(f"next: {CAPTURE}")


def _verified(arm: "Arm", runbook: "Runbook", begun: "Begun | None", step: Callable[[str, int], None]) -> "Verified":
    """Everything compared; and where a recovery has begun, whether people can sign in, and what plugins say."""
    from restamp.compare import compare
    from restamp.steps.run import Around
    from restamp.verification import Verified, verify

    if begun is None:
        return Verified(compare(arm, runbook, step))
    return verify(arm, runbook, Around(runbook, begun, lambda: arm), step)


def _verdict(result: "Comparison") -> str:
    missing, different, unexpected, unread = (len(result.of(action)) for action in _SIGN)
    told = f" ({missing} missing, {different} different)" if missing + different else ""
    left = sum(1 for finding in result.findings if finding.code == "principal-gone")
    equal = f"{result.equal} of {result.compared} objects equal" + (f", {left} left out" if left else "")
    equal += f", {result.accepted} accepted" if result.accepted else ""
    return (
        f"{missing + different} differences{told}, {unexpected} unexpected, {unread} not verified; {equal}\n"
        f"inside covered: {result.covered} of {result.subscriptions} subscriptions; {len(result.findings)} findings"
    )


def _decided(runbook: Path | None) -> "tuple[Begun | None, dict[str, Acceptance]]":
    """The newest recovery, and what it goes on without, by subject."""
    import datetime as dt

    from restamp.cli.here import recovery_of, runbook_folder
    from restamp.recovery import accepted, known

    folder = runbook_folder(runbook)
    if not known(folder):
        return None, {}
    begun = recovery_of(folder, "")
    return begun, accepted(folder, begun.id, dt.datetime.now(dt.UTC).date())


def schema(
    kind: Annotated[str, typer.Argument(help="The kind, such as Plan; left out: all kinds, by name and folder.")] = "",
) -> None:
    """Print the JSON schema of a kind, for editors; a capture writes all of them into the runbook's .schema/."""
    from restamp.errors import Refused
    from restamp.models.finding import Finding
    from restamp.models.stamp import Stamp
    from restamp.plugins import all_kinds
    from restamp.runbook.problems import suggestion
    from restamp.runbook.save import schema as schema_of

    models: dict[str, Any] = {"Stamp": Stamp} | {item.name: item.model for item in all_kinds()}
    if not kind:
        for item in all_kinds():
            print(f"{item.name:16} {item.folder}/")
        return
    if kind not in models:
        hint = suggestion(kind, models) or "`restamp schema` lists the kinds."
        raise Refused([Finding("unknown-kind", "stop", kind, "there is no such kind", hint)])
    print(json.dumps(schema_of(models[kind], kind), indent=1, ensure_ascii=False))


@contextmanager
def _looking(
    runbook: Path | None, connect_to: str, ca: str, client_id: str
) -> "Iterator[tuple[Arm, Runbook, Callable[[str, int], None]]]":
    """The stamp, the runbook with the people of today, and what hears of progress."""
    from restamp.cli import output
    from restamp.cli.here import arm_of, runbook_folder
    from restamp.plugins import all_kinds
    from restamp.principals import as_today
    from restamp.runbook import load
    from restamp.sealing import for_writing

    loaded = as_today(load(runbook_folder(runbook), all_kinds()))
    with (
        arm_of(loaded.stamp.suffix, connect_to, ca, client_id, for_writing(loaded.folder, loaded.stamp)) as arm,
        output.progress("compared", len(all_kinds().by_name)) as step,
    ):
        yield arm, loaded, step


def show(result: "Comparison") -> None:
    """Every difference, by what `up` would do with it, and what could not be compared; capped."""
    from restamp.cli import output

    for action in _SIGN:
        for line in output.capped((_line(item) for item in result.of(action)), "--json shows all"):
            print(line)
    output.findings(result.findings)
    sys.stderr.flush()


def _line(item: "Difference") -> str:
    name = item.ref if item.label == item.ref else f"{item.label} ({item.ref})"
    fields = "".join(f"\n    {change}" for change in item.changes)
    within = f" in {item.within}" if item.within else ""
    return f"{_SIGN[item.action]} {item.kind} {name}{within}{fields}"


def _as_json(result: "Comparison", accepted: "Mapping[str, Acceptance]", beside: "Sequence[Finding]") -> str:
    from restamp.cli import output
    from restamp.models.document import Model

    def plain(value: Model) -> Any:
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)

    decisions = [plain(item) for item in accepted.values()]
    told = {"findings": output.as_data([*result.findings, *beside]), "accepted": decisions}
    return json.dumps(_as_data(result) | told, indent=1, ensure_ascii=False, default=plain)


def _as_data(result: "Comparison") -> dict[str, Any]:
    return {
        "equal": result.equal,
        "compared": result.compared,
        "differences": [
            {
                "kind": item.kind,
                "ref": item.ref,
                "label": item.label,
                "action": item.action,
                "within": item.within,
                "accepted": item.accepted,
                "changes": [{"field": c.field, "wanted": c.wanted, "found": c.found} for c in item.changes],
            }
            for item in result.differences
        ],
    }
