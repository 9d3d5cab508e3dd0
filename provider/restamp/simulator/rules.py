"""Rules as data: one row per provider and type says what a stamp answers for it."""

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Literal

from .addresses import Address
from .messages import Refusal, Request, Response, error, refuse
from .principals import Principal
from .state import State, derived
from .store import Wire

Source = Literal["recorded", "swagger", "documented", "assumed"]
NameForm = Literal["plain", "located", "joined", "null", "none"]
Listing = Literal["value", "value-and-null-link", "odata", "bare"]
Delete = Literal["empty", "operation"]
Answer = Callable[["Call"], Response]
Guard = Callable[["Call", Wire | None, Wire], None]

GET, LIST, PUT, DELETE, POST, HEAD = "GET", "LIST", "PUT", "DELETE", "POST", "HEAD"
READ_ONLY = frozenset({GET, LIST})
READ_WRITE = frozenset({GET, LIST, PUT, DELETE})


@dataclass(frozen=True)
class Call:
    """One request on its way to a rule."""

    state: State
    request: Request
    address: Address
    rule: "Rule"
    principal: Principal
    plane: str = "admin"

    @property
    def root(self) -> str:
        """The id of the subscription that is asked, in its stored spelling."""
        asked = self.address.subscription or self.state.provider_subscription
        found = self.state.user_subscription(asked)
        return f"/subscriptions/{found['subscriptionId']}" if found else self.state.root

    def sent(self) -> dict[str, Any]:
        """Return the JSON object that was sent; anything else is refused with 400."""
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise refuse(
                400, "InvalidRequestContent", "The request content was invalid and could not be read."
            ) from None
        if not isinstance(body, dict):
            raise refuse(400, "InvalidRequestContent", "The request content is not a JSON object.")
        return body


def gateway_missing(call: Call) -> Response:
    """Return Resource Manager's own 404, recorded for plans and offers."""
    address = call.address
    resource = (
        f"{call.rule.namespace}/{'/'.join(f'{t}/{n}' for t, n in zip(address.types, address.names, strict=True))}"
    )
    text = f"The Resource '{resource}' under resource group '{address.group or '<null>'}' was not found."
    return error(404, "ResourceNotFound", text, x_ms_failure_cause="gateway")


def empty_missing(_: Call) -> Response:
    """Return the bare 404 that Fabric and Update give (recorded)."""
    return Response(404)


def provider_missing(call: Call) -> Response:
    """Return a provider's own 404, as Network gives it (recorded; there it shows an internal subscription)."""
    inner = f"/subscriptions/{derived(0, call.state.deployment_id)}/resourceGroups/"
    tail = call.address.path.partition("/providers/")[2]
    text = f"Resource {inner}/providers/{tail} not found."
    body = {"error": {"code": "NotFound", "message": text, "details": []}}
    return Response(404, body)


def no_such_location(call: Call) -> Response:
    """Return the answer for a region that this stamp is not (assumed)."""
    return error(404, "LocationNotFound", f"The location '{call.address.names[0]}' could not be found.")


def deny(response: Response) -> Refusal:
    """Return the refusal that answers so."""
    return Refusal(response)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a stamp answers for one type; every default is the commonest form."""

    namespace: str
    types: str
    versions: tuple[str, ...]
    source: Source
    plane: Literal["admin", "tenant", "both"] = "admin"
    methods: AbstractSet[str] = READ_ONLY
    create: int = 201
    update: int = 200
    delete: Delete = "empty"
    name: NameForm = "plain"
    wire_type: str | None = None  # None: namespace and types as they are; "": no type on the wire
    location: bool = True  # shown at the top
    flat: bool = False  # no `properties`
    open: bool = False  # the answer itself depends on who asks: no check of rights before it
    defaults: Mapping[str, Any] = field(default_factory=dict)  # what creation fills in
    fixed: Mapping[str, Any] = field(default_factory=dict)  # what the service says whatever is sent
    kept: frozenset[str] = frozenset()  # what only the service moves
    fields: Mapping[str, type] = field(default_factory=dict)  # numbers and booleans: other types are refused
    tags: bool = False
    extends: bool = False  # hangs on a subscription, a group or a resource
    etag: bool = False
    listing: Listing = "value"
    in_order: bool = False  # lists are sorted by name, without case
    missing: Answer = gateway_missing
    wrong_location: Answer = no_such_location
    absent_delete: Answer | None = None  # None: 204
    headers: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()  # headers that hold a fresh guid
    answers: Mapping[str, Answer] = field(default_factory=dict)  # own answers by method
    actions: Mapping[str, Answer] = field(default_factory=dict)  # POST actions by lower-case name
    before_put: tuple[Guard, ...] = ()
    after_put: tuple[Guard, ...] = ()
    before_delete: tuple[Guard, ...] = ()
    after_delete: tuple[Guard, ...] = ()
    assumed: tuple[str, ...] = ()  # sentences

    @property
    def key(self) -> tuple[str, str]:
        """What the rule is found by."""
        return self.namespace.lower(), self.types.lower()

    @property
    def shown_type(self) -> str:
        """The `type` on the wire."""
        return f"{self.namespace}/{self.types}" if self.wire_type is None else self.wire_type


def spelled(address: Address, rule: Rule, region: str, group: str | None) -> str:
    """Return the id of what an address means, in the type's own spelling (recorded: `resourceGroups`)."""
    pairs = zip(rule.types.split("/"), address.names, strict=True)
    tail = "/".join(f"{kind}/{region if kind == 'locations' else name}" for kind, name in pairs)
    scope = f"/subscriptions/{address.subscription}" if address.subscription else ""
    scope += f"/resourceGroups/{group}" if group else ""
    return f"{scope}/providers/{rule.namespace}/{tail}" if rule.namespace else f"/{tail}"
