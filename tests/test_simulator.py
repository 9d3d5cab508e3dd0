"""A simulated stamp behind HTTPS, asked by clients that we did not write."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.identity import CertificateCredential, ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.asking import Dial

from restamp.simulator import Fault, Principal, Stamp, serve

QUOTAS = "providers/Microsoft.Compute.Admin/locations/redmond/quotas"


class Client:
    """One principal on one stamp, with the Azure SDK's own sign-in and client."""

    def __init__(self, server: Any, principal: Principal | None = None, pem: bytes | None = None) -> None:
        self.stamp = server.stamp
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(server.ca)
        self.session.mount("https://", Dial(server.port))
        self.transport = RequestsTransport(session=self.session, session_owner=False, connection_verify=str(server.ca))
        self.metadata = self.session.get(f"{server.url}/metadata/endpoints?api-version=2015-01-01").json()
        who = principal or server.stamp.admin
        login = self.metadata["authentication"]["loginEndpoint"]
        tenant = "adfs" if login.endswith("/adfs") else who.tenant
        shared = {
            "authority": login.removesuffix("/adfs").rstrip("/"),
            "disable_instance_discovery": True,
            "transport": self.transport,
        }
        if pem:
            self.credential: Any = CertificateCredential(tenant, who.client_id, certificate_data=pem, **shared)
        else:
            self.credential = ClientSecretCredential(tenant, who.client_id, who.secret, **shared)
        self.arm = ResourceManagementClient(
            self.credential,
            server.stamp.provider_subscription,
            base_url=server.url,
            credential_scopes=[self.metadata["authentication"]["audiences"][0] + "/.default"],
            transport=self.transport,
            retry_total=0,
        )

    def send(self, method: str, path: str, version: str = "2021-01-01", json: Any = None) -> Any:
        url = f"/subscriptions/{self.stamp.provider_subscription}/{path}?api-version={version}"
        return self.arm.send_request(HttpRequest(method, url, json=json))

    def close(self) -> None:
        self.session.close()


@pytest.fixture(params=["ADFS", "AzureAD"])
def stamp(request: pytest.FixtureRequest) -> Iterator[Stamp]:
    made = Stamp(region="redmond", domain="ext.contoso.example", identity=request.param)
    yield made
    made.close()


@pytest.fixture
def server(stamp: Stamp) -> Iterator[Any]:
    with serve(stamp) as running:
        yield running


@pytest.fixture
def client(server: Any) -> Iterator[Client]:
    made = Client(server)
    yield made
    made.close()


