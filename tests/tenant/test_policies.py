"""Policies and locks: what they refuse."""

import pytest
from tests.tenant.asking import AUTHORIZATION, GROUP, POLICY, READER, S, Tenant, code, vault

from restamp.simulator import Stamp


def test_a_lock_keeps_what_it_is_on(stamp: Stamp, owner: Tenant) -> None:
    """CanNotDelete refuses DELETE, ReadOnly any write, in its scope and of what has it inside; nobody else's."""
    lock = f"{GROUP}/{AUTHORIZATION}/locks/keep"
    other = f"{S}/resourceGroups/other"
    made = [owner.ask("PUT", lock, {"properties": {"level": "CanNotDelete", "notes": "n"}})]
    kept = [owner.ask("DELETE", GROUP), owner.ask("PUT", GROUP, {"location": "redmond"})]
    made.append(owner.ask("PUT", lock, {"properties": {"level": "readonly"}}))
    frozen = [owner.ask("PUT", GROUP, {"location": "redmond"}), owner.assign(GROUP, READER, stamp.admin.object_id)]

    assert [answer.status for answer in made] == [201, 200]
    assert made[1].body["properties"] == {"level": "ReadOnly"}
    assert [answer.status for answer in kept] == [409, 200]
    assert [code(answer) for answer in frozen] == ["ScopeLocked", "ScopeLocked"]
    assert owner.ask("PUT", other, {"location": "redmond"}).status == 201
    assert owner.names(f"{S}/{AUTHORIZATION}/locks") == ["keep"]
    assert owner.names(f"{other}/{AUTHORIZATION}/locks") == []
    assert code(owner.ask("PUT", lock, {"properties": {"level": "Odd"}})) == "LockLevelNotSupported"
    assert [owner.ask("DELETE", path).status for path in (lock, GROUP)] == [200, 202]


DENIED = [
    ({"field": "location", "notEquals": "westus"}, True),
    ({"field": "tags.env", "exists": "false"}, False),
    ({"field": "tags['env']", "equals": "PROD"}, True),
    ({"field": "tags['owner']", "exists": False}, True),
    ({"field": "name", "like": "ap*"}, True),
    ({"field": "name", "notLike": "ap*"}, False),
    ({"field": "type", "in": ["Microsoft.Resources/subscriptions/resourceGroups"]}, True),
    ({"field": "type", "notIn": "[parameters('types')]"}, True),
    ({"not": {"field": "name", "equals": "APP"}}, False),
    ({"allOf": [{"field": "name", "equals": "app"}, {"field": "location", "equals": "redmond"}]}, True),
    ({"anyOf": [{"field": "name", "equals": "x"}, {"field": "location", "equals": "y"}]}, False),
    ({"field": "name", "greaterThan": "a"}, False),
    ({"value": "x", "equals": "x"}, False),
    ("odd", False),
]


@pytest.mark.parametrize(("condition", "denied"), DENIED, ids=lambda value: str(value)[:40])
def test_a_policy_denies_what_its_rule_says(owner: Tenant, condition: object, denied: bool) -> None:
    """A PUT in its scope is 403; another effect, another scope and what is excepted are not touched."""
    rule = {"if": condition, "then": {"effect": "[parameters('effect')]"}}
    parameters = {"effect": {"type": "String", "defaultValue": "audit"}, "types": {"type": "Array"}}
    definition = {"properties": {"displayName": "r", "policyRule": rule, "parameters": parameters}}
    assert owner.ask("PUT", POLICY, definition).status == 201
    assignment = f"{S}/{AUTHORIZATION}/policyAssignments/a"
    values = {"types": {"value": ["Microsoft.KeyVault/vaults"]}}
    put = {"location": "redmond", "tags": {"Env": "prod"}}
    statuses = []
    for more in ({}, {"effect": {"value": "Deny"}}):
        properties = {"policyDefinitionId": POLICY, "parameters": values | more}
        assert owner.ask("PUT", assignment, {"properties": properties}).status == 201
        statuses.append(owner.ask("PUT", GROUP, put).status)
    excepted = {
        "policyDefinitionId": POLICY,
        "parameters": values | {"effect": {"value": "deny"}},
        "notScopes": [GROUP],
    }
    owner.ask("PUT", assignment, {"properties": excepted})

    assert statuses == [200, 403 if denied else 200]
    assert owner.ask("PUT", GROUP, put).status == 200


def test_policies_are_defined_assigned_and_deleted(owner: Tenant) -> None:
    """The built-in ones are listed and can be assigned; what is assigned is not deleted; a rule is needed."""
    definitions = f"{S}/{AUTHORIZATION}/policyDefinitions"
    built_in = next(body for body in owner.ask("GET", definitions).body["value"])
    parameters = {"listOfAllowedLocations": {"value": ["westus"]}}
    properties = {"policyDefinitionId": built_in["id"], "parameters": parameters}
    assignment = f"{GROUP}/{AUTHORIZATION}/policyAssignments/here"
    made = owner.ask("PUT", assignment, {"properties": properties})
    owner.ask("POST", f"{S}/providers/Microsoft.KeyVault/register")
    denied = owner.ask("PUT", f"{GROUP}/providers/Microsoft.KeyVault/vaults/erp-kv", vault(owner.stamp))

    assert (built_in["properties"]["policyType"], made.status) == ("BuiltIn", 201)
    assert made.body["properties"]["scope"] == GROUP
    assert (denied.status, code(denied)) == (403, "RequestDisallowedByPolicy")
    assert owner.names(f"{S}/{AUTHORIZATION}/policyAssignments") == ["here"]
    assert owner.ask("DELETE", assignment).body == made.body
    assert code(owner.ask("PUT", POLICY, {"properties": {}})) == "InvalidPolicyRule"
    assert (
        code(owner.ask("PUT", assignment, {"properties": {"policyDefinitionId": POLICY}})) == "PolicyDefinitionNotFound"
    )
    rule = {"if": {"field": "name", "equals": "x"}, "then": {"effect": "deny"}}
    owner.ask("PUT", POLICY, {"properties": {"policyRule": rule}})
    owner.ask("PUT", assignment, {"properties": {"policyDefinitionId": POLICY}})
    assert code(owner.ask("DELETE", POLICY)) == "PolicyDefinitionInUse"
