"""Resource Manager itself: who asks, with which right, in which version, and the headers around every answer."""

from datetime import UTC, datetime
from email.utils import format_datetime

from . import verbs
from .addresses import Address
from .admission import admit
from .identity import IdentityService
from .messages import Refusal, Request, Response, error, refuse
from .principals import Principal
from .rules import DELETE, GET, HEAD, LIST, POST, PUT, Call, Rule
from .state import State, guid
from .tables import BY_TYPE, NAMESPACES

LIMITS = {GET: ("reads", 14999), PUT: ("writes", 1199), POST: ("writes", 1199), DELETE: ("deletes", 14999)}
ALWAYS = {
    "cache-control": "no-cache",
    "pragma": "no-cache",
    "expires": "-1",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
}
ASSUMED = (
    "401, 403: their codes, texts and challenge are Resource Manager's documented ones; none is recorded.",
    "api-version missing or unknown, unknown namespace, type or subscription: Resource Manager's documented codes.",
    "Rate limits: remaining counts fall and come back with the hour; 429 only where budgets are switched on.",
    "405 for a method that a type does not have: as recorded for Update.",
)


def find(address: Address, plane: str) -> tuple[Rule, str | None]:
    """Return the rule for a path, with the action when its last segment is one; refuse what no table knows."""
    rule = BY_TYPE.get(address.type_key)
    if rule is not None and rule.plane in {plane, "both"}:
        return rule, None
    if len(address.types) > 1 and not address.is_item:
        parent = BY_TYPE.get((address.namespace.lower(), "/".join(address.types[:-1]).lower()))
        action = address.types[-1].lower()
        if parent is not None and parent.plane in {plane, "both"} and action in parent.actions:
            return parent, action
    if address.namespace.lower() not in NAMESPACES or not address.namespace:
        raise refuse(404, "InvalidResourceNamespace", f"The resource namespace '{address.namespace}' is invalid.")
    kind = "/".join(address.types)
    text = f"The resource type '{kind}' could not be found in the namespace '{address.namespace}'."
    raise refuse(404, "InvalidResourceType", text)


def sign_in(request: Request, identity: IdentityService, state: State, plane: str) -> Principal:
    """Return who asks; without a good token for this plane the answer is 401 with a challenge."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise challenge(
            identity, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
        )
    signed_in = identity.read(token.strip())
    if signed_in is None:
        raise challenge(identity, "InvalidAuthenticationToken", "The access token is invalid.")
    if signed_in.expires <= state.clock.time():
        raise challenge(identity, "ExpiredAuthenticationToken", "The access token expiry UTC time is in the past.")
    if not signed_in.is_for(identity.audience(plane)):
        text = f"The access token has been obtained for wrong audience or resource '{signed_in.audience}'."
        raise challenge(identity, "InvalidAuthenticationTokenAudience", text)
    principal = state.directory.get(signed_in.object_id)
    if principal is None:
        raise challenge(identity, "InvalidAuthenticationToken", "The access token's principal does not exist.")
    return principal


def challenge(identity: IdentityService, code: str, message: str) -> Refusal:
    """Return the 401 that tells where to sign in."""
    where = f'Bearer authorization_uri="{identity.authority}", error="invalid_token", error_description="{message}"'
    return Refusal(error(401, code, message, www_authenticate=where, x_ms_failure_cause="gateway"))


def check_version(request: Request, rule: Rule, address: Address, region: str) -> None:
    """Refuse a request without an api-version, or with one that the type does not have."""
    asked = request.api_version
    if not asked:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise refuse(400, "MissingApiVersionParameter", text, x_ms_failure_cause="gateway")
    if asked.lower() not in rule.versions:
        text = (
            f"No registered resource provider found for location '{region}' and API version '{asked}' for type "
            f"'{'/'.join(address.types)}'. The supported api-versions are '{', '.join(rule.versions)}'."
        )
        raise refuse(400, "NoRegisteredProviderFound", text, x_ms_failure_cause="gateway")


def route(call: Call, action: str | None) -> Response:
    """Return the answer of the call's rule."""
    check_version(call.request, call.rule, call.address, call.state.region)
    admit(call, action)
    method = call.request.method
    if action is not None:
        return call.rule.actions[action](call) if method == POST else verbs.not_allowed(call, POST)
    if method == HEAD:
        return verbs.answer(call, HEAD)
    return verbs.answer(call, method if call.address.is_item or method != GET else LIST)


def dress(response: Response, request: Request, state: State, address: Address | None, rule: Rule | None) -> Response:
    """Add the headers that every answer has (recorded), and the rule's own."""
    marks = guid()
    now = state.clock.now()
    headers = dict(ALWAYS)
    headers["date"] = format_datetime(datetime.fromtimestamp(int(now.timestamp()), UTC), usegmt=True)
    headers["x-ms-request-id"] = headers["x-ms-correlation-request-id"] = marks
    headers["x-ms-routing-request-id"] = f"{state.region.upper()}:{now:%Y%m%dT%H%M%SZ}:{marks}"
    if response.body is not None:
        headers["content-type"] = "application/json; charset=utf-8"
    if response.headers.get("x-ms-failure-cause") != "gateway":
        headers |= dict(rule.headers) | {name: guid() for name in rule.marks} if rule else {}
        name, limit = LIMITS.get(request.method, ("reads", 14999))
        scope = "subscription" if address is not None and address.subscription else "tenant"
        whose = (address.subscription or "").lower() if address is not None else ""
        headers[f"x-ms-ratelimit-remaining-{scope}-{name}"] = str(state.remaining(f"{whose}/{scope}-{name}", limit))
    if response.body is None:
        headers.pop("content-type", None)
    response.headers = headers | response.headers
    return response
