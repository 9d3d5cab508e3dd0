"""The example of docs/operator/own-program.md, on the real engine, with Pulumi's own host."""

import shutil

from tests.flows.world import NAME, REGION, ROOT, World

GROUP = "/resourceGroups/fabrikam-rg"
MADE = (
    GROUP,
    f"/providers/Microsoft.Compute.Admin/locations/{REGION}/quotas/fabrikam",
    f"{GROUP}/providers/Microsoft.Subscriptions.Admin/plans/fabrikam",
    f"{GROUP}/providers/Microsoft.Subscriptions.Admin/offers/fabrikam",
    "/providers/Microsoft.Subscriptions.Admin/subscriptions/0f6b1c1e-6a2b-4f0e-9d53-7c3f5f0b9a10",
)


def test_the_example_program_writes_its_objects_and_then_nothing(world: World) -> None:
    """Typed resources work in anybody's program: five objects on the stamp, and a second `up` changes nothing."""
    world.folder = shutil.copytree(ROOT / "docs" / "operator" / "examples" / "own-program", world.folder / "own")
    with world.stamp_of(2) as stamp:
        world.run("pulumi", "--non-interactive", "stack", "init", REGION)
        world.pulumi("config", "set", "restamp:stamp", NAME)
        world.pulumi("up", "--yes", "--skip-preview")

        provider = f"/subscriptions/{stamp.provider_subscription}"
        assert {f"{provider}{path}" for path in MADE} <= {str(body["id"]) for body in stamp.objects()}
        made = {name: out["status"] for name, out in world.state().items() if "status" in out}
        assert set(made.values()) == {"done"}
        assert len(stamp.writes) == len(MADE)

        world.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert len(stamp.writes) == len(MADE)
