"""What recorded operations of the backup service show of the stamp they ran on: state that nothing else shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from restamp.simulator import update
from restamp.simulator.addresses import parse
from restamp.simulator.exchanges import Exchange
from restamp.simulator.state import State

from . import settings
from .repositories import REGISTERED

RESULTS = ("microsoft.backup.admin", "backuplocations/operationresults")
PATH = r"\\recorded\share"


@dataclass(frozen=True)
class Shown:
    """Roles that are backed up, versions and certificate of the stamp, and files on its share that no backup has."""

    roles: tuple[str, ...] = ()
    version: str = ""
    oem_version: str | None = None
    thumbprint: str = ""
    strays: tuple[str, ...] = ()

    def put_into(self, state: State) -> None:
        """Let a stamp be so."""
        here = settings.location(state)
        if here is not None and not settings.current(state):
            store = {"path": PATH, "encryptionCertThumbprint": self.thumbprint}
            state.store.put(here["id"].lower(), here | {"tags": {}, "properties": {"externalStoreDefault": store}})
        if self.roles:
            state.store.write_note(REGISTERED, list(self.roles))
        if self.version:
            update.set_versions(state, self.version, self.oem_version)
        for name in self.strays:
            settings.place(state).write(name, b"")


def shown(recorded: Iterable[Exchange]) -> Shown:
    """Return what the results of operations show; of strays, what the first of them lists."""
    found = Shown()
    for exchange in recorded:
        if parse(exchange.path).type_key == RESULTS and isinstance(exchange.body, dict):
            found = _with(found, exchange.body.get("properties") or {})
    return found


def _with(found: Shown, properties: dict[str, Any]) -> Shown:
    if info := properties.get("backupInfo"):
        roles = tuple(role["roleName"] for role in info["roleStatus"])
        return Shown(roles, info["stampVersion"], info["oemVersion"], info["encryptionCertThumbprint"], found.strays)
    paths = properties.get("pathsToDelete") or ()
    strays = tuple(path.partition("/progressivebackup/")[2] for path in paths)
    return found if found.strays or not strays else Shown(strays=strays)
