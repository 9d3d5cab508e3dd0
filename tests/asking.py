"""A stamp asked: in process without a network, or over HTTPS under its true names without a DNS."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection

from restamp.simulator import Principal, Stamp
from restamp.simulator.messages import Request, Response, path_of, query_of
from restamp.simulator.server import Server

SUBSCRIPTIONS = "Microsoft.Subscriptions.Admin"
VERSIONS = {
    "microsoft.compute.admin": "2021-01-01",
    "microsoft.network.admin": "2015-06-15",
    "microsoft.network": "2015-06-15",
    "microsoft.storage.admin": "2019-08-08-preview",
    "microsoft.keyvault.admin": "2017-02-01-preview",
    "microsoft.containerregistry.admin": "2019-11-01-preview",
    "microsoft.subscriptions.admin": "2015-11-01",
    "microsoft.fabric.admin": "2016-05-01",
    "microsoft.update.admin": "2021-07-01",
    "microsoft.backup.admin": "2018-09-01",
}


class Desk:
    """One principal that asks one stamp."""

    def __init__(self, stamp: Stamp, principal: Principal | None = None, plane: str = "adminmanagement") -> None:
        self.stamp, self.plane = stamp, plane
        audience = stamp.identities.audience(plane)
        self.token = stamp.identities.issue(principal or stamp.admin, audience, lifetime=1e9)
        self.root = f"/subscriptions/{stamp.provider_subscription}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Return the answer to a request; a path without a leading slash is below the provider subscription."""
        where, _, query = (path if path.startswith("/") else f"{self.root}/{path}").partition("?")
        parts = where.lower().split("/providers/")
        version = VERSIONS.get(parts[-1].split("/")[0], "2016-06-01") if len(parts) > 1 else "2016-06-01"
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.send(
            Request(
                method,
                self.stamp.state.host(self.plane),
                path_of(where),
                {"api-version": version} | query_of(query),
                {"authorization": f"Bearer {self.token}"} | headers,
                raw,
            )
        )

    def send(self, request: Request) -> Response:
        """Return the answer to a request, in process."""
        return self.stamp.handle(request)

    def follow(self, begun: Response, header: str = "location") -> Response:
        """Return how an operation stands."""
        return self.ask("GET", "/" + begun.headers[header].split("/", 3)[3])

    def quota(self, service: str, name: str) -> str:
        """Return the path of a quota."""
        return f"{self.root}/providers/Microsoft.{service}.Admin/locations/{self.stamp.region}/quotas/{name}"

    def inside(self, kind: str, name: str, group: str = "rg") -> str:
        """Return the path of a plan or an offer."""
        return f"{self.root}/resourceGroups/{group}/providers/{SUBSCRIPTIONS}/{kind}/{name}"

    def user(self, identifier: str) -> str:
        """Return the path of a user subscription."""
        return f"{self.root}/providers/{SUBSCRIPTIONS}/subscriptions/{identifier}"

    def chain(self, state: str = "Public") -> None:
        """Write a group, a quota, a plan, an offer and a subscription that hang on each other."""
        answers = [
            self.ask("PUT", "resourcegroups/rg", {"location": self.stamp.region}),
            self.ask("PUT", self.quota("Compute", "small"), {"properties": {"coresLimit": 8}}),
            self.ask(
                "PUT", self.inside("plans", "gold"), {"properties": {"quotaIds": [self.quota("Compute", "small")]}}
            ),
            self.ask("PUT", self.inside("offers", "gold"), self.offer(state)),
            self.ask("PUT", self.user("tenant-1"), self.tenant()),
        ]
        assert [answer.status for answer in answers] == [201, 200, 201, 201, 201]

    def offer(self, state: str) -> dict[str, Any]:
        """Return the body of an offer of the plan `gold`."""
        plans = {"basePlanIds": [self.inside("plans", "gold")], "displayName": "Gold", "description": ""}
        return {"location": self.stamp.region, "properties": plans | {"state": state}}

    def tenant(self, **more: Any) -> dict[str, Any]:
        """Return the body of a subscription to the offer `gold`."""
        return {"displayName": "ERP", "owner": "erp@contoso.example", "offerId": self.inside("offers", "gold")} | more


class Line(Desk):
    """A desk whose requests go over HTTPS to the stamp's true names."""

    def __init__(self, server: Server, principal: Principal | None = None) -> None:
        super().__init__(server.stamp, principal)
        self._ca, self._session = str(server.ca), requests.Session()
        self._session.trust_env = False
        self._session.mount("https://", Dial(server.port))

    def send(self, request: Request) -> Response:
        """Return the answer to a request, over the wire."""
        url = f"https://{request.host}{quote(request.path)}?{urlencode(request.query)}"
        headers = dict(request.headers) | {"content-type": "application/json"}
        answer = self._session.request(
            request.method, url, headers=headers, data=request.body, verify=self._ca, timeout=30
        )
        body = answer.json() if answer.content else None
        return Response(answer.status_code, body, {name.lower(): text for name, text in answer.headers.items()})

    def close(self) -> None:
        """Hang up."""
        self._session.close()


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
