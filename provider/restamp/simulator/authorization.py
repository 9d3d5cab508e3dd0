"""Microsoft.Authorization: role definitions and role assignments. Documented for Azure; no recording covers them."""

import re
import uuid
from typing import Any

from . import verbs
from .addresses import last, within
from .messages import Response, error, refuse
from .rights import ASSIGNMENTS, ROLES, built_in, definition
from .rules import DELETE, GET, LIST, PUT, READ_WRITE, Call, Rule
from .scopes import around, inside, spelled_scope
from .store import Wire

NAMESPACE = "Microsoft.Authorization"
DEFINITIONS = (NAMESPACE.lower(), "roledefinitions")
EQUALS = re.compile(r"(principalId|roleName|type) eq '([^']*)'", re.IGNORECASE)
ASSIGNED_TO = re.compile(r"assignedTo\('([^']*)'\)", re.IGNORECASE)


def assignments(call: Call) -> Response:
    """Return the role assignments at a scope, above it and below it; `atScope()` leaves out those below."""
    spelled_scope(call)
    asked = _filter(call, ("atscope()",), ("principalid",))
    found = around(call, ASSIGNMENTS, below="atscope()" not in asked)
    return Response(200, {"value": [body for body in found if _named(call, body, asked)]})


def _named(call: Call, body: Wire, asked: dict[str, str]) -> bool:
    principal = str(body["properties"]["principalId"]).lower()
    if "assignedto" in asked:
        found = call.state.directory.get(asked["assignedto"])
        return found is not None and principal in found.ids
    return "principalid" not in asked or principal == asked["principalid"]


def _filter(call: Call, flags: tuple[str, ...], fields: tuple[str, ...]) -> dict[str, str]:
    """Return what a `$filter` asks for, in lower case; one that is not known is refused."""
    text, found = call.request.query.get("$filter", "").strip(), {}
    for part in re.split(r"\s+and\s+", text) if text else ():
        equals, assigned = EQUALS.fullmatch(part), ASSIGNED_TO.fullmatch(part)
        if part.lower() in flags:
            found[part.lower()] = ""
        elif equals and equals[1].lower() in fields:
            found[equals[1].lower()] = equals[2].lower()
        elif assigned and "principalid" in fields:
            found["assignedto"] = assigned[1].lower()
        else:
            raise refuse(400, "UnsupportedFilter", f"The filter '{part}' is not supported.")
    return found


def assign(call: Call) -> Response:
    """Create a role assignment; one that is there can be written again as it is, and not otherwise."""
    sent, old = properties_of(call), call.state.store.get(call.address.key)
    _check_guid(call, "InvalidRoleAssignmentId")
    role, principal = sent.get("roleDefinitionId"), sent.get("principalId")
    known = definition(call.state, call.address.subscription, role) if isinstance(role, str) else None
    if known is None:
        raise refuse(404, "RoleDefinitionDoesNotExist", f"The specified role definition '{role}' does not exist.")
    _check_principal(call, principal)
    scope = spelled_scope(call)
    place = f"{call.root}/providers/{NAMESPACE}/roleDefinitions/{known['name']}"
    wanted = {"roleDefinitionId": place, "principalId": principal, "scope": scope}
    if old is not None and _same(old, wanted):
        return Response(200, old)
    if old is not None:
        text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise refuse(409, "RoleAssignmentUpdateNotPermitted", text)
    if any(_same(body, wanted) for _, body in inside(call.state, ASSIGNMENTS, call.address.subscription)):
        raise refuse(409, "RoleAssignmentExists", "The role assignment already exists.")
    body = {"properties": wanted | computed(call, None), "id": verbs.canonical(call), "type": call.rule.shown_type}
    call.state.store.put(call.address.key, body | {"name": call.address.name})
    return Response(201, body | {"name": call.address.name})


def _check_principal(call: Call, principal: Any) -> None:
    found = call.state.directory.get(principal) if isinstance(principal, str) else None
    here = call.state.user_subscription(call.address.subscription or "") or {"tenantId": call.state.tenant}
    elsewhere = call.state.identity == "AzureAD" and found and found.tenant.lower() != str(here["tenantId"]).lower()
    if found is None or elsewhere:
        text = f"Principal {str(principal).replace('-', '')} does not exist in the directory {here['tenantId']}."
        raise refuse(400, "PrincipalNotFound", text)


def _same(body: Wire, wanted: Wire) -> bool:
    return all(str(body["properties"].get(name, "")).lower() == str(wanted[name]).lower() for name in wanted)


def computed(call: Call, old: Wire | None) -> Wire:
    """Return who made an object when, and who changed it."""
    now, me = call.state.clock.text(), call.principal.object_id
    first = (old or {}).get("properties", {})
    made = {"createdOn": first.get("createdOn") or now, "createdBy": first.get("createdBy") or me}
    return made | {"updatedOn": now, "updatedBy": me}


def properties_of(call: Call) -> dict[str, Any]:
    """Return the `properties` that were sent."""
    found = call.sent().get("properties")
    if not isinstance(found, dict):
        raise refuse(400, "InvalidRequestContent", "The property 'properties' is not an object.")
    return found


def _check_guid(call: Call, code: str) -> None:
    try:
        uuid.UUID(call.address.name)
    except ValueError:
        raise refuse(400, code, f"The id '{call.address.name}' is not valid: it must be a GUID.") from None


