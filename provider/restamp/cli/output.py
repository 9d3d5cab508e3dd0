"""What people see: findings in lists that say where the rest is, progress on a terminal, plain lines in a pipe."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from restamp.models.finding import Finding

_SHOWN = 40
_LONG = 1_000_000_000  # bytes


def findings(found: Sequence[Finding], *, shown: int = _SHOWN) -> None:
    """One line a finding on standard error, its hint below; capped."""
    for finding in found[:shown]:
        print(f"{finding.level}: {finding}", file=sys.stderr)
        if finding.hint:
            print(f"  {finding.hint}", file=sys.stderr)
    if len(found) > shown:
        print(f"  and {len(found) - shown} more like these: mend the first ones and run this again", file=sys.stderr)


def as_data(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings for programs."""
    return [{name: getattr(item, name) for name in ("code", "level", "about", "message", "hint")} for item in found]


def secret(variable: str, whose: str) -> str:
    """A password from the environment, else asked for on a terminal; empty where there is neither."""
    import getpass

    if (given := os.environ.get(variable)) is not None or not sys.stdin.isatty():
        return given or ""
    return getpass.getpass(f"password of {whose}: ")


def capped(lines: Iterable[str], where_the_rest_is: str, shown: int = _SHOWN) -> Iterator[str]:
    """The first lines, and where the others are."""
    rest = 0
    for number, line in enumerate(lines):
        if number < shown:
            yield line
        else:
            rest += 1
    if rest:
        yield f"  and {rest} more: {where_the_rest_is}"


@contextmanager
def progress(verb: str, steps: int) -> Iterator[Callable[[str, int], None]]:
    """A bar on a terminal, a line a step in a pipe, always on standard error: `step(kind, count)`."""
    if not sys.stderr.isatty():
        yield lambda name, count: print(f"{verb} {name}: {count}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(verb, total=steps)
        yield lambda name, count: bar.update(task, advance=1, description=f"{verb} {name}: {count}")


class Reading:
    """How much of what is to be read was read: `expect` more bytes, `step` over some."""

    def __init__(self, changed: Callable[[int, int], None]) -> None:
        self.expected, self.read, self._changed = 0, 0, changed

    def expect(self, size: int) -> None:
        """There are more bytes to read."""
        self.expected += size
        self._changed(self.read, self.expected)

    def at(self, read: int, expected: int) -> None:
        """So many were read, of so many."""
        self.read, self.expected = read, expected
        self._changed(read, expected)

    def step(self, size: int) -> None:
        """Some were read."""
        self.read += size
        self.expected = max(self.expected, self.read)
        self._changed(self.read, self.expected)


@contextmanager
def reading(verb: str) -> Iterator[Reading]:
    """A bar on a terminal, a line for each tenth of what takes long in a pipe, always on standard error."""
    if not sys.stderr.isatty():
        yield Reading(_tenths(verb))
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn(verb), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(verb)
        yield Reading(lambda read, expected: bar.update(task, completed=read, total=expected))


def _tenths(verb: str) -> Callable[[int, int], None]:
    told = 0

    def changed(read: int, expected: int) -> None:
        nonlocal told
        if expected >= _LONG and read * 10 // expected > told:
            told = read * 10 // expected
            print(f"{verb} {told}0 % of {expected / 1e9:.1f} GB", file=sys.stderr)

    return changed
