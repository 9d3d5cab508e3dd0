"""Quotas of Microsoft.Network.Admin."""

from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Name


class NetworkQuota(Document):
    """How many network resources a subscription may have."""

    name: Name
    max_vnets_per_subscription: Count
    max_virtual_network_gateways_per_subscription: Count
    max_virtual_network_gateway_connections_per_subscription: Count
    max_public_ips_per_subscription: Count
    max_nics_per_subscription: Count
    max_load_balancers_per_subscription: Count
    max_security_groups_per_subscription: Count


QUOTA = Kind(
    name="NetworkQuota",
    folder="quotas/network",
    model=NetworkQuota,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Microsoft.Network.Admin/locations/{region}/quotas/{name}",
        listed="/subscriptions/{provider}/providers/Microsoft.Network.Admin/locations/{region}/quotas",
        api_version="2015-06-15",
        source="recorded",  # its list: swagger
        computed=frozenset({"provisioningState", "migrationPhase"}),
    ),
)
