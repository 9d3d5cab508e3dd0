"""What `make bench` and `make soak` run: nobody runs it every day, so that it can begin at all is seen here."""

import importlib
import pkgutil

import pytest
import tests.benchmarks
import tests.soak

_LANES = [
    *pkgutil.iter_modules(tests.benchmarks.__path__, "tests.benchmarks."),
    *pkgutil.iter_modules(tests.soak.__path__, "tests.soak."),
]


@pytest.mark.parametrize("name", [lane.name for lane in _LANES])
def test_a_lane_that_no_test_run_has_can_be_loaded(name: str) -> None:
    """All that it imports is there."""
    assert importlib.import_module(name).__doc__
