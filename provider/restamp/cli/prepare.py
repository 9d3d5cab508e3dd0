"""Prepare: `capture`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restamp.cli.here import CREDENTIALS, CaFile, ClientId, ConnectTo, RunbookOption, runbook_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from restamp.arm.client import Arm
    from restamp.runbook import Runbook


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=CREDENTIALS)(capture)


def capture(
    runbook: RunbookOption = None,
    stamp: Annotated[
        str, typer.Option(help="<region>.<external domain>, for a first capture: writes stamp.yaml.", metavar="NAME")
    ] = "",
    new_deployment: Annotated[
        str,
        typer.Option(help="The deployment that answers is the stamp from now on, whatever it lacks.", metavar="ID"),
    ] = "",
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit the runbook to git, also where nothing changed: the time is known.")
    ] = False,
    with_data: Annotated[
        bool,
        typer.Option("--with-data", help="Have plugins save their data too: databases, file shares. May take long."),
    ] = False,
    only: Annotated[
        str,
        typer.Option(
            help="Only this document, anew: its file, its name as `diff` prints it, or its label.", metavar="DOCUMENT"
        ),
    ] = "",
    connect_to: ConnectTo = "",
    ca: CaFile = "",
    client_id: ClientId = "",
) -> None:
    """Write what the stamp is today into the runbook; reads only from the stamp.

    With --only DOCUMENT one file is written, and all others stay as they are, byte for byte: restamp capture --only
    plans/gold.yaml, or --only 'Plan offers-rg/gold'.

    Refused where another deployment answers than the last capture's, and where a stamp that is being restored still
    lacks something: git keeps the runbook, and the next recovery needs it.
    """
    from restamp import target
    from restamp.capture import capture as captured
    from restamp.cli import output
    from restamp.cli.here import arm_of
    from restamp.plugins import all_kinds, chosen
    from restamp.principals import as_today
    from restamp.recovery import targets
    from restamp.runbook import load, save
    from restamp.runbook.read import last_capture
    from restamp.sealing import for_capture

    folder = _folder(runbook, stamp) if stamp else runbook_folder(runbook)
    if stamp and not (folder / "stamp.yaml").exists():
        _first(folder, stamp, connect_to, ca, client_id)
    before, last, restored = as_today(load(folder, all_kinds())), last_capture(folder), targets(folder)
    with (
        arm_of(before.stamp.suffix, connect_to, ca, client_id, for_capture(before)) as arm,
        output.progress("captured", len(all_kinds().by_name)) as step,
    ):
        target.same_stamp(arm, before.stamp)
        target.expected(arm.about.deployment, last, restored, new_deployment)
        if only:
            _one(arm, before, only, known=bool(new_deployment) or target.familiar(arm.about.deployment, last, restored))
            return
        found = captured(arm, before, step, chosen(before.stamp, before.captured))
    if not new_deployment:
        known = target.familiar(found.captured.deployment, last, restored)
        target.nothing_lost(before, found.runbook, found.captured.deployment, known=known)
    changed = save(found.runbook, found.captured, found.backups, dated=commit)
    print(f"inside covered: {found.captured.inside_covered} of {found.captured.subscriptions} subscriptions")
    for kind, count in found.counted().items():
        print(f"  {kind:16} {count:6}")
    for line in output.capped((f"  {finding}" for finding in found.findings), "restamp diff --json"):
        print(line)
    print(f"{len(found.runbook.documents)} documents in {folder}: {_files(changed)}")
    if with_data:
        _save_data(before, lambda: arm_of(before.stamp.suffix, connect_to, ca, client_id))
    if commit:
        _commit(folder, found.runbook.stamp.region, _counts(found.counted(), _files(changed)))


def _save_data(runbook: "Runbook", connect: "Callable[[], Arm]") -> None:
    """Have plugins save what no stamp gives back, each step told; Waits or StampError where one is not done."""
    from restamp.cli.steps import asked_for_secrets
    from restamp.errors import StepsUndone
    from restamp.journal import Journal
    from restamp.models.stamp import RecoveryDocument
    from restamp.plugins import chosen
    from restamp.recovery import Begun
    from restamp.steps.data import saved
    from restamp.steps.run import Around
    from restamp.steps.work import said

    used, journal = chosen(runbook.stamp, runbook.captured), Journal(runbook.stamp.suffix)
    asked_for_secrets(
        runbook, [step for step in said(used, runbook, Begun("", RecoveryDocument())) if step.phase == "backup"]
    )
    around = Around(runbook, None, connect, lambda text: print(f"  {text}", file=sys.stderr))
    results = saved(used, around, journal, lambda step, result: print(f"{step.id}: {result.status}: {result.message}"))
    if failed := [result for result in results if result.status == "failed"]:
        raise StepsUndone(len(failed))


def _counts(counted: "Mapping[str, int]", files: str) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counted.items() if count) + f"; {files}"


def _commit(folder: Path, region: str, what: str) -> None:
    from restamp import history

    message = f"Capture of {region}\n\n{what}"
    print(f"committed {history.commit(folder, message)}")


def _one(arm: "Arm", before: "Runbook", text: str, *, known: bool) -> None:
    """One document anew; of a stamp that is still being restored nothing that would take something away."""
    from dataclasses import replace

    from restamp import only, target
    from restamp.cli import output

    document = only.on_a_stamp(before, text)
    file, alone = only.file_in(before, document), only.captured(arm, before, document)
    if not known:
        first, second = replace(before, documents=(document,)), replace(alone.runbook, documents=(alone.document,))
        target.nothing_lost(first, second, arm.about.deployment, known=False)
    written = only.save(alone, file)
    for line in output.capped((f"  {finding}" for finding in alone.findings), "restamp diff --json"):
        print(line)
    inside = len(alone.runbook.within(alone.document))
    held = f", with {inside} objects inside" if inside else ""
    print(f"{only.name_of(before, document)}{held}: {written or file}{'' if written else ' has not changed'}")


def _folder(runbook: Path | None, name: str) -> Path:
    """The runbook of a stamp by its name; Refused where it is another stamp's."""
    from restamp.cli.here import stamp_of
    from restamp.errors import Refused
    from restamp.models.finding import Finding

    folder = runbook or Path("stacks/runbooks") / name.partition(".")[0]
    if (folder / "stamp.yaml").exists() and (there := stamp_of(folder).suffix) != name:
        message = f"it is the runbook of {there}, and --stamp says {name}"
        hint = "Leave --stamp out, or name another folder: --runbook FOLDER."
        raise Refused([Finding("other-stamp", "stop", str(folder), message, hint)])
    return folder


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
