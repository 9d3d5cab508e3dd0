"""Vaults, people and Graph of a simulated stamp: over HTTPS by unmodified Azure clients, and asked in process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential, UsernamePasswordCredential
from azure.keyvault.secrets import SecretClient
from azure.mgmt.resource.resources import ResourceManagementClient
from tests.asking import Desk, Dial
from tests.tenant.asking import GROUP, READER, S, Tenant, vault

from restamp.simulator import Principal, Stamp, serve
from restamp.simulator.messages import Request, Response
from restamp.simulator.population import population

# a person at a browser is nothing for a test: what MSAL would rather not have is what it has without one
pytestmark = [
    pytest.mark.filterwarnings("ignore:This API has been deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:UsernamePasswordCredential:DeprecationWarning"),
]
POWERSHELL = "1950a258-227b-4e31-a9cf-717495945fc2"
GUEST = "5f9bd2c4-3f0e-4c52-8e86-0c1d1b1f6b11"


class Data:
    """One principal that asks a vault, or Graph, in process."""

    def __init__(self, stamp: Stamp, principal: Principal, host: str = "erp-kv.vault") -> None:
        self.stamp, self.host = stamp, f"{host}.{stamp.state.home}"
        plane = host.rpartition(".")[2]
        self.token = stamp.identities.issue(principal, stamp.identities.audience(plane), lifetime=1e9)

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Response:
        headers = {"authorization": f"Bearer {self.token}"}
        version = "1.6" if self.host.startswith("graph") else "2016-10-01"
        raw = b"" if body is None else json.dumps(body).encode()
        return self.stamp.handle(Request(method, self.host, path, {"api-version": version} | query, headers, raw))


def prepared(identity: Any = "ADFS", **more: Any) -> tuple[Stamp, Principal]:
    """A stamp with the vault erp-kv, whose owner may do everything with its secrets."""
    stamp = Stamp("redmond", "ext.contoso.example", identity=identity, **more)
    Desk(stamp).chain()
    person = stamp.add_user("erp@contoso.example", "pa55 word")
    owner = Tenant(stamp, person)
    owner.ask("PUT", GROUP, {"location": "redmond"})
    owner.ask("POST", f"{S}/providers/Microsoft.KeyVault/register")
    body = vault(stamp, allowed(stamp, person, "get", "List", "set", "delete", "recover", "purge"))
    assert owner.ask("PUT", f"{GROUP}/providers/Microsoft.KeyVault/vaults/erp-kv", body).status == 201
    return stamp, person


def allowed(stamp: Stamp, person: Principal, *secrets: str, **more: list[str]) -> dict[str, Any]:
    """An access policy."""
    permissions = {"secrets": list(secrets), **more}
    return {"tenantId": stamp.state.tenant, "objectId": person.object_id, "permissions": permissions}


@pytest.fixture
def data() -> Iterator[Data]:
    """The owner at the vault."""
    stamp, person = prepared()
    yield Data(stamp, person)
    stamp.close()


class Way:
    """The Azure SDK's own way to a served stamp, for people and applications."""

    def __init__(self, server: Any) -> None:
        self.stamp, session = server.stamp, requests.Session()
        session.trust_env = False
        session.mount("https://", Dial(server.port))
        self.session, self.server = session, server
        self.transport = RequestsTransport(session=session, session_owner=False, connection_verify=str(server.ca))
        authority = server.stamp.identities.authority.removesuffix("/adfs").rstrip("/")
        self.shared = {"authority": authority, "disable_instance_discovery": True, "transport": self.transport}

    def application(self, principal: Principal, tenant: str | None = None) -> ClientSecretCredential:
        return ClientSecretCredential(tenant or principal.tenant, principal.client_id, principal.secret, **self.shared)

    def person(self, upn: str, password: str) -> UsernamePasswordCredential:
        tenant = "adfs" if self.stamp.identity == "ADFS" else self.stamp.state.tenant
        return UsernamePasswordCredential(POWERSHELL, upn, password, tenant_id=tenant, **self.shared)

    def secrets(self, credential: Any, version: str = "2016-10-01") -> SecretClient:
        url = f"https://erp-kv.vault.{self.stamp.state.home}"
        return SecretClient(url, credential, api_version=version, transport=self.transport, retry_total=0)

    def tenant(self, credential: Any) -> ResourceManagementClient:
        url = f"https://{self.stamp.state.host('management')}"
        endpoints = self.session.get(
            f"{url}/metadata/endpoints?api-version=2015-01-01", verify=str(self.server.ca)
        ).json()
        scopes = [endpoints["authentication"]["audiences"][0] + "/.default"]
        return ResourceManagementClient(
            credential, "tenant-1", base_url=url, credential_scopes=scopes, transport=self.transport, retry_total=0
        )


