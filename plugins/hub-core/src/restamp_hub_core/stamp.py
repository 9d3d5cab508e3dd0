"""What several parts ask of the stamp's Resource Manager."""

import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from restamp.hookspecs import Run

if TYPE_CHECKING:
    from restamp.arm.client import Arm

Wire = Mapping[str, Any]
SUBSCRIPTIONS = "/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin"
UPDATES = (
    "/subscriptions/{provider}/resourceGroups/System.{region}/providers/Microsoft.Update.Admin/updateLocations/{region}"
)
BACKUPS = (
    "/subscriptions/{provider}/resourceGroups/system.{region}/providers/Microsoft.Backup.Admin/backupLocations/{region}"
)
COMPUTE = "/subscriptions/{provider}/providers/Microsoft.Compute.Admin/locations/{region}"
_HEARD_OF = dt.timedelta(minutes=15)  # until then a stamp may not say yet what it was asked for
_VERSIONS = {  # recorded
    SUBSCRIPTIONS: "2015-11-01",
    UPDATES: "2021-07-01",
    BACKUPS: "2018-09-01",
    COMPUTE: "2015-12-01-preview",
}


def url(arm: "Arm", service: str, what: str = "") -> str:
    """The address of something below a service."""
    return arm.admin.url(service.format_map(arm.place.values()) + what, _VERSIONS[service])


def time(arm: "Arm") -> dt.datetime:
    """The stamp's own time, as its answers are dated."""
    return parsedate_to_datetime(arm.admin.read(url(arm, SUBSCRIPTIONS, "/locations")).headers["date"])


def properties(body: Wire | None) -> Wire:
    """What an object says below `properties`."""
    return (body or {}).get("properties") or {}


def update_state(arm: "Arm") -> Wire:
    """What the update location says of the stamp: its versions, and what it is at."""
    return properties(arm.admin.get(url(arm, UPDATES)))


def asking(run: Run, what: str) -> str:
    """Write down that something is asked for now, by the stamp's clock; what to remember."""
    token = f"{what}|{time(run.arm).isoformat()}"
    run.remember(token)
    return token


def asked_lately(run: Run, what: str) -> bool:
    """Whether it was asked for so lately that the stamp may not say so yet: nobody asks twice."""
    before, _, when = run.token.partition("|")
    return before == what and time(run.arm) - dt.datetime.fromisoformat(when) < _HEARD_OF
