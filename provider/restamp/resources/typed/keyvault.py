"""Vaults and their secrets."""

from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from pulumi import Input

from restamp.resources.document import Common, DocumentResource

Words = Input[Sequence[Input[str]]]


class AccessPolicy(TypedDict, total=False):
    """What one principal may do in a vault; `tenant` is its directory, where it is not the vault's."""

    tenant: Input[str]
    keys: Words
    secrets: Words
    certificates: Words
    storage: Words


class Sealed(TypedDict):
    """A sealed value as a runbook has it: what it is known again by, and one ciphertext a certificate."""

    seen: str
    sealed: Sequence[str]


class Vault(DocumentResource, module="restamp", name="Vault"):
    """A vault; `access_policies` are by object id, or by SID with AD FS."""

    def __init__(
        self,
        resource_name: str,
        *,
        subscription: str,
        group: str,
        name: str,
        tenant: Input[str],
        sku: Input[str] = "standard",
        enabled_for_deployment: Input[bool] = False,
        enabled_for_disk_encryption: Input[bool] = False,
        enabled_for_template_deployment: Input[bool] = False,
        access_policies: Input[Mapping[str, Input[AccessPolicy]]] | None = None,
        tags: Input[Mapping[str, Input[str]]] | None = None,
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {
            "group": group,
            "name": name,
            "sku": sku,
            "tenant": tenant,
            "enabledForDeployment": enabled_for_deployment,
            "enabledForDiskEncryption": enabled_for_disk_encryption,
            "enabledForTemplateDeployment": enabled_for_template_deployment,
            "accessPolicies": access_policies,
            "tags": tags,
        }
        super().__init__(resource_name, document, kind="Vault", inside=(subscription, directory), **common)


class Secret(DocumentResource, module="restamp", name="Secret"):
    """A secret of a vault. `value` is sealed, as a runbook has it; the times are seconds since 1970, UTC."""

    def __init__(
        self,
        resource_name: str,
        *,
        subscription: str,
        group: str,
        vault: str,
        name: str,
        value: Input[Sealed] | None = None,
        content_type: Input[str] | None = None,
        enabled: Input[bool] = True,
        not_before: Input[int] | None = None,
        expires: Input[int] | None = None,
        tags: Input[Mapping[str, Input[str]]] | None = None,
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {
            "group": group,
            "vault": vault,
            "name": name,
            "value": value,
            "contentType": content_type,
            "enabled": enabled,
            "notBefore": not_before,
            "expires": expires,
            "tags": tags,
        }
        super().__init__(resource_name, document, kind="Secret", inside=(subscription, directory), **common)
