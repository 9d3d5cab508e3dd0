"""One typed resource for each kind restamp brings along, for anybody's Pulumi program.

References are full here: `compute/small` for a quota, `<group>/<name>` for a plan or an offer.
Type tokens, names and ids are a file format: docs/decisions/0003-what-is-frozen.md.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Unpack

from pulumi import Input

from restamp.resources.document import Common, DocumentResource


class ResourceGroup(DocumentResource, module="restamp", name="ResourceGroup"):
    """A resource group of the default provider subscription."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        tags: Input[Mapping[str, Input[str]]] | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(resource_name, {"name": name, "tags": tags}, kind="ResourceGroup", **common)


class ComputeQuota(DocumentResource, module="restamp", name="ComputeQuota"):
    """How much compute a subscription may take; disks in GB."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        cores_limit: Input[int],
        virtual_machine_count: Input[int],
        availability_set_count: Input[int],
        max_allocation_standard_managed_disks_and_snapshots: Input[int],
        max_allocation_premium_managed_disks_and_snapshots: Input[int],
        vm_scale_set_count: Input[int] = 0,
        ddagpu_count: Input[int] = 0,
        partitioned_gpu_count: Input[int] = 0,
        **common: Unpack[Common],
    ) -> None:
        document = {
            "name": name,
            "coresLimit": cores_limit,
            "virtualMachineCount": virtual_machine_count,
            "availabilitySetCount": availability_set_count,
            "maxAllocationStandardManagedDisksAndSnapshots": max_allocation_standard_managed_disks_and_snapshots,
            "maxAllocationPremiumManagedDisksAndSnapshots": max_allocation_premium_managed_disks_and_snapshots,
            "vmScaleSetCount": vm_scale_set_count,
            "ddagpuCount": ddagpu_count,
            "partitionedGPUCount": partitioned_gpu_count,
        }
        super().__init__(resource_name, document, kind="ComputeQuota", **common)


class NetworkQuota(DocumentResource, module="restamp", name="NetworkQuota"):
    """How many network resources a subscription may have."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        max_vnets_per_subscription: Input[int],
        max_virtual_network_gateways_per_subscription: Input[int],
        max_virtual_network_gateway_connections_per_subscription: Input[int],
        max_public_ips_per_subscription: Input[int],
        max_nics_per_subscription: Input[int],
        max_load_balancers_per_subscription: Input[int],
        max_security_groups_per_subscription: Input[int],
        **common: Unpack[Common],
    ) -> None:
        document = {
            "name": name,
            "maxVnetsPerSubscription": max_vnets_per_subscription,
            "maxVirtualNetworkGatewaysPerSubscription": max_virtual_network_gateways_per_subscription,
            "maxVirtualNetworkGatewayConnectionsPerSubscription": (
                max_virtual_network_gateway_connections_per_subscription
            ),
            "maxPublicIpsPerSubscription": max_public_ips_per_subscription,
            "maxNicsPerSubscription": max_nics_per_subscription,
            "maxLoadBalancersPerSubscription": max_load_balancers_per_subscription,
            "maxSecurityGroupsPerSubscription": max_security_groups_per_subscription,
        }
        super().__init__(resource_name, document, kind="NetworkQuota", **common)


class StorageQuota(DocumentResource, module="restamp", name="StorageQuota"):
    """How much storage a subscription may take."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        capacity_in_gb: Input[int],
        number_of_storage_accounts: Input[int],
        **common: Unpack[Common],
    ) -> None:
        document = {"name": name, "capacityInGb": capacity_in_gb, "numberOfStorageAccounts": number_of_storage_accounts}
        super().__init__(resource_name, document, kind="StorageQuota", **common)


class RegistryQuota(DocumentResource, module="restamp", name="RegistryQuota"):
    """How many container registries of which size (GiB) a subscription may have."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        number_of_registries: Input[int],
        capacity_per_registry_in_gib: Input[int],
        **common: Unpack[Common],
    ) -> None:
        document = {
            "name": name,
            "numberOfRegistries": number_of_registries,
            "capacityPerRegistryInGiB": capacity_per_registry_in_gib,
        }
        super().__init__(resource_name, document, kind="RegistryQuota", **common)


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
