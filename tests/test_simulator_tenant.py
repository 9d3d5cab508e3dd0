"""The tenant side of a simulated stamp: the inside of subscriptions, who may do what in it, directories, Graph."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.asking import Desk

from restamp.simulator import Principal, Stamp
from restamp.simulator.messages import Request, Response

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


POLICY = f"{S}/{AUTHORIZATION}/policyDefinitions/rule"
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


def test_a_vault_needs_registration_a_group_and_a_name_of_its_own(stamp: Stamp, owner: Tenant) -> None:
    """And shows where it is; lists show it in its subscription and in its group."""
    path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/erp-kv"
    early = owner.ask("PUT", path, vault(stamp))
    owner.ask("POST", f"{S}/providers/Microsoft.KeyVault/register")
    made = owner.ask("PUT", path, vault(stamp, tags={"a": "b"}))
    again = owner.ask("PUT", path, vault(stamp))
    Desk(stamp).ask("PUT", Desk(stamp).user("tenant-2"), Desk(stamp).tenant())
    elsewhere = "/subscriptions/tenant-2/resourceGroups/app"
    owner.ask("PUT", elsewhere, {"location": "redmond"})
    owner.ask("POST", "/subscriptions/tenant-2/providers/Microsoft.KeyVault/register")
    taken = owner.ask("PUT", f"{elsewhere}/providers/Microsoft.KeyVault/vaults/ERP-kv", vault(stamp))
    homeless = owner.ask("PUT", path.replace("/app/", "/none/"), vault(stamp))

    assert [code(answer) for answer in (early, taken, homeless)] == [
        "MissingSubscriptionRegistration",
        "VaultAlreadyExists",
        "ResourceGroupNotFound",
    ]
    assert (made.status, made.body["id"], made.body["tags"]) == (201, path, {"a": "b"})
    assert made.body["properties"]["vaultUri"] == "https://erp-kv.vault.redmond.ext.contoso.example/"
    assert (again.status, again.body["tags"], again.body["properties"]["enabledForDeployment"]) == (200, {}, False)
    assert owner.names(f"{S}/providers/Microsoft.KeyVault/vaults") == ["erp-kv"]
    assert owner.names(f"{GROUP}/providers/Microsoft.KeyVault/vaults") == ["erp-kv"]
    for bad in ({"sku": None}, {"tenantId": None}, {"accessPolicies": [{}]}, {"accessPolicies": None}):
        body = vault(stamp)
        body["properties"] |= bad
        assert owner.ask("PUT", path, body).status == 400


def test_a_disabled_subscription_is_read_and_not_written(stamp: Stamp, owner: Tenant) -> None:
    """Until it is enabled again."""
    admin = Desk(stamp)
    admin.ask("PUT", admin.user("tenant-1"), admin.tenant(state="Disabled"))

    assert owner.ask("GET", GROUP).status == 200
    assert code(owner.ask("DELETE", GROUP)) == "ReadOnlyDisabledSubscription"
    admin.ask("PUT", admin.user("tenant-1"), admin.tenant(state="Enabled"))
    assert owner.ask("DELETE", GROUP).status == 202


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


def test_a_deleted_subscription_takes_its_inside_with_it(stamp: Stamp, owner: Tenant) -> None:
    """One with the same id begins empty."""
    owner.assign(S, READER, stamp.admin.object_id)
    for method in ("DELETE", "PUT"):
        assert Desk(stamp).ask(method, Desk(stamp).user("tenant-1"), Desk(stamp).tenant()).status in {200, 201}

    assert owner.names(f"{S}/resourcegroups") == []
    assert owner.names(f"{S}/{AUTHORIZATION}/roleAssignments") == []


def test_a_token_is_good_for_one_endpoint(stamp: Stamp, owner: Tenant) -> None:
    """Each has its own audience."""
    admin = Tenant(stamp, stamp.admin, "adminmanagement")
    owner.token, admin.token = admin.token, owner.token

    assert code(owner.ask("GET", "/subscriptions")) == "InvalidAuthenticationTokenAudience"
    assert admin.ask("GET", "/subscriptions").status == 401


def test_somebody_of_another_directory_has_no_place_in_a_subscription() -> None:
    """Though the role was assigned, and the owner's name is the same."""
    stamp = Stamp("redmond", "ext.contoso.example", identity="AzureAD")
    Desk(stamp).chain()
    guest = str(uuid.uuid4())
    stranger = Tenant(stamp, stamp.add_user("erp@contoso.example", "x", tenant=guest))
    answer = stranger.ask("GET", f"{S}/resourcegroups")
    Desk(stamp).ask("PUT", Desk(stamp).user("tenant-1"), Desk(stamp).tenant(tenantId=guest))

    assert (answer.status, code(answer)) == (401, "InvalidAuthenticationTokenTenant")
    assert stranger.ask("GET", f"{S}/resourcegroups").status == 200
    assert (
        Tenant(stamp, stranger_on_admin(stamp, guest), "adminmanagement")
        .ask("GET", f"{Desk(stamp).root}/resourcegroups")
        .status
        == 401
    )


