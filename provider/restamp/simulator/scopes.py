"""Scopes: what a role, a policy or a lock hangs on, and what is inside it."""

from collections.abc import Iterator

from .addresses import parse, scope_of, within
from .messages import refuse
from .rules import Call
from .state import State
from .store import Type, Wire

VAULTS = ("microsoft.keyvault", "vaults")


def around(call: Call, kind: Type, *, above: bool = True, below: bool = True) -> Iterator[Wire]:
    """Yield the objects of a kind that hang on the call's scope, above it and below it; on the whole stamp, too."""
    here = call.address.scope.lower()
    everywhere = call.state.store.of_type(kind, f"/providers/{'/'.join(kind)}/")
    for key, body in (*inside(call.state, kind, call.address.subscription), *everywhere):
        at = scope_of(key) or "/"
        if at == here or (above and within(here, at)) or (below and within(at, here)):
            yield body


def inside(state: State, kind: Type, subscription: str | None) -> Iterator[tuple[str, Wire]]:
    """Yield the objects of a kind in one subscription."""
    return state.store.of_type(kind, f"/subscriptions/{subscription or ''}/".lower())


def spelled_scope(call: Call) -> str:
    """Return the call's scope in its stored spelling; a group or a vault has to be there, other resources need not."""
    place = parse(call.address.scope)
    if place.group is None:
        return call.root
    group = call.state.get(f"{call.root}/resourceGroups/{place.group}")
    if group is None:
        text = f"Resource group '{place.group}' could not be found."
        raise refuse(404, "ResourceGroupNotFound", text, x_ms_failure_cause="gateway")
    if not place.namespace:
        return str(group["id"])
    found = call.state.get(place.path)
    if found is None and place.type_key == VAULTS:
        raise refuse(404, "ResourceNotFound", f"The resource '{place.path}' was not found.")
    return str(found["id"]) if found else f"{group['id']}/providers/{place.path.split('/providers/', 1)[1]}"
