"""Plans, offers and user subscriptions."""

from collections.abc import Mapping, Sequence
from typing import Literal, Unpack

from pulumi import Input

from restamp.resources.document import Common, DocumentResource


class Plan(DocumentResource, module="restamp", name="Plan"):
    """A bundle of quotas: `compute/small`, or `<namespace>/<name>` for those of services without a kind."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        group: str,
        display_name: Input[str],
        quotas: Input[Sequence[Input[str]]] = (),
        description: Input[str] | None = None,
        external_reference_id: Input[str] | None = None,
        sku_ids: Input[Sequence[Input[str]]] = (),
        **common: Unpack[Common],
    ) -> None:
        document = {
            "name": name,
            "group": group,
            "displayName": display_name,
            "quotas": quotas,
            "description": description,
            "externalReferenceId": external_reference_id,
            "skuIds": sku_ids,
        }
        super().__init__(resource_name, document, kind="Plan", **common)


class Offer(DocumentResource, module="restamp", name="Offer"):
    """What tenants subscribe to; plans are `<group>/<name>`, add-on plans with how often each may be taken."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        group: str,
        display_name: Input[str],
        state: Input[Literal["Private", "Public", "Decommissioned"]],
        base_plans: Input[Sequence[Input[str]]] = (),
        addon_plans: Input[Mapping[str, Input[int]]] | None = None,
        description: Input[str] | None = None,
        external_reference_id: Input[str] | None = None,
        max_subscriptions_per_account: Input[int] = 0,
        **common: Unpack[Common],
    ) -> None:
        document = {
            "name": name,
            "group": group,
            "displayName": display_name,
            "state": state,
            "basePlans": base_plans,
            "addonPlans": addon_plans,
            "description": description,
            "externalReferenceId": external_reference_id,
            "maxSubscriptionsPerAccount": max_subscriptions_per_account,
        }
        super().__init__(resource_name, document, kind="Offer", **common)


class Subscription(DocumentResource, module="restamp", name="Subscription"):
    """A user subscription with the id it always had; the offer is `<group>/<name>`."""

    def __init__(
        self,
        resource_name: str,
        *,
        id: str,  # noqa: A002 the field's own name
        display_name: Input[str],
        owner: Input[str],
        tenant: Input[str],
        offer: Input[str],
        state: Input[Literal["Enabled", "Warned", "PastDue", "Disabled"]] = "Enabled",
        external_reference_id: Input[str] | None = None,
        delegated_provider: Input[str] | None = None,
        routing_resource_manager_type: Input[str] = "Default",
        **common: Unpack[Common],
    ) -> None:
        document = {
            "id": id,
            "displayName": display_name,
            "owner": owner,
            "tenant": tenant,
            "offer": offer,
            "state": state,
            "externalReferenceId": external_reference_id,
            "delegatedProvider": delegated_provider,
            "routingResourceManagerType": routing_resource_manager_type,
        }
        super().__init__(resource_name, document, kind="Subscription", **common)
