"""Groups, providers and vaults inside a subscription."""

from tests.asking import Desk
from tests.tenant.asking import AUTHORIZATION, GROUP, READER, S, Tenant, code, vault

from restamp.simulator import Stamp


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
