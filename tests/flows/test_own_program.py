"""The example of docs/operator/own-program.md, on the real engine, with Pulumi's own host."""

import shutil

from tests.flows.world import NAME, REGION, ROOT, World


def test_the_example_program_writes_its_objects_and_then_nothing(world: World) -> None:
    """Typed resources work in anybody's program: five objects on the stamp, and a second `up` changes nothing."""
    world.folder = shutil.copytree(ROOT / "docs" / "operator" / "examples" / "own-program", world.folder / "own")
    with world.stamp_of(2) as stamp:
        world.run("pulumi", "--non-interactive", "stack", "init", REGION)
        world.pulumi("config", "set", "restamp:stamp", NAME)
        world.pulumi("up", "--yes", "--skip-preview")

        ids = {str(body["id"]).rpartition("/")[2] for body in stamp.objects()}
        assert {"fabrikam-rg", "fabrikam", "0f6b1c1e-6a2b-4f0e-9d53-7c3f5f0b9a10"} <= ids
        assert len(stamp.writes) == 5
        assert "unchanged" in world.pulumi("up", "--yes", "--skip-preview")
        assert len(stamp.writes) == 5
