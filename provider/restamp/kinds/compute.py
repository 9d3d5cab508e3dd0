"""Quotas of Microsoft.Compute.Admin."""

from typing import Annotated

from pydantic import Field

from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Name


class ComputeQuota(Document):
    """How much compute a subscription may take."""

    name: Name
    cores_limit: Count
    virtual_machine_count: Count
    availability_set_count: Count
    vm_scale_set_count: Count = 0
    max_allocation_standard_managed_disks_and_snapshots: Annotated[Count, Field(description="GB")]
    max_allocation_premium_managed_disks_and_snapshots: Annotated[Count, Field(description="GB")]
    ddagpu_count: Count = 0
    # the swagger says partitionedGpuCount, the wire partitionedGPUCount (recorded)
    partitioned_gpu_count: Annotated[Count, Field(alias="partitionedGPUCount")] = 0


QUOTA = Kind(
    name="ComputeQuota",
    folder="quotas/compute",
    model=ComputeQuota,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Microsoft.Compute.Admin/locations/{region}/quotas/{name}",
        listed="/subscriptions/{provider}/providers/Microsoft.Compute.Admin/locations/{region}/quotas",
        api_version="2021-01-01",
        source="recorded",
    ),
)
