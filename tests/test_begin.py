"""Which deployment is which: what begins a recovery, what may be captured, and which recovery is meant."""

import datetime as dt
from pathlib import Path

import pytest
import yaml
from tests.flows.world import NAME, REGION, World, contents

from restamp.errors import Refused
from restamp.models.stamp import RecoveryDocument
from restamp.models.stamp import Stamp as StampFile
from restamp.plugins import all_kinds
from restamp.recovery import chosen, known, targets
from restamp.runbook import Runbook
from restamp.runbook.save import own_file
from restamp.simulator import Stamp
from restamp.target import nothing_lost, writable


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An operator's machine with a captured runbook."""
    world = World(tmp_path)
    world.captured()
    return world


def recovery(world: World, recovery_id: str) -> dict[str, object]:
    """What a recovery's file says."""
    read: dict[str, object] = yaml.safe_load((world.runbook / "recoveries" / recovery_id / "recovery.yaml").read_text())
    return read


def documents(world: World) -> dict[str, bytes]:
    """The runbook's documents: name -> content."""
    found = [path for path in world.runbook.rglob("*.yaml") if path.name != "captured.yaml"]
    return {str(path.relative_to(world.runbook)): path.read_bytes() for path in found if "recoveries" not in path.parts}


def write(folder: Path, recovery_id: str, **values: object) -> None:
    """A recovery's file, as people may write it."""
    path = folder / "recoveries" / recovery_id / "recovery.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(own_file(RecoveryDocument.model_validate(values)))


def test_the_empty_redeployed_stamp_is_never_captured(world: World) -> None:
    """The scheduler runs on the night of the loss: refused, the runbook stays, and `begin` knows what was lost."""
    before, lost = documents(world), world.stamp.deployment_id
    with world.stamp_of(2) as stamp:
        told = world.restamp("capture", status=2)
        assert f"deployment {stamp.deployment_id} answers, and the runbook is that of {lost}" in told
        assert "restamp begin" in told
        assert documents(world) == before

        world.restamp("begin", "r")
        assert recovery(world, "r")["lost"] == [lost]
        told = world.restamp("capture", status=2)
        assert "it would take 8 of the runbook's 14 objects away" in told
        assert f"restamp capture --new-deployment {stamp.deployment_id}" in told
        assert documents(world) == before

        assert "says elsewhere" in world.restamp("capture", "--new-deployment", "elsewhere", status=2)
        world.restamp("capture", "--new-deployment", stamp.deployment_id)
        assert len(documents(world)) < len(before)


def test_a_target_is_captured_once_it_lacks_nothing(world: World) -> None:
    """One field that is not as it was stops it; objects that came in addition do not; from then on it is the stamp."""
    with world.stamp_of(2) as stamp:
        stamp.load(contents(stamp, 4))
        world.restamp("begin", "r")
        quota = next(o for o in stamp.objects() if o["id"].endswith("Compute.Admin/locations/redmond/quotas/small"))
        stamp.load([quota | {"properties": quota["properties"] | {"coresLimit": 7}}])
        told = world.restamp("capture", status=2)
        assert "0 of the runbook's 14 objects away and change 1: ComputeQuota compute/small" in told

        stamp.load([quota])
        world.restamp("capture")
        assert sum("subscriptions" in name for name in documents(world)) == 4
        forget(stamp, "000000000003")
        world.restamp("capture")
        assert sum("subscriptions" in name for name in documents(world)) == 3


def test_half_a_runbook_does_not_vanish_in_one_night(world: World) -> None:
    """A redeployed stamp that keeps its id is empty under the old one: its capture is refused all the same."""
    before = documents(world)
    with world.stamp_of(1) as stamp:
        told = world.restamp("capture", status=2)
        assert "it would take 8 of the runbook's 14 objects away" in told
        assert documents(world) == before
        world.restamp("capture", "--new-deployment", stamp.deployment_id)


def test_what_a_subscription_holds_is_not_taken_away_either(tmp_path: Path) -> None:
    """A subscription that is back and still empty: its groups are named, and stay in the runbook."""
    model = all_kinds()["Group"].model
    stamp = StampFile(region=REGION, domain="ext.contoso.example", identity="ADFS")

    def runbook(*names: str, **tags: str) -> Runbook:
        return Runbook(stamp, (), all_kinds(), tmp_path, {"s1": tuple(model(name=name, tags=tags) for name in names)})

    before = runbook("app", "data")
    nothing_lost(before, runbook("app", "data", "more"), "new", known=False)
    with pytest.raises(Refused, match="take 1 of the runbook's 2 objects away and change 0: Group data in s1"):
        nothing_lost(before, runbook("app"), "new", known=False)
    with pytest.raises(Refused, match="take 0 of the runbook's 2 objects away and change 2: Group app in s1"):
        nothing_lost(before, runbook("app", "data", env="test"), "new", known=False)
    nothing_lost(before, runbook("app"), "old", known=True)
    with pytest.raises(Refused, match="take 2 of the runbook's 2 objects away") as refused:
        nothing_lost(before, runbook(), "old", known=True)
    assert refused.value.hint.endswith("restamp capture --new-deployment old")


