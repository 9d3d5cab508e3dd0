"""Resource groups, of the default provider subscription and of tenants; registered namespaces."""

from collections.abc import Mapping
from typing import Unpack

from pulumi import Input

from restamp.resources.document import Common, DocumentResource


class ResourceGroup(DocumentResource, module="restamp", name="ResourceGroup"):
    """A resource group: of the default provider subscription, or of the one that `subscription` names."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        tags: Input[Mapping[str, Input[str]]] | None = None,
        subscription: str = "",
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {"name": name, "tags": tags}
        kind = "Group" if subscription else "ResourceGroup"
        super().__init__(resource_name, document, kind=kind, inside=(subscription, directory), **common)


class Registration(DocumentResource, module="restamp", name="Registration"):
    """A namespace whose services a subscription uses: `Microsoft.Compute`."""

    def __init__(
        self, resource_name: str, *, subscription: str, name: str, directory: str = "", **common: Unpack[Common]
    ) -> None:
        super().__init__(resource_name, {"name": name}, kind="Registration", inside=(subscription, directory), **common)
