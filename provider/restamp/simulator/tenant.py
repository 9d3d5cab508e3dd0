"""The tenant endpoint: offers and subscriptions as a tenant sees them; `/subscriptions` of both endpoints."""

from typing import Any

from . import resources
from .addresses import last, parse
from .guards import DELEGATED, OFFERS, count
from .messages import Response, refuse
from .rights import at_home, may, sees, visible
from .rules import DELETE, GET, LIST, PUT, Call, Rule
from .store import Wire
from .vaults import take

VERSIONS = ("2015-11-01", *resources.VERSIONS[1:])
SERVICE = "providers/Microsoft.Subscriptions.Admin"
SHOWN = ("tenantId", "displayName", "externalReferenceId", "state")


def shown(body: Wire) -> Wire:
    """Return a user subscription as its tenant sees it: the offer in another form, no owner (recorded)."""
    identifier = body["subscriptionId"]
    view = {"id": f"/subscriptions/{identifier}", "subscriptionId": identifier}
    view |= {name: body[name] for name in SHOWN if name in body}
    offer = parse(str(body.get("offerId", "")))
    provider = offer.names[0] if offer.type_key == DELEGATED else "default"
    view["offerId"] = f"/delegatedProviders/{provider}/offers/{last(offer.path)}"
    return view | {"subscriptionPolicies": {"locationPlacementId": "AzureStack"}}


def offer_shown(body: Wire) -> Wire:
    """Return an offer as tenants see it (recorded)."""
    name = last(body["id"])
    view = {"id": f"/delegatedProviders/default/offers/{name}", "name": name}
    return view | {key: body["properties"][key] for key in ("displayName", "description") if key in body["properties"]}


def subscriptions(call: Call) -> Response:
    """Return the subscriptions that the principal may see."""
    if call.plane == "admin":
        return resources.subscriptions(call)
    return Response(200, {"value": [shown(body) for body in visible(call.state, call.principal)]})


def subscription(call: Call) -> Response:
    """Return one subscription, of either endpoint."""
    if call.plane == "admin":
        return resources.subscription(call)
    body = call.state.get(_admin_id(call))
    if body is None:
        raise refuse(404, "SubscriptionNotFound", f"The subscription '{call.address.name}' could not be found.")
    _check(call, "read", body)
    return Response(200, shown(body))


def subscribe(call: Call) -> Response:
    """Create or change a subscription as its owner (swagger)."""
    if call.plane == "admin":
        raise refuse(405, "MethodNotAllowed", "The default provider subscription cannot be written.", allow="GET")
    sent, old = call.sent(), call.state.get(_admin_id(call))
    if old is not None:
        _check(call, "write", old)
    wanted = last(str(sent.get("offerId", ""))).lower()
    offer = next((body for key, body in public_offers(call) if last(key) == wanted), None)
    if offer is None:
        raise refuse(404, "OfferNotFound", f"The offer '{wanted}' was not found.")
    body: Wire = dict(old or {}) or {
        "id": _admin_id(call),
        "subscriptionId": call.address.name,
        "delegatedProviderSubscriptionId": call.state.provider_subscription,
        "owner": call.principal.name,
        "tenantId": call.state.tenant if call.state.identity == "ADFS" else call.principal.tenant,
        "routingResourceManagerType": "Default",
        "state": "Enabled",
    }
    body |= {"displayName": str(sent.get("displayName", "")), "offerId": offer["id"]}
    call.state.store.put(_admin_id(call).lower(), body)
    if old is None or old["offerId"].lower() != body["offerId"].lower():
        count(call.state, str((old or {}).get("offerId", "")), -1)
        count(call.state, body["offerId"], 1)
    return Response(201 if old is None else 200, shown(body))


def unsubscribe(call: Call) -> Response:
    """Delete a subscription as its owner (swagger)."""
    if call.plane == "admin":
        raise refuse(405, "MethodNotAllowed", "The default provider subscription cannot be deleted.", allow="GET")
    body = call.state.get(_admin_id(call))
    if body is None:
        return Response(204)
    _check(call, "delete", body)
    call.state.store.delete(_admin_id(call).lower())
    take(call.state, f"/subscriptions/{body['subscriptionId']}")
    count(call.state, str(body.get("offerId", "")), -1)
    return Response(200)


def public_offers(call: Call) -> list[tuple[str, Wire]]:
    """Return the offers that a tenant may take: the public ones (documented)."""
    return [
        (key, body) for key, body in call.state.store.of_type(OFFERS) if body["properties"].get("state") == "Public"
    ]


def offers(call: Call) -> Response:
    """Return all public offers."""
    return Response(200, {"value": [offer_shown(body) for _, body in public_offers(call)]})


def provider_offers(call: Call) -> Response:
    """Return the public offers of the default provider; other providers' are those they were given (assumed)."""
    if call.address.names[0].lower() == "default":
        return offers(call)
    at = f"{call.state.root}/{SERVICE}/delegatedProviders/{call.address.names[0]}/offers/".lower()
    found = call.state.store.of_type(parse(at + "x").type_key, at)
    return Response(200, {"value": [offer_shown(body) for _, body in found]})


def provider_offer(call: Call) -> Response:
    """Return one offer of a provider."""
    for body in provider_offers(call).body["value"]:
        if body["name"].lower() == call.address.name.lower():
            return Response(200, body)
    raise refuse(404, "OfferNotFound", f"The offer '{call.address.name}' was not found.")


def _admin_id(call: Call) -> str:
    return f"{call.state.root}/{SERVICE}/subscriptions/{call.address.names[0]}"


def _check(call: Call, verb: str, body: Wire) -> None:
    action, state, path = f"Microsoft.Resources/subscriptions/{verb}", call.state, call.address.path
    here = at_home(state, call.principal, body)
    seen = verb == "read" and sees(state, call.principal, call.address.name)
    if not here or not (seen or may(state, call.principal, action, path)):
        text = f"The client '{call.principal.client_id}' has no role in the subscription '{call.address.name}'."
        raise refuse(403, "AuthorizationFailed", text, x_ms_failure_cause="gateway")


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of the tenant endpoint has in common."""
    common: dict[str, Any] = {"namespace": "", "types": types, "versions": ("2015-11-01",), "source": "recorded"}
    return Rule(**common | {"plane": "tenant", "open": True} | more)


RULES = (
    row(
        "subscriptions",
        versions=VERSIONS,
        plane="both",
        answers={LIST: subscriptions, GET: subscription, PUT: subscribe, DELETE: unsubscribe},
        assumed=(
            "`/subscriptions` on the admin endpoint: shows the default provider subscription alone; on the tenant"
            " endpoint one's own; PUT and DELETE there as the swagger says.",
        ),
    ),
    row("offers", methods=frozenset({LIST}), answers={LIST: offers}),
    row("delegatedProviders/offers", answers={LIST: provider_offers, GET: provider_offer}),
)
