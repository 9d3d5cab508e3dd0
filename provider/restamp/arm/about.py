"""What a stamp says of its own deployment: ids that tell one deployment from the next, and its versions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restamp.kind import Place
from restamp.models.stamp import Backup

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


def newest_backup(place: Place, list_all: Callable[[str, str], list[dict[str, Any]] | None]) -> Backup | None:
    """The newest infrastructure backup that was made whole (recorded); None where Backup.Admin tells of none."""
    listed = list_all(_BACKUPS.format_map(place.values()), "2018-09-01") or []
    infos = [(item.get("properties") or {}).get("backupInfo") or {} for item in listed]
    made = [Backup(id=info["backupId"], time=info["createdDateTime"]) for info in infos if _whole(info)]
    return max(made, key=lambda backup: backup.time, default=None)


def _whole(info: dict[str, Any]) -> bool:
    return info.get("status") == "Succeeded" and "backupId" in info and "createdDateTime" in info


def _first(listed: list[dict[str, Any]] | None) -> dict[str, Any]:
    return (listed[0].get("properties") or {}) if listed else {}
