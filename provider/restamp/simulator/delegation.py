"""Subscriptions.Admin: delegated providers, their offers, and offers delegated to them."""

from .addresses import last
from .guards import OFFERS, PLANS, USERS, group_exists, texts
from .messages import Response, error
from .rules import GET, LIST, READ_ONLY, READ_WRITE, Call, Rule
from .state import State
from .store import Wire

NAMESPACE = "Microsoft.Subscriptions.Admin"
PROVIDERS = (NAMESPACE.lower(), "delegatedproviders")


def delegates(state: State) -> list[Wire]:
    """Return the subscriptions that are delegated providers.

    Those marked so when loaded, those that another subscription names as its provider, and those whose offer has the
    Subscriptions service among its quotas (assumed: recordings show a delegated provider, not what made it one).
    """
    marked = {last(key) for key, _ in state.store.of_type(PROVIDERS)}
    all_users = [body for _, body in state.store.of_type(USERS)]
    marked |= {str(body.get("delegatedProviderSubscriptionId", "")).lower() for body in all_users}
    able = _delegating_offers(state)
    return [
        body
        for body in all_users
        if str(body.get("subscriptionId", "")).lower() in marked or str(body.get("offerId", "")).lower() in able
    ]


def _delegating_offers(state: State) -> set[str]:
    service = f"/providers/{NAMESPACE}/locations/".lower()
    plans = {
        key
        for key, body in state.store.of_type(PLANS)
        if any(service in quota for quota in texts(body["properties"].get("quotaIds")))
    }
    return {key for key, body in state.store.of_type(OFFERS) if texts(body["properties"].get("basePlanIds")) & plans}


def listed(call: Call) -> Response:
    """Return the delegated providers: user subscriptions as they are (recorded)."""
    return Response(200, {"value": delegates(call.state)})


def one(call: Call) -> Response:
    """Return one delegated provider: its user subscription, `id` and all (recorded)."""
    wanted = call.address.name.lower()
    for body in delegates(call.state):
        if str(body["subscriptionId"]).lower() == wanted:
            return Response(200, body)
    return error(404, "SubscriptionNotFound", f"The subscription '{call.address.name}' was not found.")


DELEGATION_RULES = (
    Rule(
        namespace=NAMESPACE,
        types="delegatedProviders",
        versions=("2015-11-01",),
        source="recorded",
        answers={LIST: listed, GET: one},
        assumed=(
            "Delegated providers: besides those of a seed, subscriptions named by another one's"
            " delegatedProviderSubscriptionId, or to an offer with a quota of the Subscriptions service.",
        ),
    ),
    Rule(
        namespace=NAMESPACE,
        types="delegatedProviders/offers",
        versions=("2015-11-01",),
        source="swagger",
        methods=READ_ONLY,
        name="joined",
    ),
    Rule(
        namespace=NAMESPACE,
        types="offers/offerDelegations",
        versions=("2015-11-01",),
        source="recorded",
        methods=READ_WRITE,
        name="joined",
        before_put=(group_exists,),
        assumed=("Offer delegations: GET, PUT and DELETE, as the swagger says.",),
    ),
)
