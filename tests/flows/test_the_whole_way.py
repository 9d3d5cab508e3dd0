"""Capture, lose, redeploy, up, verify: on the real engine, over real HTTPS."""

import re
import shutil
from pathlib import Path

from tests.flows.world import REGION, World


def test_a_lost_stamp_comes_back_as_it_was(world: World) -> None:
    """Every object is back under its name and id, and a second capture gives the same bytes."""
    world.captured()
    before = {path: path.read_bytes() for path in world.runbook.rglob("*.yaml") if path.name != "captured.yaml"}
    with world.stamp_of(2) as stamp:
        world.restamp("begin")
        assert "0 of 14 objects done: none" in world.restamp("status", status=3)
        told = world.restamp("up")

        assert re.search(r"\d+ of \d+ objects done: 8 created, \d+ unchanged", told)
        assert "gates open: stamp-ready, control-plane-restored" in told
        told = world.restamp("verify")
        assert "0 differences, 0 unexpected" in told
        assert "next: restamp capture --commit" in told
        world.restamp("capture")
        assert "next:" not in world.restamp("verify")
        assert before.items() <= {path: path.read_bytes() for path in world.runbook.rglob("*.yaml")}.items()
        assert {o["subscriptionId"] for o in stamp.objects() if "subscriptionId" in o} >= {
            f"c66cb1bf-3d5e-4a44-9f0a-{number:012d}" for number in range(3)
        }

        writes = len(stamp.writes)
        told = world.restamp("up")
        assert "unchanged" in told
        assert len(stamp.writes) == writes
        told = world.restamp("status")
        assert "next: restamp verify" in told


def test_what_is_there_already_is_adopted(world: World) -> None:
    """A stamp whose objects came back another way is adopted: nothing is written, and each row says so."""
    world.captured()
    with world.stamp_of(2) as stamp:
        from tests.flows.world import contents

        stamp.load(contents(stamp))
        world.restamp("begin")
        told = world.restamp("up")

        assert told.count("adopted, nothing written") >= 8
        assert stamp.writes == []


def test_a_stamp_lost_a_second_time_is_restored_again(world: World) -> None:
    """The recovery's id is an input of every resource: another one on the same Pulumi stack writes all anew."""
    world.captured()
    with world.stamp_of(2):
        world.restamp("begin", "first")
        world.restamp("up")
    with world.stamp_of(3) as stamp:
        told = world.restamp("up", status=2)
        assert "its target is deployment" in told
        assert stamp.writes == []

        world.restamp("begin", "second")
        world.restamp("up")
        assert "0 differences" in world.restamp("verify")


def test_the_living_stamp_is_never_written_to(world: World) -> None:
    """`up` against the deployment that was captured is refused, whatever the recovery says."""
    world.captured()
    with world.stamp_of(1) as stamp:
        told = world.restamp("begin")
        assert "it may be the living stamp" in told
        assert "it may be the living stamp" in world.restamp("up", status=2)
        assert "it is no target" in world.restamp("begin", "--target", stamp.deployment_id, status=2)
        assert stamp.writes == []


def test_begin_changes_nothing_but_its_own_folder(world: World) -> None:
    """Without a stamp that answers, `begin` says what is needed; the target is named once it does."""
    world.captured()
    before = {path: path.read_bytes() for path in world.runbook.rglob("*") if path.is_file()}
    with world.stamp_of(2) as stamp:
        told = world.restamp("begin", RESTAMP_CONNECT_TO="*:443=127.0.0.1:1")
        assert "answers now: not yet: cannot reach adminmanagement.redmond.ext.contoso.example" in told
        assert "it has no target yet" in world.restamp("up", status=2)
        world.restamp("begin", "--target", stamp.deployment_id)

        added = {path for path in world.runbook.rglob("*") if path.is_file()} - before.keys()
        assert [path.name for path in added] == ["recovery.yaml"]
        assert all(path.read_bytes() == content for path, content in before.items())
        assert stamp.writes == []
        world.restamp("up")


def test_the_stock_host_does_the_same(tmp_path: Path) -> None:
    """Without our host the same program on the same state restores, and finds nothing to do the second time."""
    world = World(tmp_path, own_host=False)
    world.captured()
    with world.stamp_of(2) as stamp:
        world.restamp("begin")
        world.restamp("up")
        assert "0 differences" in world.restamp("verify")
        writes = len(stamp.writes)
        world.pulumi("up", "--yes", "--skip-preview")
        assert len(stamp.writes) == writes


def test_bare_pulumi_works_with_pulumi_config(world: World) -> None:
    """`pulumi up` alone resumes and ends with no change; settings may come from the stack's config."""
    world.captured()
    with world.stamp_of(2) as stamp:
        world.restamp("begin")
        env = {"RESTAMP_CLIENT_SECRET": "", "RESTAMP_CONNECT_TO": ""}
        (world.home / "pulumi").mkdir(parents=True, exist_ok=True)
        world.run("pulumi", "--non-interactive", "stack", "init", REGION)
        world.pulumi("config", "set", "--secret", "restamp:clientSecret", stamp.admin.secret)
        world.pulumi("config", "set", "restamp:connectTo", world.server.connect_to)
        world.pulumi("up", "--yes", "--skip-preview", **env)

        assert stamp.admin.secret not in (world.folder / "stacks" / f"Pulumi.{REGION}.yaml").read_text()
        assert "unchanged" in world.pulumi("up", "--yes", "--skip-preview", **env)
        state = "".join(p.read_text(errors="replace") for p in (world.home / "pulumi").rglob("*") if p.is_file())
        assert stamp.admin.secret not in state
        shutil.rmtree(world.home)
