"""A role that somebody gave by hand before `up`: a stamp takes no second one, so it is the one that was captured."""

import json
from pathlib import Path

from tests.flows.world import NAME, World
from tests.keys import written
from tests.proof.populated import deployed, everything
from tests.proof.way import bytes_of

BY_HAND = "11111111-aaaa-4bbb-8ccc-222222222222"


def test_a_role_under_another_guid_is_adopted_named_and_captured_as_it_is(tmp_path: Path) -> None:
    """`up` writes nothing for it and is done; verify calls it a note; the next capture changes that one key."""
    world = World(tmp_path)
    world.runbook.mkdir(parents=True)
    key = written(world.runbook, "ann").rename(tmp_path / "ann.pfx")
    with world.stamp_of(1) as lost:
        deployed(lost, 1).load(everything(lost, 1))
        world.restamp("capture", "--stamp", NAME)
    (file,) = (path.relative_to(world.runbook).as_posix() for path in (world.runbook / "subscriptions").iterdir())
    before = bytes_of(world.runbook)
    with world.stamp_of(2) as stamp:
        deployed(stamp, 1).load(everything(stamp, 1))
        given = next(b for b in stamp.objects() if "/roleAssignments/" in b["id"] and b["id"].split("/")[2] in file)
        stamp.state.store.delete(given["id"].lower())
        stamp.load([given | {"id": given["id"].replace(given["name"], BY_HAND), "name": BY_HAND}])
        world.restamp("begin", "r")
        assert "RoleAssignment" not in world.restamp("diff").partition("note:")[0]
        told = world.restamp("up", RESTAMP_OPENERS=str(key))
        assert f"{given['name']}: unchanged: is there as {BY_HAND}, made by somebody else" in told
        assert not any("/roleassignments/" in write.lower() for write in stamp.writes)
        found = json.loads((said := world.restamp("verify", "--json", status=4))[said.index("{\n") :])
        assert found["differences"] == []
        assert [f["message"] for f in found["findings"] if f["code"] == "renamed"] == [
            f"is there as {BY_HAND}, made by somebody else"
        ]
        world.restamp("capture")
        after = bytes_of(world.runbook)
        assert {name for name in before if before[name] != after.get(name)} == {file}
        assert BY_HAND in after[file].decode()
        assert "made by somebody else" not in world.restamp("verify", status=None)
        world.restamp("capture")

    assert bytes_of(world.runbook) == after