@pytest.fixture(params=["ADFS", "AzureAD"])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    stamp, _ = prepared(request.param)
    with serve(stamp) as server:
        made = Way(server)
        yield made
        made.session.close()
    stamp.close()


@pytest.mark.parametrize("version", ["2016-10-01", "7.0"])
def test_microsofts_client_writes_reads_lists_and_deletes_secrets(way: Way, version: str) -> None:
    """Through the challenge of the vault, as a person, over HTTPS; thirty secrets are two pages."""
    client = way.secrets(way.person("erp@contoso.example", "pa55 word"), version)
    first = client.set_secret("db-password", "one", content_type="text/plain", tags={"a": "b"})
    second = client.set_secret("db-password", "two")
    for number in range(29):
        client.set_secret(f"other-{number}", "x")
    changed = client.update_secret_properties("db-password", second.properties.version, enabled=False)
    old = client.get_secret("db-password", first.properties.version)

    assert (old.value, old.properties.content_type, old.properties.tags) == ("one", "text/plain", {"a": "b"})
    assert len(str(first.properties.version)) == 32
    assert len(list(client.list_properties_of_secrets())) == 30
    assert [p.version for p in client.list_properties_of_secret_versions("db-password")] == [
        first.properties.version,
        second.properties.version,
    ]
    assert way.stamp.secret_versions("erp-kv", "db-password") == 2
    assert changed.enabled is False
    with pytest.raises(HttpResponseError, match="not allowed on a disabled secret"):
        client.get_secret("db-password")
    assert client.begin_delete_secret("db-password").result().name == "db-password"
    with pytest.raises(ResourceNotFoundError):
        client.get_secret("db-password", first.properties.version)


def test_an_application_needs_an_access_policy(way: Way) -> None:
    """The operator's service principal is nobody in a vault."""
    with pytest.raises(HttpResponseError, match="does not have secrets list permission"):
        list(way.secrets(way.application(way.stamp.admin)).list_properties_of_secrets())


def test_a_person_signs_in_by_password_and_works_in_the_subscription(way: Way) -> None:
    """Microsoft's own client, without a browser; a wrong password is refused."""
    arm = way.tenant(way.person("erp@contoso.example", "pa55 word"))
    groups = arm.send_request(HttpRequest("GET", f"{S}/resourcegroups?api-version=2018-05-01")).json()["value"]

    assert [group["name"] for group in groups] == ["app"]
    with pytest.raises(ClientAuthenticationError, match=r"MSIS9659|AADSTS50126"):
        way.person("erp@contoso.example", "guess").get_token(way.stamp.identities.audience("tenant") + "/.default")


def test_guests_sign_in_to_their_own_directory(way: Way) -> None:
    """Once it is onboarded, or somebody is in it; the home directory does not know them."""
    scope = way.stamp.identities.audience("tenant") + "/.default"
    if way.stamp.identity == "ADFS":
        assert way.stamp.add_principal("guest", None, tenant=GUEST).tenant == "adfs"
        return
    at_home = way.stamp.add_principal("both", None)
    guest = way.stamp.add_principal("guest", None, tenant=GUEST)
    both = way.stamp.add_principal("both", None, tenant=GUEST)
    assert (both.client_id, both.secret) == (at_home.client_id, at_home.secret) != (guest.client_id, guest.secret)
    assert way.application(both).get_token(scope).token != way.application(at_home).get_token(scope).token
    assert way.application(guest).get_token(scope).token
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        way.application(guest, way.stamp.state.tenant).get_token(scope)
    with pytest.raises((ClientAuthenticationError, ValueError), match=r"(?i)tenant|authority"):
        way.application(guest, "00000000-0000-4000-8000-000000000000").get_token(scope)


