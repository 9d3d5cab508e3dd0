"""A stamp's admin Resource Manager: signed in at first use, every request through one limiter."""

import json
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError, ServiceResponseError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RequestIdPolicy, RetryPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest
from azure.mgmt.resource.resources import ResourceManagementClient

from restamp import ids
from restamp.arm import operations
from restamp.arm.about import About, about
from restamp.arm.errors import rejected, translated
from restamp.arm.limiter import Limiter
from restamp.arm.operations import Answer, Operation
from restamp.arm.settings import Settings, complete
from restamp.arm.signin import Endpoints, credential, endpoints
from restamp.arm.transport import transport
from restamp.errors import Forbidden, Rejected, StampError, Throttled, Unanswered
from restamp.kind import Place

_SUBSCRIPTIONS = "2016-06-01"  # documented: profile 2020-09-01-hybrid
_PROVIDER_NAME = "Default Provider Subscription"  # documented
_ADMIN = "2015-11-01"  # recorded
_PATIENCE = 600.0  # seconds a throttled write is waited for
_ONCE = {"retry_status": 0, "retry_read": 0}  # azure-core sends PUT and DELETE four times otherwise


class Arm:
    """The public face of `arm`. Thread-safe; reads are retried by azure-core, writes are never sent blindly again."""

    def __init__(self, settings: Settings, record: Callable[[Operation], None] = lambda _operation: None) -> None:
        """Connect nothing yet; `record` is called with each long-running operation before it is polled."""
        self.settings = complete(settings)
        self._record = record
        self._limiter = Limiter(settings.parallel)
        self._transport = transport(settings)
        self._signing_in = threading.Lock()
        self._client: ResourceManagementClient | None = None

    @cached_property
    def endpoints(self) -> Endpoints:
        """What the stamp says of itself, asked once a process and without signing in."""
        try:
            return endpoints(self.settings, self._transport)
        except AzureError as error:
            raise self._translated(error, "GET", self.settings.admin) from error

    @cached_property
    def place(self) -> Place:
        """Region and default provider subscription, found anew at every run."""
        seen = self.list_all("/subscriptions", _SUBSCRIPTIONS)
        named = [item for item in seen if item.get("displayName") == _PROVIDER_NAME]
        for item in named or seen:
            provider = str(item["subscriptionId"])
            path = f"/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin/locations"
            if self.list_or_none(path, _ADMIN) is not None:
                return Place(self.settings.region, provider)
        raise Forbidden("GET /subscriptions", 403, "", "the principal sees no default provider subscription")

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions the stamp itself names (recorded: always one)."""
        path = f"/subscriptions/{self.place.provider}/providers/Microsoft.Subscriptions.Admin/locations"
        return tuple(str(item.get("name", "")) for item in self.list_all(path, _ADMIN))

    @cached_property
    def about(self) -> About:
        """What the stamp says of its deployment, asked once a process."""
        return about(self.place, self.list_or_none)

    def get(self, resource_id: str, api_version: str) -> dict[str, Any] | None:
        """The object, or None where the stamp has none; an empty 404 is absence too (recorded)."""
        client, path = self._ready(), ids.path(resource_id)
        try:
            with self._limiter.slot():
                raw = client.resources.get_by_id(path, api_version=api_version, cls=_as_sent)
        except AzureError as error:
            if isinstance(error, HttpResponseError) and error.status_code == 404:
                return None
            raise self._translated(error, "GET", self._url(path, api_version)) from error
        found: dict[str, Any] = json.loads(str(raw))
        return found

    def list_all(self, path: str, api_version: str) -> list[dict[str, Any]]:
        """Every object of a list, all pages, in the stamp's order; all list forms of the Hub."""
        found: list[dict[str, Any]] = []
        url = self._url(ids.path(path), api_version)
        while url:
            answer = self._read(url)
            if answer.status >= 400:
                raise rejected("GET", url, answer.status, json.dumps(answer.body))
            page = answer.body if isinstance(answer.body, dict) else {"value": answer.body or []}
            found += page.get("value") or []
            url = str(page.get("nextLink") or page.get("@odata.nextLink") or "")
        return found

    def list_or_none(self, path: str, api_version: str) -> list[dict[str, Any]] | None:
        """The list, or None where this principal may not see it or the stamp has no such list."""
        try:
            return self.list_all(path, api_version)
        except Rejected as error:
            if error.status in (403, 404):
                return None
            raise

    def put(self, resource_id: str, api_version: str, body: dict[str, Any]) -> dict[str, Any]:
        """The object as the stamp has it after the write; Unanswered where nobody can say whether it was done."""
        url = self._url(ids.path(resource_id), api_version)
        answer = self._finish("PUT", url, self._write("PUT", url, body))
        return (
            answer.body
            if isinstance(answer.body, dict) and "id" in answer.body
            else self.get(resource_id, api_version) or {}
        )

    def delete(self, resource_id: str, api_version: str) -> None:
        """Nothing is left of the object; absent is fine."""
        url = self._url(ids.path(resource_id), api_version)
        answer = self._write("DELETE", url, None)
        if answer.status != 404:
            self._finish("DELETE", url, answer)

    def resume(self, operation: Operation) -> Answer:
        """The result of an operation an earlier process began."""
        return operations.finish(operation, self._read)

    def close(self) -> None:
        """End every connection."""
        self._transport.session.close()

    def __enter__(self) -> "Arm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _finish(self, method: str, url: str, answer: Answer) -> Answer:
        if answer.status >= 400:
            raise rejected(method, url, answer.status, json.dumps(answer.body))
        operation = operations.started(f"{method} {url}", url, answer)
        if operation is None:
            return answer
        self._record(operation)
        return operations.finish(operation, self._read)

    def _read(self, url: str) -> Answer:
        return self._send(HttpRequest("GET", url))

    def _write(self, method: str, url: str, body: dict[str, Any] | None) -> Answer:
        """Send once; wait out 429, which says that nothing was done."""
        until = time.monotonic() + _PATIENCE
        backoff = 1.0
        while True:
            request = HttpRequest(method, url, json=body) if body is not None else HttpRequest(method, url)
            try:
                answer = self._send(request, **_ONCE)
            except ServiceResponseError as error:
                raise Unanswered(f"{method} {request.url}", "the connection ended") from error
            if answer.status >= 500:
                raise Unanswered(f"{method} {request.url}", f"status {answer.status}")
            if answer.status != 429:
                return answer
            wait = operations.seconds(answer, backoff)
            backoff = min(backoff * 2, 60.0)
            if time.monotonic() + wait > until:
                raise Throttled(f"{method} {request.url}", 429, "", f"throttled for longer than {_PATIENCE:.0f} s")
            self._limiter.pause(wait)

    def _send(self, request: HttpRequest, **options: Any) -> Answer:
        client = self._ready()
        try:
            with self._limiter.slot():
                response = client.send_request(request, **options)
                text = response.text()
        except ServiceResponseError as error:
            if request.method != "GET":
                raise
            raise self._translated(error, request.method, request.url) from error
        except AzureError as error:
            raise self._translated(error, request.method, request.url) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, _parsed(text))

    def _translated(self, error: AzureError, method: str, url: str) -> StampError:
        return translated(error, method, url, self.settings.client_id)

    def _ready(self) -> ResourceManagementClient:
        """Signed in, by one thread for all: cold threads would fetch a token each (measured)."""
        if self._client is None:
            with self._signing_in:
                if self._client is None:
                    self._client = self._sign_in()
        return self._client

    def _sign_in(self) -> ResourceManagementClient:
        scope = self.endpoints.audience.rstrip("/") + "/.default"
        identity: TokenCredential = credential(self.settings, self.endpoints, self._transport)
        try:
            identity.get_token(scope)
        except AzureError as error:
            raise self._translated(error, "POST", self.endpoints.login) from error
        # our own few policies: the SDK's would register resource providers unasked, and follow redirects
        policies = [
            RequestIdPolicy(),
            UserAgentPolicy("restamp"),
            RetryPolicy(retry_total=6, retry_backoff_max=30),
            BearerTokenCredentialPolicy(identity, scope),
        ]
        return ResourceManagementClient(
            identity,
            "none",  # every id names its own subscription
            base_url=self.settings.admin,
            transport=self._transport,
            policies=policies,
        )

    def _url(self, path: str, api_version: str) -> str:
        return f"{self.settings.admin}{path}?api-version={api_version}"


def _as_sent(response: Any, _model: Any, _headers: Any) -> str:
    """The body itself: the SDK's model would rename fields it knows and wrap those it does not."""
    return str(response.http_response.text())


def _parsed(text: str) -> Any:
    """The body as JSON, or as the text it is; None where empty."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
