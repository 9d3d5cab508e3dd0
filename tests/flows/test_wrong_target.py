"""The wrong stamp answers, or two do: nothing of a recovery runs, and it says why."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.flows.world import World, contents
from tests.outsiders import installed


@pytest.fixture
def acme(world: World, tmp_path: Path) -> dict[str, str]:
    """The environment of an operator whose OEM deploys by a service, which is a folder here."""
    (tmp_path / "service").mkdir()
    site = installed(tmp_path / "site", "oem-acme")
    env = {"PYTHONPATH": str(site), "ACME_SERVICE": str(tmp_path / "service")}
    return env | {"RESTAMP_SECRET_OEM_ACME_PASSWORD": "Tr0ub4dor-and-3", "RESTAMP_AGAIN": "0.1"}


def begun(world: World, acme: dict[str, str], answering: str) -> None:
    """A recovery of the captured stamp, racked, that begins while `answering` is where the stamp is reached."""
    world.restamp("plugins", "use", "oem-acme", **acme)
    world.restamp("begin", "loss", **acme, RESTAMP_CONNECT_TO=answering)
    world.restamp("signoff", "oem-acme/rack", "--by", "Ann", **acme)


def test_a_stamp_that_was_not_redeployed_is_compared_and_repaired_alone(world: World, acme: dict[str, str]) -> None:
    """The deployment that was captured answers: no vendor is called, nothing is restored; diff and repair run."""
    with world.stamp_of(1) as stamp:
        stamp.load(contents(stamp))
        world.restamp("capture", "--stamp", "redmond.ext.contoso.example")
        begun(world, acme, world.server.connect_to)
        quota = next(
            body for body in stamp.objects() if body["id"].endswith("Compute.Admin/locations/redmond/quotas/small")
        )
        quota["properties"]["coresLimit"] = 99
        stamp.load([quota])

        told = world.restamp("up", status=4, **acme)
        assert f"deployment {stamp.deployment_id}: was lost, and answers. If it lives, end the recovery" in told
        assert "steps: 2 blocked, 1 not run" in told
        assert "gates open: none" in told
        assert list(Path(acme["ACME_SERVICE"]).iterdir()) == []
        assert stamp.writes == []

        assert "0 to create, 1 to update" in world.restamp("diff", **acme)
        assert "1 updated" in world.restamp("up", "--only", "ComputeQuota compute/small", "--yes", **acme)
        assert "0 to create, 0 to update" in world.restamp("diff", **acme)


def test_the_old_stamp_beside_the_new_one_is_an_error(world: World, acme: dict[str, str]) -> None:
    """It answers where it did at the last capture, though the way of today leads to another: before the OEM, and after.

    Neither its credentials are known any more, nor who signed its certificate.
    """
    with ExitStack() as both:
        with world.stamp_of(1) as stamp:
            stamp.load(contents(stamp))
            world.restamp("capture", "--stamp", "redmond.ext.contoso.example")
            answered = f"another stamp answers at 127.0.0.1:{world.server.port}, where the one that was captured did"
            begun(world, acme, nowhere := "*:443=127.0.0.1:1")
            told = world.restamp("up", status=4, **acme, RESTAMP_CONNECT_TO=nowhere)
            assert f"redmond.ext.contoso.example: {answered}" in told
            assert list(Path(acme["ACME_SERVICE"]).iterdir()) == []

            new = both.enter_context(world.stamp_of(2))
            world.restamp("begin", "loss", **acme)
            told = world.restamp("up", status=4, **acme)
            assert answered in told
            assert new.writes == []
        (Path(acme["ACME_SERVICE"]) / "ready").touch()
        assert "steps: 3 done" in world.restamp("up", **acme)  # now it is off the network


def test_a_stamp_whose_power_comes_back_amid_its_redeploy_is_left_alone(world: World, acme: dict[str, str]) -> None:
    """The preflight is through and is asked no more; each step is. Nobody can accept that what lives is redeployed."""
    service = Path(acme["ACME_SERVICE"])
    with world.stamp_of(1) as stamp:
        stamp.load(contents(stamp))
        world.restamp("capture", "--stamp", "redmond.ext.contoso.example")
        begun(world, acme, nowhere := "*:443=127.0.0.1:1")
    told = world.restamp("up", status=3, **acme, RESTAMP_CONNECT_TO=nowhere)
    assert "Step oem-acme/deploy: waiting: deploying" in told
    (service / "order-loss").unlink()

    with world.stamp_of(1) as stamp:
        lives = f"deployment {stamp.deployment_id}: was lost, and answers"
        assert f"Step oem-acme/deploy: failed: {lives}. If it lives" in world.restamp("up", status=4, **acme)
        world.restamp("begin", "again", "--target", "elsewhere", **acme)
        world.restamp("accept", "Preflight offline", "--reason", "a file is missing", **acme)
        told = world.restamp("up", status=3, **acme)
        assert f"waits for Preflight offline (failed: {lives}. If it lives, end the recovery" in told
        assert "steps: 2 blocked, 1 not run" in told
        assert list(service.iterdir()) == []
        assert stamp.writes == []
