"""Resource groups, of the default provider subscription and of tenants; registered namespaces."""

from pydantic import Field

from restamp.kind import Body, Kind, Place, Wire
from restamp.models.document import Document, Name

_VERSION = "2018-05-01"  # documented: profile 2019-03-01-hybrid; on the admin endpoint never recorded


class ResourceGroup(Document):
    """A resource group of the default provider subscription."""

    name: Name
    tags: dict[str, str] = Field(default_factory=dict)


class Group(Document):
    """A resource group of a subscription, with its tags."""

    name: Name
    tags: dict[str, str] = Field(default_factory=dict)


class Registration(Document):
    """A namespace whose services a subscription uses: it is registered."""

    name: Name


def _of_the_stamp(body: Body, _place: Place) -> str | None:
    """System groups belong to the stamp (recorded: `system.<region>`), and a redeploy makes them anew."""
    return "belongs to the stamp" if str(body.get("name", "")).lower().startswith("system.") else None


_EVERYWHERE = ("microsoft.authorization", "microsoft.resources", "microsoft.features", "microsoft.subscriptions")


def _registered_by_itself(body: Body, _place: Place) -> str | None:
    """Resource Manager's own namespaces are registered in every subscription (documented)."""
    name = str(body.get("namespace") or "").lower()
    return "is registered everywhere" if name in _EVERYWHERE else None


GROUP = Kind(
    name="ResourceGroup",
    folder="groups",
    model=ResourceGroup,
    wire=Wire(
        id="/subscriptions/{provider}/resourceGroups/{name}",
        listed="/subscriptions/{provider}/resourcegroups",
        api_version=_VERSION,
        source="assumed",
        flat=True,
        located=True,
        computed=frozenset({"properties"}),
        leave=_of_the_stamp,
    ),
)

REGISTRATION = Kind(
    name="Registration",
    folder="registrations",
    model=Registration,
    inside=("subscription",),
    wire=Wire(
        id="/subscriptions/{subscription}/providers/{name}",
        listed="/subscriptions/{subscription}/providers",
        api_version=_VERSION,
        source="documented",
        endpoint="tenant",
        flat=True,
        action="register",
        computed=frozenset({"namespace", "registrationState", "resourceTypes", "registrationPolicy", "authorization"}),
        absent=lambda body: body.get("registrationState") not in ("Registered", "Registering"),
        leave=_registered_by_itself,
    ),
)

TENANT_GROUP = Kind(
    name="Group",
    folder="groups",
    model=Group,
    inside=("subscription",),
    wire=Wire(
        id="/subscriptions/{subscription}/resourceGroups/{name}",
        listed="/subscriptions/{subscription}/resourcegroups",
        api_version=_VERSION,
        source="documented",
        endpoint="tenant",
        flat=True,
        located=True,
        computed=frozenset({"properties", "managedBy"}),
        leave=_of_the_stamp,
    ),
)
