"""What several parts ask of the stamp's Resource Manager."""

import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from restamp.arm.client import Arm
from restamp.arm.operations import Answer

Wire = Mapping[str, Any]
SUBSCRIPTIONS = "/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin"
UPDATES = (
    "/subscriptions/{provider}/resourceGroups/System.{region}/providers/Microsoft.Update.Admin/updateLocations/{region}"
)
BACKUPS = (
    "/subscriptions/{provider}/resourceGroups/system.{region}/providers/Microsoft.Backup.Admin/backupLocations/{region}"
)
_VERSIONS = {SUBSCRIPTIONS: "2015-11-01", UPDATES: "2021-07-01", BACKUPS: "2018-09-01"}  # recorded


def url(arm: Arm, service: str, what: str = "") -> str:
    """The address of something below a service."""
    return arm.admin.url(service.format_map(arm.place.values()) + what, _VERSIONS[service])


def time(arm: Arm) -> dt.datetime:
    """The stamp's own time, as its answers are dated."""
    return dated(arm.admin.read(url(arm, SUBSCRIPTIONS, "/locations")))


def dated(answer: Answer) -> dt.datetime:
    """When the stamp gave an answer, by its own clock."""
    return parsedate_to_datetime(answer.headers["date"])


def properties(body: Wire | None) -> Wire:
    """What an object says below `properties`."""
    return (body or {}).get("properties") or {}


def update_state(arm: Arm) -> Wire:
    """What the update location says of the stamp: its versions, and what it is at."""
    return properties(arm.admin.get(url(arm, UPDATES)))
