"""Whether there is a backup to recover from, and whether the next ones will be made: scheduler, room, age."""

import datetime as dt
from collections.abc import Iterator, Sequence

from restamp.backup.catalogue import Catalogue
from restamp.backup.proof import Proof
from restamp.backup.verdict import Said, newest, too_old
from restamp.models.finding import Finding, Level

_LITTLE = 0.1  # TB, which is what the portal warns below (assumed: the alert names no figure)


def of_share(found: Catalogue, said: Sequence[Said], proof: Proof, rpo: dt.timedelta | None) -> Iterator[Finding]:
    """The verdict about the newest backup that nothing rules out, with its reasons; reads all its data."""
    last = list(newest(found, said, proof))[-1]
    if last.word != "recoverable":
        level: Level = "stop" if last.word == "not recoverable" else "warn"
        why = next((str(finding) for finding in last.findings if finding.level == level), "")
        message = f"is {last.word}: {why}"
        hint = "restamp backups check says all of it."
        yield Finding("no-recoverable-backup", level, f"backup {last.backup}", message, hint)
    if rpo is not None:
        yield from too_old(last, rpo, dt.datetime.now(dt.UTC))


def of_settings(scheduler: bool | None, capacity: str | None) -> Iterator[Finding]:
    """What the stamp says of its settings: `scheduler` is on, `capacity` is what it calls free, such as `0.99 TB`."""
    if scheduler is False:
        hint = "Portal, Infrastructure backup: enable automatic backups. A failover once turned them off (documented)."
        yield Finding("scheduler-off", "stop", "backups", "automatic backups are switched off", hint)
    free = _terabytes(capacity or "")
    if free is not None and free < _LITTLE:
        hint = "Make room on the share, or shorten the retention. When the portal warns is documented nowhere."
        yield Finding(
            "share-almost-full", "warn", "backups", f"the share has {capacity} left, less than {_LITTLE} TB", hint
        )


def _terabytes(text: str) -> float | None:
    number, _, unit = text.partition(" ")
    factors = {"TB": 1.0, "GB": 0.001, "MB": 0.000001}
    try:
        return float(number) * factors[unit.strip().upper()]
    except (ValueError, KeyError):
        return None