def test_a_vault_says_where_to_sign_in(data: Data) -> None:
    """401 without a token, with one of another audience and with one of nobody; a vault that is not there is 404."""
    admin = Desk(data.stamp)
    nothing = data.stamp.handle(Request("GET", data.host, "/secrets", {"api-version": "7.0"}))
    data.token, good = admin.token, data.token
    other = data.ask("GET", "/secrets")
    data.token = good
    data.stamp.forget(data.stamp.principals[1].object_id)

    assert (nothing.status, nothing.headers["www-authenticate"]) == (
        401,
        'Bearer authorization="https://adfs.redmond.ext.contoso.example/adfs",'
        ' resource="https://vault.redmond.ext.contoso.example"',
    )
    assert (other.status, data.ask("GET", "/secrets").status) == (401, 401)
    data.host = f"none.vault.{data.stamp.state.home}"
    assert data.ask("GET", "/secrets").status == 404


def test_access_policies_count_one_by_one_and_for_groups(data: Data) -> None:
    """get, list, set and delete each need their own; a list of keys needs that of keys."""
    stamp = data.stamp
    team = stamp.add_group("readers")
    member = Data(stamp, stamp.add_user("m@contoso.example", "x", groups=[team.object_id]))
    body = vault(stamp, allowed(stamp, team, "get", keys=["list"]))
    owner = Tenant(stamp, stamp.principals[1])
    data.ask("PUT", "/secrets/s", {"value": "v"})
    owner.ask("PUT", f"{GROUP}/providers/Microsoft.KeyVault/vaults/erp-kv", body)
    stamp.seed_vault("erp-kv", "keys", "signing")
    asked = [("GET", "/secrets/s"), ("GET", "/secrets"), ("PUT", "/secrets/s"), ("DELETE", "/secrets/s")]

    assert [member.ask(method, path, {"value": "x"}).status for method, path in asked] == [200, 403, 403, 403]
    assert [each["kid"].rpartition("/")[2] for each in member.ask("GET", "/keys").body["value"]] == ["signing"]
    assert member.ask("GET", "/certificates").status == 403
    assert data.ask("GET", "/secrets/s").status == 403


def test_a_secret_keeps_its_attributes(data: Data) -> None:
    """An expired one can be read; PATCH changes one version and no value; bad requests change nothing."""
    made = data.ask("PUT", "/secrets/s", {"value": "v", "attributes": {"exp": 1, "nbf": 1}})
    version = made.body["id"].rpartition("/")[2]
    patched = data.ask("PATCH", f"/secrets/s/{version}", {"tags": {"a": "b"}, "contentType": "t"})
    read = data.ask("GET", f"/secrets/S/{version}")

    assert "value" not in patched.body
    assert (read.body["value"], read.body["tags"], read.body["contentType"]) == ("v", {"a": "b"}, "t")
    assert {name: read.body["attributes"][name] for name in ("enabled", "exp", "nbf")} == {
        "enabled": True,
        "exp": 1,
        "nbf": 1,
    }
    for bad in ({}, {"value": 1}, {"value": "x", "attributes": {"enabled": "no"}}, [], {"value": "x" * 30_000}):
        assert data.ask("PUT", "/secrets/s", bad).status == 400
    assert data.ask("PUT", "/secrets/a_b", {"value": "v"}).status == 400
    assert data.ask("GET", "/secrets/s/" + "0" * 32).status == 404
    assert data.ask("GET", "/secrets", **{"api-version": "1"}).status == 400
    assert data.stamp.secret_versions("erp-kv", "s") == 1


def test_deleted_secrets_come_back_only_where_the_stamp_was_made_so() -> None:
    """With soft delete the name is taken until the secret is purged or brought back."""
    stamp, person = prepared(soft_delete=True)
    data = Data(stamp, person)
    for name in ("a", "b"):
        data.ask("PUT", f"/secrets/{name}", {"value": name})
        assert "recoveryId" in data.ask("DELETE", f"/secrets/{name}").body

    assert [data.ask("GET", "/secrets").body["value"], data.ask("GET", "/secrets/a").status] == [[], 404]
    assert len(data.ask("GET", "/deletedsecrets").body["value"]) == 2
    assert data.ask("PUT", "/secrets/a", {"value": "new"}).status == 409
    assert data.ask("POST", "/deletedsecrets/a/recover").status == 200
    assert data.ask("GET", "/secrets/a").body["value"] == "a"
    assert data.ask("DELETE", "/deletedsecrets/b").status == 204
    assert data.ask("PUT", "/secrets/b", {"value": "new"}).status == 200


