"""What a backup needs of each repository: a full snapshot, and every progressive one since, of one make."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from restamp.backup.catalogue import Catalogue
from restamp.backup.layout import Snapshot
from restamp.errors import Refused
from restamp.models.finding import Finding

_HINT = "Recover from a backup whose chain is whole: `restamp backups list`."
_MADE = f"{_HINT} That a stamp takes no such chain is inferred, from strings in Microsoft's assemblies."
# what must be one within a chain: the controller refuses other links (from the strings in Microsoft's assemblies)
ONE = {
    "certificate": "thumbprint",
    "deployment": "deployment",
    "stamp version": "stamp_version",
    "OEM version": "oem_version",
}


@dataclass(frozen=True)
class Chain:
    """The snapshots of one repository that a backup is made of, the full one first, and what is wrong with them."""

    repository: str
    links: tuple[Snapshot, ...]
    findings: tuple[Finding, ...]

    @property
    def size(self) -> int:
        """Bytes of all its data."""
        return sum(link.size for link in self.links)


@dataclass(frozen=True)
class Whole:
    """Everything on the share that one backup is made of."""

    backup: str
    chains: tuple[Chain, ...]
    findings: tuple[Finding, ...]  # of the backup, and of each chain

    @property
    def links(self) -> tuple[Snapshot, ...]:
        """Every snapshot of every chain."""
        return tuple(link for chain in self.chains for link in chain.links)

    @property
    def tips(self) -> tuple[Snapshot, ...]:
        """The newest snapshot of each repository."""
        return tuple(chain.links[-1] for chain in self.chains)

    @property
    def size(self) -> int:
        """Bytes of all data."""
        return sum(chain.size for chain in self.chains)

    @property
    def begun(self) -> dt.datetime:
        """The moment up to which the stamp's state is in it: that of its oldest repository."""
        return min(tip.begun for tip in self.tips)

    def said(self, field: str) -> list[str]:
        """What its snapshots say of themselves: one word, if it is sound."""
        return _said(self.tips, field)

    def one(self, field: str) -> str:
        """The same for people; the words of several with slashes between them."""
        return " / ".join(self.said(field)) or "?"


def whole(found: Catalogue, backup: str) -> Whole | None:
    """A backup's chains, and what is wrong with any; None where the share has nothing of it."""
    chains = tuple(_chain(tip, found) for tip in found.of(backup))
    if not chains:
        return None
    tips = [chain.links[-1] for chain in chains]
    about = f"backup {backup.lower()}"
    own = [*_mixed(about, "its repositories", tips), *_twice(about, tips)]
    return Whole(backup.lower(), chains, (*own, *(item for chain in chains for item in chain.findings)))


def named(found: Catalogue, backup: str) -> Whole:
    """The backup of this id; Refused, with the newest one there is, where the share has nothing of it."""
    parts = whole(found, backup)
    if parts is None:
        hint = f"The newest is {found.backups[0]}; `restamp backups list` shows all." if found.backups else ""
        raise Refused([Finding("not-there", "stop", f"backup {backup}", "the share has no snapshot of it", hint)])
    return parts


def _chain(tip: Snapshot, found: Catalogue) -> Chain:
    links, findings = [tip], list[Finding]()
    while links[0].kind == "Progressive" and links[0].facts is not None:
        before = _before(links, found)
        if isinstance(before, Finding):
            findings.append(before)
            break
        links.insert(0, before)
    problems = [problem for link in links for problem in link.problems]
    return Chain(tip.repository, tuple(links), (*findings, *problems, *_wrong(tip, links)))


def _before(links: list[Snapshot], found: Catalogue) -> Snapshot | Finding:
    """The snapshot that the first link builds on, or why there is none."""
    link = links[0]
    previous = link.facts.previous if link.facts else ""
    if not previous:
        return Finding("broken-chain", "stop", link.name, "is progressive, and names no snapshot before it", _HINT)
    before = found.find(link.store, link.repository, previous)
    if before is None:
        message = f"builds on the repository's snapshot of {previous}, which is not on the share"
        return Finding("broken-chain", "stop", link.name, message, _HINT)
    if before in links:
        message = f"builds on the repository's snapshot of {previous}, which builds on this one"
        return Finding("broken-chain", "stop", link.name, message, _HINT)
    return before


def _wrong(tip: Snapshot, links: list[Snapshot]) -> Iterator[Finding]:
    first = links[0]
    yield from _mixed(tip.name, "the links of its chain", links)
    for link in links[1:]:
        depends = link.facts.full if link.facts else ""
        if first.kind == "Full" and depends not in ("", first.backup):
            message = f"depends on the full snapshot of {depends}, and its chain begins with that of {first.backup}"
            yield Finding("broken-chain", "stop", link.name, message, _HINT)
    for before, after in pairwise(links):
        if before.stamped > after.stamped:
            message = f"builds on {before.name.rpartition('/')[2]}, which is younger than itself"
            yield Finding("broken-chain", "stop", after.name, message, _HINT)


def _mixed(about: str, what: str, snapshots: Iterable[Snapshot]) -> Iterator[Finding]:
    items = list(snapshots)
    for name, field in ONE.items():
        if len(said := _said(items, field)) > 1:
            message = f"{what} are of more than one {name}: {', '.join(said)}"
            yield Finding("mixed", "stop", about, message, _MADE)


def _twice(about: str, tips: Iterable[Snapshot]) -> Iterator[Finding]:
    for repository, count in Counter(tip.repository for tip in tips).items():
        if count > 1:
            message = f"has {count} snapshots of {repository}: which of them a recovery takes is not known"
            hint = "A stamp writes one. Look at the dates of the files, and at who else writes to the share."
            yield Finding("twice", "warn", about, message, hint)


def _said(snapshots: Iterable[Snapshot], field: str) -> list[str]:
    """What they say, each once, in their order."""
    return list(dict.fromkeys(str(getattr(item.facts, field)) or "none" for item in snapshots if item.facts))
