"""Whether a stamp can be recovered from a backup: recoverable, not recoverable, or not proven, and why."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from restamp.backup.catalogue import Catalogue
from restamp.backup.chains import ONE, Whole, whole
from restamp.backup.proof import Proof
from restamp.models.backup import BackupFacts, Backups
from restamp.models.finding import Finding, Level

Word = Literal["recoverable", "not recoverable", "not proven"]
_HINT = "Recover from another backup: `restamp backups list` shows them all."
_MARKS = (
    f"{_HINT} That a backup has to have succeeded, be uploaded and ready is inferred: ask Microsoft before you go on."
)


@dataclass(frozen=True)
class Said:
    """What the stamp said of its backups, and when: `now`, `at the capture of 2026-10-20`."""

    backups: Backups
    when: str


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one backup. A `stop` rules it out, a `warn` leaves something unknown."""

    backup: str
    findings: tuple[Finding, ...]
    whole: Whole | None
    facts: BackupFacts | None

    @property
    def word(self) -> Word:
        """The verdict."""
        levels = {finding.level for finding in self.findings}
        return "not recoverable" if "stop" in levels else "not proven" if "warn" in levels else "recoverable"

    @property
    def begun(self) -> dt.datetime | None:
        """The moment up to which the stamp's state is in it, by the stamp's own word if there is one."""
        return self.facts.begun if self.facts else self.whole.begun if self.whole else None

    @property
    def state_of(self) -> str:
        """The same for people; what only the share says relies on what its times are."""
        source = "" if self.facts else " (by the share alone: inferred)"
        return f"{self.begun:%Y-%m-%d %H:%M} UTC{source}" if self.begun else "nobody knows when"

    @property
    def version(self) -> str:
        """The stamp's version when it was made; empty where nobody says it."""
        told = self.facts.stamp_version if self.facts else None
        return told or (self.whole.tips[0].store or self.whole.one("stamp_version") if self.whole else "")


def judge(backup: str, found: Catalogue, said: Sequence[Said], proof: Proof) -> Verdict:
    """Look at everything that speaks for and against one backup; reads the data of every snapshot it is made of.

    `said` is what the stamp said, the newest first; nothing where nobody could ask, and nothing was recorded.
    """
    facts, when = _known(backup, said)
    parts = whole(found, backup)
    findings = [*of_the_stamp(backup, facts, when)]
    if parts is None:
        findings.append(_finding("not-there", "stop", backup, "the share has no snapshot of it"))
        return Verdict(backup.lower(), tuple(findings), parts, facts)
    findings += [*_of_agreement(parts, facts), *_of_what_is_missing(parts, found, facts), *parts.findings]
    for link in parts.links:
        findings += proof.of(link)
    if not proof.at_hand:
        message = f"no private key is at hand: whether any of its {len(parts.links)} snapshots opens is not known"
        hint = f"Name the .pfx of certificate {parts.one('thumbprint')} with --key."
        findings.append(_finding("no-keys", "warn", backup, message, hint))
    return Verdict(parts.backup, tuple(dict.fromkeys(findings)), parts, facts)


def newest(found: Catalogue, said: Sequence[Said], proof: Proof) -> Iterator[Verdict]:
    """The newest backup, and the one before it for as long as that is ruled out."""
    for backup in found.backups:
        verdict = judge(backup, found, said, proof)
        yield verdict
        if verdict.word != "not recoverable":
            return


def too_old(verdict: Verdict, most: dt.timedelta, now: dt.datetime) -> Iterator[Finding]:
    """A warning where what the backup has is older than what may be lost."""
    if verdict.begun and now - verdict.begun > most:
        message = f"has the stamp's state of {verdict.state_of}, {_in_words(now - verdict.begun)} ago"
        hint = f"At most {_in_words(most)} may be lost: look at why there is no newer one to recover from."
        yield _finding("too-old", "warn", verdict.backup, message, hint)


def _in_words(time: dt.timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    return (
        f"{minutes // 1440} days {minutes // 60 % 24} h" if minutes >= 2880 else f"{minutes // 60} h {minutes % 60} min"
    )


def _finding(code: str, level: Level, backup: str, message: str, hint: str = _HINT) -> Finding:
    return Finding(code, level, f"backup {backup}", message, hint)


def _known(backup: str, said: Sequence[Said]) -> tuple[BackupFacts | None, str]:
    for item in said:
        if facts := item.backups.find(backup):
            return facts, item.when
    return None, " and ".join(item.when for item in said)


def of_the_stamp(backup: str, facts: BackupFacts | None, when: str) -> Iterator[Finding]:
    """What the stamp's own word speaks against a backup, as a stop each; a warning where it said nothing of it."""
    wanted = "whether it succeeded, is completely uploaded and ready for cloud recovery is not known"
    if facts is not None:
        for sentence in facts.missing:
            yield _finding("not-ready", "stop", backup, f"asked {when}, the stamp said: {sentence}", _MARKS)
    elif when:
        hint = "Ask while the stamp answers, and capture after each backup: restamp capture --commit"
        yield _finding("unheard-of", "warn", backup, f"asked {when}, the stamp did not name it: {wanted}", hint)
    else:
        hint = "Name a runbook whose stamp answers, or was captured with its backups: --runbook FOLDER"
        yield _finding("share-alone", "warn", backup, f"the share alone was read: {wanted}", hint)


def _of_agreement(parts: Whole, facts: BackupFacts | None) -> Iterator[Finding]:
    for name, field in ONE.items():
        told, found = str(getattr(facts, field, None) or ""), parts.said(field)
        if told and len(found) == 1 and told.lower() != found[0].lower():  # of several something else is said
            message = f"the stamp says that its {name} is {told}, and the share {found[0]}"
            yield _finding("disagrees", "stop", parts.backup, message)


def _of_what_is_missing(parts: Whole, found: Catalogue, facts: BackupFacts | None) -> Iterator[Finding]:
    """Repositories that are essential, that other backups of the stamp version have, and roles it backed up."""
    here = {chain.repository.lower() for chain in parts.chains}
    roles = {role.lower(): role for role in facts.roles} if facts else {}
    essential, others = found.essential(parts.tips[0].store), found.repositories(parts.tips[0].store)
    needed = {repository.lower() for repository in essential}
    for repository in sorted({name for name in essential | others if name.lower() not in here}, key=str.lower):
        level: Level = "stop"
        if repository.lower() in needed:
            why = "and it is registered as essential for cloud recovery"
        elif repository.partition(";")[0].lower() in roles:
            why = "other backups have one, and the stamp says that it backed up its role"
        else:
            level, why = "warn", "and other backups have one: whether this one has to is not known"
        yield _finding("missing", level, parts.backup, f"has no snapshot of {repository}, {why}")
    known = here | {repository.lower() for repository in others}
    for role in sorted(set(roles) - {repository.partition(";")[0] for repository in known}):
        message = f"the stamp says that it backed up role {roles[role]}, and no repository here is called by it"
        hint = f"That repositories are called by their roles is inferred: it may be there under another name. {_HINT}"
        yield _finding("missing", "warn", parts.backup, message, hint)
