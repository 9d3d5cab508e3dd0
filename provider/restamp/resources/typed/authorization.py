"""Who may do what inside a subscription: roles, policies, locks. Without `subscription`: the default provider's.

A `scope` is what stands below the subscription: nothing for the whole of it, `resourceGroups/app` for a group.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

from pulumi import Input, Output

from restamp.resources.document import Common, DocumentResource

Json = Input[Mapping[str, Any]]


class Permission(TypedDict, total=False):
    """What a role may do."""

    actions: Input[Sequence[Input[str]]]
    not_actions: Input[Sequence[Input[str]]]


class RoleDefinition(DocumentResource, module="restamp", name="RoleDefinition"):
    """A custom role; `name` is its guid, `role_name` what people call it; the scope `/` is the whole subscription."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        role_name: Input[str],
        permissions: Input[Sequence[Input[Permission]]],
        description: Input[str] | None = None,
        assignable_scopes: Input[Sequence[Input[str]]] = ("/",),
        subscription: str = "",
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {
            "name": name,
            "roleName": role_name,
            "permissions": _spelled(permissions),
            "description": description,
            "assignableScopes": assignable_scopes,
        }
        super().__init__(resource_name, document, kind="RoleDefinition", inside=(subscription, directory), **common)


class RoleAssignment(DocumentResource, module="restamp", name="RoleAssignment"):
    """A role, by its guid, that somebody has at a scope. A stamp never changes one: another role is another `name`."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        role: Input[str],
        principal: Input[str],
        scope: str = "",
        role_name: Input[str] | None = None,
        principal_name: Input[str] | None = None,
        subscription: str = "",
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {
            "scope": scope,
            "name": name,
            "role": role,
            "roleName": role_name,
            "principal": principal,
            "principalName": principal_name,
        }
        super().__init__(resource_name, document, kind="RoleAssignment", inside=(subscription, directory), **common)


class PolicyDefinition(DocumentResource, module="restamp", name="PolicyDefinition"):
    """A custom policy; its rule is the JSON that Resource Manager takes. Left out, a stamp would choose the `mode`."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        policy_rule: Json,
        display_name: Input[str] | None = None,
        description: Input[str] | None = None,
        mode: Input[str] = "All",
        metadata: Json | None = None,
        parameters: Json | None = None,
        subscription: str = "",
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {
            "name": name,
            "displayName": display_name,
            "description": description,
            "mode": mode,
            "metadata": metadata,
            "parameters": parameters,
            "policyRule": policy_rule,
        }
        super().__init__(resource_name, document, kind="PolicyDefinition", inside=(subscription, directory), **common)


class PolicyAssignment(DocumentResource, module="restamp", name="PolicyAssignment"):
    """A policy in force at a scope. `definition` is one of this subscription by name, or any other by its id."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        definition: Input[str],
        scope: str = "",
        display_name: Input[str] | None = None,
        description: Input[str] | None = None,
        metadata: Json | None = None,
        parameters: Json | None = None,
        not_scopes: Input[Sequence[Input[str]]] = (),
        subscription: str = "",
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {
            "scope": scope,
            "name": name,
            "displayName": display_name,
            "description": description,
            "definition": definition,
            "metadata": metadata,
            "parameters": parameters,
            "notScopes": not_scopes,
        }
        super().__init__(resource_name, document, kind="PolicyAssignment", inside=(subscription, directory), **common)


class Lock(DocumentResource, module="restamp", name="Lock"):
    """What protects a scope from deletion, or from every change."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        level: Input[Literal["CanNotDelete", "ReadOnly", "NotSpecified"]],
        scope: str = "",
        notes: Input[str] | None = None,
        subscription: str = "",
        directory: str = "",
        **common: Unpack[Common],
    ) -> None:
        document = {"scope": scope, "name": name, "level": level, "notes": notes}
        super().__init__(resource_name, document, kind="Lock", inside=(subscription, directory), **common)


def _spelled(given: Any) -> Any:
    """Permissions in Azure's spelling, once they are known; what is no field stays as it is, and is told by check."""
    if isinstance(given, Output | Awaitable):
        return Output.from_input(given).apply(_spelled)
    if isinstance(given, Mapping):
        return {"notActions" if key == "not_actions" else key: value for key, value in given.items()}
    return [_spelled(item) for item in given] if isinstance(given, list | tuple) else given
