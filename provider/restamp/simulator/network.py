"""Network.Admin: quotas, the admin's lists of tenants' networks, and Network's own operations."""

from typing import Any

from . import operations
from .guards import quota_unused
from .messages import Response
from .rules import GET, LIST, READ_WRITE, Call, Rule, provider_missing
from .verbs import singleton

NAMESPACE = "Microsoft.Network.Admin"
HEADERS = {"server": "Microsoft-HTTPAPI/2.0"}
MARKS = ("x-ms-arm-service-request-id",)
LIMITS = {
    "maxPublicIpsPerSubscription": 50,
    "maxVnetsPerSubscription": 50,
    "maxVirtualNetworkGatewaysPerSubscription": 1,
    "maxVirtualNetworkGatewayConnectionsPerSubscription": 2,
    "maxLoadBalancersPerSubscription": 50,
    "maxNicsPerSubscription": 100,
    "maxSecurityGroupsPerSubscription": 50,
}
BUILT_IN = ("quotas", "Default", LIMITS | {"provisioningState": "Succeeded", "migrationPhase": "None"})


def status(call: Call) -> Response:
    """Return how an operation stands."""
    done = operations.is_done(call.state, call.address.name)
    if done is None:
        return provider_missing(call)
    return Response(200, {"status": "Succeeded" if done else "InProgress"})


def result(call: Call) -> Response:
    """Return the result of a finished operation: 204, still with both headers (recorded)."""
    done = operations.is_done(call.state, call.address.name)
    if done is None:
        return provider_missing(call)
    return Response(204 if done else 202, None, operations.network_urls(call, call.address.name))


def row(types: str, version: str = "2015-06-15", **more: Any) -> Rule:
    """Return a row with what all of Network has in common."""
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "types": types,
        "versions": (version,),
        "source": "recorded",
        "missing": provider_missing,
        "headers": HEADERS,
        "marks": MARKS,
    }
    return Rule(**common | more)


RULES = (
    row(
        "locations/quotas",
        before_delete=(quota_unused,),
        methods=READ_WRITE,
        delete="operation",
        name="located",
        wire_type=f"{NAMESPACE}/quotas",
        defaults=LIMITS,
        fixed={"provisioningState": "Succeeded", "migrationPhase": "None"},
        fields=dict.fromkeys(LIMITS, int),
        etag=True,
        assumed=(
            "Network quotas: what their list looks like; the limits that creation fills in; the built-in quota's name;"
            " that one being deleted is gone at once, and the operation done after five seconds.",
        ),
    ),
    row("locations/operations", namespace="Microsoft.Network", methods={GET}, answers={GET: status}),
    row("locations/operationResults", namespace="Microsoft.Network", methods={GET}, answers={GET: result}),
    row("adminOverview", methods={LIST}, answers={LIST: singleton}),
    row("adminLoadBalancers", methods={LIST}),
    row("adminPublicIpAddresses", methods={LIST}),
    row("adminVirtualNetworks", methods={LIST}),
    row(
        "adminVirtualNetworkGatewayConnections",
        "2022-02-01",
        methods={LIST},
    ),
)
