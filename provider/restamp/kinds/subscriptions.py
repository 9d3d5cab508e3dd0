"""Plans, offers and user subscriptions: Microsoft.Subscriptions.Admin."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from restamp import ids
from restamp.kind import Body, Kind, Late, Place, Wire
from restamp.models.document import Aside, Count, Document, Gives, Local, Name, OnWire, Ref, SetOf

_SCOPE = "/subscriptions/{provider}/resourceGroups/{group}/providers/Microsoft.Subscriptions.Admin"
_LIST = "/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin"
_VERSION = "2015-11-01"


class Plan(Document):
    """A bundle of quotas, one for each service it offers."""

    name: Name
    group: Annotated[Name, Ref("groups")]
    display_name: str
    description: str | None = None
    external_reference_id: str | None = None
    quotas: Annotated[tuple[Annotated[str, Ref("quotas")], ...], SetOf, OnWire("quotaIds")] = ()
    sku_ids: Annotated[tuple[str, ...], SetOf] = ()


class Offer(Document):
    """What tenants subscribe to: base plans, and add-on plans with how often each may be taken."""

    name: Name
    group: Annotated[Name, Ref("groups")]
    display_name: str
    description: str | None = None
    external_reference_id: str | None = None
    state: Literal["Private", "Public", "Decommissioned"]
    max_subscriptions_per_account: Count = 0
    base_plans: Annotated[tuple[Annotated[str, Ref("plans")], ...], SetOf, OnWire("basePlanIds")] = ()
    addon_plans: dict[Annotated[str, Ref("plans")], Count] = Field(
        default_factory=dict, description="plan: how often one subscription may acquire it"
    )


def _another(wanted: str, found: str | None) -> Iterable[str]:
    """Whose it becomes; one that is not there is nobody's."""
    return [wanted] if found else []


def _opened(wanted: str, found: str | None) -> Iterable[str]:
    return [wanted] if found == "Disabled" else []


class Subscription(Document):
    """A user subscription: whose it is, on which offer, in which state. Its id is data, and kept."""

    id: Annotated[Name, OnWire("subscriptionId")]
    display_name: str
    owner: Annotated[str, Gives(_another)] = Field(description="user principal name")
    tenant: Annotated[str, OnWire("tenantId"), Gives(_another)] = Field(description="directory of the owner")
    offer: Annotated[str, Ref("offers"), OnWire("offerId")] = Field(
        description="of the default provider; `delegated/<delegate>/<offer>` where a delegated provider gives it"
    )
    state: Annotated[Literal["Enabled", "Warned", "PastDue", "Disabled"], Gives(_opened)]
    external_reference_id: str | None = None
    delegated_provider: Annotated[str | None, Ref("subscriptions"), OnWire("delegatedProviderSubscriptionId")] = Field(
        None, description="subscription of the delegated provider; left out for the default provider"
    )
    routing_resource_manager_type: str = "Default"
    contents: Annotated[Literal["captured", "kept", "unknown"], Aside()] = Field(
        "unknown",
        description="what is inside: captured; kept from an earlier capture, as it could not be read since; or unknown",
    )
    access: Annotated[Literal["grant", "recovery-user", "tenant"], Local(), Aside()] = Field(
        "grant",
        description="who lets restamp write what is inside: the tenant, by a role; a recovery user, who owns it "
        "meanwhile; or nobody: the tenant writes it",
    )
    owner_override: Annotated[str | None, Local(), Aside()] = Field(
        None, description="who owns it from now on, where the owner is gone from the directory"
    )
    priority: Annotated[Count, Local(), Aside()] = Field(
        0, description="subscriptions of a higher one are brought back first"
    )


class ProviderSubscription(Document):
    """The default provider subscription. The stamp makes it, under a new id each time; here stands what is inside."""


def _addons_from_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    """Add-on plans are a list of pairs on the wire (swagger); they go with the whole offer, never by link calls."""
    plans = fields.get("addonPlans") or []
    return fields | {"addonPlans": {item["planId"]: item.get("maxAcquisitionCount", 0) for item in plans}}


def _addons_to_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    plans = fields.get("addonPlans", {})
    return fields | {"addonPlans": [{"planId": plan, "maxAcquisitionCount": count} for plan, count in plans.items()]}


def _provider_from_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    """The default provider's id changes with the stamp, so it is told by its absence; any other is kept."""
    default = str(fields.get("delegatedProviderSubscriptionId", "")).lower() == place.provider.lower()
    return fields | {"delegatedProviderSubscriptionId": None} if default else fields


def _provider_to_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    """A provider is named by its id alone, not by that of a resource (recorded)."""
    named = fields.get("delegatedProviderSubscriptionId") or place.provider
    return fields | {"delegatedProviderSubscriptionId": named.rpartition("/")[2]}


def _not_the_default(body: Body, place: Place) -> str | None:
    return None if ids.same(str(body.get("subscriptionId")), place.provider) else "is no default provider subscription"


def _going(body: Body, _place: Place) -> str | None:
    """States nobody can ask for in a PUT (swagger names them, none is recorded)."""
    state = body.get("state")
    return f"is {state}" if state in ("Deleting", "Deleted", "PartiallyDeleted", "NotDefined") else None


PLAN = Kind(
    name="Plan",
    folder="plans",
    model=Plan,
    wire=Wire(
        id=f"{_SCOPE}/plans/{{name}}",
        listed=f"{_LIST}/plans",
        api_version=_VERSION,
        source="recorded",
        located=True,
        repeats={"name": "name"},
        computed=frozenset({"subscriptionCount"}),
    ),
)

OFFER = Kind(
    name="Offer",
    folder="offers",
    model=Offer,
    wire=Wire(
        id=f"{_SCOPE}/offers/{{name}}",
        listed=f"{_LIST}/offers",
        api_version=_VERSION,
        source="recorded",  # add-on plans, and more than one base plan: swagger
        located=True,
        repeats={"name": "name"},
        computed=frozenset({"subscriptionCount"}),
        late=Late("state", {"Decommissioned": "Private"}, until="referred"),
        decode=_addons_from_wire,
        encode=_addons_to_wire,
    ),
)

SUBSCRIPTION = Kind(
    name="Subscription",
    folder="subscriptions",
    model=Subscription,
    title="display_name",
    holds="subscription",
    wire=Wire(
        id=f"{_LIST}/subscriptions/{{id}}",
        listed=f"{_LIST}/subscriptions",
        api_version=_VERSION,
        source="recorded",
        flat=True,
        repeats={"subscriptionId": "id"},
        late=Late("state", {"Warned": "Enabled", "PastDue": "Enabled", "Disabled": "Enabled"}, until="created"),
        leave=_going,
        decode=_provider_from_wire,
        encode=_provider_to_wire,
    ),
)

PROVIDER_SUBSCRIPTION = Kind(
    name="ProviderSubscription",
    folder="provider",
    model=ProviderSubscription,
    holds="provider",
    wire=Wire(
        id="/subscriptions/{provider}",
        listed="/subscriptions",
        api_version="2016-06-01",  # documented: profile 2020-09-01-hybrid
        source="assumed",
        flat=True,
        read_only="a stamp makes its own",
        computed=frozenset(
            {"subscriptionId", "tenantId", "displayName", "state", "subscriptionPolicies", "authorizationSource"}
        ),
        leave=_not_the_default,
    ),
)
