"""What a stamp says of itself: its information, and the keys of its encrypted volumes."""

import hashlib
from collections.abc import Iterator
from typing import Any

from restamp.simulator import update
from restamp.simulator.state import State

from .cmdlet import Cmdlet, Invocation

VOLUMES = ("Infrastructure_1", "ObjStore_1", "VmTemp_1")
ASSUMED = (
    "Get-AzureStackStampInformation: the fields that Microsoft's own tools read, and no others; AADTenantName is the"
    " external domain.",
    "Get-AzsRecoveryKeys: its fields, and which volumes there are.",
    "Close-PrivilegedEndpoint: says where the transcript went, which is nowhere; the session goes on.",
)


def _information(call: Invocation) -> Iterator[Any]:
    state = call.state
    yield {
        "StampVersion": update.version(state),
        "CloudID": state.cloud_id,
        "DeploymentID": state.deployment_id,
        "RegionName": state.region,
        "ExternalDomainFQDN": state.home,  # with the region: the documented address of Graph is made from it
        "AADTenantName": state.domain,
        "AADTenantID": state.tenant,
        "AdminExternalEndpoints": _endpoints(state, AdminPortal="adminportal", AdminResourceManager="adminmanagement"),
        "TenantExternalEndpoints": _endpoints(state, TenantPortal="portal", TenantResourceManager="management"),
    }


def _endpoints(state: State, **planes: str) -> dict[str, str]:
    return {name: f"https://{state.host(plane)}/" for name, plane in planes.items()}


def keys(state: State, *, raw: bool) -> Iterator[dict[str, str]]:
    """Yield the keys, new with each deployment and each update (documented: they are to be kept again after both)."""
    for volume in VOLUMES:
        digest = hashlib.sha256(f"{state.deployment_id}/{update.version(state)}/{volume}".encode()).hexdigest()
        key = "-".join(f"{int(digest[at : at + 8], 16) % 1_000_000:06}" for at in range(0, 64, 8))
        more = {"ComputerName": f"{state.region}-S-Cluster", "PasswordID": digest[:32]} if raw else {}
        yield {"VolumeName": volume, "RecoveryKey": key} | more


def _keys(call: Invocation) -> Iterator[Any]:
    yield from keys(call.state, raw=call.is_set("raw"))


def _closed(call: Invocation) -> Iterator[Any]:
    call.say.verbose(f"Transcripts were copied to {call.text('TranscriptsPathDestination')}.")
    yield from ()


_CLOSING = ("TranscriptsPathDestination", "Credential")
CMDLETS = (
    Cmdlet("Get-AzureStackStampInformation", _information),
    Cmdlet("Get-AzsRecoveryKeys", _keys, switches=("raw",)),
    Cmdlet("Close-PrivilegedEndpoint", _closed, _CLOSING, mandatory=_CLOSING),
)
