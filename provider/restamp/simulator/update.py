"""Update.Admin: the one location, which says what versions the stamp has."""

from .rules import Rule
from .state import State

NAMESPACE = "Microsoft.Update.Admin"
RULES = (
    Rule(
        namespace=NAMESPACE,
        types="updateLocations",
        versions=("2021-07-01",),
        source="recorded",
        headers={"server": "Microsoft-HTTPAPI/2.0"},
        assumed=("Update: nothing but its location is there; its versions are made up.",),
    ),
)


def _location(state: State) -> dict[str, str]:
    place = f"{state.root}/resourceGroups/System.{state.region}/providers/{NAMESPACE}/updateLocations/{state.region}"
    found = state.get(place)
    return found["properties"] if found else {}


def version(state: State) -> str:
    """Return the stamp's version; empty when it does not say."""
    return _location(state).get("currentVersion", "")


def is_running(state: State) -> bool:
    """Return whether an update is under way."""
    return _location(state).get("state") == "UpdateInProgress"


def has_failed(state: State) -> bool:
    """Return whether the last update failed."""
    return _location(state).get("state") == "UpdateFailed"
