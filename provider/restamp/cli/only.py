"""Recover: `up --only`, a single document from the runbook or from any commit of it, its differences first."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from restamp.errors import Refused
from restamp.models.finding import Finding

if TYPE_CHECKING:
    from restamp.arm.client import Arm
    from restamp.arm.settings import Settings
    from restamp.compare import Comparison
    from restamp.models.document import Document
    from restamp.recovery import Begun
    from restamp.runbook import Runbook

_SHOWN = 10
Way = tuple[str, str, str]  # connect-to map, CA file, client id


@dataclass(frozen=True)
class Asked:
    """What people asked for: a document, the commit it is taken from ("" is the files as they are), and a recovery."""

    folder: Path
    name: str
    revision: str
    recovery: str
    yes: bool


def bring_back(asked: Asked, way: Way) -> int:
    """Show what would be written, ask, write it, say what became of it; the exit status."""
    from restamp.cli.here import arm_of
    from restamp.only import file_in, name_of, on_a_stamp
    from restamp.sealing import for_writing

    with _source(asked) as (runbook, told):
        document = on_a_stamp(runbook, asked.name, asked.folder)
        name, file = name_of(runbook, document), file_in(runbook, document)
        print(f"{name}, as {file} says{told}")
        with arm_of(runbook.stamp.suffix, *way, for_writing(runbook.folder, runbook.stamp)) as arm:
            if reason := _shut_out(arm, document):
                print(f"only what is inside, by the tenant endpoint: {reason}")
                return _as_tenant(arm, runbook, document, asked)
            return _as_operator(arm, runbook, document, asked)


def _shut_out(arm: "Arm", document: "Document") -> str:
    """Why the admin endpoint is no way, where the tenant's own is one: a tenant has no place there."""
    from restamp.errors import Forbidden, NotSignedIn, Unreachable
    from restamp.kinds.subscriptions import Subscription

    try:
        arm.place  # noqa: B018 - asks
    except (Forbidden, NotSignedIn, Unreachable) as error:
        if isinstance(document, Subscription):
            return str(error)
        raise
    return ""


def _as_operator(arm: "Arm", runbook: "Runbook", document: "Document", asked: Asked) -> int:
    from restamp.only import file_in, name_of
    from restamp.resources.alone import bring_back as brought

    recovery = _allowed(arm, runbook, asked)
    runbook, document = _without_withheld(runbook, document, recovery, asked.folder)
    target = arm.about.deployment or ""
    result = _compared(arm, runbook, document, asked)
    if not _wanted(result, f"write this to {runbook.stamp.suffix}, deployment {target}?", asked):
        return 0
    _into_environment(arm.settings)
    file, say = file_in(runbook, document), partial(print, " ", file=sys.stderr)
    outs = brought(runbook, document, file, (recovery, target), say)
    return _told(name_of(runbook, document), outs, asked)


def _without_withheld(
    runbook: "Runbook", document: "Document", recovery: str, folder: Path
) -> tuple["Runbook", "Document"]:
    """The document without access that its recovery withholds, as the provider will write it."""
    from dataclasses import replace

    from restamp.only import name_of
    from restamp.recovery import taken
    from restamp.withheld import allowed, without

    decision = taken(folder, recovery) if recovery else None
    if allowed(document, decision, runbook.kinds) is None:
        name, message = name_of(runbook, document), "gives access that the stamp has not, so it is withheld"
        raise Refused([Finding("withheld", "stop", name, message, f"restamp up --grant '{name}'")])
    own, held = without(document, runbook.within(document), decision, runbook.kinds)
    if decision and decision.withheld:
        print("what taken.yaml withholds is left out: restamp up --grant names it", file=sys.stderr)
    documents = tuple(own if item is document else item for item in runbook.documents)
    inside = dict(runbook.inside) | {runbook.kinds.of(document).ref(document).lower(): held}
    return replace(runbook, documents=documents, inside=inside), own


