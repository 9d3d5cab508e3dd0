"""Quotas and the configuration of Microsoft.ContainerRegistry.Admin."""

from typing import Annotated

from pydantic import Field

from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Name


class RegistryQuota(Document):
    """How many container registries of which size a subscription may have."""

    name: Name
    number_of_registries: Count
    capacity_per_registry_in_gib: Annotated[Count, Field(alias="capacityPerRegistryInGiB")]


class RegistryConfiguration(Document):
    """How much all container registries of a stamp may take: `Default` is the only one (recorded)."""

    name: Name
    maximum_capacity_in_gib: Annotated[Count, Field(alias="maximumCapacityInGiB")] = 0


QUOTA = Kind(
    name="RegistryQuota",
    folder="quotas/registry",
    model=RegistryQuota,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Microsoft.ContainerRegistry.Admin/locations/{region}/quotas/{name}",
        listed="/subscriptions/{provider}/providers/Microsoft.ContainerRegistry.Admin/locations/{region}/quotas",
        api_version="2019-11-01-preview",
        source="recorded",
    ),
)

CONFIGURATION = Kind(
    name="RegistryConfiguration",
    folder="registry-configurations",
    model=RegistryConfiguration,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Microsoft.ContainerRegistry.Admin/locations/{region}/configurations/{name}",
        listed="/subscriptions/{provider}/providers/Microsoft.ContainerRegistry.Admin/locations/{region}/configurations",
        api_version="2019-11-01-preview",
        source="recorded",
        everywhere=True,
    ),
)