def test_a_drills_target_is_not_captured(world: World) -> None:
    """The stamp of a drill never becomes the runbook's."""
    with world.stamp_of(2) as stamp:
        stamp.load(contents(stamp))
        world.restamp("begin", "r", "--drill")
        assert "and the runbook is that of" in world.restamp("capture", status=2)


def test_a_second_loss_without_a_capture_knows_the_first_target_as_lost(world: World) -> None:
    """What an earlier recovery brought back may be the living stamp: it is no target of the next one."""
    first = world.stamp.deployment_id
    with world.stamp_of(2) as second:
        world.restamp("begin", "one")
        told = world.restamp("begin", "two")
        assert f"deployment {second.deployment_id} is one that was lost: it may be the living stamp" in told
        assert recovery(world, "two")["lost"] == [first, second.deployment_id]
        assert "it may be the living stamp" in world.restamp("up", "--recovery", "two", status=2)
    with world.stamp_of(3) as third:
        world.restamp("begin", "two")
        assert recovery(world, "two")["target"] == {"deployment": third.deployment_id}
        assert list(targets(world.runbook)) == [third.deployment_id]


def test_what_comes_next_is_what_can_be_done(world: World) -> None:
    """Without a target `begin` offers no `up`, which would be refused; with one it does."""
    told = world.restamp("begin", "r", RESTAMP_CONNECT_TO="*:443=127.0.0.1:1", RESTAMP_CA="")
    assert told.partition("next:\n")[2].splitlines() == ["  restamp begin r   once it answers"]
    with world.stamp_of(2):
        told = world.restamp("begin", "r")
        assert "restamp up     write it" in told


def test_people_can_say_that_a_stamp_was_redeployed_under_its_old_id(world: World) -> None:
    """`redeployed:` in recovery.yaml is the way past the living stamp; the refusal says so, and it needs a target."""
    with world.stamp_of(1) as stamp:
        world.restamp("begin", "r")
        told = world.restamp("up", status=2)
        assert "write `redeployed: <how you know>` into recoveries/r/recovery.yaml" in told
        command = ("begin", "r", "--target", stamp.deployment_id)
        assert "`redeployed: <how you know>`" in world.restamp(*command, status=2)

        with (world.runbook / "recoveries" / "r" / "recovery.yaml").open("a") as file:
            file.write("redeployed: the OEM's report of 2026-11-23, signed\n")
        world.restamp(*command)
        found = chosen(world.runbook).document
        writable(stamp.deployment_id, found, "r")
        told = world.restamp("capture", status=2)
        assert "A recovery's target is captured once it is restored" in told


def test_only_people_open_the_way_to_a_lost_deployment() -> None:
    """A target that was lost is refused without their word, and their word opens no other deployment."""
    values = {"lost": ["old"], "target": {"deployment": "old"}}
    with pytest.raises(Refused, match="may be the living stamp"):
        writable("old", RecoveryDocument.model_validate(values), "r")
    with pytest.raises(Refused, match="its target is deployment old, and other answers"):
        writable("other", RecoveryDocument.model_validate(values | {"redeployed": "seen"}), "r")


def test_files_of_before_the_second_loss_are_read(tmp_path: Path) -> None:
    """One lost deployment under `deployment`, or none at all."""
    for given, lost in (({"deployment": "a"}, ("a",)), ({"deployment": None}, ()), ({}, ()), (["a", "b"], ("a", "b"))):
        assert RecoveryDocument.model_validate({"lost": given}).lost == lost
    write(tmp_path, "r", lost=["a", "b"], begun="2026-11-23T03:14:00Z")
    assert chosen(tmp_path).document.lost == ("a", "b")


def test_the_newest_recovery_is_the_one_begun_last(tmp_path: Path) -> None:
    """By `begun`, whatever their names; older files have none, come first, and count by name: days, then numbers."""
    older = ["drill", "2026-11-23", "2026-11-23-2", "2026-11-23-10"]
    for name in older:
        write(tmp_path, name)
    assert known(tmp_path) == older
    at = dt.datetime(2026, 11, 24, 3, tzinfo=dt.UTC)
    for hours, name in enumerate(["zulu", "alpha", "2026-12-01"]):
        write(tmp_path, name, begun=at + dt.timedelta(hours=-hours))
    assert known(tmp_path) == [*older, "2026-12-01", "alpha", "zulu"]
    assert chosen(tmp_path).id == "zulu"


def test_a_first_capture_into_another_stamps_runbook_is_refused(world: World) -> None:
    """`--stamp` that differs from stamp.yaml names both; the same name is no mistake."""
    with world.stamp_of(1) as stamp:
        stamp.load(contents(stamp))
        other = NAME.replace("ext", "azure")
        told = world.restamp("capture", "--stamp", other, "--runbook", f"stacks/runbooks/{REGION}", status=2)
        assert f"it is the runbook of {NAME}, and --stamp says {other}" in told
        world.restamp("capture", "--stamp", NAME)


def forget(stamp: Stamp, end: str) -> None:
    """Delete an object behind the stamp's back."""
    stamp.state.store.delete(next(o["id"] for o in stamp.objects() if o["id"].endswith(end)).lower())
