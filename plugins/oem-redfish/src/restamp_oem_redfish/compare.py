"""Machines -> findings: whether they will do for a deployment, and how they differ from those before. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from restamp.models.finding import Finding, Level

from .machine import Machine

MOST = 16  # nodes of a scale unit (documented)


def needed(machines: Sequence[Machine], nodes: int, approved: Mapping[str, str]) -> list[Finding]:
    """What keeps these machines from being deployed: too few, not alike, firmware below what the OEM approves.

    Args:
        machines: All that are to be one scale unit.
        nodes: How many there have to be at least.
        approved: The least version of each firmware, by its name.
    """
    return [*_count(len(machines), nodes), *_alike(machines), *_approved(machines, approved)]


def _count(found: int, nodes: int) -> Iterator[Finding]:
    if not nodes <= found <= MOST:
        wrong = f"at least {nodes}" if found < nodes else f"at most {MOST}"
        hint = "Name the BMC of every machine in stamp.yaml: plugins.oem-redfish.settings.bmcs"
        yield _finding("stop", "machines", f"there are {found}, and a deployment needs {wrong}", hint)


def _alike(machines: Sequence[Machine]) -> Iterator[Finding]:
    """Every machine that is not as most are, in what a scale unit has to have alike; BIOS settings are for the OEM."""
    for what in sorted({name for machine in machines for name in machine.build}):
        yield from _odd("stop", what, {machine.name: machine.build[what] for machine in machines})
    for name in sorted({name for machine in machines for name in machine.firmware}):
        versions = {machine.name: machine.firmware.get(name, "none") for machine in machines}
        yield from _odd("stop", f"firmware {name}", versions)
    for name in sorted({name for machine in machines for name in machine.bios}):
        yield from _odd("warn", f"BIOS {name}", {machine.name: machine.bios.get(name, "none") for machine in machines})


def _odd(level: Level, what: str, values: Mapping[str, str]) -> Iterator[Finding]:
    usual = _usual(values.values())
    for machine, value in sorted(values.items()):
        if value != usual:
            hint = "The machines of a scale unit have to be alike (inferred): have the OEM put this one right."
            yield _finding(level, machine, f"{what}: {value}, and the others have {usual}", hint)


def _approved(machines: Iterable[Machine], approved: Mapping[str, str]) -> Iterator[Finding]:
    for name, least in sorted(approved.items()):
        for machine in machines:
            version = machine.firmware.get(name)
            if version is None or older(version, least):
                is_now = f"is {version}" if version else "is not there"
                hint = "Have the OEM bring it to the approved level before the deployment."
                yield _finding("stop", machine.name, f"firmware {name} {is_now}, and {least} is approved", hint)


def differences(before: Sequence[Machine], now: Sequence[Machine]) -> list[Finding]:
    """How the machines of today differ from those before, rack against rack: nothing of it stops a recovery.

    Firmware that is older than it was is a warning; what belongs to a machine alone (serial numbers, addresses) is
    not compared, but machines that are still the same are counted.
    """
    if not before or not now:
        return []
    return [*_rack(before, now), *_builds(before, now), *_firmware(before, now), *_same(before, now)]


def _rack(before: Sequence[Machine], now: Sequence[Machine]) -> Iterator[Finding]:
    if len(before) != len(now):
        yield _note("machines", f"there were {len(before)}, and there are {len(now)}")


def _builds(before: Sequence[Machine], now: Sequence[Machine]) -> Iterator[Finding]:
    for what in before[0].build:
        was, is_now = (_usual(machine.build[what] for machine in them) for them in (before, now))
        if was != is_now:
            yield _note(what, f"was {was}, and is {is_now}")


def _firmware(before: Sequence[Machine], now: Sequence[Machine]) -> Iterator[Finding]:
    """Only what both have: another vendor has other names for everything."""
    common = {name for machine in before for name in machine.firmware} & {n for m in now for n in m.firmware}
    for name in sorted(common):
        was, is_now = (_usual(m.firmware[name] for m in them if name in m.firmware) for them in (before, now))
        if older(is_now, was):
            hint = "Ask the OEM whether this level is right for the build that is deployed."
            yield _finding("warn", f"firmware {name}", f"is {is_now}, older than the {was} of before", hint)
        elif was != is_now:
            yield _note(f"firmware {name}", f"was {was}, and is {is_now}")


def _same(before: Iterable[Machine], now: Sequence[Machine]) -> Iterator[Finding]:
    same = {machine.serial for machine in before} & {machine.serial for machine in now}
    if same and len(same) < len(now):
        yield _note("machines", f"{len(same)} of {len(now)} are those of before, by their serial numbers")


def _usual(values: Iterable[str]) -> str:
    """What most have; of as many, the first in order, so that the answer is always the same."""
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], value))


def older(version: str, than: str) -> bool:
    """Whether a version is before another: numbers as numbers, whatever stands between them.

    Versions whose words differ, such as A1.2 and B1.1, have no order that anybody knows: neither is older.
    """
    (words, numbers), (other_words, other_numbers) = _parts(version), _parts(than)
    return words == other_words and numbers < other_numbers


def _parts(version: str) -> tuple[str, tuple[int, ...]]:
    return "".join(re.findall(r"[A-Za-z]+", version)).lower(), tuple(map(int, re.findall(r"[0-9]+", version)))


def _note(about: str, message: str) -> Finding:
    return _finding("note", about, message)


def _finding(level: Level, about: str, message: str, hint: str = "") -> Finding:
    return Finding("hardware", level, about, message, hint)
