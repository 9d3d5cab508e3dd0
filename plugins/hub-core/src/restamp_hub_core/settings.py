"""What people say of their stamp in `stamp.yaml`, under plugins: hub-core: settings."""

from typing import Literal

from pydantic import Field

from restamp.models.document import Count, Model, Truth

Billing = Literal["PayAsYouUse", "Capacity", "Development", "Custom", "Ruggedized"]


class Registration(Model):
    """How the stamp is registered with Azure: as before, or Azure takes it for another stamp."""

    name: str = Field(min_length=1, description="RegistrationName: the same as before the loss")
    subscription: str = Field("", description="id of the Azure subscription it is registered in")
    group: str = Field("azurestack", description="resource group of the registration")
    billing: Billing = "PayAsYouUse"
    agreement: str = Field("", description="number of the agreement, for Capacity")
    connected: Truth = Field(True, description="false where the stamp reaches no Azure")
    usage: Truth = Field(True, description="usage data is reported to Azure")


class Settings(Model):
    """All of them may be left out; `restamp check` says what a recovery would miss."""

    role: Literal["Owner", "Contributor"] = Field(
        "Owner", description="restamp's own, on the default provider subscription; Owner if that has roles to restore"
    )
    cloud_admin: str = Field("", description="how CloudAdmin signs in at AD FS; left out: CloudAdmin@<region>.<domain>")
    service_admin: str = Field("", description="UPN of who is to own the default provider subscription")
    service_admin_signs_in: Truth = Field(
        False, description="its password is a secret of the recovery: it may give restamp its role"
    )
    ignored_tests: tuple[str, ...] = Field((), description="tests that Test-AzureStack leaves out, by name")
    restore_attempts: Count = Field(
        1, description="how often the Restore call may be posted: once, and again unasked never"
    )
    settle: Count = Field(60, description="minutes from the restore until anybody looks closely (documented)")
    update: Truth = Field(True, description="natively, the stamp is brought to the newest release it is offered")
    registration: Registration | None = None