def certificate() -> tuple[str, bytes]:
    """A certificate, and the same with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "restamp")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=1))
    public = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    return public.decode(), public + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_quota_is_written_listed_read_and_deleted_through_the_azure_sdk(client: Client) -> None:
    """An unmodified azure-identity signs in, and an unmodified Azure client writes and reads a quota."""
    created = client.send("PUT", f"{QUOTAS}/small size", json={"properties": {"coresLimit": 8}})
    read = client.send("GET", f"{QUOTAS}/SMALL%20size")
    listed = client.send("GET", QUOTAS)
    deleted = client.send("DELETE", f"{QUOTAS}/small%20size")

    assert created.status_code == read.status_code == 200
    assert created.json() == read.json()
    assert created.json()["properties"]["coresLimit"] == 8
    assert created.json()["id"].endswith("/quotas/small size")
    assert created.json() in listed.json()["value"]
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert [record.method for record in client.stamp.writes] == ["PUT", "DELETE"]


def test_a_certificate_signs_in_and_another_one_does_not(server: Any) -> None:
    """Client assertions are checked against the certificate that the application was made with."""
    public, pem = certificate()
    principal = server.stamp.add_principal("by-certificate", "Reader", certificate=public)
    client = Client(server, principal, pem)
    read = client.send("GET", QUOTAS)
    client.close()

    assert read.status_code == 200

    client = Client(server, principal, certificate()[1])
    with pytest.raises(ClientAuthenticationError, match=r"(?i)invalid"):
        client.send("GET", QUOTAS)
    client.close()


def test_a_wrong_secret_is_refused_by_the_identity_system(server: Any) -> None:
    """azure-identity says that the client is not who it says."""
    client = Client(server, replace(server.stamp.admin, secret="guess"))

    with pytest.raises(ClientAuthenticationError, match=r"AADSTS7000215|MSIS9607"):
        client.send("GET", QUOTAS)
    client.close()


def test_the_same_stamp_comes_back_from_its_state_file(tmp_path: Path) -> None:
    """Ids, principals, secrets, objects and the certificate authority are kept; a client goes on as if nothing was."""
    file = tmp_path / "stamp.sqlite"
    first = Stamp(region="redmond", domain="ext.contoso.example", state=file, seed=7)
    with serve(first) as server:
        ca = server.ca.read_text()
        client = Client(server)
        client.send("PUT", f"{QUOTAS}/kept", json={"properties": {"coresLimit": 3}})
        client.close()
    first.close()
    second = Stamp(region="elsewhere", state=file)
    with serve(second) as server:
        client = Client(server)
        read = client.send("GET", f"{QUOTAS}/kept")
        again = server.ca.read_text()
        client.close()
    second.close()

    assert read.json()["properties"]["coresLimit"] == 3
    assert again == ca
    assert second.admin == first.admin
    assert (second.region, second.deployment_id) == ("redmond", first.deployment_id)
    assert second.objects() == first.objects()


def test_a_lost_answer_leaves_the_work_done(client: Client) -> None:
    """The connection ends after the write and before the answer: what a client cannot tell from nothing done."""
    client.stamp.faults.append(Fault("PUT .*/quotas/lost", lose_answer=True))
    with pytest.raises(AzureError):
        client.send("PUT", f"{QUOTAS}/lost", json={"properties": {"coresLimit": 1}})

    assert client.send("GET", f"{QUOTAS}/lost").json()["properties"]["coresLimit"] == 1


def test_a_refused_connection_leaves_nothing_done(client: Client) -> None:
    """The connection ends before the write."""
    client.stamp.faults.append(Fault("PUT .*/quotas/refused", refuse=True))
    with pytest.raises(AzureError):
        client.send("PUT", f"{QUOTAS}/refused", json={"properties": {}})

    assert client.send("GET", f"{QUOTAS}/refused").status_code == 404


def test_faults_answer_wait_and_run_out(client: Client) -> None:
    """A status with headers, after so many requests and so many times; a delay keeps the answer back."""
    client.stamp.faults.append(
        Fault("GET .*quotas", status=429, headers={"Retry-After": "17"}, body={"e": 1}, after=1, times=2)
    )
    answers = [client.send("GET", QUOTAS) for _ in range(4)]
    client.stamp.faults.append(Fault(lambda method, path: method == "GET", delay=0.2))
    began = time.monotonic()
    late = client.send("GET", QUOTAS)

    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "17"
    assert answers[1].json() == {"e": 1}
    assert late.status_code == 200
    assert time.monotonic() - began >= 0.2


def test_many_clients_at_once_lose_nothing(client: Client) -> None:
    """Sixteen writers, each its own quotas: all are there afterwards, and stand in the list once."""
    client.send("GET", QUOTAS)

    def write(number: int) -> int:
        return int(client.send("PUT", f"{QUOTAS}/q{number}", json={"properties": {"coresLimit": number}}).status_code)

    with ThreadPoolExecutor(16) as pool:
        statuses = set(pool.map(write, range(64)))
    names = [body["name"] for body in client.send("GET", QUOTAS).json()["value"]]

    assert statuses == {200}
    assert sorted(names) == sorted([*(f"q{number}" for number in range(64)), "Default Quota"])


def test_heads_and_unknown_hosts_are_answered(server: Any) -> None:
    """HEAD has no body; a host that the stamp does not have is 404; a stamp knows no other names than its own."""
    client = Client(server)
    url = f"{server.url}/subscriptions/{server.stamp.provider_subscription}/resourcegroups/system.redmond"
    token = client.credential.get_token(client.metadata["authentication"]["audiences"][0] + "/.default").token
    headers = {"Authorization": f"Bearer {token}"}
    there = client.session.head(f"{url}?api-version=2016-06-01", headers=headers)
    absent = client.session.head(f"{url}x?api-version=2016-06-01", headers=headers)
    unknown = client.session.get(server.url.replace("adminmanagement", "adminvault"))
    client.close()

    assert (there.status_code, absent.status_code, unknown.status_code) == (204, 404, 404)
    assert there.content == b""
