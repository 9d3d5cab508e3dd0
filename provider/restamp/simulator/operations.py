"""Long-running operations, on the stamp's own clock."""

from typing import Any

from .messages import Response
from .rules import Call
from .state import State, guid
from .store import Wire

PREFIX = "/operations/"  # kept beside the objects, never shown among them


def begin(state: State, seconds: float, **facts: Any) -> str:
    """Return the id of an operation that will be done in so many seconds; `facts` are kept with it."""
    identifier = guid()
    state.store.put(PREFIX + identifier, {"done": state.clock.time() + seconds, **facts})
    return identifier


def kept(state: State, identifier: str) -> Wire | None:
    """Return what is kept of an operation; None when there is no such operation."""
    return state.store.get(PREFIX + identifier.lower())


def keep(state: State, identifier: str, **facts: Any) -> None:
    """Keep more with an operation."""
    key = PREFIX + identifier.lower()
    state.store.put(key, (state.store.get(key) or {}) | facts)


def is_done(state: State, identifier: str) -> bool | None:
    """Return whether an operation is done; None when there is no such operation."""
    found = kept(state, identifier)
    return None if found is None else bool(state.clock.time() >= found["done"])


def accepted(call: Call) -> Response:
    """Return the 202 of Network's DELETE (recorded): both headers, another namespace and region than the object's."""
    started = begin(call.state, 5)
    return Response(202, None, network_urls(call, started) | {"retry-after": "10", "x-ms-request-id": started})


def noted(call: Call, response: Response) -> Response:
    """Return Network's answer to PUT with its needless operation header (recorded)."""
    started = begin(call.state, 0)
    response.headers["azure-asyncoperation"] = network_urls(call, started)["azure-asyncoperation"]
    response.headers["x-ms-request-id"] = started
    return response


def network_urls(call: Call, identifier: str) -> dict[str, str]:
    """Return the two headers of an operation of Network, which names `Microsoft.Network` and `westus` (recorded)."""
    base = f"https://{call.request.host}/subscriptions/{call.address.subscription}/providers"
    base += f"/{call.rule.namespace.removesuffix('.Admin')}/locations/westus"
    tail = f"{identifier}?api-version={call.request.api_version}"
    return {
        "location": f"{base}/operationResults/{tail}",
        "azure-asyncoperation": f"{base}/operations/{tail}",
    }
