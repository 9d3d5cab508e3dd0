"""Quotas of Microsoft.Storage.Admin."""

from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Name


class StorageQuota(Document):
    """How much storage a subscription may take."""

    name: Name
    capacity_in_gb: Count
    number_of_storage_accounts: Count


QUOTA = Kind(
    name="StorageQuota",
    folder="quotas/storage",
    model=StorageQuota,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Microsoft.Storage.Admin/locations/{region}/quotas/{name}",
        listed="/subscriptions/{provider}/providers/Microsoft.Storage.Admin/locations/{region}/quotas",
        api_version="2019-08-08-preview",  # recorded; a folder of the swagger says 2019-08-08
        source="recorded",
    ),
)
