"""What hangs on offers and subscriptions: directories, delegation, acquired plans. Microsoft.Subscriptions.Admin."""

from typing import Annotated, Any

from restamp.kind import Body, Kind, Place, Wire
from restamp.models.document import Document, Immutable, Name, OnWire, Ref, SetOf

_LIST = "/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin"
_OFFER = "/subscriptions/{provider}/resourceGroups/{group}/providers/Microsoft.Subscriptions.Admin/offers/{offer}"
_SYSTEM = "/subscriptions/{provider}/resourcegroups/system.{region}/providers/Microsoft.Subscriptions.Admin"
_VERSION = "2015-11-01"


class DirectoryTenant(Document):
    """A guest directory whose users may sign in. Its own admin has to consent as well, which no API does."""

    name: Name
    tenant: Annotated[str, OnWire("tenantId")]


class OfferDelegation(Document):
    """An offer that a delegated provider may give on. Written after the delegate's subscription."""

    group: Annotated[Name, Ref("groups")]
    offer: Name
    name: Name
    subscription: Annotated[str, OnWire("subscriptionId"), Immutable(), Ref("subscriptions")]


class DelegatedOffer(Document):
    """An offer that a delegated provider gives to customers of their own."""

    provider_subscription: Annotated[Name, Ref("subscriptions")]
    name: Name
    display_name: str | None = None
    description: str | None = None
    state: str | None = None
    base_plans: Annotated[tuple[Annotated[str, Ref("plans")], ...], SetOf, OnWire("basePlanIds")] = ()


class AcquiredPlan(Document):
    """An add-on plan that a subscription has acquired."""

    name: Name
    plan: Annotated[str, OnWire("planId"), Immutable(), Ref("plans")]
    external_reference_id: str | None = None


def _plan_from_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    """The answer leaves out the plan's group (recorded), so the plan is known by its name alone."""
    whole = str(fields["planId"])
    return fields | {"planId": whole if "/resourcegroups/" in whole.lower() else whole.rpartition("/")[2]}


def _subscription_to_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    """A delegate is named by its id alone, not by that of a resource (swagger: its examples)."""
    return fields | {"subscriptionId": fields["subscriptionId"].rpartition("/")[2]}


def _failed(body: Body, _place: Place) -> str | None:
    state = body.get("provisioningState")
    return f"is {state}" if state in ("Failed", "Deleting", "Deleted") else None


DIRECTORY_TENANT = Kind(
    name="DirectoryTenant",
    folder="tenants",
    model=DirectoryTenant,
    lets_in="users of the directory {tenant}",
    wire=Wire(
        id=f"{_SYSTEM}/directoryTenants/{{name}}",
        listed=f"{_SYSTEM}/directoryTenants",
        api_version=_VERSION,
        source="swagger",  # GET is recorded, PUT is not
        located=True,
    ),
)

OFFER_DELEGATION = Kind(
    name="OfferDelegation",
    folder="delegations",
    model=OfferDelegation,
    lets_in="subscription {subscription}, which gives on {group}/{offer}",
    wire=Wire(
        id=f"{_OFFER}/offerDelegations/{{name}}",
        listed=f"{_OFFER}/offerDelegations",
        api_version=_VERSION,
        source="swagger",  # the list is recorded, PUT is not
        per="Offer",
        located=True,
        encode=_subscription_to_wire,
    ),
)

DELEGATED_OFFER = Kind(
    name="DelegatedOffer",
    folder="offers/delegated",
    model=DelegatedOffer,
    wire=Wire(
        id=f"{_LIST}/delegatedProviders/{{provider_subscription}}/offers/{{name}}",
        listed=f"{_LIST}/delegatedProviders/{{provider_subscription}}/offers",
        api_version=_VERSION,
        source="swagger",
        per="OfferDelegation",
        per_fields=("subscription",),
        read_only="the API only reads it; by tenant: its delegate publishes it again, in the user portal",
        computed=frozenset({"name", "subscriptionCount", "maxSubscriptionsPerAccount", "addonPlans"}),
    ),
)

ACQUIRED_PLAN = Kind(
    name="AcquiredPlan",
    folder="acquiredPlans",
    model=AcquiredPlan,
    inside=("subscription",),
    wire=Wire(
        id=f"{_LIST}/subscriptions/{{subscription}}/acquiredPlans/{{name}}",
        listed=f"{_LIST}/subscriptions/{{subscription}}/acquiredPlans",
        api_version=_VERSION,
        source="recorded",
        flat=True,
        repeats={"acquisitionId": "name"},
        computed=frozenset({"provisioningState", "acquisitionTime"}),
        leave=_failed,
        decode=_plan_from_wire,
    ),
)
