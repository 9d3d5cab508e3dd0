"""ContainerRegistry.Admin and .Setup: quotas, configuration, capacity, registries, setup."""

from typing import Any

from .guards import quota_unused
from .messages import Response, error
from .rules import GET, LIST, POST, READ_WRITE, Call, Rule
from .verbs import singleton

NAMESPACE = "Microsoft.ContainerRegistry.Admin"
SETUP = "Microsoft.ContainerRegistry.Setup"
COUNTS = ("capacityPerRegistryInGiB", "numberOfRegistries")
BUILT_IN = ("quotas", "Default quota", dict.fromkeys(COUNTS, 20))


def missing(call: Call) -> Response:
    """Return Container Registry's 404 (assumed)."""
    return error(404, "ResourceNotFound", f"The resource '{call.address.name}' was not found.")


def set_up(call: Call) -> Response:
    """Start the setup: 201 with a `statusUri` in the body (recorded); it is completed at once (assumed)."""
    call.sent()
    base = f"{call.state.root}/providers/{SETUP}/locations/{call.state.region}/setup"
    body = {"id": f"{base}/value", "name": f"{call.state.region}/value", "type": f"{SETUP}/locations/setup"}
    call.state.store.put(f"{base}/value".lower(), body | {"properties": {"status": "Completed"}})
    where = f"https://{call.request.host}{base}?api-version={call.request.api_version}"
    return Response(201, body | {"properties": {"statusUri": where}})


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of Container Registry has in common."""
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "types": types,
        "versions": ("2019-11-01-preview",),
        "source": "recorded",
        "missing": missing,
        "headers": {"server": "Microsoft-HTTPAPI/2.0"},
        "name": "located",
        "location": False,
    }
    return Rule(**common | more)


RULES = (
    row(
        "locations/quotas",
        before_delete=(quota_unused,),
        methods=READ_WRITE,
        create=200,
        defaults=dict.fromkeys(COUNTS, 0),
        fields=dict.fromkeys(COUNTS, int),
        in_order=True,
        assumed=("Registry quotas: GET of one that is absent; the limits that creation fills in.",),
    ),
    row(
        "locations/configurations",
        methods=READ_WRITE,
        create=200,
        defaults={"maximumCapacityInGiB": 0},
        fields={"maximumCapacityInGiB": int},
    ),
    row("locations/capacities"),
    row("locations/registries", methods=frozenset({LIST, GET})),
    row(
        "locations/setup",
        namespace=SETUP,
        methods=frozenset({LIST, POST}),
        answers={LIST: singleton, POST: set_up},
        assumed=("Registry setup: it is completed at once.",),
    ),
)
