"""What stands in the way inside a subscription is said and never moved: locks, and resources that are not there yet."""

import json
from pathlib import Path
from typing import Any

from tests.flows.world import REGION
from tests.serving import settings_for
from tests.soak import small
from tests.soak.story import SMALL, Scene, Story

from restamp.arm.client import Arm
from restamp.kinds.keyvault import SECRET
from restamp.simulator import Stamp

ERP = "/subscriptions/c66cb1bf-3d5e-4a44-9f0a-000000000000"
APP = f"{ERP}/resourceGroups/app"
AUTHORIZATION = "providers/Microsoft.Authorization"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
MACHINE = "resourceGroups/data/providers/Microsoft.Compute/virtualMachines/till"


def lock(level: str) -> dict[str, Any]:
    """A lock that somebody put on the group."""
    place = f"{APP}/{AUTHORIZATION}/locks/freeze"
    body = {"id": place, "name": "freeze", "type": "Microsoft.Authorization/locks"}
    return body | {"properties": {"level": level, "notes": "do not touch"}}


def with_much(stamp: Stamp) -> None:
    """The small stamp with more secrets than a list of failures shows, and a role of somebody who went with it."""
    small.lost(stamp)
    role = "5d0c1f3e-6f4b-4f0a-8a43-2d1f9c7b6e01"
    given = {"roleDefinitionId": f"{ERP}/{AUTHORIZATION}/roleDefinitions/{READER}", "scope": ERP}
    given |= {"principalId": stamp.add_user("went@contoso.example", "its own").object_id}
    body = {"id": f"{ERP}/{AUTHORIZATION}/roleAssignments/{role}", "name": role, "properties": given}
    more = [small.secret(small.OPEN, f"more-{number}", "a value") for number in range(12)]
    stamp.load([body | {"type": "Microsoft.Authorization/roleAssignments"}, *more])


def test_a_lock_in_the_way_is_reported_and_never_lifted(tmp_path: Path) -> None:
    """The vault fails in the stamp's words, its secrets are blocked by its name; without the lock all is back.

    Failures beyond ten lines, and a role that nobody can give, are in the journal by name.
    """
    story = Story(tmp_path, Scene(with_much, SMALL.deployed))
    with story.new_stamp() as stamp:
        told = story.restamp("up")
        left_out = "RoleAssignment 5d0c1f3e-6f4b-4f0a-8a43-2d1f9c7b6e01"
        gone = "its principal is gone from the directory: went@contoso.example"
        assert f"{left_out}: left out: {gone}" in told
        assert f"{left_out} in {ERP.rpartition('/')[2]}: {gone}" in story.restamp("journal", "--failed")
        vault = f"{APP}/providers/Microsoft.KeyVault/vaults/{small.OPEN}"
        stamp.state.store.delete(vault.lower())
        for key, _ in list(stamp.state.store.inside(f"/vault/{small.OPEN}/")):
            stamp.state.store.delete(key)
        stamp.load([lock("ReadOnly")])
        told = story.restamp("up", status=4)
        refusal = f"409 ScopeLocked: The scope '{vault}' cannot perform write operation because following scope(s) are"
        assert f"Vault app/{small.OPEN}: failed: {refusal} locked: '{APP}'" in told
        failures = story.state()[ERP.rpartition("/")[2]]["failures"]
        blocked = "blocked: waits for Vault app/kv-open"
        assert failures[1:3] == [f"Secret app/kv-open/{name}: {blocked}" for name in ("api-key", "db-password")]
        assert (len(failures), failures[-1]) == (10, "and 6 more: restamp journal --failed")
        assert "and 12 more: restamp journal --failed" in told
        acts = [json.loads(line) for line in story.restamp("journal", "--failed", "--json").splitlines()]
        assert len([act for act in acts if act["outcome"] == "blocked" and act["what"].startswith("Secret ")]) == 14
        assert stamp.state.get(lock("ReadOnly")["id"]) is not None

        stamp.state.store.delete(lock("")["id"].lower())
        story.restamp("up")
        assert stamp.state.get(vault) is not None
        assert "0 differences, 0 unexpected" in story.restamp("verify", status=4)


def test_a_policy_that_denies_a_repair_is_reported_and_never_lifted(tmp_path: Path) -> None:
    """A group that has other tags and may not be written any more fails in the stamp's words; the policy stays."""
    story = Story(tmp_path)
    with story.new_stamp() as stamp:
        story.restamp("up")
        group = next(body for body in stamp.objects() if body["id"].lower() == APP.lower())
        stamp.load([group | {"tags": {"env": "lab"}}, *denied()])
        told = story.restamp("up", status=4)
        assert "Group app: failed: 403 RequestDisallowedByPolicy: " in told
        tags = [body["tags"] for body in stamp.objects() if body["id"].lower() == APP.lower()]
        assert tags == [{"env": "lab"}]
        assert all(stamp.state.get(body["id"]) == body for body in denied())

        for body in reversed(denied()):
            stamp.state.store.delete(body["id"].lower())
        story.restamp("up")
        assert "0 differences, 0 unexpected" in story.restamp("verify", status=4)