def _as_tenant(arm: "Arm", runbook: "Runbook", document: "Document", asked: Asked) -> int:
    from restamp.cli.look import show
    from restamp.kinds.subscriptions import Subscription
    from restamp.older import refuse_undecided
    from restamp.only import compared_as_tenant, name_of
    from restamp.resources.alone import fill_as_tenant

    if begun := _begun(asked):  # a tenant is not told which deployment answers
        refuse_undecided(asked.folder, begun)
        runbook, document = _without_withheld(runbook, document, begun.id, asked.folder)
    assert isinstance(document, Subscription)
    result = compared_as_tenant(arm, runbook, document)
    show(result)
    if not _wanted(result, f"write this to {runbook.stamp.suffix}?", asked):
        return 0
    results = fill_as_tenant(runbook, document, arm.settings)
    bad = [item for item in results if item.undone]
    status = "failed" if any(item.outcome == "failed" for item in bad) else "waiting" if bad else "done"
    outs = {"status": status, "counts": Counter(item.outcome for item in results), "failures": list(map(str, bad))}
    return _told(name_of(runbook, document), outs, asked)


def _wanted(result: "Comparison", question: str, asked: Asked) -> bool:
    """Whether there is something to write, and people want it."""
    if not result.of("create") + result.of("update") + result.of("not verified"):
        print(f"nothing to write: {result.equal} equal")
        return False
    _confirmed(question, asked.yes)
    return True


@contextmanager
def _source(asked: Asked) -> Iterator[tuple["Runbook", str]]:
    """The runbook that is meant, with the people of today, and what to say of where it is from."""
    from restamp import history
    from restamp.plugins import all_kinds
    from restamp.principals import FILE, as_today
    from restamp.runbook import load

    if not asked.revision:
        yield as_today(load(asked.folder, all_kinds())), ""
        return
    with history.at(asked.folder, asked.revision, kept=(FILE, "recoveries")) as earlier:
        yield as_today(load(earlier.folder, all_kinds())), f" in {earlier.commit}"


def _allowed(arm: "Arm", runbook: "Runbook", asked: Asked) -> str:
    """The recovery whose target answers, or "" where it is the living stamp, which may be repaired; else Refused."""
    from restamp.older import refuse_undecided
    from restamp.runbook.read import last_capture
    from restamp.target import repairable, same_stamp

    same_stamp(arm, runbook.stamp)
    begun = _begun(asked)
    recovery, its_id = (begun.document, begun.id) if begun else (None, "")
    writes_to_target = repairable(arm.about.deployment, last_capture(asked.folder), recovery, its_id)
    if begun and writes_to_target:
        refuse_undecided(asked.folder, begun)
    return writes_to_target


def _begun(asked: Asked) -> "Begun | None":
    from restamp.cli.here import recovery_of
    from restamp.recovery import known

    return recovery_of(asked.folder, asked.recovery) if known(asked.folder) or asked.recovery else None


def _compared(arm: "Arm", runbook: "Runbook", document: "Document", asked: Asked) -> "Comparison":
    """What differs, shown as `restamp diff` shows it; Refused where the document needs what the stamp has not."""
    from restamp.cli.look import show
    from restamp.compare import compare_one
    from restamp.only import absent

    result = compare_one(arm, runbook, document)
    show(result)
    if missing := list(absent(arm, runbook, document)):
        source = f" --from {asked.revision}" if asked.revision else ""
        message = f"it needs {', '.join(missing[:4])}, which the stamp has not"
        hint = f"Bring that back first: restamp up --only '{missing[0]}'{source}"
        raise Refused([Finding("needs", "stop", asked.name, message, hint)])
    return result


def _confirmed(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        hint = "In a script say it beforehand: --yes. `restamp diff` only shows."
        raise Refused(
            [Finding("no-terminal", "stop", "standard input", "is no terminal, so nobody can be asked", hint)]
        )
    if not typer.confirm(question):
        print("nothing was written")
        raise typer.Exit(2)


def _into_environment(settings: "Settings") -> None:
    """How to reach the stamp, where the provider looks for it: options count as much as variables."""
    os.environ |= {f"RESTAMP_{name.upper()}": str(value) for name, value in vars(settings).items() if value}


def _told(name: str, outs: dict[str, Any], asked: Asked) -> int:
    from restamp.cli.output import capped

    counts = outs.get("counts") or {outs.get("outcome") or outs.get("status"): 1}
    print(f"{name}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    failures = outs.get("failures") or ([] if outs.get("status") == "done" else [outs.get("message")])
    for line in capped((f"  {failure}" for failure in failures), "restamp journal --failed", _SHOWN):
        print(line)
    if outs.get("status") != "done":
        print("next: remove the cause, then the same command again: it goes on with what is not done")
        return 4 if outs.get("status") == "failed" else 3
    if asked.revision:
        print(f"next: restamp capture --only '{name}', or the next `restamp up` writes what the runbook says today")
    return 0
