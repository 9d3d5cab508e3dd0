"""A resource provider from outside of the tree: its quota in a plan, its service back only after the control plane."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.flows.world import NAME, REGION, World, contents
from tests.outsiders import installed

from restamp.simulator import Fault, Stamp
from restamp.simulator.rules import READ_WRITE, Rule
from restamp.simulator.tables import serving

RULE = Rule(
    namespace="Acme.Bytes.Admin",
    types="locations/quotas",
    versions=("2024-01-01",),
    source="documented",
    methods=READ_WRITE,
)


def quota_of(stamp: Stamp) -> str:
    """The id of the third party's quota."""
    return f"/subscriptions/{stamp.provider_subscription}/providers/Acme.Bytes.Admin/locations/{REGION}/quotas/small"


def with_bytes(stamp: Stamp) -> list[dict[str, Any]]:
    """The usual contents, and a plan that has the third party's quota too."""
    objects = contents(stamp)
    plan = next(item for item in objects if item["id"].endswith("/plans/gold"))
    plan["properties"]["quotaIds"].append(quota_of(stamp))
    return [*objects, {"id": quota_of(stamp), "name": "small", "location": REGION, "properties": {"bytes": 5}}]


@contextmanager
def provider_gone(stamp: Stamp) -> Iterator[Fault]:
    """As long as its resource provider is not deployed, nobody knows its namespace."""
    gone = Fault("Acme.Bytes", times=None, status=404, body={"error": {"code": "InvalidResourceNamespace"}})
    stamp.faults.append(gone)
    yield gone
    stamp.faults.remove(gone)


@pytest.fixture
def env(world: World, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The plugin, used by a captured runbook."""
    env = {"PYTHONPATH": str(installed(tmp_path / "site", "rp-bytes")), "RESTAMP_SECRET_RP_BYTES_KEY": "k"}
    with serving(RULE):
        with world.stamp_of(1) as stamp:
            stamp.load(with_bytes(stamp))
            world.restamp("capture", "--stamp", NAME, **env)
            world.restamp("plugins", "use", "rp-bytes", **env)
            world.restamp("capture", **env)
        yield env


def quotas_of_plan(stamp: Stamp) -> set[str]:
    """The names of the quotas that the plan has."""
    plan = next(item for item in stamp.objects() if item["id"].endswith("/plans/gold"))
    return {quota.rpartition("/providers/")[2].partition("/")[0] for quota in plan["properties"]["quotaIds"]}


def test_a_plan_is_partial_until_the_provider_of_one_of_its_quotas_is_back(world: World, env: dict[str, str]) -> None:
    """It is written with the quotas that there are, serves its offer, and is completed behind the provider's steps."""
    assert "bytes/small" in (world.runbook / "plans" / "gold.yaml").read_text()
    with world.stamp_of(2) as stamp:
        world.restamp("begin", "loss", **env)
        with provider_gone(stamp):
            told = world.restamp("up", status=4, **env)
            assert "BytesQuota bytes/small: failed" in told, told
            assert quotas_of_plan(stamp) == {"Microsoft.Compute.Admin", "Microsoft.Storage.Admin"}
            assert world.state()["offers-rg/gold"]["status"] == "done"
            assert "is not on the stamp" in world.restamp("verify", status=4, **env)
        told = world.restamp("up", **env)
        assert "gates open: stamp-ready, stamp-checked, control-plane-restored, rps-restored, recovered" in told
        assert "Acme.Bytes.Admin" in quotas_of_plan(stamp)
        assert "0 differences, 2 unexpected" in world.restamp("verify", status=4, **env)  # the groups of the service


def test_quotas_that_a_backup_brought_back_are_never_stripped(world: World, env: dict[str, str]) -> None:
    """Natively the plan is there as it was: while the provider is gone, nothing is taken out of it."""
    with world.stamp_of(2) as stamp:
        stamp.load(with_bytes(stamp))
        world.restamp("begin", "loss", **env)
        with provider_gone(stamp):
            world.restamp("up", status=4, **env)
        assert "Acme.Bytes.Admin" in quotas_of_plan(stamp)
        assert not [record for record in stamp.effects if "/plans/" in record.path]
