"""Whether there is a backup to recover from, and whether the next ones will be made: scheduler, room, age."""

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from restamp.backup.catalogue import Catalogue
from restamp.backup.proof import Proof
from restamp.backup.verdict import Said, judge, newest, too_old
from restamp.models.finding import Finding, Level

_LITTLE = 0.1  # TB, which is what the portal warns below (assumed: the alert names no figure)


def of_share(
    found: Catalogue, said: Sequence[Said], proof: Proof, rpo: dt.timedelta | None, backup: str = ""
) -> Iterator[Finding]:
    """The verdict about a backup, else about the newest that nothing rules out, with its reason; reads all its data."""
    last = judge(backup, found, said, proof) if backup else list(newest(found, said, proof))[-1]
    if last.word != "recoverable":
        level: Level = "stop" if last.word == "not recoverable" else "warn"
        code = "no-recoverable-backup" if level == "stop" else "not-proven"
        why = next((str(finding) for finding in last.findings if finding.level == level), "")
        hint = "restamp backups check says all of it."
        yield Finding(code, level, f"backup {last.backup}", f"is {last.word}: {why}", hint)
    if rpo is not None:
        yield from too_old(last, rpo, dt.datetime.now(dt.UTC))


def of_room(share: str) -> Iterator[Finding]:
    """That little is left on a share that is mounted here; of one over SMB only the stamp says it."""
    free = shutil.disk_usage(share).free / 1e12 if Path(share).is_dir() else _LITTLE
    if free < _LITTLE:
        yield _almost_full(f"share {share}", f"{free * 1000:.0f} GB")


def of_settings(scheduler: bool | None, capacity: str | None) -> Iterator[Finding]:
    """What the stamp says of its settings: `scheduler` is on, `capacity` is what it calls free, such as `0.99 TB`."""
    if scheduler is False:
        hint = "Portal, Infrastructure backup: enable automatic backups. A failover once turned them off (documented)."
        yield Finding("scheduler-off", "stop", "backups", "automatic backups are switched off", hint)
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
