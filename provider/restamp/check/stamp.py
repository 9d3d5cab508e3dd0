"""What a stamp that answers says of its backups and their settings."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from restamp.check.backups import of_settings
from restamp.errors import RestampError
from restamp.models.backup import Backups
from restamp.models.finding import Finding

if TYPE_CHECKING:
    from restamp.arm.client import Arm


def asked(connect: "Callable[[], Arm]") -> tuple[Backups | None, list[Finding]]:
    """Its backups and what is wrong with their settings; None and a note where it does not answer."""
    try:
        with connect() as arm:
            return arm.backups, list(of_settings(*_settings(arm)))
    except RestampError as error:
        message = f"could not be asked, so what the last capture recorded counts: {str(error).splitlines()[0]}"
        return None, [Finding("not-asked", "note", "stamp", message, error.hint)]


def _settings(arm: "Arm") -> tuple[bool | None, str | None]:
    """Whether automatic backups are on, and how much room is left on the share (recorded)."""
    place = arm.place
    group = f"/subscriptions/{place.provider}/resourceGroups/system.{place.region}"
    listed = arm.list_or_none(f"{group}/providers/Microsoft.Backup.Admin/backupLocations", "2018-09-01") or []
    store = ((listed[0].get("properties") or {}).get("externalStoreDefault") or {}) if listed else {}
    return store.get("isBackupSchedulerEnabled"), store.get("availableCapacity")
