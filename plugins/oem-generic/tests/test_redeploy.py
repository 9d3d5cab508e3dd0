"""A stamp with this plugin: captured, lost, and brought back by people, through the real commands and the engine."""

import datetime as dt
from pathlib import Path

import pytest
import yaml
from tests.flows.world import World, contents

from restamp.models.step import SignOff
from restamp.plugins import all_kinds
from restamp.recovery import chosen, sign
from restamp.runbook.outline import outline
from restamp.steps import work


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A captured stamp whose operator keeps its worksheet, and that is lost."""
    made = World(tmp_path)
    with made.stamp_of(1) as stamp:
        stamp.load(contents(stamp))
        made.restamp("capture", "--stamp", "redmond.ext.contoso.example")
        made.restamp("plugins", "use", "oem-generic")
        (made.runbook / "worksheet.xlsm").write_bytes(b"cells")
        file = made.runbook / "stamp.yaml"
        file.write_text(file.read_text().replace("files: {}", "files: {worksheet: worksheet.xlsm}"))
        made.restamp("capture")
    return made


def write(world: World, **values: object) -> None:
    """What people write into recovery.yaml."""
    path = world.runbook / "recoveries" / "loss" / "recovery.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values))


def test_machines_and_files_are_captured(world: World) -> None:
    """So that an order can be written without the stamp."""
    (unit,) = (world.runbook / "scale-units").iterdir()
    said = yaml.safe_load(unit.read_text())

    assert [node["name"] for node in said["nodes"]] == [f"azs-node0{number}" for number in range(1, 5)]
    assert {node["cores"] for node in said["nodes"]} == {56}
    assert "oem-generic/worksheet:" in (world.runbook / "captured.yaml").read_text()


def test_a_build_that_does_not_take_the_backup_is_refused_before_anything_runs(world: World) -> None:
    """With whom to ask; the first step is not even waited for."""
    world.restamp("begin", "loss", "--way", "native")
    write(world, target={"version": "1.1910.0.58"}, backup="2020-01-01T03:00:00Z")
    told = world.restamp("up", status=4)

    assert "baseline 1.1910.0.58: is older than the backup" in told
    assert "ask the OEM, in writing, for a baseline of" in told
    assert "waiting" not in told


def test_people_redeploy_a_stamp_step_by_step(world: World, tmp_path: Path) -> None:
    """Each with evidence; what people wrote of the target stays when the deployment's id becomes known."""
    world.restamp("begin", "loss")
    write(world, target={"version": "1.2501.0.21", "oem": "Fabrikam", "nodes": "8"})
    told = world.restamp("up", status=3)
    assert "Step oem-generic/hardware: waiting: for the operator" in told
    assert "Wanted: 8 nodes, Fabrikam." in world.restamp("status", "--all", status=3)

    evidence = tmp_path / "record.pdf"
    evidence.write_bytes(b"signed")
    world.restamp("signoff", "oem-generic/hardware", "--by", "Ann", "--evidence", str(evidence))
    recovery, read = chosen(world.runbook), outline(world.runbook, all_kinds())
    steps = work(read, recovery, all_kinds()).steps
    for step in steps[1:]:
        signoff = SignOff(step=step.id, by="Bob", at=dt.datetime.now(dt.UTC), digest=step.digest)
        sign(world.runbook, recovery.id, signoff)
    with world.stamp_of(2) as stamp:
        world.restamp("begin", "loss")
        told = world.restamp("up")
        assert f"steps: {len(steps)} done" in told
        document = yaml.safe_load((world.runbook / "recoveries" / "loss" / "recovery.yaml").read_text())
        assert document["target"] == {
            "deployment": stamp.deployment_id, "version": "1.2501.0.21", "oem": "Fabrikam", "nodes": 8
        }  # fmt: skip
    assert world.state()["oem-generic/hardware"]["message"].endswith(", 1 files of evidence")
