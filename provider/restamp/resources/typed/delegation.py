"""What hangs on offers and subscriptions: directories, delegation, acquired plans."""

from collections.abc import Sequence
from typing import Unpack

from pulumi import Input

from restamp.resources.document import Common, DocumentResource


class DirectoryTenant(DocumentResource, module="restamp", name="DirectoryTenant"):
    """A guest directory whose users may sign in; its own admin has to consent as well, which no API does."""

    def __init__(self, resource_name: str, *, name: str, tenant: Input[str], **common: Unpack[Common]) -> None:
        super().__init__(resource_name, {"name": name, "tenant": tenant}, kind="DirectoryTenant", **common)


class OfferDelegation(DocumentResource, module="restamp", name="OfferDelegation"):
    """An offer that a delegated provider may give on; `subscription` is the delegate's."""

    def __init__(
        self,
        resource_name: str,
        *,
        group: str,
        offer: str,
        name: str,
        subscription: Input[str],
        **common: Unpack[Common],
    ) -> None:
        document = {"group": group, "offer": offer, "name": name, "subscription": subscription}
        super().__init__(resource_name, document, kind="OfferDelegation", **common)


class DelegatedOffer(DocumentResource, module="restamp", name="DelegatedOffer"):
    """An offer that a delegated provider gives to others: never written, `waiting` until its delegate made it so."""

    def __init__(
        self,
        resource_name: str,
        *,
        provider_subscription: str,
        name: str,
        display_name: Input[str] | None = None,
        description: Input[str] | None = None,
        state: Input[str] | None = None,
        base_plans: Input[Sequence[str]] | None = None,
        **common: Unpack[Common],
    ) -> None:
        document = {
            "providerSubscription": provider_subscription,
            "name": name,
            "displayName": display_name,
            "description": description,
            "state": state,
            "basePlans": base_plans,
        }
        super().__init__(resource_name, document, kind="DelegatedOffer", **common)


class AcquiredPlan(DocumentResource, module="restamp", name="AcquiredPlan"):
    """An add-on plan, `<group>/<name>`, that a subscription has acquired; `name` is the acquisition's id."""

    def __init__(
        self,
        resource_name: str,
        *,
        subscription: str,
        name: str,
        plan: Input[str],
        external_reference_id: Input[str] | None = None,
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {"name": name, "plan": plan, "externalReferenceId": external_reference_id}
        super().__init__(resource_name, document, kind="AcquiredPlan", inside=(subscription, directory), **common)
