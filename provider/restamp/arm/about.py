"""What a stamp says of its own deployment: ids that tell one deployment from the next, and its versions."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restamp.kind import Place
from restamp.models.backup import BackupFacts, Backups

_FABRIC = "/subscriptions/{provider}/resourceGroups/System.{region}/providers/Microsoft.Fabric.Admin/fabricLocations"
_UPDATE = "/subscriptions/{provider}/resourceGroups/System.{region}/providers/Microsoft.Update.Admin/updateLocations"

_BACKUPS = (
    "/subscriptions/{provider}/resourceGroups/system.{region}/providers/Microsoft.Backup.Admin"
    "/backupLocations/{region}/backups"
)


@dataclass(frozen=True, slots=True)
class About:
    """Deployment and cloud id (recorded: stampInformationId, stampCloudId), stamp and OEM version (recorded)."""

    deployment: str | None
    cloud: str | None
    stamp_version: str | None
    oem_version: str | None


def about(place: Place, list_all: Callable[[str, str], list[dict[str, Any]] | None]) -> About:
    """Ask Fabric and Update; what this principal may not read is None."""
    fabric = _first(list_all(_FABRIC.format_map(place.values()), "2016-05-01"))
    update = _first(list_all(_UPDATE.format_map(place.values()), "2021-07-01"))
    return About(
        fabric.get("stampInformationId"),
        fabric.get("stampCloudId"),
        update.get("currentVersion"),
        update.get("currentOemVersion"),
    )


def backups(place: Place, list_all: Callable[[str, str], list[dict[str, Any]] | None]) -> Backups | None:
    """Every infrastructure backup that Backup.Admin tells of, in order of ids; None where it cannot be asked."""
    listed = list_all(_BACKUPS.format_map(place.values()), "2018-09-01")
    if listed is None:
        return None
    infos = [(item.get("properties") or {}).get("backupInfo") or {} for item in listed]
    told = [_facts(info) for info in infos if info.get("backupId") and info.get("createdDateTime")]
    return Backups(backups=tuple(sorted(told, key=lambda facts: facts.id)))


def _facts(info: dict[str, Any]) -> BackupFacts:
    roles = {str(role.get("roleName")): str(role.get("status")) for role in info.get("roleStatus") or ()}
    return BackupFacts(
        id=info["backupId"],
        status=str(info.get("status")),
        completely_uploaded=bool(info.get("completelyUploaded")),
        cloud_recovery_ready=bool(info.get("isCloudRecoveryReady")),
        created=info["createdDateTime"],
        took=info.get("timeTakenToCreate") or dt.timedelta(0),
        stamp_version=info.get("stampVersion"),
        oem_version=info.get("oemVersion"),
        deployment=info.get("deploymentID"),
        thumbprint=info.get("encryptionCertThumbprint"),
        roles=dict(sorted(roles.items())),
    )


def _first(listed: list[dict[str, Any]] | None) -> dict[str, Any]:
    return (listed[0].get("properties") or {}) if listed else {}