def stranger_on_admin(stamp: Stamp, tenant: str) -> Principal:
    """An application of a guest directory that was given the whole stamp by mistake."""
    return stamp.add_principal("guest", tenant=tenant)


def test_an_owner_has_to_exist_on_a_stamp_that_looks() -> None:
    """Off by default."""
    stamp = Stamp("redmond", "ext.contoso.example", check_owners=True)
    stamp.add_user("erp@contoso.example", "x")
    desk = Desk(stamp)
    desk.chain()
    unknown = desk.ask("PUT", desk.user("tenant-2"), desk.tenant(owner="nobody@contoso.example"))

    assert (unknown.status, code(unknown)) == (400, "OwnerNotFound")


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", READER, S, "[parameters('p')]", "deny"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["if", "value", "x"]), inner),
    max_leaves=6,
)
CUSTOM, SIMPLE = str(uuid.UUID(int=8)), {"field": "tags.env", "in": ["prod", "[parameters('p')]"]}
VALID: dict[str, dict[str, Any]] = {
    f"{S}/{AUTHORIZATION}/roleDefinitions/{CUSTOM}": {
        "roleName": "fuzzed",
        "assignableScopes": [S],
        "permissions": [{"actions": ["*/read"], "notActions": ["x"]}],
    },
    f"{GROUP}/{AUTHORIZATION}/roleAssignments/{uuid.UUID(int=7)}": {"roleDefinitionId": CUSTOM, "principalId": "one"},
    POLICY: {
        "policyRule": {"if": {"anyOf": [SIMPLE, {"not": SIMPLE}]}, "then": {"effect": "deny"}},
        "parameters": {"p": {"defaultValue": "x"}},
        "mode": "All",
    },
    f"{S}/{AUTHORIZATION}/policyAssignments/fuzzed": {
        "policyDefinitionId": POLICY,
        "parameters": {"p": {"value": "x"}},
        "notScopes": ["/x"],
    },
    f"{GROUP}/{AUTHORIZATION}/locks/fuzzed": {"level": "CanNotDelete", "notes": "n"},
    f"{GROUP}/providers/Microsoft.KeyVault/vaults/fuzzed": {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": "t",
        "accessPolicies": [{"tenantId": "t", "objectId": "one", "permissions": {"secrets": ["get"], "keys": []}}],
    },
}


@st.composite
def spoiled(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any) -> Any:
    """A valid body with something else here and there."""
    if draw(st.integers(0, 30)) == 7:
        return draw(JSON)
    if isinstance(value, dict):
        return {name: draw(spoiled(each)) for name, each in value.items() if draw(st.integers(0, 12))}
    return [draw(spoiled(each)) for each in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_sent_the_tenant_side_answers(data: st.DataObject) -> None:
    """Bodies spoiled anywhere are refused or taken; what was taken is listed, and nobody's next request fails."""
    stamp = Stamp("redmond", "ext.contoso.example")
    Desk(stamp).chain()
    owner = Tenant(stamp, stamp.add_user("erp@contoso.example", "x"))
    other = Tenant(stamp, stamp.add_user("one", "x", object_id="one"))
    owner.ask("PUT", GROUP, {"location": "redmond"})
    owner.ask("POST", f"{S}/providers/Microsoft.KeyVault/register")
    for path, properties in VALID.items():
        body = data.draw(spoiled({"properties": properties, "location": "redmond", "tags": {"a": "b"}}))
        written = owner.ask("PUT", path, body)
        others = [other.ask("GET", GROUP), owner.ask("PUT", GROUP, {"location": "redmond", "tags": {"env": "prod"}})]

        assert written.status in {200, 201, 400, 403, 404, 409}
        assert {answer.status for answer in others} <= {200, 403}
        names = owner.names(path.rpartition("/")[0])
        assert (path.rpartition("/")[2] in names) == (written.status == 201)
    vault_host = f"fuzzed.vault.{stamp.state.home}"
    token = stamp.identities.issue(stamp.principals[2], stamp.identities.audience("vault"))
    headers = {"authorization": f"Bearer {token}"}
    assert stamp.handle(Request("GET", vault_host, "/secrets", {"api-version": "7.0"}, headers)).status in {
        403,
        404,
        200,
    }
