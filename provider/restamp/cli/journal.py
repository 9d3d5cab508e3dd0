"""Look: `journal`, what this machine did to a stamp, when, and how it went."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any

import typer

from restamp.cli.here import RunbookOption

_SHOWN = 40
_NO_END = "no result"
_UNDONE = ("failed", "blocked", "waiting", "left out", _NO_END)


@dataclass
class Act:
    """One thing that was begun on a stamp, and its end as far as it is known; or that was passed over, and why."""

    at: str  # UTC
    session: str
    recovery: str
    what: str
    outcome: str = _NO_END
    seconds: float | None = None
    message: str = ""
    changes: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)  # what the stamp took longer for

    def __str__(self) -> str:
        took = "" if self.seconds is None else f" ({self.seconds:.1f} s)"
        more = self.message or ", ".join(self.changes)
        return f"{self.at[:19].replace('T', ' ')}Z  {self.outcome:10} {self.what}{took}" + (f": {more}" if more else "")


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(journal)


def journal(
    runbook: RunbookOption = None,
    recovery: Annotated[str, typer.Option(help="Only what was done for this recovery.", metavar="ID")] = "",
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what failed, was passed over, or has no result.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, one line of JSON each.")] = False,
) -> None:
    """Show what this machine wrote to the stamp, when, and how it went; asks no stamp.

    `no result` is under way, or was cut off: `restamp up` looks at the object and goes on. What was passed over, and
    not tried, is `blocked`, `waiting` or `left out`.
    """
    from restamp.cli.here import runbook_folder, stamp_of
    from restamp.journal import Journal

    here = Journal(stamp_of(runbook_folder(runbook)).suffix)
    found = [act for act in acts(here.entries()) if not recovery or act.recovery == recovery]
    shown = [act for act in found if not failed or act.outcome in _UNDONE]
    if as_json:
        for act in shown:
            print(json.dumps(asdict(act), ensure_ascii=False))
        return
    if len(shown) > _SHOWN:
        print(f"  {len(shown) - _SHOWN} earlier ones: --json shows all")
    for act in shown[-_SHOWN:]:
        print(act)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(a.outcome for a in found).items()))
    print(f"{len(found)} in {here.path}{': ' if counts else ''}{counts}")


def acts(entries: Iterable[dict[str, Any]]) -> Iterator[Act]:
    """Intents with their results, in the order they were begun."""
    found: dict[str, Act] = {}
    for entry in entries:
        intent, event, at = str(entry.get("id", "")), str(entry["event"]), str(entry.get("at", ""))
        if event in ("put", "delete"):
            verb = "delete " if event == "delete" else ""
            found[intent] = _act(entry, f"{verb}{entry.get('kind')} {entry.get('ref')}")
        elif event == "step":
            found[intent] = _act(entry, f"Step {entry['step']}")
        elif event == "passed-over":
            found |= {f"{at} {what} {entry.get('in')}": _act(entry, what) for what in entry.get("objects") or ()}
        elif (act := found.get(intent)) is not None:
            _add(act, event, at, entry)
    yield from found.values()


def _act(entry: dict[str, Any], what: str) -> Act:
    within = f" in {entry['in']}" if entry.get("in") else ""
    whose = str(entry.get("session", "")), str(entry.get("recovery") or "")
    outcome, message = str(entry.get("outcome") or _NO_END), str(entry.get("message") or "")
    return Act(str(entry.get("at", "")), *whose, what + within, outcome, message=message)


def _add(act: Act, event: str, at: str, entry: dict[str, Any]) -> None:
    if event == "operation":
        act.operations.append(str(entry.get("what")))
    elif event == "token":
        act.operations.append(f"remembered {entry.get('token')}")
    elif event != "operation-ended":
        act.outcome, act.message = event, " ".join(str(entry.get("message") or "").split())
        act.changes = [str(change) for change in entry.get("changes") or ()]
        act.seconds = round((datetime.fromisoformat(at) - datetime.fromisoformat(act.at)).total_seconds(), 3)
