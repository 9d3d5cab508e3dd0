"""`restamp status --all`: the whole plan with how it stands, in each of its forms; before anything runs, and during."""

import datetime as dt
import json

import pytest

from restamp.cli.plan import Format, told
from restamp.cli.standing import Resource
from restamp.models.step import Step
from restamp.steps import Work, planned

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
RACK = Step(
    id="oem/rack",
    title="Rack",
    phase="redeploy",
    by="oem",
    how="Put it there.",
    lead=21 * DAY,
    takes=(4 * HOUR, 8 * HOUR),
    source="their contract",
)
DEPLOY = Step(id="oem/deploy", title="Deploy", phase="redeploy", needs=("oem/rack",), takes=(8 * HOUR, 20 * HOUR))
TEST = Step(id="hub/test", title='Test "all"', phase="restore", before=("control-plane-restored",))
STEPS = (RACK, DEPLOY, TEST)
BEFORE = Work((), STEPS, planned(STEPS, {}), ("2 DelegatedOffer: by tenant",))
DURING = {
    "oem/rack": Resource("Step", "oem/rack", {"status": "done", "message": "signed off by Ann"}, "Step oem/rack"),
    "oem/deploy": Resource("Step", "oem/deploy", {"status": "waiting", "message": "deploying"}, "Step oem/deploy"),
}


def test_before_anything_runs_the_text_has_order_reasons_times_and_what_people_do() -> None:
    """With lead times, the critical path, when it is done, and who says no duration."""
    lines = told(BEFORE, {}, "text").splitlines()

    assert lines[:3] == [
        "  not run  oem/rack  Rack  (oem)",
        "           takes 4 h to 8 h; order 21 d ahead; source: their contract",
        "           | Put it there.",
    ]
    assert lines[3:6] == [
        "  not run  oem/deploy  Deploy  (restamp)",
        "           takes 8 h to 20 h; after oem/rack",
        "[stamp-ready] between 21 d 12 h and 22 d 4 h",
    ]
    assert "           before control-plane-restored" in lines
    assert "    not by restamp: 2 DelegatedOffer: by tenant" in lines
    assert lines[-3:] == [
        "critical path: oem/rack -> oem/deploy",
        "nobody says how long these take: hub/test",
        "done between 21 d 12 h and 22 d 4 h from the begin, by what plugins declare; restamp's own work is not in it",
    ]


def test_during_a_recovery_the_text_says_how_each_step_stands_and_what_is_left() -> None:
    """What is done takes no time any more, and nobody is told to do it again."""
    lines = told(BEFORE, DURING, "text").splitlines()

    assert "  done     oem/rack  Rack  (oem)" in lines
    assert lines[lines.index("  waiting  oem/deploy  Deploy  (restamp)") + 2] == "           deploying"
    assert "           | Put it there." not in lines
    assert "critical path: oem/deploy" in lines
    assert "done between 8 h and 20 h from the begin" in lines[-1]


def test_the_drawing_has_the_same() -> None:
    """Who, when, how it stands and what waits for what; what is done is green, the critical path thick."""
    drawn = told(BEFORE, DURING, "mermaid").splitlines()

    assert drawn[0] == "flowchart TD"
    assert '  s0["oem/rack<br/>Rack<br/>oem; takes 4 h to 8 h; order 21 d ahead; done"]' in drawn
    assert '  s1["oem/deploy<br/>Deploy<br/>restamp; takes 8 h to 20 h; waiting"]' in drawn
    assert "  s2[\"hub/test<br/>Test 'all'<br/>restamp; not run\"]" in drawn
    assert '  stamp-ready{{"stamp-ready<br/>between 8 h and 20 h"}}' in drawn
    assert {"  s0 --> s1", "  s1 --> stamp-ready", "  style s0 fill:#cfc", "  style s1 stroke-width:4px"} <= {*drawn}


@pytest.mark.parametrize(("standing", "statuses"), [({}, ["not run"] * 3), (DURING, ["done", "waiting", "not run"])])
def test_data_has_the_same(standing: dict[str, Resource], statuses: list[str]) -> None:
    """For programs: durations in seconds, and every field of a step."""
    form: Format = "json"
    data = json.loads(told(BEFORE, standing, form))

    assert [item["status"] for item in data["steps"]] == statuses
    assert data["steps"][1] | {"begins": None, "holds": "stamp-ready", "waitsFor": ["oem/rack"]} == data["steps"][1]
    assert data["steps"][2]["reasons"] == ["before control-plane-restored"]
    assert data["notByRestamp"] == ["2 DelegatedOffer: by tenant"]
    assert data["criticalPath"] == (["oem/deploy"] if standing else ["oem/rack", "oem/deploy"])
    assert data["doneAfterSeconds"] == ([28800, 72000] if standing else [1857600, 1915200])
    assert data["unknown"] == ["hub/test"]
