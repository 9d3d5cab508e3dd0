"""A recovery with steps of a plugin: people, a vendor's service, weeks, another machine."""

import json
from pathlib import Path

import pytest
from tests.flows.world import REGION, World
from tests.outsiders import installed

from restamp import failpoints


@pytest.fixture
def acme(world: World, tmp_path: Path) -> dict[str, str]:
    """The environment of an operator with Acme's plugin, of a stamp that is lost."""
    (tmp_path / "service").mkdir()
    env = {
        "PYTHONPATH": str(installed(tmp_path / "site", "oem-acme")),
        "ACME_SERVICE": str(tmp_path / "service"),
        "RESTAMP_SECRET_OEM_ACME_PASSWORD": "Tr0ub4dor-and-3",
        "RESTAMP_AGAIN": "0.1",
    }
    world.captured()
    world.restamp("plugins", "use", "oem-acme", **env)
    world.restamp("begin", "loss", **env)
    return env


def test_a_recovery_waits_for_people_and_vendors_and_goes_on_where_it_stopped(
    world: World, acme: dict[str, str], tmp_path: Path
) -> None:
    """From bare hardware to a verified stamp, by many runs of `up`, on two machines, and no step begun twice."""
    service = Path(acme["ACME_SERVICE"])

    told = world.restamp("up", status=3, **acme)
    assert "Step oem-acme/rack: waiting: for the OEM: Racking. Once done: restamp signoff oem-acme/rack" in told
    assert "--by NAME (lead time 21 d)" in told
    assert list(service.iterdir()) == []

    evidence = tmp_path / "photo.jpg"
    evidence.write_bytes(b"a rack")
    told = world.restamp(
        "signoff", "oem-acme/rack", "oem-acme/deploy", "oem-acme/tack", "--by", "Ann", status=2, **acme
    )
    assert "oem-acme/deploy: is done by restamp, and needs nobody's word" in told
    assert "oem-acme/tack: no plugin in use has such a step" in told
    told = world.restamp("signoff", "oem-acme/rack", "--by", "Ann", "--evidence", str(evidence), **acme)
    assert "photo.jpg: 6 bytes, sha256 " in told
    told = world.restamp("up", status=3, **acme)
    assert "Step oem-acme/deploy: waiting: deploying" in told
    assert [path.name for path in service.iterdir()] == ["order-loss"]

    (service / "ready").touch()  # weeks later, on another machine, with nothing but git and the state
    world.moved()
    told = world.restamp("up", status=4, **acme)  # no stamp answers under its name
    assert "steps: 2 done, 1 not run" in told
    with world.stamp_of(2):
        world.restamp("begin", "loss", **acme)
        told = world.restamp("up", **acme)
        assert "steps: 3 done" in told
        assert "gates open: " in told
        state = world.state()
        assert state["oem-acme/badges"]["message"] == "badges for order-loss, 1 region"
        assert state["verification"]["message"].startswith("14 of 14 objects equal, 0 unexpected, 0 not verified")
        assert state["recovered"]["open"] is True
        assert "this run: nothing written" in world.restamp("up", **acme)  # nothing is asked again
    assert (service / "order-loss").read_text() == "15 letters"


@pytest.mark.parametrize("way", failpoints.WAYS)
def test_a_step_killed_anywhere_begins_its_work_once(
    world: World, acme: dict[str, str], way: failpoints.Way, tmp_path: Path
) -> None:
    """Before and after it remembers, before it answers: the next `up` finds the order, and places no second one."""
    world.restamp("signoff", "oem-acme/rack", "--by", "Ann", **acme)
    seen = tmp_path / "seen"
    end = "step.end#1" if way == "itself" else "step.end#2"  # an engine that lives on saves that the first one is done
    for point in ("step.look#1", "step.begin#2", "token.before#1", end, "token.after#1"):
        # the vendor lost it: it is ordered anew; without its engine a step goes on, and has remembered already
        if point == "token.after#1" or (point, way) == ("token.before#1", "engine"):
            acme["ACME_SERVICE"] = str(tmp_path / point)
            (tmp_path / point).mkdir()
        order = Path(acme["ACME_SERVICE"]) / "order-loss"
        placed = order.exists() and order.stat().st_mtime_ns
        world.restamp("up", status=None, RESTAMP_FAIL_AT=f"{point}:{way}", RESTAMP_FAIL_SEEN=str(seen), **acme)
        assert failpoints.ENDED in seen.read_text().split(), point
        assert not placed or order.stat().st_mtime_ns == placed
        seen.unlink()
    told = world.restamp("up", status=3, **acme)
    assert "Step oem-acme/deploy: waiting: deploying" in told
    acts = [json.loads(line) for line in world.restamp("journal", "--json", **acme).splitlines()]
    assert (acts[-1]["what"], acts[-1]["outcome"]) == ("Step oem-acme/deploy", "waiting")
    assert ["remembered order-loss"] in [act["operations"] for act in acts]


