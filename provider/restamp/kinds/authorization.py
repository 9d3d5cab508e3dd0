"""Who may do what inside a subscription: roles, policies, locks. Microsoft.Authorization.

Shapes and versions as in the API profiles (documented); nothing of this service is recorded.
A `scope` is what stands between the subscription and `/providers/Microsoft.Authorization`: nothing for the
subscription itself, `resourceGroups/app` for a group.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field

from restamp import ids
from restamp.kind import Body, Kind, Place, Wire
from restamp.models.document import Aside, Document, Gives, Immutable, Json, Model, Name, OnWire, SetOf

_HERE = "/subscriptions/{subscription}/providers/Microsoft.Authorization"
_SCOPED = "/subscriptions/{subscription}/{scope*}/providers/Microsoft.Authorization"
_DEFINITION = "/subscriptions/{subscription}/providers/Microsoft.Authorization/policyDefinitions/{name}"
_DATES = frozenset({"createdOn", "updatedOn", "createdBy", "updatedBy"})
_ROLES = "2015-07-01"
_POLICIES = "2016-12-01"
_LOCKS = "2016-09-01"


class Permission(Model):
    """What a role may do."""

    actions: Annotated[tuple[str, ...], SetOf] = ()
    not_actions: Annotated[tuple[str, ...], SetOf] = ()


def _allows_more(wanted: tuple[Permission, ...], found: tuple[Permission, ...] | None) -> Iterable[str]:
    """The actions of each permission that none found has all of; a role that is not there is nobody's."""
    fresh = [each for each in wanted if found is not None and not any(_is_within(each, other) for other in found)]
    return [action for each in fresh for action in each.actions]


def _is_within(one: Permission, other: Permission) -> bool:
    allowed = all(_is_covered(action, other.actions) for action in one.actions)
    return allowed and all(_is_covered(action, one.not_actions) for action in other.not_actions)


def _is_covered(action: str, by: Iterable[str]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in by)


def _reaches_more(wanted: tuple[str, ...], found: tuple[str, ...] | None) -> Iterable[str]:
    """The scopes that are not named now; none at all is the whole subscription."""
    there = None if found is None else {scope.lower() for scope in found}
    return [scope for scope in wanted or ("/",) if there is not None and scope.lower() not in there]


class RoleDefinition(Document):
    """A custom role of a subscription."""

    name: Name
    role_name: str
    description: str | None = None
    permissions: Annotated[tuple[Permission, ...], Gives(_allows_more)]
    assignable_scopes: Annotated[tuple[str, ...], SetOf, Gives(_reaches_more)] = Field(
        default=(), description="scopes inside this subscription: `/` is the whole of it"
    )


class RoleAssignment(Document):
    """A role that somebody has at a scope. A stamp never changes one: another role is another assignment."""

    scope: str = ""
    name: Name
    role: Annotated[str, Immutable(), OnWire("roleDefinitionId")] = Field(description="guid of the role definition")
    role_name: Annotated[str | None, Aside()] = None
    principal: Annotated[str, Immutable(), OnWire("principalId")] = Field(description="object id; a SID with AD FS")
    principal_name: Annotated[str | None, Aside()] = None


class PolicyDefinition(Document):
    """A custom policy of a subscription."""

    name: Name
    display_name: str | None = None
    description: str | None = None
    mode: str | None = None
    metadata: Annotated[dict[str, Any], Json()] = Field(default_factory=dict)
    parameters: Annotated[dict[str, Any], Json()] = Field(default_factory=dict)
    policy_rule: Annotated[dict[str, Any], Json()]


class PolicyAssignment(Document):
    """A policy in force at a scope. `definition` is one of this subscription by name, or any other by its id."""

    scope: str = ""
    name: Name
    display_name: str | None = None
    description: str | None = None
    definition: Annotated[str, OnWire("policyDefinitionId")]
    metadata: Annotated[dict[str, Any], Json()] = Field(default_factory=dict)
    parameters: Annotated[dict[str, Any], Json()] = Field(default_factory=dict)
    not_scopes: Annotated[tuple[str, ...], SetOf] = Field(
        default=(), description="scopes it leaves alone; those inside this subscription without its id"
    )


class Lock(Document):
    """What protects a scope from deletion, or from every change."""

    scope: str = ""
    name: Name
    level: Literal["CanNotDelete", "ReadOnly", "NotSpecified"]
    notes: str | None = None


def _role_from_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    """A built-in role has the same guid on every stamp (documented), so the guid says it all."""
    return fields | {"roleDefinitionId": str(fields["roleDefinitionId"]).rpartition("/")[2]}


def _role_to_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    return fields | {
        "roleDefinitionId": f"{_HERE}/roleDefinitions/".format_map(place.values()) + fields["roleDefinitionId"]
    }


def _scopes_from_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    """Assignable scopes name the subscription, which may be the default provider's and change."""
    scopes = fields.get("assignableScopes") or []
    return fields | {"assignableScopes": [_inner(scope, place) for scope in scopes]}