def definitions(call: Call) -> Response:
    """Return the built-in roles, and the custom ones that can be assigned at a scope."""
    asked = _filter(call, ("atscopeandbelow()",), ("rolename", "type"))
    here = call.address.scope.lower() if call.address.subscription else ""
    built = [built_in(name, call.root if here else "") for name in ROLES]
    own = [body for _, body in inside(call.state, DEFINITIONS, call.address.subscription) if _assignable(body, here)]
    found = [body for body in (*filter(None, built), *own) if _fits(body, asked)]
    return Response(200, {"value": found})


def _assignable(body: Wire, scope: str) -> bool:
    at = [str(each).lower() for each in body["properties"].get("assignableScopes") or []]
    return any(within(scope, each) or within(each, scope) for each in at)


def _fits(body: Wire, asked: dict[str, str]) -> bool:
    properties = {name.lower(): str(value).lower() for name, value in body["properties"].items()}
    return all(properties.get(name) == value for name, value in asked.items() if not name.endswith("()"))


def one(call: Call) -> Response:
    """Return one role, built in or custom."""
    root = call.root if call.address.subscription else ""
    found = built_in(call.address.name.lower(), root) or call.state.get(_custom(call))
    if found is None:
        raise refuse(404, "RoleDefinitionDoesNotExist", f"The role definition '{call.address.name}' does not exist.")
    return Response(200, found)


def _custom(call: Call) -> str:
    """Return the id of a custom role: it hangs on its subscription, whatever scope it is asked at."""
    return f"{call.root}/providers/{NAMESPACE}/roleDefinitions/{call.address.name}"


def define(call: Call) -> Response:
    """Create or replace a custom role."""
    sent, identifier = properties_of(call), _custom(call)
    _check_custom(call)
    _check_guid(call, "InvalidRoleDefinitionId")
    _check_role(call, sent)
    old = call.state.get(identifier)
    for key, body in inside(call.state, DEFINITIONS, call.address.subscription):
        same = str(body["properties"]["roleName"]).lower() == sent["roleName"].lower()
        if same and key != identifier.lower():
            raise refuse(409, "RoleDefinitionWithSameNameExists", f"There is a role '{sent['roleName']}' already.")
    shown = {
        name: sent[name] for name in ("roleName", "description", "assignableScopes", "permissions") if name in sent
    }
    body = {"properties": shown | {"type": "CustomRole"} | computed(call, old), "id": (old or {}).get("id", identifier)}
    body |= {"type": call.rule.shown_type, "name": (old or {}).get("name", call.address.name)}
    call.state.store.put(identifier.lower(), body)
    return Response(201, body)


def _check_custom(call: Call) -> None:
    if call.address.name.lower() in ROLES:
        raise refuse(403, "RoleDefinitionIsBuiltIn", "A built-in role cannot be changed.")
    if not call.address.subscription:
        raise refuse(400, "InvalidScope", "A custom role needs a subscription.")


def _check_role(call: Call, sent: dict[str, Any]) -> None:
    name, scopes, permissions = sent.get("roleName"), sent.get("assignableScopes"), sent.get("permissions")
    if not isinstance(name, str) or not name:
        raise refuse(400, "InvalidRoleDefinitionName", "The role needs a name.")
    own = f"/subscriptions/{call.address.subscription}".lower()
    good = isinstance(scopes, list) and scopes and all(isinstance(each, str) for each in scopes)
    if not good or not any(within(each.lower(), own) for each in scopes or []):
        raise refuse(400, "InvalidAssignableScope", f"The assignable scopes need '{own}' or what is inside it.")
    texts = all(
        isinstance(each, dict) and all(isinstance(each.get(part) or [], list) for part in ("actions", "notActions"))
        for each in (permissions if isinstance(permissions, list) else [None])
    )
    if not texts:
        raise refuse(400, "InvalidPermissions", "The permissions need lists of actions and notActions.")


def undefine(call: Call) -> Response:
    """Delete a custom role that is not assigned, and return it."""
    _check_custom(call)
    key = _custom(call).lower()
    old = call.state.store.get(key)
    if old is None:
        return Response(204)
    for _, body in inside(call.state, ASSIGNMENTS, call.address.subscription):
        if last(str(body["properties"]["roleDefinitionId"])).lower() == last(key):
            return error(409, "RoleDefinitionHasAssignments", "There are existing role assignments to this role.")
    call.state.store.delete(key)
    return Response(200, old)


def row(types: str, **more: Any) -> Rule:
    """Return a row with what both types have in common."""
    common: dict[str, Any] = {"namespace": NAMESPACE, "types": types, "source": "documented"}
    common |= {"versions": ("2015-07-01", "2018-01-01-preview"), "plane": "both", "extends": True}
    return Rule(**common | {"methods": READ_WRITE, "location": False} | more)


RULES = (
    row(
        "roleDefinitions",
        answers={LIST: definitions, GET: one, PUT: define, DELETE: undefine},
        assumed=(
            "Role definitions: four are built in; a custom one belongs to the subscription it was written in, and its"
            " assignable scopes in others do not make it known there; one that is assigned is not deleted (409).",
        ),
    ),
    row(
        "roleAssignments",
        answers={LIST: assignments, PUT: assign, DELETE: verbs.deleted},
        assumed=(
            "Role assignments: Azure's documented refusals (RoleAssignmentExists, RoleAssignmentUpdateNotPermitted,"
            " PrincipalNotFound, RoleDefinitionDoesNotExist); the same one written again is 200; resources other than"
            " vaults need not exist to hang one on; one of the whole stamp is in the list of each subscription, and"
            " gives nobody a right.",
        ),
    ),
)
