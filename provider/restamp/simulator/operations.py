"""Long-running operations, on the stamp's own clock."""

from .messages import Response
from .rules import Call
from .state import State, guid

PREFIX = "/operations/"  # kept beside the objects, never shown among them


def begin(state: State, seconds: float) -> str:
    """Return the id of an operation that will be done in so many seconds."""
    identifier = guid()
    state.store.put(PREFIX + identifier, {"done": state.clock.time() + seconds})
    return identifier


def is_done(state: State, identifier: str) -> bool | None:
    """Return whether an operation is done; None when there is no such operation."""
    kept = state.store.get(PREFIX + identifier.lower())
    return None if kept is None else bool(state.clock.time() >= kept["done"])


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
