"""Who may do what: the roles that somebody holds at a scope or above it, by assignment, as owner, or from the start.

Built-in roles, their ids and actions: documented for Azure, assumed to be the Hub's.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from .addresses import last, parse, scope_of, within
from .guards import USERS
from .principals import Principal
from .state import State
from .store import Wire

ASSIGNMENTS = ("microsoft.authorization", "roleassignments")
DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"
ACCESS = ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]
ROLES: dict[str, tuple[str, list[str], list[str]]] = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": ("Owner", ["*"], []),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": (
        "Contributor",
        ["*"],
        [*ACCESS, "Microsoft.Authorization/elevateAccess/Action"],
    ),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": ("Reader", ["*/read"], []),
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": (
        "User Access Administrator",
        ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
        [],
    ),
}
BY_NAME = {name: identifier for identifier, (name, _, _) in ROLES.items()}
ASSUMED = (
    "Rights: actions, notActions and wildcards of the roles held at a scope or above it, by a principal or its groups;"
    " a list needs the right at its own scope; the owner of a user subscription has the role Owner in it, without a"
    " role assignment, and the service admin has none.",
    "A principal of another directory than the subscription's: 401 InvalidAuthenticationTokenTenant, on Entra.",
)


def built_in(identifier: str, root: str = "") -> Wire | None:
    """Return a built-in role as it is shown below `root`."""
    if identifier not in ROLES:
        return None
    name, actions, denied = ROLES[identifier]
    properties = {
        "roleName": name,
        "type": "BuiltInRole",
        "description": f"The built-in role {name}.",
        "assignableScopes": ["/"],
        "permissions": [{"actions": actions, "notActions": denied}],
    }
    place = {"id": f"{root}{DEFINITIONS}/{identifier}", "type": DEFINITIONS.removeprefix("/providers/")}
    return {"properties": properties, **place, "name": identifier}


def definition(state: State, subscription: str | None, role: str) -> Wire | None:
    """Return the role with this id (its guid counts) as a subscription knows it: built in, or its own."""
    identifier, root = last(role).lower(), f"/subscriptions/{subscription}"
    return built_in(identifier, root) or state.get(f"{root}{DEFINITIONS}/{identifier}")


def may(state: State, principal: Principal, action: str, path: str) -> bool:
    """Return whether a principal may do what an action string says, on a path."""
    return any(allows(role, action) for role in held(state, principal, path))


def held(state: State, principal: Principal, path: str) -> Iterator[Wire]:
    """Yield the roles that a principal holds on a path or above it."""
    lowered, subscription = path.lower(), parse(path).subscription
    for scope, name in principal.roles.items():
        if within(lowered, scope):
            yield _known(BY_NAME[name])
    if subscription is None:
        return
    if owns(state, principal, state.user_subscription(subscription)):
        yield _known(BY_NAME["Owner"])
    for key, body in _assigned(state, principal, subscription):
        role = definition(state, subscription, str(body["properties"]["roleDefinitionId"]))
        if role is not None and within(lowered, scope_of(key)):
            yield role


def allows(role: Wire, action: str) -> bool:
    """Return whether a role's permissions have an action: in `actions` and not in `notActions`."""
    return any(
        _match(_texts(each, "actions"), action) and not _match(_texts(each, "notActions"), action)
        for each in role["properties"].get("permissions") or []
    )


def owns(state: State, principal: Principal, subscription: Wire | None) -> bool:
    """Return whether a user subscription's owner is this principal, by name."""
    if subscription is None or not at_home(state, principal, subscription):
        return False
    return str(subscription.get("owner", "")).lower() == principal.name.lower()


def at_home(state: State, principal: Principal, subscription: Wire) -> bool:
    """Return whether a principal is of a subscription's directory; AD FS has only one."""
    return state.identity == "ADFS" or str(subscription.get("tenantId", "")).lower() == principal.tenant.lower()


def sees(state: State, principal: Principal, subscription: str) -> bool:
    """Return whether a principal has any role in a subscription."""
    scope = f"/subscriptions/{subscription}".lower()
    if any(held == "/" or within(held, scope) for held in principal.roles):
        return True
    if owns(state, principal, state.user_subscription(subscription)):
        return True
    return any(True for _ in _assigned(state, principal, subscription))


def visible(state: State, principal: Principal) -> list[Wire]:
    """Return the user subscriptions that a principal has a role in."""
    if "/" in principal.roles:
        found = [body for _, body in state.store.of_type(USERS)]
    else:
        terms = [key for each in principal.ids for key, _ in state.store.by(ASSIGNMENTS, each)]
        known = [parse(path).subscription for path in (*principal.roles, *terms)]
        named = [state.user_subscription(each) for each in dict.fromkeys(known) if each]
        own = [body for _, body in state.store.by(USERS, principal.name) if owns(state, principal, body)]
        found = list({body["id"].lower(): body for body in (*own, *filter(None, named))}.values())
    return [body for body in found if at_home(state, principal, body)]


def _assigned(state: State, principal: Principal, subscription: str) -> Iterator[tuple[str, Wire]]:
    for key, body in state.store.of_type(ASSIGNMENTS, f"/subscriptions/{subscription}/".lower()):
        if str(body["properties"].get("principalId", "")).lower() in principal.ids:
            yield key, body


@lru_cache(maxsize=16)
def _known(identifier: str) -> Wire:
    return built_in(identifier) or {}


def _texts(permission: Any, name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in permission.get(name) or ())


@lru_cache(maxsize=16384)
def _match(patterns: tuple[str, ...], action: str) -> bool:
    return any(
        re.fullmatch(re.escape(each).replace(r"\*", ".*"), action, re.IGNORECASE | re.DOTALL) for each in patterns
    )
