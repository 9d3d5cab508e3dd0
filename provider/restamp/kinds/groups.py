"""Resource groups of the default provider subscription, in which plans and offers stand."""

from pydantic import Field

from restamp.kind import Body, Kind, Place, Wire
from restamp.models.document import Document, Name


class ResourceGroup(Document):
    """A resource group of the default provider subscription."""

    name: Name
    tags: dict[str, str] = Field(default_factory=dict)


def _of_the_stamp(body: Body, _place: Place) -> str | None:
    """System groups belong to the stamp (recorded: `system.<region>`), and a redeploy makes them anew."""
    return "belongs to the stamp" if str(body.get("name", "")).lower().startswith("system.") else None


GROUP = Kind(
    name="ResourceGroup",
    folder="groups",
    model=ResourceGroup,
    wire=Wire(
        id="/subscriptions/{provider}/resourceGroups/{name}",
        listed="/subscriptions/{provider}/resourcegroups",
        api_version="2018-05-01",  # profile 2019-03-01-hybrid; on the admin endpoint never recorded
        source="assumed",
        flat=True,
        located=True,
        computed=frozenset({"properties"}),
        leave=_of_the_stamp,
    ),
)
