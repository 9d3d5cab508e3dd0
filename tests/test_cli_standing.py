"""What the Pulumi state says of a recovery, and the exit status that follows: never done where it is not."""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.flows.world import REGION, World, contents

from restamp.cli.standing import Resource, Standing
from restamp.models.stamp import Acceptance
from restamp.simulator import Fault

URN = f"urn:pulumi:{REGION}::restamp::restamp:index:Recovery$pulumi-python:dynamic/restamp:"


def resource(status: str, kind: str = "Plan", name: str = "rg/gold", **outputs: Any) -> Resource:
    """A resource of a state."""
    outputs |= {"status": status, "message": "why", "outcome": "created"}
    return Resource(kind, name, outputs, f"{kind} {name.removesuffix('/state')}")


DONE, FAILED, WAITING = resource("done"), resource("failed"), resource("waiting")
VERIFIED = resource("done", "Verification", "verification")
OPEN = Resource("Gate", "g", {"open": True}, "Gate g")


@pytest.mark.parametrize(
    ("resources", "missing", "cut", "status", "then"),
    [
        ((DONE, OPEN), (), False, 0, "restamp verify"),
        ((DONE, VERIFIED, OPEN), (), False, 0, "restamp capture --commit"),
        ((DONE, OPEN), (), True, 4, "mend what Pulumi says above, then restamp up"),
        ((DONE,), ("Plan x",), False, 3, "restamp up"),
        ((DONE,), ("Plan x",), True, 4, "mend what Pulumi says above, then restamp up"),
        ((WAITING,), (), False, 3, "restamp up"),
        ((WAITING,), (), True, 3, "restamp up"),
        ((FAILED,), (), False, 4, "remove the cause, then restamp up: it goes on with these alone"),
        ((resource("drifted"),), (), False, 4, "remove the cause, then restamp up: it goes on with these alone"),
        ((), (), False, 3, "restamp up"),
    ],
)
def test_the_exit_status_and_the_next_step_come_from_what_is_done(
    resources: tuple[Resource, ...], missing: tuple[str, ...], cut: bool, status: int, then: str
) -> None:
    """A cause is spoken of only where something failed, and `verify` only where all is done and the run ended well."""
    standing = Standing(resources, missing, cut)

    assert (standing.exit_status, standing.next) == (status, then)
    assert standing.summary().endswith(f"next: {then}")


def test_a_recovery_ends_with_a_capture_once() -> None:
    """While the runbook knows the lost stamp alone; afterwards, and where people accepted what differs, one looks."""
    doubted = resource("failed", "Verification", "verification")
    accepted = {
        doubted.subject: Acceptance(subject=doubted.subject, reason="the old roles", by="Ann", on=dt.date(2026, 11, 25))
    }

    assert Standing((DONE, VERIFIED, OPEN), (), captured=True).next == "restamp verify"
    assert Standing((DONE, doubted, OPEN), (), accepted=accepted).next == "restamp verify"


def test_an_object_with_two_resources_is_one_object() -> None:
    """It is done when both are, with the outcome of the first, and not done once where either is not."""
    offer, late = resource("done", "Offer"), resource("done", "Offer", "rg/gold/state")
    for order in itertools.permutations([offer, DONE]):
        assert Standing((*order, late), ()).summary().startswith("2 of 2 objects done: 2 created")
    waits = resource("blocked", "Offer", "rg/gold/state")
    assert Standing((DONE, offer, waits), ()).summary().startswith("1 of 2 objects done: 1 created")
    assert Standing((DONE, offer), ("Offer rg/gold/state",)).summary().startswith("1 of 2 objects done: 1 created")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An operator's machine with a captured runbook."""
    world = World(tmp_path)
    world.captured()
    return world


def test_a_run_of_a_part_is_not_done(world: World) -> None:
    """`--target` makes Pulumi end well with objects that are not done: `up` says what `status` says."""
    with world.stamp_of(2) as stamp:
        stamp.faults.append(Fault("PUT .*/plans/gold", times=None, status=403))
        world.restamp("begin")
        world.restamp("up", status=4)
        told = world.restamp("up", "--", "--target", f"{URN}ComputeQuota::compute/small", status=4)
        assert "9 of 14 objects done" in told
        assert "next: remove the cause" in told
        assert "9 of 14 objects done" in world.restamp("status", status=4)


def test_what_cannot_be_asked_is_an_error_and_not_an_answer(world: World) -> None:
    """Before the first run nothing is done; a backend that is not there, or a wrong passphrase, is an error."""
    with world.stamp_of(2):
        world.restamp("begin")
        assert "0 of 14 objects done: none" in world.restamp("status", status=3)
        told = world.restamp("status", status=2, PULUMI_BACKEND_URL="file:///nowhere/at/all")
        assert "/nowhere/at/all" in told
        assert "objects done" not in told

        world.restamp("up")
        told = world.restamp("up", status=4, PULUMI_CONFIG_PASSPHRASE="another")
        assert "incorrect passphrase" in told
        assert "restamp verify" not in told
        assert "next: mend what Pulumi says above, then restamp up" in told


def test_as_many_objects_as_documents(world: World) -> None:
    """A decommissioned offer, which is written twice, is one object."""
    offer = world.runbook / "offers" / "gold.yaml"
    assert yaml.safe_load(offer.read_text())["state"] == "Public"
    offer.write_text(offer.read_text().replace("state: Public", "state: Decommissioned"))
    with world.stamp_of(2):
        world.restamp("begin")
        assert "14 of 14 objects done" in world.restamp("up")
        assert "14 of 14 objects done" in world.restamp("status")
        assert "0 differences" in world.restamp("verify")


def test_the_option_wins_over_the_environment_and_that_over_the_newest(world: World) -> None:
    """Which recovery is meant: --recovery, RESTAMP_RECOVERY, the one begun last; in `up` as in `status`."""
    with world.stamp_of(2) as stamp:
        world.restamp("begin", "a")
        (world.runbook / "recoveries" / "b").mkdir()
        text = (world.runbook / "recoveries" / "a" / "recovery.yaml").read_text()
        (world.runbook / "recoveries" / "b" / "recovery.yaml").write_text(text)
        assert "recovery b (" in world.restamp("status", status=3)
        assert "recovery a (" in world.restamp("status", status=3, RESTAMP_RECOVERY="a")
        assert "recovery b (" in world.restamp("status", "b", status=3, RESTAMP_RECOVERY="a")
        assert "there is no recovery c" in world.restamp("up", status=2, RESTAMP_RECOVERY="c")

        stamp.load(contents(stamp))
        world.restamp("up", RESTAMP_RECOVERY="a")
        assert {out["recovery"] for out in world.state().values() if "recovery" in out} == {"a"}
        world.restamp("up", "--recovery", "b", RESTAMP_RECOVERY="a")
        assert {out["recovery"] for out in world.state().values() if "recovery" in out} == {"b"}
