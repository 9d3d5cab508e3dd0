"""One of a stamp's endpoints: requests signed in for it, through the limiter that all endpoints share."""

import base64
import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ServiceResponseError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RequestIdPolicy, RetryPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest
from azure.mgmt.resource.resources import ResourceManagementClient

from restamp import failpoints, ids
from restamp.arm import operations
from restamp.arm.errors import rejected, translated
from restamp.arm.lanes import asked
from restamp.arm.limiter import Limiter
from restamp.arm.operations import Answer, Operation
from restamp.arm.settings import Settings
from restamp.arm.transport import Transport
from restamp.errors import Rejected, StampError, Throttled, Unanswered, Unsettled

_PATIENCE = 600.0  # seconds a throttled request is waited for
_TRIES = 6  # of a read that the stamp fails at, or of a list that changes while it is read
_SETTLED = 10.0  # seconds after a sign-in, within which a 401 is no token's end unless it says so
_READ = {"retry_status": 0}  # azure-core would wait out 429 by itself, and the limiter would not hear of it
_ONCE = _READ | {"retry_read": 0}  # azure-core sends PUT and DELETE four times otherwise


@dataclass(frozen=True)
class Shared:
    """What all endpoints of one stamp have in common.

    `record` hears of each operation before it is polled, `say` how long the stamp works on it.
    """

    settings: Settings
    transport: Transport
    limiter: Limiter
    record: Callable[[Operation], None]
    say: Callable[[str], None]


@dataclass(frozen=True)
class SignIn:
    """Who signs in at an endpoint, and what its tokens are made for."""

    credential: TokenCredential
    scope: str
    client_id: str

    @property
    def claims(self) -> dict[str, Any]:
        """What a token says of who has it: `oid`, `tid` (documented)."""
        payload = self.credential.get_token(self.scope).token.split(".")[1]
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        return found


