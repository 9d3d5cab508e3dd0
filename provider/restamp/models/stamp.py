"""The runbook's own files: which stamp it is about, when it was captured, and its recoveries."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from restamp.models.document import Count, Model, Number, Truth, form
from restamp.models.sealed import SealedValue
from restamp.models.step import Evidence, ItsName, PluginName

Label = Annotated[
    str, form(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", "is no region's name: lower-case letters, digits and dashes")
]
Domain = Annotated[
    str, form(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "is no external domain such as azure.contoso.com, in lower case")
]
Identity = Literal["AzureAD", "ADFS"]
RecoveryId = Annotated[
    str,
    Field(max_length=40),
    form(r"[a-z0-9][a-z0-9.-]*", "is no id of a recovery: small letters, digits, dots and dashes, at most 40"),
]


def _known_format(value: int) -> int:
    if value != 1:
        raise ValueError(f"the runbook has format {value}, and this restamp knows only 1: install a newer one")
    return value


class Use(Model):
    """That a runbook's recoveries use a plugin, and how. Which version it had, a capture writes down."""

    settings: dict[str, Any] = Field(default_factory=dict, description="as the plugin's own model has them")
    files: dict[ItsName, str] = Field(
        default_factory=dict, description="where its files are, such as the deployment worksheet: name -> path"
    )


class Stamp(Model):
    """`stamp.yaml`, written by people: what a stamp is called and how it knows them; a redeploy changes none of it."""

    format: Annotated[Number, AfterValidator(_known_format)] = Field(
        1, description="version of the runbook's layout", json_schema_extra={"const": 1}
    )
    region: Label = Field(description="the region, which is also the first label behind every endpoint's name")
    domain: Domain = Field(description="the external domain: https://management.<region>.<domain>")
    identity: Identity = Field(description="who signs people in: AzureAD (Entra) or ADFS")
    note: str | None = None
    plugins: dict[PluginName, Use] = Field(default_factory=dict, description="what OEMs and resource providers add")
    certificates: tuple[str, ...] = Field(
        (), description="files of the stamp's external certificates, which a redeploy asks for: where they are kept"
    )
    kits: tuple[str, ...] = Field((), description="where kits are kept: folders that `restamp kit --to` wrote")
    capture_key: SealedValue | None = Field(
        None, description="the key by which captures know a secret again, sealed for the recipients; written by capture"
    )

    @property
    def suffix(self) -> str:
        """`<region>.<domain>`, behind `management.` and `adminmanagement.` in every endpoint's name."""
        return f"{self.region}.{self.domain}"


class Backup(Model):
    """An infrastructure backup, as Backup.Admin tells of it."""

    id: str
    time: AwareDatetime = Field(description="when it was made")


class Captured(Model):
    """`captured.yaml`, written by capture: when, how much, which deployment. Alone outside "same stamp, same bytes"."""

    on: dt.date = Field(description="day of the capture, UTC")
    at: AwareDatetime | None = Field(None, description="when this was written; older captures do not say it")
    backup: Backup | None = Field(None, description="the newest backup then, where Backup.Admin could be asked")
    restamp: str = Field(description="version of restamp that wrote the runbook")
    deployment: str | None = Field(None, description="deployment id; a redeployed stamp has another")
    cloud: str | None = Field(None, description="cloud id")
    address: str | None = Field(None, description="where the admin endpoint answered, to see later if it still does")
    stamp_version: str | None = None
    oem_version: str | None = None
    documents: Count
    subscriptions: Count
    inside_covered: Count = Field(0, description="subscriptions whose contents were captured too")
    not_covered: tuple[str, ...] = Field((), description="the other subscriptions, by display name and id")
    plugins: dict[str, str] = Field(default_factory=dict, description="versions of the plugins that were used")
    files: dict[str, Evidence] = Field(
        default_factory=dict, description="pinned files of plugins, as they were: <plugin>/<name>"
    )


class Target(Model):
    """The stamp a recovery writes to, by what only that deployment says of itself."""

    deployment: str | None = Field(None, description="deployment id of the redeployed stamp; None until it answers")
    version: str | None = Field(None, description="the build the OEM deploys, such as 1.2501.0.21")
    oem: str | None = Field(None, description="whose hardware it is, where it is another's than before")
    hardware: str | None = Field(None, description="its model or generation")
    nodes: Annotated[Number, Field(ge=1, le=16)] | None = None


def _deployments(value: object) -> object:
    """Files written before there was a second loss name one: `lost: {deployment: <id>}`."""
    if isinstance(value, dict) and set(value) <= {"deployment"}:
        return [item for item in value.values() if item]
    return value


class RecoveryDocument(Model):
    """`recoveries/<id>/recovery.yaml`: one bringing-back of the stamp, as decided by people."""

    way: Literal["native", "rebuild"] = Field(
        "rebuild", description="out of the infrastructure backup, or from this runbook alone"
    )
    drill: Truth = False
    begun: AwareDatetime | None = Field(None, description="when people began it; the newest recovery is the one meant")
    lost: Annotated[tuple[str, ...], BeforeValidator(_deployments)] = Field(
        (), description="deployment ids of what was lost: the captured one, and targets of earlier recoveries"
    )
    target: Target = Field(default_factory=lambda: Target())
    backup: AwareDatetime | None = Field(
        None, description="native: when the backup was made that the stamp was restored from; written by people"
    )
    backup_id: str | None = Field(None, description="native: which backup that is, as the share and the stamp name it")
    redeployed: str | None = Field(
        None, description="how people know that a target which says a lost deployment's id was redeployed all the same"
    )
    note: str | None = None


class Acceptance(Model):
    """One thing a recovery goes on without, decided by people."""

    subject: str = Field(min_length=1, description="as `restamp status` prints it: `Plan offers-rg/gold`")
    reason: str = Field(min_length=1)
    by: str = Field(min_length=1)
    on: dt.date
    until: dt.date | None = Field(None, description="the last day it counts; left out: as long as the recovery")

    def __str__(self) -> str:
        ends = f" until {self.until}" if self.until else ""
        return f"accepted{ends}: {self.subject}: {self.reason} ({self.by}, {self.on})"


class Accepted(Model):
    """`recoveries/<id>/accepted.yaml`: what people decided to go on without."""

    accepted: tuple[Acceptance, ...] = ()


class Withheld(Model):
    """Access that the runbook grants and the stamp has not: somebody may have revoked it, so it is not granted."""

    kind: str
    ref: str
    holder: str | None = Field(None, description="the document it is inside of")
    field: str | None = Field(None, description="what of the object gives access; left out: that it is there at all")
    entry: str | None = Field(None, description="of a field that is a map, such as access policies: whose entry")
    instead: Any = Field(None, description="what the stamp has in its place, and keeps")
    told: str = Field(description="what it is, for people")

    @property
    def subject(self) -> str:
        """What people name it by: `RoleAssignment <ref>`, `Vault <ref> <principal>`, `Subscription <id> owner`."""
        return " ".join(part for part in (self.kind, self.ref, self.entry or self.field) if part)


class Taken(Model):
    """`recoveries/<id>/taken.yaml`: people took the runbook's side, though it is older than the stamp's backup."""

    at: AwareDatetime
    by: str = Field(min_length=1)
    withheld: tuple[Withheld, ...] = Field(
        (), description="taken out of here by `restamp up --grant`, and granted then"
    )
