"""Quotas and features of Microsoft.Compute.Admin."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from restamp.kind import Body, Kind, Place, Wire
from restamp.models.document import Count, Document, Name, OnWire, SetOf


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


class ComputeFeature(Document):
    """A feature that a stamp has for all tenants, for none, or for those subscriptions that are named."""

    name: Name
    state: Annotated[Literal["Enabled", "Disabled", "TenantSubscriptionLevel"], OnWire("globalFeatureState")] = (
        "TenantSubscriptionLevel"
    )
    subscriptions: Annotated[
        tuple[Annotated[str, AfterValidator(str.lower)], ...], SetOf, OnWire("enabledTenantSubscriptionIds")
    ] = Field((), description="ids of those it is enabled for, in lower case: a stamp keeps whatever case it was sent")


def _feature_from_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    enabled = [str(item).lower() for item in fields.get("enabledTenantSubscriptionIds") or []]
    return fields | (fields.get("globalFeatureSettings") or {}) | {"enabledTenantSubscriptionIds": enabled}


def _feature_acts(found: Body, wanted: Body) -> Iterator[tuple[str, Body]]:
    """A feature has no PUT: its state is one POST, and each subscription another (recorded)."""
    now = _feature_from_wire(dict(found.get("properties") or {}), Place("", ""))
    then, before = wanted["properties"], set(now["enabledTenantSubscriptionIds"])
    after = set(then.get("enabledTenantSubscriptionIds", ()))
    if then["globalFeatureState"] != now.get("globalFeatureState"):
        yield "updateGlobalFeatureSettings", {"globalFeatureState": then["globalFeatureState"]}
    for action, ids in (("enable", after - before), ("disable", before - after)):
        yield from ((f"{action}TenantSubscriptionFeature", {"tenantSubscriptionId": each}) for each in sorted(ids))


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

FEATURE = Kind(
    name="ComputeFeature",
    folder="compute-features",
    model=ComputeFeature,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Microsoft.Compute.Admin/locations/{region}/features/{name}",
        listed="/subscriptions/{provider}/providers/Microsoft.Compute.Admin/locations/{region}/features",
        api_version="2020-11-01",
        source="recorded",
        acts=_feature_acts,
        computed=frozenset({"featureName", "globalFeatureSettings"}),
        decode=_feature_from_wire,
    ),
)
