"""What a request must pass before its own rule is asked: the subscription, the right, its state, locks and policies."""

from . import locks, policies, rights
from .messages import Refusal, error, refuse
from .rules import GET, HEAD, PUT, Call
from .store import Wire

VERBS = {GET: "read", HEAD: "read", PUT: "write", "PATCH": "write", "DELETE": "delete"}
READS = frozenset({GET, HEAD})
ASSUMED = (
    "A Disabled subscription can be read and not written: 409 ReadOnlyDisabledSubscription; one that is Warned or"
    " PastDue can be written.",
)


def admit(call: Call, action: str | None) -> None:
    """Refuse what this principal may not do here, or nobody may do now; paths outside subscriptions are open."""
    if call.address.subscription is None or call.rule.open:
        return
    subscription = _subscription(call)
    _check_directory(call, subscription)
    _check_rights(call, action)
    if call.request.method in READS:
        return
    if subscription is not None and subscription.get("state") == "Disabled":
        text = f"The subscription '{call.address.subscription}' is disabled and therefore marked as read only."
        raise refuse(409, "ReadOnlyDisabledSubscription", text, x_ms_failure_cause="gateway")
    locks.check(call)
    policies.check(call)


def _subscription(call: Call) -> Wire | None:
    """Return the user subscription that is asked; None for the default provider subscription on its own endpoint."""
    asked = call.address.subscription or ""
    if call.plane == "admin" and asked.lower() == call.state.provider_subscription.lower():
        return None
    found = call.state.user_subscription(asked) if call.plane == "tenant" else None
    if found is None:
        text = f"The subscription '{asked}' could not be found."
        raise refuse(404, "SubscriptionNotFound", text, x_ms_failure_cause="gateway")
    return found


def _check_directory(call: Call, subscription: Wire | None) -> None:
    where = {"tenantId": call.state.tenant} if subscription is None else subscription
    if not rights.at_home(call.state, call.principal, where):
        text = f"The access token is from the wrong issuer: it must match the tenant '{where.get('tenantId')}'."
        challenge = f'Bearer error="invalid_token", error_description="{text}"'
        wrong = error(401, "InvalidAuthenticationTokenTenant", text, x_ms_failure_cause="gateway")
        wrong.headers["www-authenticate"] = challenge
        raise Refusal(wrong)


def _check_rights(call: Call, action: str | None) -> None:
    wanted = action_of(call, action)
    if rights.may(call.state, call.principal, wanted, call.address.path):
        return
    text = (
        f"The client '{call.principal.client_id or call.principal.name}' with object id '{call.principal.object_id}'"
        f" does not have authorization to perform action '{wanted}' over scope '{call.address.path}'."
    )
    raise refuse(403, "AuthorizationFailed", text, x_ms_failure_cause="gateway")


def action_of(call: Call, action: str | None) -> str:
    """Return what a request does, in the words of role definitions (documented)."""
    kind = f"{call.rule.namespace or 'Microsoft.Resources'}/{call.rule.types}"
    if action is None:
        return f"{kind}/{VERBS.get(call.request.method, 'action')}"
    if call.rule.types == "subscriptions/providers":
        return f"{call.address.names[1]}/{action}/action"
    return f"{kind}/{action}/action"
