"""Fabric.Admin: what the deployment is made of, nodes, roles, networks and shares; and operations on them."""

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from . import operations
from .messages import Response, refuse
from .rules import GET, LIST, PUT, Answer, Call, Rule, deny, empty_missing
from .state import State
from .store import Wire
from .verbs import canonical

NAMESPACE = "Microsoft.Fabric.Admin"
COMPUTE, APPLICATION = "computeOperationResults", "applicationOperationResults"
TAKES = 30.0  # seconds of an operation (made up)
MACHINE = "/machine/"  # kept beside the objects: what is known of machines that are no nodes yet, by BMC address
NODES = (NAMESPACE.lower(), "fabriclocations/scaleunitnodes")
PLAIN = {"content-type": "application/json"}  # of operations' results (recorded)
NODE_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "StartMaintenanceMode": {"scaleUnitNodeStatus": "Maintenance"},
    "StopMaintenanceMode": {"scaleUnitNodeStatus": "Running"},
    "PowerOn": {"scaleUnitNodeStatus": "Running", "powerState": "Running"},
    "PowerOff": {"scaleUnitNodeStatus": "Stopped", "powerState": "Stopped"},
    "Shutdown": {"scaleUnitNodeStatus": "Stopped", "powerState": "Stopped"},
    "Repair": {},
}
INSTANCE_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "PowerOn": {"state": "Running"},
    "PowerOff": {"state": "Stopped"},
    "Shutdown": {"state": "Stopped"},
    "Reboot": {},
}


def acts(results: str, actions: Mapping[str, Mapping[str, str]], named: bool = False) -> dict[str, Answer]:
    """Return answers to POST actions, each an operation under `results`; `named`: the object says its last one."""

    def answer(name: str) -> Answer:
        last = {"lastOperationName": name, "lastOperationState": "Succeeded"} if named else {}
        return lambda call: _act(call, results, {**actions[name], **last})

    return {name.lower(): answer(name) for name in actions}


def _act(call: Call, results: str, changes: Mapping[str, str]) -> Response:
    key = call.address.key.rpartition("/")[0]
    found = call.state.store.get(key)
    if found is None:
        raise deny(empty_missing(call))
    call.state.store.put(key, found | {"properties": found["properties"] | changes})
    return _accepted(call, results, operations.begin(call.state, TAKES))


def _accepted(call: Call, results: str, operation: str, body: Wire | None = None) -> Response:
    """Return the 202 of Fabric's operations, with `Location` alone (recorded)."""
    place = "/".join(call.address.path.split("/")[: call.address.key.split("/").index("fabriclocations") + 2])
    url = f"https://{call.request.host}{place}/{results}/{operation}?api-version={call.request.api_version}"
    return Response(202, body, {"location": url, "retry-after": "60"})


def power(state: State, number: int, *, on: bool) -> None:
    """Let a stamp notice that one of its nodes was switched on or off, at the machine itself."""
    action = NODE_ACTIONS["PowerOn" if on else "PowerOff"]
    for _, body in list(state.store.of_type(NODES))[number - 1 : number]:
        state.store.put(body["id"].lower(), body | {"properties": body["properties"] | action})


def scale_out(call: Call) -> Response:
    """Add machines as nodes, as an operation; one of another vendor lets it fail (recorded)."""
    if call.state.store.get(call.address.key.rpartition("/")[0]) is None:
        raise deny(empty_missing(call))
    sent = call.sent().get("nodeList")
    nodes = [node for node in sent if isinstance(node, dict)] if isinstance(sent, list) else []
    refused = [text for node in nodes if (text := _other_vendor(call, node))]
    return _accepted(call, COMPUTE, operations.begin(call.state, TAKES, error="".join(refused[:1])))


def _other_vendor(call: Call, node: Wire) -> str | None:
    machine = call.state.store.get(f"{MACHINE}{node.get('bmcIpv4Address')}".lower())
    ours = next((str(body["properties"].get("vendor")) for _, body in call.state.store.of_type(NODES)), None)
    if machine is None or ours is None or machine["vendor"] == ours:
        return None
    return (
        "The physical machine that you are attempting to add or repair has vendor: "
        f"'{machine['vendor']}'. That does not match the vendor of this Azure Stack system. "
        f"The vendor of this Azure Stack system is: '{ours}'."
    )


def polled(call: Call) -> Response:
    """Return how an operation stands: its state, in 202 and at last in 200, or in 400 when it failed (recorded)."""
    done = operations.is_done(call.state, call.address.name)
    if done is None:
        raise deny(empty_missing(call))
    wrong = (operations.kept(call.state, call.address.name) or {}).get("error")
    if done and wrong:
        failed = {"properties": {"provisioningState": "Failed"}}
        return Response(400, failed | {"error": {"code": "ArgumentError", "message": wrong}}, dict(PLAIN))
    if done:
        return Response(200, {"properties": {"provisioningState": "Succeeded"}}, dict(PLAIN))
    again = _accepted(call, call.address.types[-1], call.address.name)
    return Response(202, {"properties": {"provisioningState": "Running"}}, again.headers | PLAIN)


