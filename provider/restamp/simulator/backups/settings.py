"""Where backups go, how often, and for how long: what the stamp keeps of it, and times as the Hub writes them."""

from datetime import UTC, datetime
from typing import Any

from restamp.simulator.state import State
from restamp.simulator.store import Wire

from .share import Place

LOCATIONS = ("microsoft.backup.admin", "backuplocations")
PASSWORD, CERTIFICATE = "password of the backup share", "certificate of backups"  # notes: nothing shows them


def location(state: State) -> Wire | None:
    """Return the backup location, as it is kept; None until somebody sets it."""
    return next((body for _, body in state.store.of_type(LOCATIONS)), None)


def current(state: State) -> Wire:
    """Return where backups go and how often; empty until somebody says so."""
    return dict((location(state) or {}).get("properties", {}).get("externalStoreDefault") or {})


def place(state: State) -> Place:
    """Return the place that backups go to; ShareFault where it cannot be reached."""
    return state.share.at(str(current(state).get("path")), state.store.note(PASSWORD))


def change(state: State, **changes: Any) -> None:
    """Let the settings say something else from now on, if there are any."""
    here = location(state)
    if here is not None:
        properties = here["properties"] | {"externalStoreDefault": current(state) | changes}
        state.store.put(here["id"].lower(), here | {"properties": properties})


def moment(seconds: float) -> str:
    """Return a time as the Hub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def duration(seconds: float) -> str:
    """Return a duration as the Hub writes it, such as PT6M35.3S (recorded)."""
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"PT{f'{int(minutes)}M' if minutes else ''}{rest:g}S"
