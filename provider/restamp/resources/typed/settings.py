"""What a stamp has one of, and what it has by itself: settings and features of its services."""

from collections.abc import Sequence
from typing import Unpack

from pulumi import Input

from restamp.resources.document import Common, DocumentResource
from restamp.resources.typed.keyvault import Sealed


class BackupLocation(DocumentResource, module="restamp", name="BackupLocation"):
    """The settings of the infrastructure backup. Left alone for now: backups are enabled again at the end."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        path: Input[str],
        user_name: Input[str],
        password: Input[Sealed] | None = None,
        frequency: Input[int] = 0,
        retention: Input[int] = 0,
        scheduler: Input[bool] = False,
        thumbprint: Input[str] = "",
        certificate: Input[str] | None = None,
        **common: Unpack[Common],
    ) -> None:
        document = {
            "name": name,
            "path": path,
            "userName": user_name,
            "password": password,
            "frequency": frequency,
            "retention": retention,
            "scheduler": scheduler,
            "thumbprint": thumbprint,
            "certificate": certificate,
        }
        super().__init__(resource_name, document, kind="BackupLocation", **common)


class ComputeFeature(DocumentResource, module="restamp", name="ComputeFeature"):
    """A feature that a stamp has for all tenants, for none, or for the subscriptions that are named."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        state: Input[str] = "TenantSubscriptionLevel",
        subscriptions: Sequence[Input[str]] = (),
        **common: Unpack[Common],
    ) -> None:
        document = {"name": name, "state": state, "subscriptions": list(subscriptions)}
        super().__init__(resource_name, document, kind="ComputeFeature", **common)


class RegistryConfiguration(DocumentResource, module="restamp", name="RegistryConfiguration"):
    """How much all container registries of a stamp may take; `name` is `Default`."""

    def __init__(
        self, resource_name: str, *, name: str, maximum_capacity_in_gib: Input[int] = 0, **common: Unpack[Common]
    ) -> None:
        document = {"name": name, "maximumCapacityInGiB": maximum_capacity_in_gib}
        super().__init__(resource_name, document, kind="RegistryConfiguration", **common)


class StorageSettings(DocumentResource, module="restamp", name="StorageSettings"):
    """How long a deleted storage account can be brought back, in days."""

    def __init__(
        self,
        resource_name: str,
        *,
        retention_period_for_deleted_storage_accounts_in_days: Input[int] = 0,
        **common: Unpack[Common],
    ) -> None:
        days = retention_period_for_deleted_storage_accounts_in_days
        document = {"retentionPeriodForDeletedStorageAccountsInDays": days}
        super().__init__(resource_name, document, kind="StorageSettings", **common)