class Endpoint:
    """Objects behind one address. Thread-safe; reads are retried by azure-core, writes never sent blindly again."""

    def __init__(self, base: str, shared: Shared, sign_in: Callable[[], SignIn]) -> None:
        """Connect nothing yet: `sign_in` is asked at the first request."""
        self.base = base
        self._shared = shared
        self._sign_in = sign_in
        self._signing_in = threading.Lock()
        self._client: ResourceManagementClient | None = None
        self._who: SignIn | None = None
        self._since = 0.0

    def url(self, path: str, api_version: str) -> str:
        """Where an id or a list of this endpoint is asked for."""
        return f"{self.base}{ids.path(path)}?api-version={api_version}"

    @property
    def principal(self) -> str:
        """The object id of who signs in here, as the token says it."""
        return str(self.claims["oid"])

    @property
    def claims(self) -> dict[str, Any]:
        """What the token of who signs in here says of them."""
        self._ready()
        return self._who.claims if self._who else {}

    def get(self, url: str) -> dict[str, Any] | None:
        """The object, or None where the stamp has none; an empty 404 is absence too (recorded)."""
        answer = self.read(url)
        if answer.status == 404:
            return None
        found: dict[str, Any] = self._good("GET", url, answer).body
        return found

    def list_all(self, url: str) -> list[dict[str, Any]]:
        """Every object of a list, all pages, in the stamp's order; all list forms of the Hub.

        A list that changes between two pages leaves an object out or has one twice: it is read until it stays, and
        Unsettled where it never does.
        """
        before: list[str] | None = None
        for _ in range(1 + _TRIES):
            found, pages = self._listed(url)
            if pages == 1 or _ids(found) == before:
                return list(dict(zip(_ids(found), found, strict=True)).values())
            before = _ids(found)
        raise Unsettled(f"GET {url}", 1 + _TRIES)

    def _listed(self, url: str) -> tuple[list[dict[str, Any]], int]:
        """What the pages of a list say, one after the other, and how many there are."""
        found: list[dict[str, Any]] = []
        seen: set[str] = set()
        while url and url not in seen:
            seen.add(url)
            answer = self._good("GET", url, self.read(url))
            page = answer.body if isinstance(answer.body, dict) else {"value": answer.body or []}
            if "properties" in page and "value" not in page:  # one of a kind, in no list (recorded)
                page = {"value": [page]}
            found += page.get("value") or []
            url = str(page.get("nextLink") or page.get("@odata.nextLink") or "")
        return found, len(seen)

    def list_or_none(self, url: str) -> list[dict[str, Any]] | None:
        """The list, or None where this principal may not see it or the stamp has no such list."""
        try:
            return self.list_all(url)
        except Rejected as error:
            if error.status in (401, 403, 404):
                return None
            raise

    def write(self, method: str, url: str, body: dict[str, Any] | None = None) -> Answer:
        """The answer to a write, once all it began has ended; Unanswered where nobody can say whether it was done."""
        answer, operation = self._begun(method, url, body)
        if operation is None:
            return answer
        self._shared.record(operation)
        ended = self.finished(operation)
        failpoints.reached("write.ended")
        return ended

    def begin(self, method: str, url: str, body: dict[str, Any] | None = None) -> Operation | None:
        """Send a write and wait for nothing: what it began, to be kept and read by whoever asks; None where it is done.

        Unanswered where nobody can say whether anything was begun.
        """
        return self._begun(method, url, body)[1]

    def _begun(self, method: str, url: str, body: dict[str, Any] | None) -> tuple[Answer, Operation | None]:
        failpoints.reached("write.before")
        answer = self._written(method, url, body)
        failpoints.reached("write.answered")
        if method == "DELETE" and answer.status == 404:
            return answer, None
        return answer, operations.started(f"{method} {url}", url, self._good(method, url, answer))

    def finished(self, operation: Operation) -> Answer:
        """The result of an operation; Unfinished where it takes longer than the settings have patience."""
        patience = 60.0 * self._shared.settings.patience
        return operations.finish(operation, self.read, patience=patience, say=self._shared.say)

    def read(self, url: str) -> Answer:
        """The answer to a GET, whatever it says."""
        return self._sent("GET", url, None)

    def _good(self, method: str, url: str, answer: Answer) -> Answer:
        if answer.status >= 400:
            raise rejected(method, url, answer.status, json.dumps(answer.body))
        return answer

    def _written(self, method: str, url: str, body: dict[str, Any] | None) -> Answer:
        try:
            answer = self._sent(method, url, body)
        except ServiceResponseError as error:
            raise Unanswered(f"{method} {url}", "the connection ended") from error
        if answer.status >= 500:
            raise Unanswered(f"{method} {url}", f"status {answer.status}")
        return answer

    def _sent(self, method: str, url: str, body: dict[str, Any] | None) -> Answer:
        """Send; again after 429, which says that nothing was done, and where a read failed: the limiter waits.

        Again, too, once there is a new token, where the one we had ended earlier than it said: nothing was done either.
        """
        until, renewed = time.monotonic() + _PATIENCE, False
        for failures in itertools.count(1):
            request = HttpRequest(method, url, json=body) if body is not None else HttpRequest(method, url)
            client = self._ready()
            answer = self._send(client, request)
            again = answer.status == 429 or (method == "GET" and answer.status >= 500 and failures < _TRIES)
            if answer.status == 401 and not renewed:
                again = renewed = self._renewed(client, answer)
            if not again:
                break
            if time.monotonic() > until:
                raise Throttled(f"{method} {url}", 429, "", f"throttled for longer than {_PATIENCE:.0f} s")
        return answer

    def _renewed(self, client: ResourceManagementClient, answer: Answer) -> bool:
        """Whether the next request is signed with another token than the one that was refused."""
        with self._signing_in:
            over = "expir" in json.dumps(answer.body).lower() or time.monotonic() - self._since > _SETTLED
            if over and self._client is client:
                self._client = None
            return self._client is not client

    def _send(self, client: ResourceManagementClient, request: HttpRequest) -> Answer:
        lane, operation = asked(request.method, request.url)
        options: dict[str, Any] = _READ if request.method == "GET" else _ONCE
        try:
            with self._shared.limiter.slot(lane or self._vault(request.url), operation) as ticket:
                failpoints.reached("request.before")
                response = client.send_request(request, **options)
                text = response.text()
                headers = {name.lower(): value for name, value in response.headers.items()}
                failpoints.reached("answer.received")
                ticket.answered(response.status_code, headers)
        except AzureError as error:
            if isinstance(error, ServiceResponseError) and request.method != "GET":
                raise  # nobody knows whether it was done
            raise self._translated(error, request) from error
        return Answer(response.status_code, headers, _parsed(text))

    def _vault(self, url: str) -> str:
        """The host, where it is not this endpoint's own: each vault has a budget to itself."""
        host = urlsplit(url).hostname or ""
        return "" if f"https://{host}" == self.base else host

    def _translated(self, error: AzureError, request: HttpRequest) -> StampError:
        return translated(error, request.method, request.url, self._who.client_id if self._who else "")

    def _ready(self) -> ResourceManagementClient:
        """Signed in, by one thread for all: cold threads would fetch a token each (measured)."""
        if self._client is None:
            with self._signing_in:
                if self._client is None:
                    self._client = self._signed_in()
        return self._client

    def _signed_in(self) -> ResourceManagementClient:
        who, self._since = self._sign_in(), time.monotonic()
        self._who = who
        try:
            who.credential.get_token(who.scope)
        except AzureError as error:
            raise self._translated(error, HttpRequest("POST", self.base)) from error
        # our own few policies: the SDK's would register resource providers unasked, and follow redirects
        policies = [
            RequestIdPolicy(),
            UserAgentPolicy("restamp"),
            RetryPolicy(retry_total=6, retry_backoff_max=30),
            BearerTokenCredentialPolicy(who.credential, who.scope),
        ]
        return ResourceManagementClient(
            who.credential,
            "none",  # every id names its own subscription
            base_url=self.base,
            transport=self._shared.transport,
            policies=policies,
        )


def _ids(found: list[dict[str, Any]]) -> list[str]:
    """What a list's objects are known by; those without an id by their place."""
    return [str(item.get("id") or item.get("kid") or place).lower() for place, item in enumerate(found)]


def _parsed(text: str) -> Any:
    """The body as JSON, or as the text it is; None where empty."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
