"""Look: `backups check`, whether a stamp can be recovered from a backup today."""

import datetime as dt
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restamp.cli.backups import (
    KEYS,
    SHARE,
    Json,
    KeyOption,
    ShareArgument,
    group,
    in_words,
    keys_at_hand,
    many,
    opened,
)
from restamp.cli.here import CREDENTIALS, CaFile, ClientId, ConnectTo, RunbookOption

if TYPE_CHECKING:
    from restamp.backup.verdict import Said, Verdict
    from restamp.models.finding import Finding

_STATUS = {"recoverable": 0, "not proven": 3, "not recoverable": 4}


@group.command(epilog=f"{SHARE}\n\n{KEYS}\n\n{CREDENTIALS}")
def check(
    share: ShareArgument,
    backup: Annotated[
        str, typer.Argument(help="The backup's id; left out: the newest that is not ruled out.", metavar="BACKUP")
    ] = "",
    key: KeyOption = None,
    rpo: Annotated[str, typer.Option(help="The most that may be lost: 24h, 90m, 2d.", metavar="TIME")] = "",
    baseline: Annotated[
        list[str] | None,
        typer.Option(help="A build the OEM would redeploy: 1.2501.0.21. As often as need be.", metavar="BUILD"),
    ] = None,
    nodes: Annotated[
        int, typer.Option(help="Nodes of the stamp, for the hours of updates.", min=1, max=16, metavar="NUMBER")
    ] = 4,
    runbook: RunbookOption = None,
    as_json: Json = False,
    connect_to: ConnectTo = "",
    ca: CaFile = "",
    client_id: ClientId = "",
) -> None:
    """Say of a backup: recoverable, not recoverable or not proven, and why; reads all its data, and changes nothing.

    What the stamp says of the backup is asked now where somebody can sign in, else as the last capture recorded it
    (backups.yaml of the runbook); without either it is not proven at best.

    Exits with 0 for a recoverable backup that is young enough, 3 for one that is not proven, 4 otherwise.
    """
    from restamp.backup.catalogue import catalogue
    from restamp.backup.chains import whole
    from restamp.backup.proof import Proof
    from restamp.backup.verdict import judge, newest
    from restamp.cli import output

    lost: dt.timedelta | None = in_time(rpo)
    asides: list[Finding] = []
    said = list(_said(runbook, connect_to, ca, client_id, asides))
    at_hand = keys_at_hand(key)
    with opened(share) as here, output.reading("proved") as reading:
        found = catalogue(here)
        parts = whole(found, backup or next(iter(found.backups), ""))
        reading.expect(parts.size if parts else 0)
        proof = Proof(here, at_hand, reading.step)
        verdicts = [judge(backup, found, said, proof)] if backup else list(newest(found, said, proof))
    asides += _asides(verdicts[-1], lost, baseline or ())
    if as_json:
        told = {"verdicts": [_as_data(verdict, nodes) for verdict in verdicts], "findings": output.as_data(asides)}
        print(json.dumps(told, indent=1))
    else:
        for verdict in verdicts:
            if verdict in (verdicts[0], verdicts[-1]):
                output.findings(verdict.findings)
            print("\n".join(_lines(verdict)))
        print("\n".join(_forecast(verdicts[-1], baseline or (), nodes)))
        output.findings(asides)
    late = any(finding.level != "note" for finding in asides)
    raise typer.Exit(4 if late else _STATUS[verdicts[-1].word])


def _said(runbook: Path | None, connect_to: str, ca: str, client_id: str, asides: "list[Finding]") -> "Iterator[Said]":
    """What the stamp says now, and what it said at the last capture."""
    from restamp.backup.verdict import Said
    from restamp.cli.here import arm_of, runbook_folder, stamp_of
    from restamp.errors import Refused, StampError
    from restamp.models.finding import Finding
    from restamp.runbook.read import last_capture, recorded_backups

    try:
        folder = runbook_folder(runbook)
    except Refused:
        if runbook is not None:
            raise
        return  # the share alone
    if client_id or os.environ.get("RESTAMP_CLIENT_ID"):
        try:
            with arm_of(stamp_of(folder).suffix, connect_to, ca, client_id) as arm:
                if arm.backups is not None:
                    yield Said(arm.backups, "now")
        except StampError as error:
            asides.append(
                Finding("not-asked", "note", f"stamp {folder.name}", f"could not be asked: {error}", error.hint)
            )
    if (recorded := recorded_backups(folder)) is not None:
        last = last_capture(folder)
        yield Said(recorded, f"at the capture of {last.on}" if last else "at its last capture")


def _asides(verdict: "Verdict", lost: dt.timedelta | None, baselines: Sequence[str]) -> "Iterator[Finding]":
    """What does not make a backup worse, and a recovery: its age, and builds that do not take it."""
    from restamp.backup.verdict import too_old
    from restamp.releases import fits

    if lost is not None:
        yield from too_old(verdict, lost, dt.datetime.now(dt.UTC))
    for baseline in baselines:
        yield from fits(verdict.version, baseline)


def _lines(verdict: "Verdict") -> Iterator[str]:
    yield f"backup {verdict.backup}: {verdict.word}"
    if verdict.begun:
        yield f"  the stamp's state of {verdict.state_of}"
    if parts := verdict.whole:
        count = f"{many(len(parts.chains), 'repository', 'repositories')}, {many(len(parts.links), 'snapshot')}"
        of = f"version {verdict.version}, OEM {parts.one('oem_version')}, certificate {parts.one('thumbprint')}"
        yield f"  {count}, {in_words(parts.size)}; {of}"


def _forecast(verdict: "Verdict", baselines: Sequence[str], nodes: int) -> Iterator[str]:
    from restamp.releases import known, release, takes, ways

    if not verdict.version:
        return
    builds, rule = " and ".join(takes(verdict.version)), "its own release, or one newer; that releases count: inferred"
    yield f"  baseline builds that take it: {builds} (documented: {rule})"
    for way in ways(verdict.version, nodes):
        if not baselines or way.baseline in map(release, baselines):
            yield f"    {way}"
    yield f"    hours of updates with {nodes} nodes; the list of releases ends with {known().releases[-1]}"


def _as_data(verdict: "Verdict", nodes: int) -> dict[str, Any]:
    from restamp.cli import output
    from restamp.releases import takes, ways

    parts = verdict.whole
    return {
        "backup": verdict.backup,
        "verdict": verdict.word,
        "begun": verdict.begun and verdict.begun.isoformat(),
        "stampVersion": verdict.version,
        "bytes": parts.size if parts else 0,
        "snapshots": len(parts.links) if parts else 0,
        "repositories": [chain.repository for chain in parts.chains] if parts else [],
        "takenBy": list(takes(verdict.version)),
        "ways": [
            {
                "baseline": way.baseline,
                "updates": way.hops,
                "needs": way.needs,
                "hours": way.hours,
                "fitsUntil": way.fits_until,
            }
            for way in ways(verdict.version, nodes)
        ],
        "findings": output.as_data(verdict.findings),
    }


def in_time(text: str) -> dt.timedelta | None:
    """A time that people wrote: `24h`, `90m`, `2d`; None where they wrote none, Refused where it is none."""
    from restamp.errors import Refused
    from restamp.models.finding import Finding

    if not text:
        return None
    found = re.fullmatch(r"([1-9][0-9]*)([mhd])", text)
    if found is None:
        raise Refused([Finding("rpo", "stop", f"--rpo {text}", "is no time", "Write it like 24h, 90m or 2d.")])
    return dt.timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[found[2]]: int(found[1])})
