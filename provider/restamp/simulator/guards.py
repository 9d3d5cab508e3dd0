"""In use or not: what cannot be deleted, and what cannot be written for want of something else.

Only that what is in use cannot be deleted is documented (azure-stack-delete-offer.md); status and code are assumed.
"""

from collections import Counter
from collections.abc import Iterator

from .messages import refuse
from .rules import Call
from .state import State
from .store import Wire

SUBSCRIPTIONS = "microsoft.subscriptions.admin"
PLANS, OFFERS, USERS = (SUBSCRIPTIONS, "plans"), (SUBSCRIPTIONS, "offers"), (SUBSCRIPTIONS, "subscriptions")
DELEGATIONS, DELEGATED = (SUBSCRIPTIONS, "offers/offerdelegations"), (SUBSCRIPTIONS, "delegatedproviders/offers")
ASSUMED = (
    "In use: a quota that a plan names, a plan that an offer or a subscription has, an offer with subscriptions: 409.",
    "A plan or an offer without its resource group: 404 ResourceGroupNotFound, as Resource Manager documents.",
)


def quota_unused(call: Call, _old: Wire | None, _new: Wire) -> None:
    """Refuse to delete a quota that a plan names."""
    key = call.address.key
    for _, plan in call.state.store.of_type(PLANS):
        if key in texts(plan["properties"].get("quotaIds")):
            raise refuse(409, "QuotaInUse", f"The quota '{call.address.name}' is used by the plan '{plan['name']}'.")


def plan_unused(call: Call, old: Wire | None, _new: Wire) -> None:
    """Refuse to delete a plan that an offer or a subscription has."""
    for _, offer in call.state.store.of_type(OFFERS):
        if call.address.key in plans_of(offer):
            raise refuse(409, "PlanInUse", f"The plan '{call.address.name}' is used by the offer '{offer['name']}'.")
    if old and (old["properties"].get("subscriptionCount") or 0) > 0:
        raise refuse(409, "PlanInUse", f"The plan '{call.address.name}' has subscriptions.")


def offer_unused(call: Call, old: Wire | None, _new: Wire) -> None:
    """Refuse to delete an offer that has subscriptions."""
    if (old and (old["properties"].get("subscriptionCount") or 0) > 0) or any(users(call.state, call.address.key)):
        raise refuse(409, "OfferInUse", f"The offer '{call.address.name}' has subscriptions.")


def group_exists(call: Call, old: Wire | None, _new: Wire) -> None:
    """Refuse to create what belongs into a resource group that is not there."""
    if old is None and call.state.get(f"{call.root}/resourceGroups/{call.address.group}") is None:
        text = f"Resource group '{call.address.group}' could not be found."
        raise refuse(404, "ResourceGroupNotFound", text, x_ms_failure_cause="gateway")


def users(state: State, offer: str) -> Iterator[Wire]:
    """Yield the subscriptions to an offer, given by its id in lower case."""
    for _, body in state.store.by(USERS, offer):
        if str(body.get("offerId", "")).lower() == offer:
            yield body


def plans_of(offer: Wire) -> set[str]:
    """Return the ids of an offer's base and add-on plans, in lower case."""
    properties = offer["properties"]
    addons = properties.get("addonPlans") or []
    return texts(properties.get("basePlanIds")) | texts([addon.get("planId") for addon in addons])


def texts(ids: object) -> set[str]:
    """Return the ids in a list, in lower case."""
    return {each.lower() for each in ids if isinstance(each, str)} if isinstance(ids, list) else set()


def count(state: State, offer: str, by: int) -> None:
    """Move the subscription counts of an offer and its base plans: only writes move them."""
    found = state.get(offer)
    if found is None or not by:
        return
    bump(state, found, by)
    for plan in texts(found["properties"].get("basePlanIds")):
        if (body := state.get(plan)) is not None:
            bump(state, body, by)


def settle(state: State) -> None:
    """Raise the counts of offers and plans to what the stored subscriptions show; seeds may know of more."""
    taken = Counter(str(body.get("offerId", "")).lower() for _, body in state.store.of_type(USERS))
    had: Counter[str] = Counter()
    for key, offer in state.store.of_type(OFFERS):
        have = offer["properties"].get("subscriptionCount") or 0
        bump(state, offer, max(0, taken[key] - have))
        had.update(dict.fromkeys(texts(offer["properties"].get("basePlanIds")), max(have, taken[key])))
    for key, plan in state.store.of_type(PLANS):
        bump(state, plan, max(0, had[key] - (plan["properties"].get("subscriptionCount") or 0)))


def bump(state: State, body: Wire, by: int) -> None:
    """Move one subscription count."""
    if not by:
        return
    properties = dict(body["properties"])
    properties["subscriptionCount"] = max(0, (properties.get("subscriptionCount") or 0) + by)
    state.store.put(str(body["id"]).lower(), body | {"properties": properties})
