"""The whole way on the real engine, over a stamp with something of every kind: lost, brought back, verified."""

from pathlib import Path

from tests.flows.world import NAME, World
from tests.keys import written

from .populated import by_others, deployed, everything
from .way import bytes_of

TENANTS = 3


def test_a_stamp_with_everything_comes_back_through_the_engine(tmp_path: Path) -> None:
    """`up` waits for what a delegate has to do, and is done once that is; the next capture is the same bytes."""
    world = World(tmp_path)
    world.runbook.mkdir(parents=True)
    key = written(world.runbook, "ann").rename(tmp_path / "ann.pfx")
    with world.stamp_of(1) as lost:
        deployed(lost, TENANTS).load(everything(lost, TENANTS))
        world.restamp("capture", "--stamp", NAME)
    before = bytes_of(world.runbook)
    with world.stamp_of(2) as stamp:
        deployed(stamp, TENANTS)
        world.restamp("begin", "r")
        first = world.restamp("up", status=3, RESTAMP_OPENERS=str(key))
        by_others(stamp, lost)
        second = world.restamp("up", RESTAMP_OPENERS=str(key))
        verified = world.restamp("verify", RESTAMP_OPENERS=str(key))
        world.restamp("capture")
    after = {name: content for name, content in bytes_of(world.runbook).items() if not name.startswith("recoveries/")}

    assert "control-plane-restored stays closed: 1 of" in first
    assert "/theirs: waiting: is not there: the API only reads it; by tenant: its delegate publishes it again" in first
    assert "gates open: stamp-ready, control-plane-restored" in second
    assert "0 differences, 0 unexpected, 0 not verified" in verified
    assert f"inside covered: {TENANTS} of {TENANTS} subscriptions" in verified
    assert after == before
