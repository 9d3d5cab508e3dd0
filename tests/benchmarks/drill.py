"""A whole recovery rehearsed: `python -m tests.benchmarks.drill`, a part of `make bench`. DRILL=200 subscriptions."""

import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.bench import Row, seconds, table
from tests.flows.world import ROOT

from restamp.drill import Asked, Drill

SUBSCRIPTIONS = int(os.environ.get("DRILL", "200"))
PLUGINS = ("hub-core", "oem-generic", "oem-redfish")


def rows() -> list[Row]:
    """Natively and with all of its plugins, from a living stamp to a second `up` that finds nothing to do."""
    with tempfile.TemporaryDirectory(prefix="restamp-drill-") as scratch:
        drill = Drill(Asked("native", SUBSCRIPTIONS, plugins=PLUGINS), Path(scratch), ROOT, lambda _line: None)
        took = seconds(drill.run)
    for stage in drill.stages:
        print(f"{stage.seconds:6.1f} s  {stage.title}")
    return [Row(f"`restamp drill` of {SUBSCRIPTIONS} subscriptions", took, "s", 120)]


if __name__ == "__main__":
    sys.exit(table(rows()))