def put_pool(call: Call) -> Response:
    """Add addresses to the stamp, as an operation that shows the pool meanwhile (documented)."""
    sent = call.sent().get("properties")
    first, last = _range(sent if isinstance(sent, dict) else {})
    body: Wire = {"id": canonical(call), "name": f"{call.state.region}/{call.address.name}"}
    body |= {"type": call.rule.shown_type, "location": call.state.region, "tags": {}}
    body["properties"] = {
        "startIpAddress": str(first),
        "endIpAddress": str(last),
        "numberOfIpAddresses": int(last) - int(first) + 1,
        "numberOfAllocatedIpAddresses": 0,
        "numberOfIpAddressesInTransition": 0,
        "provisioningState": 0,
    }
    call.state.store.put(call.address.key, body)
    operation = operations.begin(call.state, TAKES, object=call.address.key)
    return _accepted(call, "networkOperationResults", operation, _busy(body))


def _range(sent: Wire) -> tuple[IPv4Address, IPv4Address]:
    try:
        first, last = IPv4Address(sent.get("startIpAddress", "")), IPv4Address(sent.get("endIpAddress", ""))
    except AddressValueError as wrong:
        raise refuse(400, "ArgumentError", f"No range of addresses: {wrong}") from wrong
    if last < first:
        raise refuse(400, "ArgumentError", f"No range of addresses: {last} is before {first}.")
    return first, last


def _busy(pool: Wire) -> Wire:
    return pool | {"properties": pool["properties"] | {"provisioningState": 1}}


def polled_pool(call: Call) -> Response:
    """Return how a new pool stands: the pool itself, whose state is a number (documented)."""
    operation = operations.kept(call.state, call.address.name)
    found = call.state.store.get(operation.get("object", "")) if operation else None
    if found is None:
        raise deny(empty_missing(call))
    if operations.is_done(call.state, call.address.name):
        return Response(200, found, dict(PLAIN))
    again = _accepted(call, call.address.types[-1], call.address.name)
    return Response(202, _busy(found), again.headers | PLAIN)


def row(kind: str, *versions: str, **more: Any) -> Rule:
    """Return a row with what all of Fabric has in common; `kind` is below the location."""
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "types": f"fabricLocations/{kind}" if kind else "fabricLocations",
        "versions": versions or ("2016-05-01",),
        "source": "recorded",
        "name": "located" if kind else "plain",
        "missing": empty_missing,
        "headers": {"server": "Microsoft-HTTPAPI/2.0"},
    }
    return Rule(**common | more)


NEWEST = ("2020-10-01", "2016-05-01")
STORAGE = ("2019-05-01", "2018-10-01")
SUBSYSTEM = "scaleUnits/storageSubSystems"
RULES = (
    row("", assumed=("Fabric: addresses, time server, machines, roles and networks of a new stamp are made up.",)),
    row(
        "scaleUnits",
        *NEWEST,
        actions=acts(COMPUTE, {"createFromJson": {}, "setGpuPartitionSize": {}}) | {"scaleout": scale_out},
        assumed=("Fabric: nodes or GPUs that are added show nowhere; machines nothing is known of fit.",),
    ),
    row(
        "scaleUnitNodes",
        *NEWEST,
        actions=acts(COMPUTE, NODE_ACTIONS, named=True),
        assumed=("Fabric: what an action changes in a node or an infrastructure machine shows at once.",),
    ),
    row("infraRoles", actions=acts(APPLICATION, {"Restart": {}})),
    row(
        "infraRoleInstances",
        source="swagger",
        actions=acts(COMPUTE, INSTANCE_ACTIONS),
        assumed=(
            "Fabric: infrastructure machines (infraRoleInstances) answer as nodes do; recordings have their ids alone.",
        ),
    ),
    row(
        "ipPools",
        methods={GET, LIST, PUT},
        answers={PUT: put_pool},
        assumed=("IP pools: PUT replaces one that is there; no address of a new one is in use.",),
    ),
    *(row(kind) for kind in ("edgeGateways", "fileShares", "logicalNetworks", "macAddressPools")),
    *(row(kind, source="swagger") for kind in ("edgeGatewayPools", "slbMuxInstances")),
    row("logicalNetworks/logicalSubnets", name="joined", source="swagger"),
    row("storageSubSystems", name="joined", source="swagger"),
    row("storageSubSystems/storagePools", name="joined", source="swagger"),
    row("storageSubSystems/storagePools/volumes", name="joined", source="swagger"),
    row(SUBSYSTEM, "2018-10-01", name="joined"),
    row(f"{SUBSYSTEM}/drives", *STORAGE, name="joined"),
    row(f"{SUBSYSTEM}/volumes", *STORAGE, name="joined"),
    row("nasClusters", "2019-05-01", source="swagger"),
    row(COMPUTE, *NEWEST, methods={GET}, answers={GET: polled}),
    row(APPLICATION, methods={GET}, answers={GET: polled}),
    row("storageOperationResults", methods={GET}, answers={GET: polled}),
    row("networkOperationResults", methods={GET}, answers={GET: polled_pool}),
)