def test_the_whole_plan_is_told_before_anything_runs(world: World, acme: dict[str, str]) -> None:
    """With who, why and how long, as text, as a drawing and as data."""
    told = world.restamp("status", "--all", status=3, **acme)
    assert "not run  oem-acme/rack  Racking  (oem)" in told
    assert "| Put 1 rack in its place, and switch it on." in told
    assert "critical path: oem-acme/rack -> oem-acme/deploy" in told
    assert "done between 21 d 12 h and 22 d 4 h from the begin" in told

    data = json.loads(world.restamp("status", "--all", "--format", "json", status=3, **acme))
    assert [item["id"] for item in data["steps"]] == ["oem-acme/rack", "oem-acme/deploy", "oem-acme/badges"]
    assert data["steps"][2]["begins"] == "control-plane-restored"
    drawn = world.restamp("status", "--all", "--format", "mermaid", status=3, **acme)
    assert drawn.startswith("flowchart TD")
    assert "s0 --> s1" in drawn


def test_all_obstacles_are_told_before_the_first_step(world: World, acme: dict[str, str]) -> None:
    """A secret that is missing and an empty shelf, at once; nothing of the OEM's begins."""
    world.restamp("signoff", "oem-acme/rack", "--by", "Ann", **acme)
    told = world.restamp("up", status=4, **acme | {"ACME_SHELF": "empty", "RESTAMP_SECRET_OEM_ACME_PASSWORD": ""})

    assert "spare parts: the shelf is empty. Order new ones." in told
    assert "needs the secret password, and it is not at hand" in told
    assert list(Path(acme["ACME_SERVICE"]).iterdir()) == []


def test_what_a_step_says_repeats_no_secret(world: World, acme: dict[str, str]) -> None:
    """Neither on the screen nor in the state, the journal or a file."""
    world.restamp("signoff", "oem-acme/rack", "--by", "Ann", **acme)
    (Path(acme["ACME_SERVICE"]) / "broken").touch()

    told = world.restamp("up", status=4, **acme)
    assert "the service refused ***" in told
    files = [path for path in world.folder.parent.rglob("*") if path.is_file() and "engine" not in path.parts]
    assert not [path for path in files if b"Tr0ub4dor" in path.read_bytes()]


def test_a_step_that_destroys_needs_somebodys_word(world: World, acme: dict[str, str]) -> None:
    """Off unless stamp.yaml asks for it, and then not without a sign-off."""
    stamp = world.runbook / "stamp.yaml"
    stamp.write_text(stamp.read_text().replace("settings: {}", 'settings: {wipe: "true"}'))
    service = Path(acme["ACME_SERVICE"])
    (service / "ready").touch()
    world.restamp("signoff", "oem-acme/rack", "--by", "Ann", **acme)
    with world.stamp_of(2):
        world.restamp("begin", "loss", **acme)
        told = world.restamp("up", status=3, **acme)
        assert "Step oem-acme/wipe: waiting: for somebody's word, as it destroys" in told
        assert not (service / "wiped").exists()
        world.restamp("signoff", "oem-acme/wipe", "--by", "Ann", **acme)
        world.restamp("up", **acme)
    assert (service / "wiped").exists()


def test_the_old_stamp_still_answering_ends_everything(world: World, acme: dict[str, str]) -> None:
    """No vendor is called to redeploy what lives."""
    world.restamp("signoff", "oem-acme/rack", "--by", "Ann", **acme)
    with world.stamp_of(1) as stamp:
        stamp.load([])
        told = world.restamp("up", status=4, **acme)

    assert "was lost, and answers" in told
    assert list(Path(acme["ACME_SERVICE"]).iterdir()) == []
    assert REGION in str(world.runbook)
