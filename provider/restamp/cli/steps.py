"""Recover: `signoff`, and the secrets that steps need, asked for once."""

import datetime as dt
import getpass
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restamp.cli.here import RunbookOption
from restamp.errors import Refused
from restamp.models.finding import Finding

if TYPE_CHECKING:
    from restamp.models.step import Step
    from restamp.runbook import Runbook
    from restamp.steps import Work


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(signoff)


def signoff(
    step: Annotated[
        list[str],
        typer.Argument(help="The steps, as `status` prints them: oem-generic/racking.", metavar="STEP..."),
    ],
    by: Annotated[
        str, typer.Option(help="Who did it, or allows it; left out: this machine's user.", metavar="NAME")
    ] = "",
    evidence: Annotated[
        list[Path] | None,
        typer.Option(help="A file that shows it; git keeps its hash. May be given again.", metavar="FILE"),
    ] = None,
    fact: Annotated[
        list[str] | None, typer.Option(help="What later steps need to know. May be given again.", metavar="NAME=VALUE")
    ] = None,
    note: Annotated[str, typer.Option(help="A remark.", metavar="TEXT")] = "",
    recovery: Annotated[
        str, typer.Option(help="The recovery; left out: RESTAMP_RECOVERY, else the newest.", metavar="ID")
    ] = "",
    runbook: RunbookOption = None,
) -> None:
    """Say that people did a step, or allow one that destroys something: `up` goes on with it. Asks no stamp.

    Writes recoveries/<id>/signoffs/<step>.yaml, for the text of the step as it is today: should that change, it is
    asked for again. Of several steps all is said of each: who, evidence, facts and note.
    """
    from restamp.cli.here import recovery_of, runbook_folder
    from restamp.models.step import SignOff
    from restamp.plugins import all_kinds
    from restamp.recovery import sign
    from restamp.runbook import load
    from restamp.steps import work
    from restamp.steps.asked_for import evidence_of

    folder = runbook_folder(runbook)
    loaded, begun = load(folder, all_kinds()), recovery_of(folder, recovery)
    meant = _meant(work(loaded, begun, loaded.kinds), [name.removeprefix("Step ") for name in step])
    files = tuple(evidence_of(_there(path)) for path in evidence or [])
    facts = dict(_pair(item) for item in fact or [])
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    who: dict[str, Any] = {"by": by or getpass.getuser(), "at": now, "note": note or None}
    written: list[str] = []
    for found in meant:
        said = SignOff(step=found.id, digest=found.digest, evidence=files, facts=facts, **who)
        written.append(str(sign(folder, begun.id, said)))
        print(f"{found.id} ({found.title}): {'allowed' if found.by == 'restamp' else 'done'}, says {said.by}")
    for file in files:
        print(f"  {file.file}: {file.size} bytes, sha256 {file.sha256}")
    print(f"needed: {' '.join(written)} in git: git add {' '.join(written)} && git commit")
    print("next: restamp up")


def _meant(found: "Work", names: list[str]) -> "list[Step]":
    """The steps of these names; Refused with every one that is none to be signed off."""
    placed = {name: found.plan.find(name) for name in names}
    signed = [item.id for item in found.plan.steps if item.step.signed]
    hint = f"Signed off are: {', '.join(signed[:5])}. `restamp status --all` has them all." if signed else "None is."
    said = {True: "no plugin in use has such a step", False: "is done by restamp, and needs nobody's word"}
    unsigned = [name for name in placed if name not in signed]
    if wrong := [Finding("signoff", "stop", name, said[placed[name] is None], hint) for name in unsigned]:
        raise Refused(wrong)
    return [item.step for item in placed.values() if item is not None]


def _there(path: Path) -> Path:
    if not path.is_file():
        raise Refused([Finding("signoff", "stop", str(path), "there is no such file", "Name one that shows the work.")])
    return path


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise Refused([Finding("signoff", "stop", f"--fact {text}", "is no NAME=VALUE", "Such as pep=10.0.0.5.")])
    return name, value


def asked_for_secrets(runbook: "Runbook", steps: "Iterable[Step]") -> None:
    """Ask for every secret that a step will need and that is not at hand, once and on a terminal alone."""
    from restamp.check import at_hand
    from restamp.steps.asked_for import variable

    wanted = {(step.plugin, name): step.title for step in steps for name in step.secrets}
    missing = {key: title for key, title in wanted.items() if not at_hand(runbook, *key)}
    if not missing or not sys.stdin.isatty():
        return  # the preflight says which are missing, all at once
    print(f"{len(missing)} secrets are needed; they stay in memory:", file=sys.stderr)
    for (plugin, name), title in missing.items():
        os.environ[variable(plugin, name)] = getpass.getpass(f"  {plugin} {name} ({title}): ")
