"""Whether there is a backup to recover from, and whether the next ones will be made: scheduler, room, age."""

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from restamp.backup.catalogue import Catalogue
from restamp.backup.proof import Proof
from restamp.backup.verdict import Said, Verdict, judge, newest, too_old
from restamp.models.backup import Backups
from restamp.models.finding import Finding, Level

_NOT_ENDED = ("Creating", "Queued", "Running", "Deleted")  # swagger
_LITTLE = 0.1  # TB, which is what the portal warns below (assumed: the alert names no figure)


def of_share(
    found: Catalogue, said: Sequence[Said], proof: Proof, rpo: dt.timedelta | None, backup: str = ""
) -> Iterator[Finding]:
    """The verdict about a backup, else about the newest that nothing rules out, with its reason; reads all its data.

    Newer ones that are ruled out are warned of.
    """
    *ruled_out, last = [judge(backup, found, said, proof)] if backup else newest(found, said, proof)
    yield from (_unfit(verdict, "no-recoverable-backup", "warn") for verdict in ruled_out)
    if last.word == "not recoverable":
        yield _unfit(last, "no-recoverable-backup", "stop")
    elif last.word == "not proven":
        yield _unfit(last, "not-proven", "warn")
    if rpo is not None:
        yield from too_old(last, rpo, dt.datetime.now(dt.UTC))


def _unfit(verdict: Verdict, code: str, level: Level) -> Finding:
    cause = "stop" if verdict.word == "not recoverable" else "warn"
    why = next(str(finding) for finding in verdict.findings if finding.level == cause)
    hint = "restamp backups check says all of it."
    return Finding(code, level, f"backup {verdict.backup}", f"is {verdict.word}: {why}", hint)


def of_last(told: Backups | None) -> Iterator[Finding]:
    """That the last backup came to nothing, by the word of the stamp; one that still runs is none yet."""
    ended = [facts for facts in (told.backups if told else ()) if facts.status not in _NOT_ENDED]
    if ended and (wrong := max(ended, key=lambda facts: facts.created).missing):
        hint = "Portal, Infrastructure backup, says why. Those before it: restamp backups check."
        yield Finding("last-backup", "warn", "backups", f"the last one is none to recover from: {wrong[0]}", hint)


def of_room(share: str) -> Iterator[Finding]:
    """That little is left on a share that is mounted here; of one over SMB only the stamp says it."""
    free = shutil.disk_usage(share).free / 1e12 if Path(share).is_dir() else _LITTLE
    if free < _LITTLE:
        yield _almost_full(f"share {share}", f"{free * 1000:.0f} GB")


def of_settings(scheduler: bool | None, capacity: str | None, when: str = "") -> Iterator[Finding]:
    """What the stamp says of its settings: `scheduler` is on, `capacity` is what it calls free, such as `0.99 TB`."""
    if scheduler is False:
        hint = "Portal, Infrastructure backup: enable automatic backups. A failover once turned them off (documented)."
        yield Finding("scheduler-off", "stop", "backups", f"automatic backups are switched off{when}", hint)
    free = _terabytes(capacity or "")
    if free is not None and free < _LITTLE:
        yield _almost_full("backups", capacity or "")


def _almost_full(about: str, left: str) -> Finding:
    hint = (
        "Make room on the share (a copy needs none), or shorten the retention. When the portal warns is not documented."
    )
    return Finding("share-almost-full", "warn", about, f"the share has {left} left, less than {_LITTLE} TB", hint)


def _terabytes(text: str) -> float | None:
    number, _, unit = text.partition(" ")
    factors = {"TB": 1.0, "GB": 0.001, "MB": 0.000001}
    try:
        return float(number) * factors[unit.strip().upper()]
    except (ValueError, KeyError):
        return None