def _scopes_to_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    scopes = fields.get("assignableScopes") or ["/"]
    return fields | {"assignableScopes": [_outer(scope, place) for scope in scopes], "type": "CustomRole"}


def _inner(scope: str, place: Place) -> str:
    """A scope without the subscription we are inside of; any other stays whole."""
    here = f"/subscriptions/{place.subscription}"
    return scope[len(here) :] or "/" if f"{scope}/".lower().startswith(f"{here}/".lower()) else scope


def _outer(scope: str, place: Place) -> str:
    here = f"/subscriptions/{place.subscription}"
    return scope if scope.lower().startswith("/subscriptions/") else here + scope.rstrip("/")


def _assigned_from_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    whole = str(fields["policyDefinitionId"])
    values = ids.take(_DEFINITION, whole)
    inside = values is not None and ids.same(values["subscription"], place.subscription)
    scopes = [_inner(scope, place) for scope in fields.get("notScopes") or []]
    return fields | {"policyDefinitionId": values["name"] if values and inside else whole, "notScopes": scopes}


def _assigned_to_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    name = fields["policyDefinitionId"]
    whole = name if name.startswith("/") else ids.build(_DEFINITION, place.values() | {"name": name})
    scopes = [_outer(scope, place) for scope in fields.get("notScopes", [])]
    return fields | {"policyDefinitionId": whole, "notScopes": scopes}


def _inherited(body: Body, place: Place) -> str | None:
    """What hangs on more than a subscription may be in its lists, by an id above it (documented for Azure)."""
    here = f"/subscriptions/{place.subscription}/".lower()
    return None if str(body.get("id", here)).lower().startswith(here) else "inherited from above the subscription"


def _not_its_own(body: Body, place: Place) -> str | None:
    """A role that lets restamp in is its giver's to give, and to take back."""
    whose = str((body.get("properties") or {}).get("principalId", ""))
    return "lets restamp in" if place.own and ids.same(whose, place.own) else _inherited(body, place)


def _built_in_role(body: Body, _place: Place) -> str | None:
    return "built in" if (body.get("properties") or {}).get("type") == "BuiltInRole" else None


def _built_in_policy(body: Body, _place: Place) -> str | None:
    kind = (body.get("properties") or {}).get("policyType")
    return "built in" if kind not in (None, "NotSpecified", "Custom") else None


ROLE_DEFINITION = Kind(
    name="RoleDefinition",
    folder="roleDefinitions",
    model=RoleDefinition,
    title="role_name",
    inside=("subscription", "provider"),
    wire=Wire(
        id=f"{_HERE}/roleDefinitions/{{name}}",
        listed=f"{_HERE}/roleDefinitions",
        api_version=_ROLES,
        source="documented",
        endpoint="tenant",
        computed=_DATES | {"type"},
        leave=_built_in_role,
        decode=_scopes_from_wire,
        encode=_scopes_to_wire,
    ),
)

ROLE_ASSIGNMENT = Kind(
    name="RoleAssignment",
    folder="roleAssignments",
    model=RoleAssignment,
    lets_in="{role} for {principal}",
    inside=("subscription", "provider"),
    wire=Wire(
        id=f"{_SCOPED}/roleAssignments/{{name}}",
        listed=f"{_HERE}/roleAssignments",
        api_version=_ROLES,
        source="documented",
        endpoint="tenant",
        computed=_DATES | {"scope"},
        alike=("scope", "role", "principal"),  # documented: RoleAssignmentExists
        leave=_not_its_own,
        decode=_role_from_wire,
        encode=_role_to_wire,
    ),
)

POLICY_DEFINITION = Kind(
    name="PolicyDefinition",
    folder="policyDefinitions",
    model=PolicyDefinition,
    inside=("subscription", "provider"),
    wire=Wire(
        id=f"{_HERE}/policyDefinitions/{{name}}",
        listed=f"{_HERE}/policyDefinitions",
        api_version=_POLICIES,
        source="documented",
        endpoint="tenant",
        computed=frozenset({"policyType"}),
        leave=_built_in_policy,
        encode=lambda fields, _place: fields | {"policyType": "Custom"},
    ),
)

POLICY_ASSIGNMENT = Kind(
    name="PolicyAssignment",
    folder="policyAssignments",
    model=PolicyAssignment,
    inside=("subscription", "provider"),
    wire=Wire(
        id=f"{_SCOPED}/policyAssignments/{{name}}",
        listed=f"{_HERE}/policyAssignments",
        api_version=_POLICIES,
        source="documented",
        endpoint="tenant",
        computed=frozenset({"scope", "sku"}),
        leave=_inherited,
        decode=_assigned_from_wire,
        encode=_assigned_to_wire,
    ),
)

LOCK = Kind(
    name="Lock",
    folder="locks",
    model=Lock,
    inside=("subscription", "provider"),
    wire=Wire(
        id=f"{_SCOPED}/locks/{{name}}",
        listed=f"{_HERE}/locks",
        api_version=_LOCKS,
        source="documented",
        endpoint="tenant",
        leave=_inherited,
    ),
)
