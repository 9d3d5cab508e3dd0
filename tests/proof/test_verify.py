"""verify tells apart what is missing, different, unexpected, not covered and not verified: each through the command."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from tests.flows.world import NAME, World
from tests.keys import written

from restamp.simulator import Fault, Stamp

from .populated import deployed, everything

Wire = dict[str, Any]


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A runbook of a stamp with something of every kind; its capture key is on this machine."""
    world = World(tmp_path_factory.mktemp("verify"))
    world.runbook.mkdir(parents=True)
    written(world.runbook, "ann")
    with world.stamp_of(1) as stamp:
        deployed(stamp, 1).load(everything(stamp, 1))
        world.restamp("capture", "--stamp", NAME)
    return world


@pytest.fixture
def stamp(captured: World) -> Iterator[Stamp]:
    """The stamp as it was when it was captured."""
    with captured.stamp_of(1) as stamp:
        deployed(stamp, 1).load(everything(stamp, 1))
        yield stamp


def verified(world: World, status: int, **env: str) -> tuple[list[Wire], list[Wire]]:
    """Differences and findings, as `verify --json` tells them."""
    said = world.restamp("verify", "--json", status=status, **env)
    found = json.loads(said[said.index("{\n") :])
    return found["differences"], found["findings"]


def told(differences: list[Wire]) -> list[tuple[str, str, str]]:
    return [(item["action"], item["kind"], item["ref"]) for item in differences]


def find(stamp: Stamp, end: str) -> Wire:
    """The object whose id ends so."""
    return next(body for body in stamp.objects() if body["id"].lower().endswith(end.lower()))


def test_an_untouched_stamp_has_no_difference(captured: World, stamp: Stamp) -> None:
    """All that is left to tell is a disabled secret, which no capture can read: not covered, and so no pass."""
    differences, findings = verified(captured, 4)

    assert differences == []
    assert [(item["code"], item["about"].rpartition("/")[2]) for item in findings if item["level"] != "note"] == [
        ("not-covered", "Old-Token")
    ]


def test_what_hangs_on_more_than_a_subscription_is_not_the_subscriptions(captured: World, stamp: Stamp) -> None:
    """A role, a policy and a lock above all subscriptions may be in the lists of each, and are no documents of it."""
    above = "/providers/Microsoft.Authorization"
    for end in ("roleAssignments", "policyAssignments"):
        own = next(body for body in stamp.objects() if f"/{end}/" in body["id"])
        stamp.load([own | {"id": f"{above}/{end}/{own['name']}"}])
    inside = find(stamp, "/locks/keep-vault")["id"].partition("/resourceGroups")[0]
    locks = [body for body in stamp.objects() if body["id"].startswith(inside) and "/locks/" in body["id"]]
    listed = {"value": [*locks, locks[0] | {"id": f"{above}/locks/keep-all", "name": "keep-all"}]}
    stamp.faults.append(Fault(f"GET {inside}/.*/locks$", times=None, status=200, body=listed))
    differences, findings = verified(captured, 4)

    assert differences == []
    assert [item["about"].rpartition("/")[2] for item in findings if item["level"] != "note"] == ["Old-Token"]


def test_what_is_gone_is_missing(captured: World, stamp: Stamp) -> None:
    """An offer's plan, and a lock inside a subscription: by kind, reference and whose inside it was in."""
    for end in ("/plans/gold", "/locks/keep-vault"):
        stamp.state.store.delete(find(stamp, end)["id"].lower())
    differences, _ = verified(captured, 4)

    assert {(item["action"], item["kind"]) for item in differences} == {("create", "Plan"), ("create", "Lock")}
    assert [bool(item["within"]) for item in differences] == [False, True]
    assert "2 differences (2 missing, 0 different), 0 unexpected, 0 not verified" in captured.restamp(
        "verify", status=4
    )


def test_what_is_another_is_different(captured: World, stamp: Stamp) -> None:
    """Field by field, with what the runbook wants and what the stamp has."""
    plan, vault = (
        find(stamp, "/plans/silver"),
        next(o for o in stamp.objects() if o.get("tags") == {"keeper": "security"}),
    )
    stamp.load([plan | {"properties": plan["properties"] | {"displayName": "Argent"}}, vault | {"tags": {}}])
    differences, _ = verified(captured, 4)

    assert [(item["action"], item["kind"], item["changes"]) for item in differences] == [
        ("update", "Plan", [{"field": "displayName", "wanted": "Silver", "found": "Argent"}]),
        ("update", "Vault", [{"field": "tags", "wanted": {"keeper": "security"}, "found": {}}]),
    ]
    assert "2 differences (0 missing, 2 different), 0 unexpected" in captured.restamp("verify", status=4)


