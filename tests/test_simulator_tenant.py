"""The tenant side of a simulated stamp: the inside of subscriptions, who may do what in it, directories, Graph."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tests.asking import Desk

from restamp.simulator import Principal, Stamp
from restamp.simulator.messages import Response

OWNER, CONTRIBUTOR = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
S = "/subscriptions/tenant-1"
GROUP = f"{S}/resourceGroups/app"
AUTHORIZATION = "providers/Microsoft.Authorization"
VERSIONS = {
    "roleassignments": "2015-07-01",
    "roledefinitions": "2015-07-01",
    "locks": "2016-09-01",
    "policydefinitions": "2016-12-01",
    "policyassignments": "2016-12-01",
    "vaults": "2016-10-01",
}


class Tenant(Desk):
    """Somebody who asks the tenant endpoint, each type in its own version."""

    def __init__(self, stamp: Stamp, principal: Principal, plane: str = "management") -> None:
        super().__init__(stamp, principal, plane)
        self.principal_id = principal.object_id

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        where, _, query = path.partition("?")
        kind = where.lower().rpartition("/providers/")[2].split("/")
        version = VERSIONS.get(kind[1] if len(kind) > 1 else "", "2018-05-01")
        return super().ask(method, f"{where}?api-version={version}" + (f"&{query}" if query else ""), body, **headers)

    def assign(self, scope: str, role: str, principal: str, name: str | None = None) -> Response:
        """Assign a role under a fresh name, or under the one given."""
        properties = {"roleDefinitionId": f"/{AUTHORIZATION}/roleDefinitions/{role}", "principalId": principal}
        path = f"{scope}/{AUTHORIZATION}/roleAssignments/{name or uuid.uuid4()}"
        return self.ask("PUT", path, {"properties": properties})

    def names(self, path: str) -> list[str]:
        """The names in a list."""
        return [body.get("name") or body["namespace"] for body in self.ask("GET", path).body["value"]]


def code(answer: Response) -> str:
    return str(answer.body["error"]["code"])


@pytest.fixture(params=["ADFS", "AzureAD"])
def stamp(request: pytest.FixtureRequest) -> Iterator[Stamp]:
    made = Stamp(region="redmond", domain="ext.contoso.example", identity=request.param)
    Desk(made).chain()
    yield made
    made.close()


@pytest.fixture
def owner(stamp: Stamp) -> Tenant:
    """The owner of the subscription tenant-1, with a group in it."""
    desk = Tenant(stamp, stamp.add_user("erp@contoso.example", "pa55 word"))
    assert desk.ask("PUT", GROUP, {"location": "redmond", "tags": {"env": "prod"}}).status == 201
    return desk


def vault(stamp: Stamp, *policies: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a vault."""
    properties = {"sku": {"family": "A", "name": "standard"}, "tenantId": stamp.state.tenant}
    return {"location": "redmond", "properties": properties | {"accessPolicies": list(policies)}} | more


def test_an_owner_has_all_of_a_subscription_and_the_operator_nothing(stamp: Stamp, owner: Tenant) -> None:
    """By the owner's name alone, until the operator gives the subscription to somebody else."""
    operator, heir = Tenant(stamp, stamp.admin), Tenant(stamp, stamp.add_user("heir@contoso.example", "x"))
    before = [desk.ask("GET", f"{S}/resourcegroups").status for desk in (owner, operator, heir)]
    Desk(stamp).ask("PUT", Desk(stamp).user("tenant-1"), Desk(stamp).tenant(owner="heir@contoso.example"))
    after = [desk.ask("GET", f"{S}/resourcegroups").status for desk in (owner, operator, heir)]

    assert (before, after) == ([200, 403, 403], [403, 403, 200])
    assert [len(desk.ask("GET", "/subscriptions").body["value"]) for desk in (owner, operator, heir)] == [0, 0, 1]
    assert Desk(stamp).ask("GET", f"{S}/resourcegroups").status == 404


def test_groups_of_a_tenant_come_and_go_with_what_is_in_them(stamp: Stamp, owner: Tenant) -> None:
    """Tags, HEAD, spelling of the ids; deleting takes vaults and assignments inside."""
    reader = stamp.add_user("reader@contoso.example", "x")
    owner.ask("POST", f"{S}/providers/Microsoft.KeyVault/register")
    assert owner.ask("PUT", f"{GROUP}/providers/Microsoft.KeyVault/vaults/erp-kv", vault(stamp)).status == 201
    assert owner.assign(GROUP, READER, reader.object_id).status == 201
    body = owner.ask("GET", f"{S}/resourcegroups/APP").body

    assert (body["id"], body["tags"]) == (GROUP, {"env": "prod"})
    assert [owner.ask("HEAD", path).status for path in (GROUP, f"{S}/resourcegroups/none")] == [204, 404]
    assert owner.ask("DELETE", GROUP).status == 202
    assert owner.names(f"{S}/resourcegroups") == []
    assert owner.names(f"{S}/providers/Microsoft.KeyVault/vaults") == []
    assert owner.names(f"{S}/{AUTHORIZATION}/roleAssignments") == []


def test_providers_are_registered_by_name(owner: Tenant) -> None:
    """A new subscription has Resource Manager's own; others are registered and taken back."""
    compute = f"{S}/providers/Microsoft.Compute"
    states = [owner.ask("GET", compute).body["registrationState"]]
    for verb in ("register", "unregister"):
        states.append(owner.ask("POST", f"{compute}/{verb}").body["registrationState"])
    shown = {body["namespace"]: body["registrationState"] for body in owner.ask("GET", f"{S}/providers").body["value"]}

    assert states == ["NotRegistered", "Registered", "NotRegistered"]
    assert {name for name, state in shown.items() if state == "Registered"} >= {"Microsoft.Authorization"}
    assert shown["Microsoft.KeyVault"] == "NotRegistered"
    assert code(owner.ask("POST", f"{S}/providers/Microsoft.Nothing/register")) == "InvalidResourceNamespace"
    assert owner.ask("GET", f"{compute}/register").status == 405


def test_registering_takes_the_time_the_stamp_was_made_with() -> None:
    """Registering, until the clock says it is done."""
    stamp = Stamp("redmond", "ext.contoso.example", registering=30)
    Desk(stamp).chain()
    owner = Tenant(stamp, stamp.add_user("erp@contoso.example", "x"))
    path = f"{S}/providers/Microsoft.Network"
    early = owner.ask("POST", f"{path}/register").body["registrationState"]
    stamp.clock.advance(31)

    assert (early, owner.ask("GET", path).body["registrationState"]) == ("Registering", "Registered")


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
