"""A third party's resource provider: an installed distribution, a quota of its own in a plan, back after all else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.flows.world import NAME, REGION, World, contents
from tests.fresh import PATIENCE, Fresh

from restamp.simulator import Fault, Stamp
from restamp.simulator.tables import rule_of, serving

pytestmark = pytest.mark.timeout(2 * PATIENCE)
RULES = [rule_of(f"Bytes.Admin/locations/{types}@2024-01-01") for types in ("quotas", "restores")]


def quota_of(stamp: Stamp) -> str:
    """The id of the third party's quota."""
    return f"/subscriptions/{stamp.provider_subscription}/providers/Bytes.Admin/locations/{REGION}/quotas/small"


def with_bytes(stamp: Stamp) -> list[dict[str, Any]]:
    """The usual contents, and a plan that has the third party's quota too."""
    objects = contents(stamp)
    plan = next(item for item in objects if item["id"].endswith("/plans/gold"))
    plan["properties"]["quotaIds"].append(quota_of(stamp))
    return [*objects, {"id": quota_of(stamp), "name": "small", "location": REGION, "properties": {"limit": 5}}]


@contextmanager
def provider_gone(stamp: Stamp) -> Iterator[Fault]:
    """As long as its resource provider is not deployed, nobody knows its namespace."""
    gone = Fault("Bytes.Admin", times=None, status=404, body={"error": {"code": "InvalidResourceNamespace"}})
    stamp.faults.append(gone)
    yield gone
    stamp.faults.remove(gone)


@pytest.fixture
def used(world: World, fresh: Fresh) -> Iterator[World]:
    """A captured runbook that uses the plugin, with the restamp and the plugin of an environment of wheels."""
    world.python = fresh.python
    with serving(*RULES):
        with world.stamp_of(1) as stamp:
            stamp.load(with_bytes(stamp))
            world.restamp("capture", "--stamp", NAME)
            world.restamp("plugins", "use", "rp-bytes")
            world.restamp("capture")
        yield world


def quotas_of_plan(stamp: Stamp) -> set[str]:
    """The names of the quotas that the plan has."""
    plan = next(item for item in stamp.objects() if item["id"].endswith("/plans/gold"))
    return {quota.rpartition("/providers/")[2].partition("/")[0] for quota in plan["properties"]["quotaIds"]}


def test_it_is_a_distribution_of_its_own(used: World) -> None:
    """Nothing of this tree is there, and the runbook knows which version captured it."""
    told = used.restamp("plugins")

    assert "rp-bytes 0.1.0: used" in told
    assert "rp-mysql" not in told
    assert "\n  rp-bytes: 0.1.0\n" in (used.runbook / "captured.yaml").read_text()


def test_a_plan_is_partial_until_the_provider_of_one_of_its_quotas_is_back(used: World) -> None:
    """It is written with the quotas that there are, serves its offer, and is completed behind the provider's steps."""
    assert "bytes/small" in (used.runbook / "plans" / "gold.yaml").read_text()
    with used.stamp_of(2) as stamp:
        used.restamp("begin", "loss")
        with provider_gone(stamp):
            told = used.restamp("up", status=3)
            assert "Step rp-bytes/deploy: waiting: for the operator" in told
            assert "BytesQuota bytes/small: blocked" in told, told
            assert quotas_of_plan(stamp) == {"Microsoft.Compute.Admin", "Microsoft.Storage.Admin"}
            assert used.state()["offers-rg/gold"]["status"] == "done"
            assert "is not on the stamp" in used.restamp("verify", status=4)
        used.restamp("signoff", "rp-bytes/deploy", "--by", "Ann")
        told = used.restamp("up", RESTAMP_AGAIN="0.1")
        assert "gates open: stamp-ready, stamp-checked, control-plane-restored, rps-restored, recovered" in told
        assert "Bytes.Admin" in quotas_of_plan(stamp)
        assert "0 differences, 0 unexpected, 0 not verified" in used.restamp("verify")


def natively(world: World) -> None:
    """Begin a recovery out of a backup that is older than the runbook."""
    world.restamp("begin", "loss", "--way", "native")
    path = world.runbook / "recoveries" / "loss" / "recovery.yaml"
    path.write_text(path.read_text() + "backup: 2020-01-01T00:00:00Z\n")


def test_quotas_that_a_backup_brought_back_are_never_stripped(used: World) -> None:
    """While the provider is gone, a plan that is as it was is not written; one that is not keeps its quota ids."""
    with used.stamp_of(2) as stamp:
        stamp.load(with_bytes(stamp))
        natively(used)
        with provider_gone(stamp):
            told = used.restamp("up", status=3)
            assert "BytesQuota bytes/small: blocked" in told, told
            assert not stamp.effects

            plan = next(item for item in stamp.objects() if item["id"].endswith("/plans/gold"))
            stamp.load([plan | {"properties": plan["properties"] | {"description": "of the backup"}}])
            used.restamp("up", status=3)
        assert [record.path for record in stamp.effects] == [plan["id"]]  # once, so nothing was taken out and put back
        (written,) = (item for item in stamp.objects() if item["id"] == plan["id"])
        assert written["properties"]["description"] == plan["properties"]["description"]
        assert quota_of(stamp) in written["properties"]["quotaIds"]
