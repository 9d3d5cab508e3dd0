"""Subscriptions.Admin: plans, offers, user subscriptions and what hangs on them."""

from copy import deepcopy
from typing import Any

from .addresses import last, parse
from .delegation import DELEGATION_RULES
from .guards import DELEGATED, OFFERS, PLANS, bump, count, group_exists, offer_unused, plan_unused, texts
from .messages import Response, error, refuse
from .moves import MOVE_RULES
from .rules import GET, LIST, PUT, READ_ONLY, READ_WRITE, Call, Rule
from .store import Wire
from .vaults import take

NAMESPACE = "Microsoft.Subscriptions.Admin"
VERSION = "2015-11-01"
OFFER_STATES = {"Private", "Public", "Decommissioned"}
WRITABLE = {"Enabled", "Warned", "PastDue", "Disabled"}
BUILT_IN = ("quotas", "delegatedProviderQuota", {"allowCustomPortalBranding": False})


def subscription_missing(call: Call) -> Response:
    """Return the provider's own 404 (recorded: code and that it has no failure cause)."""
    return error(404, "SubscriptionNotFound", f"The subscription '{call.address.names[0]}' was not found.")


def acquisition_missing(call: Call) -> Response:
    """Return the provider's own 404 (recorded: code and that it has no failure cause)."""
    return error(404, "PlanAcquisitionNotFound", f"The plan acquisition '{call.address.name}' was not found.")


def named(_call: Call, _old: Wire | None, new: Wire) -> None:
    """Repeat the name in the properties (recorded)."""
    new["properties"]["name"] = last(new["id"])


def check_lists(_call: Call, _old: Wire | None, new: Wire) -> None:
    """Refuse what is no list of ids where one is expected (assumed: 400)."""
    properties = new["properties"]
    for name in ("quotaIds", "skuIds", "basePlanIds"):
        value = properties.get(name)
        if value is not None and (not isinstance(value, list) or not all(isinstance(each, str) for each in value)):
            raise refuse(400, "InvalidRequestContent", f"The value of '{name}' is not a list of ids.")
    addons = properties.get("addonPlans")
    good = isinstance(addons, list) and all(isinstance(a, dict) and isinstance(a.get("planId"), str) for a in addons)
    if addons is not None and not good:
        raise refuse(400, "InvalidRequestContent", "The value of 'addonPlans' is not a list of plans.")


def check_offer_state(_call: Call, _old: Wire | None, new: Wire) -> None:
    """Refuse states that no offer has (swagger)."""
    state = new["properties"].get("state")
    if not isinstance(state, str) or state not in OFFER_STATES:
        raise refuse(400, "InvalidOfferState", f"'{state}' is no state of an offer.")


def recount(call: Call, old: Wire | None, new: Wire) -> None:
    """Move the counts of plans that came into an offer, or left it, with its subscriptions."""
    have = new["properties"].get("subscriptionCount") or 0
    before = texts((old or {}).get("properties", {}).get("basePlanIds"))
    after = texts(new["properties"].get("basePlanIds"))
    for plan, by in [(plan, have) for plan in after - before] + [(plan, -have) for plan in before - after]:
        body = call.state.get(plan)
        if body is not None and by:
            bump(call.state, body, by)


def link(call: Call) -> Response:
    """Add a plan to an offer by the plan's name (swagger)."""
    return _relink(call, added=True)


def unlink(call: Call) -> Response:
    """Take a plan out of an offer by the plan's name (swagger)."""
    return _relink(call, added=False)


def _relink(call: Call, *, added: bool) -> Response:
    sent = call.sent()
    offer = call.state.store.get(call.address.key.rpartition("/")[0])
    if offer is None:
        raise refuse(404, "ResourceNotFound", f"The offer '{call.address.name}' was not found.")
    plan = _plan_by_name(call, str(sent.get("planName", "")))
    body = deepcopy(offer)
    properties = body["properties"]
    properties["basePlanIds"] = [p for p in properties.get("basePlanIds") or [] if p.lower() != plan.lower()]
    properties["addonPlans"] = [
        addon for addon in properties.get("addonPlans") or [] if addon["planId"].lower() != plan.lower()
    ]
    if added and sent.get("planLinkType") == "Addon":
        properties["addonPlans"].append({"planId": plan, "maxAcquisitionCount": sent.get("maxAcquisitionCount", 1)})
    elif added:
        properties["basePlanIds"].append(plan)
    call.state.store.put(body["id"].lower(), body)
    recount(call, offer, body)
    return Response(200, body)


def _plan_by_name(call: Call, name: str) -> str:
    """Return the id of the plan so named, that of the offer's own group first (assumed)."""
    found = [plan["id"] for _, plan in call.state.store.of_type(PLANS) if last(plan["id"]).lower() == name.lower()]
    found.sort(key=lambda plan: (parse(plan).group or "").lower() != (call.address.group or "").lower())
    if not found:
        raise refuse(404, "PlanNotFound", f"The plan '{name}' was not found.")
    return str(found[0])


