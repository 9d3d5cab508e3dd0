"""A simulated stamp behind HTTPS, asked by clients that we did not write."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.identity import CertificateCredential, ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection

from restamp.simulator import Principal, Stamp, serve

QUOTAS = "providers/Microsoft.Compute.Admin/locations/redmond/quotas"


class Dial(HTTPAdapter):
    """True host names, dialled at one port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        port = self._port

        class Connection(HTTPSConnection):
            def _new_conn(self) -> Any:
                name, true_port = self._dns_host, self.port
                self._dns_host, self.port = "127.0.0.1", port
                try:
                    return super()._new_conn()
                finally:
                    self._dns_host, self.port = name, true_port

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": Pool}


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


@pytest.fixture
def stamp() -> Iterator[Stamp]:
    made = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS")
    yield made
    made.close()


@pytest.fixture
def client(stamp: Stamp) -> Iterator[Client]:
    with serve(stamp) as server:
        made = Client(server)
        yield made
        made.close()


def test_a_quota_is_written_listed_read_and_deleted_through_the_azure_sdk(client: Client) -> None:
    """An unmodified azure-identity signs in at AD FS, and an unmodified Azure client writes and reads a quota."""
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
