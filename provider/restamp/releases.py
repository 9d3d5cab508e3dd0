"""Which baseline builds take a backup, how far it is from there to the newest release, and how long media fit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from restamp.models.document import Model
from restamp.models.finding import Finding

_OEM = "That releases are what counts is inferred: ask the OEM, in writing, for a baseline of"


class Releases(Model):
    """`releases.yaml`: the releases in order; what one can only be installed on; hours of an update by nodes."""

    source: str
    releases: tuple[str, ...]
    needs: dict[str, str]
    hours: dict[int, tuple[int, int]]

    def after(self, release: str) -> tuple[str, ...]:
        """The releases after one; nothing where it is not known."""
        return self.releases[self.releases.index(release) + 1 :] if release in self.releases else ()

    def hours_of(self, nodes: int) -> tuple[int, int]:
        """Least and most hours of an update: those of the next larger stamp that is documented."""
        return next((hours for size, hours in sorted(self.hours.items()) if nodes <= size), self.hours[max(self.hours)])


@dataclass(frozen=True)
class Way:
    """From one baseline to the newest release."""

    baseline: str
    hops: tuple[str, ...]
    needs: tuple[str, ...]
    hours: tuple[int, int]
    fits_until: str | None  # the release with which media of it stop fitting; None where none is known yet

    def __str__(self) -> str:
        ends = f"media of it fit until the stamp is updated to {self.fits_until or 'a release after it'}"
        if not self.hops:
            return f"{self.baseline}: no later release is known; {ends}"
        many = f"{len(self.hops)} update{'s' if len(self.hops) > 1 else ''} to {self.hops[-1]}"
        return f"{self.baseline}: {many}, {self.hours[0]} to {self.hours[1]} hours; {ends}"


@cache
def known() -> Releases:
    """The list that comes with restamp."""
    return Releases.model_validate(yaml.safe_load((files("restamp") / "releases.yaml").read_text("utf-8")))


def release(version: str) -> str:
    """The release of a build: 2501 of 1.2501.1.47; empty where it is none."""
    found = re.fullmatch(r"1\.(\d{4})(\.\d+){0,2}", version)
    return found[1] if found else ""


def takes(version: str) -> tuple[str, ...]:
    """The releases whose baseline takes a backup of a stamp version: its own, and the one after it (documented)."""
    return (release(version), *known().after(release(version))[:1]) if release(version) else ()


def fits(version: str, baseline: str) -> Iterator[Finding]:
    """What is to be said against recovering a backup of one version onto another; nothing where it is supported."""
    ours, theirs = release(version), release(baseline)
    fitting = " or ".join(takes(version))
    if not theirs:
        hint = "A build is written like 1.2501.0.21."
        yield Finding("baseline", "stop", f"baseline {baseline}", "is no build of Azure Stack Hub", hint)
    elif theirs in takes(version):
        if version != baseline and ours == theirs:
            message = (
                f"is of the backup's release, and another build than {version}: what is documented counts releases"
            )
            yield Finding(
                "baseline",
                "note",
                f"baseline {baseline}",
                message,
                "That it does not matter is inferred: ask the OEM whether it does.",
            )
    elif theirs not in known().releases or ours not in known().releases:
        message = f"is of {theirs}, and the backup of {ours}: how far apart they are stands in no list that restamp has"
        yield Finding("baseline", "warn", f"baseline {baseline}", message, f"{_OEM} {fitting}.")
    elif known().releases.index(theirs) < known().releases.index(ours):
        message = f"is older than the backup, of {ours}: nothing documents that it takes it"
        yield Finding(
            "baseline", "stop", f"baseline {baseline}", message, f"{_OEM} {fitting}, or whether this one takes it."
        )
    else:
        steps = known().releases.index(theirs) - known().releases.index(ours)
        message = f"is {steps} releases newer than the backup, of {ours}: one is the most that is supported"
        yield Finding("baseline", "stop", f"baseline {baseline}", message, f"{_OEM} {fitting}, and update from there.")


def ways(version: str, nodes: int) -> tuple[Way, ...]:
    """From each baseline that takes a backup of this version to the newest release."""
    return tuple(_way(name, nodes) for name in takes(version))


def _way(baseline: str, nodes: int) -> Way:
    releases, hops = known(), known().after(baseline)
    least, most = releases.hours_of(nodes)
    needs = tuple(releases.needs[hop] for hop in hops if hop in releases.needs)
    return Way(baseline, hops, needs, (least * len(hops), most * len(hops)), hops[0] if hops else None)
