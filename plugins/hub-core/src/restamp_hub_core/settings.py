"""What people say of their stamp in `stamp.yaml`, under plugins: hub-core: settings."""

from typing import Annotated, Literal

from pydantic import Field

from restamp.models.document import Count, Model, Number, Truth

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


class Graph(Model):
    """How the stamp reads the customer's directory."""

    catalog: str = Field(min_length=1, description="a global catalog server of the forest, or its root domain")
    user: str = Field(min_length=1, description="who reads there: CONTOSO\\graphservice; its password is a secret")


class Federation(Model):
    """The customer's AD FS."""

    name: str = Field(min_length=1, description="of the claims provider, for people")
    metadata: str = Field("", description="where its metadata is; left out: the pinned file federation-metadata")


class Syslog(Model):
    """Where events are sent, as Set-SyslogServer takes it."""

    server_name: str
    server_port: Number | None = None
    no_encryption: Truth | None = None
    skip_certificate_check: Truth | None = None
    skip_cn_check: Annotated[Truth | None, Field(alias="skipCNCheck")] = None
    use_udp: Annotated[Truth | None, Field(alias="useUDP")] = None


class Notice(Model):
    """What people read before they sign in."""

    caption: str
    text: str


class Afterwards(Model):
    """What is set on the privileged endpoint after a deployment; what is left out is left as it is."""

    syslog_server: Syslog | None = None
    dns_forwarder: tuple[str, ...] | None = Field(None, description="addresses")
    tls_policy: str | None = Field(None, description="such as TLS_1.2")
    legal_notice: Notice | None = None
    telemetry: Truth | None = None


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
    graph: Graph | None = None
    federation: Federation | None = None
    afterwards: Afterwards = Field(default_factory=Afterwards)
    share: str = Field("", description="where the infrastructure backups are, as `restamp backups` takes it")
    share_user: str = Field("", description="who reads there; the password is a secret")
    copy_to: str = Field("", description="folder that the backup is copied to before anything else")
    backup_path: str = Field("", description="new folder for the backups of the new stamp: \\\\server\\share\\folder")
