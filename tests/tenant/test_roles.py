"""Roles inside a subscription: what each gives, and to whom."""

import uuid

import pytest
from tests.asking import Desk
from tests.tenant.asking import AUTHORIZATION, CONTRIBUTOR, GROUP, OWNER, READER, S, Tenant, code

from restamp.simulator import Stamp


@pytest.mark.parametrize(
    ("role", "group", "tag", "lock", "foreign"),
    [
        (OWNER, 200, 200, 201, 403),
        (CONTRIBUTOR, 200, 200, 403, 403),
        (READER, 200, 403, 403, 403),
        ("", 403, 403, 403, 403),
    ],
)
def test_a_role_gives_what_its_actions_say(
    stamp: Stamp, owner: Tenant, role: str, group: int, tag: int, lock: int, foreign: int
) -> None:
    """At its scope and below it, to a principal and to the members of a group."""
    team = stamp.add_group("erp team")
    member = Tenant(stamp, stamp.add_user("member@contoso.example", "x", groups=[team.object_id]))
    if role:
        assert owner.assign(GROUP, role, team.object_id).status == 201

    assert member.ask("GET", GROUP).status == group
    assert member.ask("PUT", GROUP, {"location": "redmond"}).status == tag
    assert member.ask("PUT", f"{GROUP}/{AUTHORIZATION}/locks/l", {"properties": {"level": "ReadOnly"}}).status == lock
    assert member.ask("GET", f"{S}/resourcegroups").status == foreign


def test_a_custom_role_gives_its_actions_and_no_more(stamp: Stamp, owner: Tenant) -> None:
    """Wildcards, notActions; in use it is not deleted; its name is its own."""
    name = str(uuid.uuid4())
    permissions = [{"actions": ["Microsoft.Resources/subscriptions/*"], "notActions": ["*/write"]}]
    properties = {"roleName": "Onlooker", "description": "", "assignableScopes": [S], "permissions": permissions}
    path = f"{S}/{AUTHORIZATION}/roleDefinitions"
    made = owner.ask("PUT", f"{path}/{name}", {"properties": properties})
    twin = owner.ask("PUT", f"{path}/{uuid.uuid4()}", {"properties": properties})
    person = Tenant(stamp, stamp.add_user("onlooker@contoso.example", "x"))
    assigned = owner.assign(S, name, person.principal_id)

    assert (made.status, made.body["properties"]["type"], assigned.status) == (201, "CustomRole", 201)
    assert code(twin) == "RoleDefinitionWithSameNameExists"
    assert [person.ask("GET", GROUP).status, person.ask("PUT", GROUP, {"location": "redmond"}).status] == [200, 403]
    assert person.ask("GET", f"{S}/{AUTHORIZATION}/locks").status == 403
    assert code(owner.ask("DELETE", f"{path}/{name}")) == "RoleDefinitionHasAssignments"
    assert owner.ask("DELETE", assigned.body["id"]).status == 200
    assert owner.ask("DELETE", f"{path}/{name}").status == 200
    assert owner.ask("DELETE", f"{path}/{OWNER}").status == 403
    assert {body["properties"]["roleName"] for body in owner.ask("GET", path).body["value"]} == {
        "Owner",
        "Contributor",
        "Reader",
        "User Access Administrator",
    }


def test_the_same_assignment_again_is_no_other_one(stamp: Stamp, owner: Tenant) -> None:
    """Written again as it is; not changed, not doubled; roles and principals have to be there."""
    one, two = (stamp.add_user(f"{name}@contoso.example", "x").object_id for name in ("one", "two"))
    name = str(uuid.uuid4())

    assert [owner.assign(GROUP, READER, one, name).status for _ in range(2)] == [201, 200]
    assert code(owner.assign(GROUP, READER, two, name)) == "RoleAssignmentUpdateNotPermitted"
    assert code(owner.assign(GROUP, READER, one)) == "RoleAssignmentExists"
    assert code(owner.assign(GROUP, READER, str(uuid.uuid4()))) == "PrincipalNotFound"
    assert code(owner.assign(GROUP, str(uuid.uuid4()), one)) == "RoleDefinitionDoesNotExist"
    assert code(owner.assign(GROUP, READER, one, "no-guid")) == "InvalidRoleAssignmentId"
    assert code(owner.assign(f"{S}/resourceGroups/none", READER, one)) == "ResourceGroupNotFound"
    assert owner.assign(S, READER, one).status == 201


def test_assignments_are_listed_at_above_and_below(stamp: Stamp, owner: Tenant) -> None:
    """As Resource Manager does without a filter; `atScope()` leaves out what is below."""
    person = stamp.add_user("person@contoso.example", "x").object_id
    other = stamp.add_group("others").object_id
    machine = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm1"
    for scope, principal in ((S, person), (GROUP, other), (machine, person)):
        assert owner.assign(scope, READER, principal).status == 201

    def scopes(scope: str, query: str = "") -> list[str]:
        answer = owner.ask("GET", f"{scope}/{AUTHORIZATION}/roleAssignments{query}")
        return [body["properties"]["scope"] for body in answer.body["value"]]

    assert scopes(S) == [S, GROUP, machine]
    assert scopes(GROUP, "?$filter=atScope()") == [S, GROUP]
    assert scopes(machine) == [S, GROUP, machine]
    assert scopes(S, "?$filter=atScope()") == [S]
    assert scopes(S, f"?$filter=principalId eq '{person}'") == [S, machine]
    assert owner.ask("GET", f"{S}/{AUTHORIZATION}/roleAssignments?$filter=odd").status == 400


def test_roles_policies_and_locks_are_there_for_the_provider_too(stamp: Stamp) -> None:
    """On the admin endpoint, in the default provider subscription."""
    admin = Tenant(stamp, stamp.admin, "adminmanagement")
    reader = Tenant(stamp, stamp.add_principal("reader", None), "adminmanagement")
    before = reader.ask("GET", f"{admin.root}/resourcegroups").status
    assigned = admin.assign(admin.root, READER, reader.principal_id)
    lock = f"{admin.root}/resourceGroups/rg/{AUTHORIZATION}/locks/keep"

    assert (before, assigned.status, reader.ask("GET", f"{admin.root}/resourcegroups").status) == (403, 201, 200)
    assert [body["id"] for body in reader.ask("GET", "/subscriptions").body["value"]] == [admin.root]
    assert admin.ask("PUT", lock, {"properties": {"level": "CanNotDelete"}}).status == 201
    assert Desk(stamp).ask("DELETE", Desk(stamp).inside("plans", "gold")).status == 409
    assert "Microsoft.Compute.Admin" in admin.names(f"{admin.root}/providers")