def test_a_secret_that_keeps_its_name_after_its_deletion_is_told_in_the_vaults_words(tmp_path: Path) -> None:
    """With soft delete its name is taken: it alone fails, nothing is purged, and once its tenant did so it is back."""
    story = Story(tmp_path)
    with story.new_stamp(soft_delete=True) as stamp:
        story.restamp("up")
        vault = stamp.state.get(f"{APP}/providers/Microsoft.KeyVault/vaults/{small.OPEN}") or {}
        everything = [{"tenantId": "", "objectId": stamp.admin.object_id, "permissions": {"secrets": ["all"]}}]
        stamp.load([vault | {"properties": vault["properties"] | {"accessPolicies": everything}}])
        with Arm(settings_for(story.server)) as arm:
            inside = arm.inside(ERP.rpartition("/")[2], stamp.admin.tenant)
            inside.delete(f"{vault['id']}/secrets/api-key", SECRET.wire)
        stamp.load([vault])
        told = story.restamp("up", status=4)
        taken = "Secret api-key is currently in a deleted but recoverable state, and its name cannot be reused."
        assert f"Secret app/{small.OPEN}/api-key: failed: 409 Conflict: {taken}" in told
        kept = f"/vault/{small.OPEN}/secrets/api-key"
        assert (stamp.state.get(kept) or {})["deleted"]

        stamp.state.store.delete(kept)
        story.restamp("up")
        assert "0 differences, 0 unexpected" in story.restamp("verify", status=4)


def denied() -> list[dict[str, Any]]:
    """A policy that somebody assigned to the group: nobody writes what is tagged env."""
    rule = {"if": {"field": "tags['env']", "exists": True}, "then": {"effect": "deny"}}
    policy = {"displayName": "No env", "policyType": "Custom", "mode": "All", "policyRule": rule, "parameters": {}}
    place = f"{ERP}/{AUTHORIZATION}/policyDefinitions/no-env"
    definition = {"id": place, "name": "no-env", "type": "Microsoft.Authorization/policyDefinitions"}
    assigned = {"id": f"{APP}/{AUTHORIZATION}/policyAssignments/no-env", "name": "no-env"}
    assigned |= {"type": "Microsoft.Authorization/policyAssignments"}
    return [
        definition | {"properties": policy},
        assigned | {"properties": {"displayName": "No env", "policyDefinitionId": place, "scope": APP}},
    ]


def with_a_machine(stamp: Stamp) -> None:
    """The small stamp, where somebody may read one machine and another lock keeps its disk."""
    small.lost(stamp)
    stamp.load([machine(), *on_it(stamp)])


def machine() -> dict[str, Any]:
    place = f"{ERP}/{MACHINE}"
    return {"id": place, "name": "till", "type": "Microsoft.Compute/virtualMachines", "location": REGION}


def on_it(stamp: Stamp) -> list[dict[str, Any]]:
    """A role and a lock on the machine, as lists show them."""
    person = stamp.add_user(small.OWNER, "its own").object_id
    role = {"roleDefinitionId": f"{ERP}/{AUTHORIZATION}/roleDefinitions/{READER}", "principalId": person}
    guid = "7b6f3e1a-0d7b-4d0e-8e8f-3a5f0a1b2c3d"
    both = {f"roleAssignments/{guid}": role | {"scope": f"{ERP}/{MACHINE}"}, "locks/keep": {"level": "CanNotDelete"}}
    return [
        {"id": f"{ERP}/{MACHINE}/{AUTHORIZATION}/{name}", "name": name.rpartition("/")[2], "properties": properties}
        | {"type": f"Microsoft.Authorization/{name.partition('/')[0]}"}
        for name, properties in both.items()
    ]


def test_what_is_on_a_single_resource_waits_until_its_tenant_deployed_it_again(tmp_path: Path) -> None:
    """Nothing hangs in the air: machines are their tenants' to bring back, and the next `up` after that goes on."""
    story = Story(tmp_path, Scene(with_a_machine, SMALL.deployed))
    with story.new_stamp() as stamp:
        told = story.restamp("up", status=3)
        assert (
            f"RoleAssignment {MACHINE}/{on_it(stamp)[0]['name']}: waiting: by tenant, who deploys the resource" in told
        )
        assert not any("virtualmachines" in key for key, _ in stamp.state.store.everything())
        awaited = "waits for the tenant to deploy the resource that it is on"
        told = story.restamp("diff")
        assert len([line for line in told.splitlines() if line.startswith("+ ")]) == told.count(awaited) == 2

        stamp.load([machine()])
        assert awaited not in story.restamp("diff")
        story.restamp("up")
        assert {body["id"].rpartition("/")[2] for body in stamp.objects() if f"{MACHINE}/" in body["id"]} == {
            "keep",
            on_it(stamp)[0]["name"],
        }
        assert "0 differences, 0 unexpected" in story.restamp("verify", status=4)