def test_what_people_accepted_is_repeated_and_is_no_difference(captured: World) -> None:
    """A plan, and a subscription with all that is in it; what is there unexpectedly nobody has accepted."""
    with captured.stamp_of(2):
        captured.restamp("begin", "r")
    with captured.stamp_of(1) as stamp:
        deployed(stamp, 1).load(everything(stamp, 1))
        for key, _ in list(stamp.state.store.everything()):
            if key.endswith(
                (
                    "offers-rg/providers/microsoft.subscriptions.admin/plans/gold",
                    "/locks/keep-vault",
                    "/secrets/old-token",
                )
            ):
                stamp.state.store.delete(key)
        (subscription,) = (captured.runbook / "subscriptions").iterdir()
        captured.restamp("accept", "Plan offers-rg/gold", "--reason", "no longer sold", "--by", "ann")
        assert "1 differences (1 missing, 0 different)" in captured.restamp("verify", status=4)
        captured.restamp("accept", str(subscription), "--reason", "the tenant left", "--by", "ann")
        told = captured.restamp("verify")
        assert "0 differences, 0 unexpected, 0 not verified" in told
        assert "objects equal, 2 accepted" in told
        assert "accepted: Plan offers-rg/gold: no longer sold (ann" in told
        found = json.loads((said := captured.restamp("verify", "--json"))[said.index("{\n") :])
        assert [(item["kind"], item["accepted"]) for item in found["differences"]] == [("Plan", True), ("Lock", True)]
        assert [item["reason"] for item in found["accepted"]] == ["no longer sold", "the tenant left"]

        group = find(stamp, "/resourceGroups/app")
        stamp.load([group | {"id": group["id"] + "-2", "name": "app-2"}])
        assert "0 differences, 1 unexpected" in captured.restamp("verify", status=4)
    shutil.rmtree(captured.runbook / "recoveries")


def test_what_the_runbook_does_not_know_is_unexpected(captured: World, stamp: Stamp) -> None:
    """A quota, a group inside a subscription and a secret: somebody made them since."""
    quota, group = find(stamp, "Storage.Admin/locations/redmond/quotas/small"), find(stamp, "/resourceGroups/app")
    vault = next(key for key, _ in stamp.state.store.everything() if key.endswith("/secrets/api-key"))
    secret = stamp.state.store.get(vault) or {}
    stamp.load(body | {"id": body["id"] + "-2", "name": f"{body['name']}-2"} for body in (quota, group))
    stamp.load([secret | {"id": secret["id"] + "-2"}])
    differences, _ = verified(captured, 4)

    assert [(action, kind) for action, kind, _ in told(differences)] == [
        ("unexpected", "StorageQuota"),
        ("unexpected", "Group"),
        ("unexpected", "Secret"),
    ]
    assert "0 differences, 3 unexpected, 0 not verified" in captured.restamp("verify", status=4)


def test_what_cannot_be_read_any_more_is_not_verified(captured: World, stamp: Stamp) -> None:
    """Secrets of a vault that lets nobody in, and all of a subscription that does not: never a pass, nor missing."""
    vault = next(body for body in stamp.objects() if body.get("type") == "Microsoft.KeyVault/vaults")
    policies = vault["properties"]["accessPolicies"]
    stamp.load([vault | {"properties": vault["properties"] | {"accessPolicies": []}}])
    differences, findings = verified(captured, 4)
    assert {(action, kind) for action, kind, _ in told(differences)} == {
        ("not verified", "Secret"),
        ("update", "Vault"),
    }
    assert [item["code"] for item in findings if "what is in it cannot be read" in item["message"]] == ["not-covered"]
    stamp.load([vault | {"properties": vault["properties"] | {"accessPolicies": policies}}])

    plain = stamp.add_principal("plain operator", "Owner")
    signed_in = {"RESTAMP_CLIENT_ID": plain.client_id, "RESTAMP_CLIENT_SECRET": plain.secret}
    differences, _ = verified(captured, 4, **signed_in)
    assert {item["action"] for item in differences} == {"not verified"}
    assert {"Group", "Vault", "Secret", "Lock", "RoleAssignment"} <= {item["kind"] for item in differences}
    assert "inside covered: 0 of 1 subscriptions" in captured.restamp("verify", status=4, **signed_in)


def test_an_expired_secret_is_read_all_the_same_and_said(captured: World, stamp: Stamp) -> None:
    """A note each time it is seen; where a vault refuses it, that secret alone is not covered, and not its vault."""
    _, findings = verified(captured, 4)
    notes = [item for item in findings if item["about"].endswith("/tls-pass")]
    assert [(item["level"], item["message"]) for item in notes] == [
        ("note", "expired on 2023-11-14, and is captured and brought back as it is")
    ]

    refusal = {"error": {"code": "Forbidden", "message": "Operation get is not allowed on an expired secret."}}
    stamp.faults.append(Fault("GET /secrets/tls-pass", times=None, status=403, body=refusal))
    differences, findings = verified(captured, 4)
    assert [(action, kind, ref.rpartition("/")[2]) for action, kind, ref in told(differences)] == [
        ("not verified", "Secret", "tls-pass")
    ]
    assert not any("what is in it cannot be read" in item["message"] for item in findings)


def test_what_no_capture_could_see_is_not_covered(captured: World, stamp: Stamp, tmp_path_factory: Any) -> None:
    """A plain operator's runbook knows nothing of the inside of subscriptions, and says so of each by name."""
    world = World(tmp_path_factory.mktemp("plain"))
    world.stamp, world.server = captured.stamp, captured.server
    plain = stamp.add_principal("plain operator", "Owner")
    signed_in = {"RESTAMP_CLIENT_ID": plain.client_id, "RESTAMP_CLIENT_SECRET": plain.secret}
    world.restamp("capture", "--stamp", NAME, **signed_in)
    differences, findings = verified(world, 0, **signed_in)

    assert differences == []
    assert [item["about"] for item in findings if item["code"] == "not-covered"] == ["Subscription Northwind Payroll"]
    assert "inside covered: 0 of 1 subscriptions" in world.restamp("verify", **signed_in)
