"""What an OEM deploys: machines and a build; and how Fabric and Update show it.

Shapes: recorded. Names of roles, nodes, networks and shares of a new stamp are made up, but for those of the backup
service's own roles (documented).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .releases import after, train
from .state import State, derived
from .store import Wire

FABRIC, UPDATE = "Microsoft.Fabric.Admin", "Microsoft.Update.Admin"
CLUSTER = "s-cluster"
ROLES = {  # name: display name, which machines it runs on, whether it can be restarted
    "BackupController": ("Backup controller", "ERCS", True),
    "BackupRestoreResourceProvider": ("Infrastructure backup", "Xrp", False),
    "ECE": ("Infrastructure deployment", "ERCS", False),
}
INSTANCES = {"ERCS": 3, "Xrp": 2, "CA": 1, "Gwy": 2}
SHARES = 3


@dataclass(frozen=True)
class Baseline:
    """Machines and a build, as they are when a deployment is done."""

    version: str = "1.2301.2.58"
    oem_version: str = "2.2.2301.1"
    oem: str = "Contoso"
    model: str = "Virtual"
    nodes: int = 4


USUAL = Baseline()


def objects(state: State, baseline: Baseline) -> Iterator[Wire]:
    """Yield what Fabric and Update show of a new stamp."""
    yield _below(state, FABRIC, "fabricLocations", _location(state))
    yield from _machines(state, baseline)
    yield from _roles(state)
    yield from _networks(state)
    yield _below(state, UPDATE, "updateLocations", _versions(state, baseline))
    yield from update_for(state, baseline.version)


def _below(state: State, namespace: str, kind: str, properties: Wire, *names: str) -> Wire:
    """Return an object of the region: the location itself, or one below it."""
    types = kind.split("/")
    pairs = zip(types, (state.region, *names), strict=True)
    place = "/".join(f"{each}/{name}" for each, name in pairs)
    body: Wire = {"id": f"{state.root}/resourceGroups/System.{state.region}/providers/{namespace}/{place}"}
    shown = names if len(names) > 1 else (state.region, *names)
    body |= {"name": "/".join(shown), "type": f"{namespace}/{kind}"}
    return body | {"location": state.region, "tags": {}, "properties": properties}


def _fabric(state: State, kind: str, name: str, /, **properties: Any) -> Wire:
    return _below(state, FABRIC, f"fabricLocations/{kind}", properties, name)


def _inside(state: State, kind: str, name: str) -> str:
    """Return an id as Fabric's own properties say it (recorded: the group in lower case)."""
    group = f"{state.root}/resourceGroups/system.{state.region}"
    return f"{group}/providers/{FABRIC}/fabricLocations/{state.region}/{kind}/{name}"


def _location(state: State) -> Wire:
    return {
        "pepIpAddresses": ["192.168.200.224", "192.168.200.225", "192.168.200.226"],
        "timeServer": "192.168.200.20",
        "stampInformationId": state.deployment_id,
        "stampCloudId": state.cloud_id,
        "externalDNSIPAddress01": f"ns01.{state.home}",
        "externalDNSIPAddress02": f"ns02.{state.home}",
        "exclusiveAdminOperationRunning": False,
    }


def _machines(state: State, baseline: Baseline) -> Iterator[Wire]:
    names = [f"azs-node{number:02}" for number in range(1, baseline.nodes + 1)]
    yield _fabric(
        state,
        "scaleUnits",
        CLUSTER,
        scaleUnitType="HyperConverged",
        logicalFaultDomain=0,
        nodes=[_inside(state, "scaleUnitNodes", name) for name in names],
        state="Running",
        totalCapacity={"memoryGB": 384.0 * len(names), "cores": 56 * len(names)},
        isMultiNode=len(names) > 1,
        isGpuAvailable=False,
        gpuType="None",
        gpuPartitionSize=0,
    )
    for number, name in enumerate(names, 1):
        yield _fabric(
            state,
            "scaleUnitNodes",
            name,
            scaleUnitNodeStatus="Running",
            powerState="Running",
            bmcAddress=f"192.168.100.{number}",
            scaleUnitName=f"{state.region}/{CLUSTER}",
            scaleUnitUri=f"/fabricLocations/{state.region}/scaleUnits/{CLUSTER}",
            canPowerOff=True,
            vendor=baseline.oem,
            model=baseline.model,
            serialNumber=derived(0, f"{state.deployment_id}/{name}")[:8].upper(),
            capacity={"memoryGB": 384.0, "cores": 56},
            gpus=[],
        )


def _roles(state: State) -> Iterator[Wire]:
    machines = {kind: [f"AzS-{kind}{number:02}" for number in range(1, many + 1)] for kind, many in INSTANCES.items()}
    for name, (display, kind, restartable) in ROLES.items():
        runs = [_inside(state, "infraRoleInstances", each).removeprefix("/") for each in machines[kind]]
        yield _fabric(state, "infraRoles", name, instances=runs, displayName=display, restartable=restartable)
    node = _inside(state, "scaleUnitNodes", "azs-node01")
    for name in (each for group in machines.values() for each in group):
        size = {"memoryGb": 8.0, "cores": 4}
        cluster = _inside(state, "scaleUnits", CLUSTER)
        yield _fabric(
            state, "infraRoleInstances", name, scaleUnit=cluster, scaleUnitNode=node, size=size, state="Running"
        )


def _networks(state: State) -> Iterator[Wire]:
    subnet, network = derived(0, f"{state.home}/subnet"), derived(0, f"{state.home}/network")
    yield _fabric(state, "logicalNetworks", network, networkVirtualizationEnabled=False, subnets=[subnet])
    for number in range(1, SHARES + 1):
        name = f"SU1_Infrastructure_{number}"
        volume, path = derived(0, f"{state.home}/{name}"), rf"\\SU1FileServer.{state.home}\{name}"
        yield _fabric(state, "fileShares", name, associatedVolume=volume, uncPath=path)


def _versions(state: State, baseline: Baseline) -> Wire:
    version, oem = baseline.version, baseline.oem_version
    packages = [("Services", version), ("Infrastructure", version), ("OEM", oem)]
    return {
        "oemFamily": baseline.oem,
        "hardwareModel": baseline.model,
        "lastChecked": f"{state.clock.now():%Y-%m-%dT%H:%M:%S}",
        "packageVersions": [{"packageType": kind, "version": each} for kind, each in packages],
        "currentVersion": version,
        "currentOemVersion": oem,
        "state": "UpdateAvailable" if after(version) else "AppliedSuccessfully",
    }


def update_for(state: State, version: str) -> Iterator[Wire]:
    """Yield the update to the next release, which a stamp of this version can take; nothing after the newest."""
    newer = after(version)
    if newer is None:
        return
    notes = f"https://docs.microsoft.com/azure-stack/operator/release-notes?view=azs-{train(newer)}"
    name = f"Microsoft{newer}"
    path = rf"\\SU1FileServer\SU1_Infrastructure_2\Updates\Packages\{name}"
    properties = {
        "description": f"AzS Update {newer}",
        "state": "Ready",
        "kbLink": notes,
        "minVersionRequired": version,
        "minOemVersionRequired": "2.1.0.0",
        "packagePath": path,
        "packageSizeInMb": 15000,
        "displayName": f"AzS Update - {newer}",
        "version": newer,
        "publisher": "Microsoft",
        "releaseLink": notes,
        "availabilityType": "Local",
        "packageType": "Infrastructure",
        "prerequisites": [],
        "updateStateProperties": {"progressPercentage": 0},
    }
    yield _below(state, UPDATE, "updateLocations/updates", properties, name)