def check_subscription(call: Call, old: Wire | None, new: Wire) -> None:
    """Fill in what the service fills in, and refuse what cannot be: unknown offers, states nobody can set."""
    new["subscriptionId"] = (old or {}).get("subscriptionId") or call.address.name
    new.setdefault("delegatedProviderSubscriptionId", call.state.provider_subscription)
    if not new.get("tenantId"):
        new["tenantId"] = (old or {}).get("tenantId") or call.state.tenant
    if new.get("state") is None:
        new["state"] = "Enabled"
    if str(new["state"]) not in WRITABLE and new["state"] != (old or {}).get("state"):
        raise refuse(400, "InvalidSubscriptionState", f"The state '{new['state']}' cannot be set.")
    _check_owner(call, old, new)
    asked = new.get("offerId")
    if not isinstance(asked, str):
        raise refuse(400, "InvalidOfferId", "The property 'offerId' is missing.")
    if asked.lower() == str((old or {}).get("offerId", "")).lower():
        return
    offer = call.state.get(asked)
    if offer is None or parse(asked).type_key not in (OFFERS, DELEGATED):
        raise refuse(404, "OfferNotFound", f"The offer '{asked}' was not found.")
    if offer["properties"].get("state") == "Decommissioned":
        raise refuse(409, "OfferDecommissioned", f"The offer '{last(asked)}' is decommissioned.")


def _check_owner(call: Call, old: Wire | None, new: Wire) -> None:
    owner = str(new.get("owner", ""))
    if not call.state.check_owners or owner.lower() == str((old or {}).get("owner", "")).lower():
        return
    if call.state.directory.named(owner) is None:
        raise refuse(400, "OwnerNotFound", f"The owner '{owner}' was not found in the directory.")


def moved(call: Call, old: Wire | None, new: Wire) -> None:
    """Move the counts of the offer left and the offer taken."""
    before, after = str((old or {}).get("offerId", "")), new["offerId"]
    if before.lower() != after.lower():
        count(call.state, before, -1)
        count(call.state, after, 1)


def gone(call: Call, old: Wire | None, _new: Wire) -> None:
    """A subscription takes its acquired plans with it (documented), and all that is in it."""
    take(call.state, f"/subscriptions/{(old or {}).get('subscriptionId', call.address.name)}")
    count(call.state, str((old or {}).get("offerId", "")), -1)
    for key, _ in call.state.store.of_type((NAMESPACE.lower(), "subscriptions/acquiredplans"), call.address.key + "/"):
        call.state.store.delete(key)


def acquire(call: Call, _old: Wire | None, new: Wire) -> None:
    """Show an acquired plan as recorded: its plan without the group, provisioned, with a time."""
    plan = new.get("planId")
    if not isinstance(plan, str) or not last(plan):
        raise refuse(400, "InvalidPlanId", "The property 'planId' is no id of a plan.")
    new["acquisitionId"] = call.address.name
    new["planId"] = f"{call.state.root}/providers/{NAMESPACE}/plans/{last(plan)}"
    new.setdefault("acquisitionTime", call.state.clock.text())


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of Subscriptions has in common."""
    return Rule(**{"namespace": NAMESPACE, "types": types, "versions": (VERSION,), "source": "recorded"} | more)


RULES = (
    row(
        "plans",
        methods=READ_WRITE,
        defaults={"subscriptionCount": 0},
        kept=frozenset({"subscriptionCount"}),
        before_put=(group_exists, check_lists, named),
        before_delete=(plan_unused,),
        assumed=("Plans: the quotas they name need not exist.",),
    ),
    row(
        "offers",
        methods=READ_WRITE,
        defaults={"state": "Private", "maxSubscriptionsPerAccount": 0, "addonPlans": [], "subscriptionCount": 0},
        fields={"maxSubscriptionsPerAccount": int},
        kept=frozenset({"subscriptionCount"}),
        before_put=(group_exists, check_lists, check_offer_state, named),
        after_put=(recount,),
        before_delete=(offer_unused,),
        actions={"link": link, "unlink": unlink},
        assumed=(
            "Offers: DELETE; link and unlink (swagger only); the plans they name need not exist; a missing state is"
            " Private; `maxSubscriptionsPerAccount` is kept, and not enforced.",
        ),
    ),
    row(
        "subscriptions",
        methods=READ_WRITE,
        flat=True,
        defaults={"routingResourceManagerType": "Default", "state": "Enabled"},
        before_put=(check_subscription,),
        after_put=(moved,),
        after_delete=(gone,),
        missing=subscription_missing,
        assumed=(
            "User subscriptions: DELETE; an unknown offer is refused (404), a decommissioned one too (409); a missing"
            " tenantId becomes the home directory's; only Enabled, Warned, PastDue and Disabled can be set; deleting"
            " one takes all that is in it; the owner need not exist, unless the stamp was made so (400 OwnerNotFound).",
            "Customers of a delegated provider: their offer is its delegated offer, by the id that the admin endpoint"
            " lists it under, and has to be there; the provider itself is not looked up.",
        ),
    ),
    row(
        "subscriptions/acquiredPlans",
        methods=READ_WRITE,
        flat=True,
        create=200,
        fixed={"provisioningState": "Succeeded"},
        kept=frozenset({"acquisitionTime"}),
        before_put=(acquire,),
        missing=acquisition_missing,
        assumed=(
            "Acquired plans: not counted in the plan; the subscription need not be listed; PUT on an existing one.",
        ),
    ),
    row(
        "directoryTenants",
        methods=READ_WRITE,
        before_put=(group_exists,),
        assumed=("Directory tenants: PUT and DELETE, as the swagger says.",),
    ),
    row("locations", methods={GET, LIST, PUT}, flat=True, create=200, assumed=("PUT of a location.",)),
    row("locations/quotas", methods=READ_ONLY, name="located"),
    *(
        row(f"{kind}/{what}", source="swagger", methods=frozenset({LIST}))
        for kind in ("plans", "offers")
        for what in ("metrics", "metricDefinitions")
    ),
    row("manifests", source="swagger", methods=READ_ONLY),
    *DELEGATION_RULES,
    *MOVE_RULES,
)
