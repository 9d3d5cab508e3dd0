"""Test-AzureStack around the restore."""

import pytest

from restamp.simulator import Fault
from restamp.simulator.pep.validation import mark

from .conftest import Bench
from .test_backups import LOCATION


def test_a_stamp_without_a_failure_passes(bench: Bench) -> None:
    """Asked again, it passes again: nothing is changed by asking."""
    assert [bench.ask("test-before").status for _ in range(2)] == ["done", "done"]
    assert bench.stamp.effects == []


def test_what_fails_is_named_unless_people_leave_it_out(bench: Bench) -> None:
    """By the test's own name and reason."""
    mark(bench.stamp.state, "AzsControlPlane", "FAIL", "It is down.")
    mark(bench.stamp.state, "AzsAcsSummary", "WARN", "It is slow.")
    found = bench.ask("test-before")
    assert (found.status, found.message) == ("failed", "Test-AzureStack: AzsControlPlane failed: It is down.")

    bench.settings = {"ignoredTests": ["AzsControlPlane"]}
    assert bench.ask("test-before").status == "done"


@pytest.mark.parametrize("name", ["test-before", "test-after", "enable-backup"])
def test_it_never_runs_while_the_stamp_is_being_updated(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Of whatever it would test, a share too; asked again until that is over."""
    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_BACKUP_PASSWORD", "a word")
    bench.document, bench.settings = {"way": "native"}, {"backupPath": r"\\nas\again"}
    bench.written({"backup/redmond.yaml": LOCATION})
    place = next(body for body in bench.stamp.objects() if body["id"].endswith("/updateLocations/redmond"))
    idle = place | {"properties": dict(place["properties"])}
    bench.stamp.load([place | {"properties": place["properties"] | {"state": "UpdateInProgress"}}])
    assert bench.ask(name).message == "the stamp is being updated, and must not be tested meanwhile"

    bench.stamp.faults.append(Fault("updateLocations", after=1, first=lambda: bench.stamp.load([idle])))
    assert "must not be tested" not in bench.ask(name, pauses=2).message


def test_a_lost_answer_fails_and_the_next_run_tests_again(bench: Bench) -> None:
    """Testing changes nothing."""
    assert {found.status for found in bench.survives("test-before", "/wsman")} == {"done"}
