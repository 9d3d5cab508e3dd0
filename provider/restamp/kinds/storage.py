"""Quotas and settings of Microsoft.Storage.Admin."""

from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Name


class StorageQuota(Document):
    """How much storage a subscription may take."""

    name: Name
    capacity_in_gb: Count
    number_of_storage_accounts: Count


class StorageSettings(Document):
    """How long a deleted storage account can be brought back: one for the whole stamp."""

    retention_period_for_deleted_storage_accounts_in_days: Count = 0


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

SETTINGS = Kind(
    name="StorageSettings",
    folder="storage-settings",
    model=StorageSettings,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Microsoft.Storage.Admin/locations/{region}/settings",
        listed="/subscriptions/{provider}/providers/Microsoft.Storage.Admin/locations/{region}/settings",
        api_version="2019-08-08-preview",
        source="recorded",  # the swagger's examples have no id, and no name
        everywhere=True,
    ),
)
