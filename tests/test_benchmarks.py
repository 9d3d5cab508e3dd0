"""What `make bench` and `make soak` run: nobody runs it every day, so that it can begin at all is seen here."""

import importlib
import pkgutil
import subprocess
from pathlib import Path

import pytest
import tests.benchmarks
import tests.soak

_LANES = [
    *pkgutil.iter_modules(tests.benchmarks.__path__, "tests.benchmarks."),
    *pkgutil.iter_modules(tests.soak.__path__, "tests.soak."),
]
_MAKEFILE = Path(__file__).parents[1] / "Makefile"
_ALONE = "limiter", "backups", "drill"
_MISSES = "#!/bin/sh\necho $3\n[ $3 != tests.benchmarks.limiter ]\n"  # a bar


@pytest.mark.parametrize("name", [lane.name for lane in _LANES])
def test_a_lane_that_no_test_run_has_can_be_loaded(name: str) -> None:
    """All that it imports is there."""
    assert importlib.import_module(name).__doc__


def test_a_missed_bar_stops_no_other_lane(tmp_path: Path) -> None:
    """All four are run, and `make bench` fails in the end, whichever missed."""
    tool = tmp_path / "tools" / "run"
    tool.parent.mkdir()
    tool.write_text(_MISSES, "utf-8")
    tool.chmod(0o700)
    bench = ["make", "--no-print-directory", "-f", _MAKEFILE, "bench"]  # `make test` is a make already
    made = subprocess.run(bench, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert made.returncode == 2
    assert made.stdout.split() == ["tests.benchmarks", *(f"tests.benchmarks.{each}" for each in _ALONE)]
