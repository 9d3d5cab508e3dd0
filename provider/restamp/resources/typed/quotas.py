"""Quotas of four services."""

from typing import Unpack

from pulumi import Input

from restamp.resources.document import Common, DocumentResource


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
