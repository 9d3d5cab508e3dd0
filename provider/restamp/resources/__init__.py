"""Pulumi: the provider, one typed resource for each kind, gates, and `Recovery`, which declares a whole stamp."""

from restamp.resources.document import DocumentResource, In, configured
from restamp.resources.gate import Gate
from restamp.resources.recovery import Recovery
from restamp.resources.target import Target
from restamp.resources.typed import (
    ComputeQuota,
    NetworkQuota,
    Offer,
    Plan,
    RegistryQuota,
    ResourceGroup,
    StorageQuota,
    Subscription,
)

__all__ = [
    "ComputeQuota",
    "DocumentResource",
    "Gate",
    "In",
    "NetworkQuota",
    "Offer",
    "Plan",
    "Recovery",
    "RegistryQuota",
    "ResourceGroup",
    "StorageQuota",
    "Subscription",
    "Target",
    "configured",
]