def test_secrets_are_kept_in_the_state_file_and_go_with_their_vault(tmp_path: Path) -> None:
    """Users, assignments and secrets too; objects never show secrets."""
    first, person = prepared(state=tmp_path / "stamp.sqlite")
    Data(first, person).ask("PUT", "/secrets/s", {"value": "kept"})
    Tenant(first, person).assign(GROUP, READER, first.admin.object_id)
    first.close()
    second = Stamp(state=tmp_path / "stamp.sqlite")
    data, owner = Data(second, second.principals[1]), Tenant(second, second.principals[1])

    assert second.principals == (second.admin, person)
    assert data.ask("GET", "/secrets/s").body["value"] == "kept"
    assert "kept" not in json.dumps(second.objects())
    assert owner.ask("DELETE", GROUP).status == 202
    assert second.secret_versions("erp-kv", "s") == 0
    second.close()


@pytest.mark.parametrize("identity", ["ADFS", "AzureAD"])
def test_graph_knows_who_there_is(identity: Any) -> None:
    """Users, groups, applications by id, name and filter; many ids at once leave out those that vanished."""
    stamp, person = prepared(identity)
    team, tool = stamp.add_group("team"), stamp.add_principal("tool", None)
    graph, home = Data(stamp, tool, "graph"), "adfs" if identity == "ADFS" else stamp.state.tenant
    asked = {"objectIds": [person.object_id, team.object_id, tool.object_id, "gone"], "types": []}
    several = graph.ask("POST", f"/{home}/getObjectsByObjectIds", asked).body["value"]
    by_filter = graph.ask("GET", f"/{home}/servicePrincipals", **{"$filter": f"appId eq '{tool.client_id}'"})
    by_name = graph.ask("GET", f"/{home}/users/ERP@contoso.example")
    stamp.forget(person.object_id)

    assert [each["objectType"] for each in several] == ["User", "Group", "ServicePrincipal"]
    assert [each["objectId"] for each in by_filter.body["value"]] == [tool.object_id]
    assert by_name.body["objectId"] == person.object_id
    assert person.object_id.startswith("S-1-5-21-") == (identity == "ADFS")
    assert graph.ask("GET", f"/{home}/users/{person.object_id}").status == 404
    assert graph.ask("GET", f"/{GUEST}/users").status == 401
    assert graph.ask("GET", f"/{home}/users", **{"api-version": ""}).status == 400


def test_people_keep_their_ids_on_another_deployment_and_applications_do_not() -> None:
    """They are in the customer's directory; an application is the stamp's own."""
    one, two = (Stamp("redmond", "ext.contoso.example", seed=seed) for seed in (1, 2))
    people = [stamp.add_user("erp@contoso.example", "x").object_id for stamp in (one, two)]

    assert people[0] == people[1]
    assert one.admin.object_id != two.admin.object_id


@pytest.mark.parametrize("identity", ["ADFS", "AzureAD"])
def test_a_population_with_contents_is_always_the_same_and_consistent(identity: Any) -> None:
    """About 25 objects a subscription; who it is made for reads all of it; one principal in each is gone."""
    stamp = Stamp("redmond", "ext.contoso.example", identity=identity)
    me = stamp.add_principal("restamp")
    made = population(stamp, 12, contents=True, everywhere=me)
    again = population(stamp, 12, contents=True, everywhere=me)
    stamp.load(made)
    counted, secrets = 0, 0
    for mine in (each for each in stamp.principals if each.client_id == me.client_id):
        tenant = Tenant(stamp, mine)
        for body in tenant.ask("GET", "/subscriptions").body["value"]:
            inside = f"{body['id']}/providers"
            vaults = tenant.ask("GET", f"{inside}/Microsoft.KeyVault/vaults").body["value"]
            assigned = tenant.ask("GET", f"{inside}/Microsoft.Authorization/roleAssignments").body["value"]
            known = [stamp.state.directory.get(each["properties"]["principalId"]) for each in assigned]
            asked = [Data(stamp, mine, f"{each['name']}.vault").ask("GET", "/secrets") for each in vaults]
            secrets += sum(len(answer.body["value"]) for answer in asked)
            counted += 1
            assert (len(assigned), known.count(None)) == (6, 1)
            assert len(tenant.names(f"{body['id']}/resourcegroups")) == 3

    assert json.dumps(made) == json.dumps(again)
    assert len({body["id"].lower() for body in made}) == len(made)
    assert (counted, secrets) == (12, 12 * 5)
