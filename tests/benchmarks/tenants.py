"""Thousands of tenants: `python -m tests.benchmarks.tenants`, also part of `make bench`. TENANTS=1000, 25 objects each.

Throughput, the cost of nothing to do, state, memory, growth, and what the journal and sealing take of a run.
PULUMI_SKIP_CHECKPOINTS=false measures with the engine's checkpoints.
"""

import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.bench import Bench, Row, seconds, table
from tests.flows.world import NAME, REGION

from restamp.journal import Journal
from restamp.kinds.keyvault import Secret
from restamp.plugins import all_kinds
from restamp.runbook import load
from restamp.sealing import for_writing

TENANTS = int(os.environ.get("TENANTS", "1000"))
_BARE = ("pulumi", "--non-interactive", "up", "--yes", "--skip-preview", "--parallel", "64", "--stack", REGION)
_RATE = re.compile(r"this run: (.*?); ([\d,]+) calls")


class Peak:
    """The most memory any of our processes had, in MB: asked four times a second."""

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._end = threading.Event()

    @contextmanager
    def watched(self, marker: str) -> Iterator[None]:
        """Within this, every process whose environment holds `marker` is watched."""
        thread = threading.Thread(target=self._watch, args=(marker.encode(),))
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def _watch(self, marker: bytes) -> None:
        while not self._end.wait(0.25):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    command = (process / "cmdline").read_bytes()
                    if marker in (process / "environ").read_bytes() and b"simulator" not in command:
                        high = re.search(rb"VmHWM:\s+(\d+)", (process / "status").read_bytes())
                        self.megabytes = max(self.megabytes, int(high[1]) / 1024 if high else 0.0)
                except OSError:
                    continue


def objects_in(told: str) -> int:
    """How many objects a run brought back or found right, from its own last words."""
    found = _RATE.search(told)
    assert found, told[-2000:]
    return sum(int(number.replace(",", "")) for number in re.findall(r"([\d,]+) [a-z]", found[1]))


def beside(bench: Bench) -> float:
    """Seconds that the journal and the sealed values of a run take by themselves: each line and value once more."""
    entries = list(Journal(NAME, bench.folder / "home" / "journal").entries())
    journal = Journal(NAME, bench.folder / "again")
    os.environ.update(bench.env)  # where the private key is
    book = load(bench.runbook, all_kinds())
    seals = for_writing(book.folder, book.stamp)
    assert seals is not None
    start = time.perf_counter()
    for entry in entries:
        journal.write(entry["event"], {name: entry[name] for name in entry.keys() - {"at", "session", "event"}})
    journal.close()
    for whose, held in book.inside.items():
        for item in held:
            if isinstance(item, Secret) and item.value:
                seals.open(f"{whose}/{item.vault}/{item.name}", item.value)
    return time.perf_counter() - start


def recovered(folder: Path, tenants: int) -> dict[str, float]:
    """One recovery of so many tenants, from capture to an unchanged run: seconds and sizes by name."""
    bench, peak = Bench(folder), Peak()
    bench.with_recipient()
    found: dict[str, float] = {}
    with peak.watched(str(folder)):
        with bench.stamp(1, "--population", str(tenants), "--contents"):
            found["capture"] = seconds(lambda: bench.run("restamp", "capture", "--stamp", NAME))
        with bench.stamp(2, "--population", str(tenants), "--lost"):
            bench.run("restamp", "begin", "r")
            start = time.perf_counter()
            told = bench.run("restamp", "up")
            found["up"] = time.perf_counter() - start
            found["objects"], found["beside"] = objects_in(told), beside(bench)
            found["bare"] = seconds(lambda: bench.run(*_BARE))
            found["again"] = seconds(lambda: bench.run("restamp", "up"))
    state = next((bench.folder / "home" / "pulumi").rglob(f"{REGION}.json"))
    found |= {"state": state.stat().st_size / tenants, "peak": peak.megabytes}
    return found


def rows() -> list[Row]:
    """The figures of a quarter of the tenants, and of all."""
    with tempfile.TemporaryDirectory(prefix="restamp-tenants-") as scratch:
        few = recovered(Path(scratch) / "few" / "contoso", max(TENANTS // 4, 1))
        many = recovered(Path(scratch) / "many" / "contoso", TENANTS)
    growth = (many["up"] / many["objects"]) / (few["up"] / few["objects"])
    count = f"{TENANTS} subscriptions, {many['objects']:,.0f} objects"
    return [
        Row(f"`restamp up` of {count}", many["objects"] / many["up"], "objects/s", 250, at_most=False),
        Row("capture of them", many["objects"] / many["capture"], "objects/s", 300, at_most=False),
        Row("first `restamp up` / unchanged bare `pulumi up`", many["up"] / many["bare"], "times", 5, at_most=False),
        Row("first `restamp up` / unchanged `restamp up`", many["up"] / many["again"], "times", 3, at_most=False),
        Row("journal and opened secrets, of that `restamp up`", 100 * many["beside"] / many["up"], "%", 5),
        Row("state of a subscription", many["state"] / 1024, "KB", 3),
        Row("peak memory of any process", many["peak"], "MB", 500),
        Row(f"time an object at {TENANTS} / at {TENANTS // 4} subscriptions", growth, "times", 1.15),
    ]


if __name__ == "__main__":
    sys.exit(table(rows()))
