"""Backup.Admin: where infrastructure backups go, the backups there are, and operations on them."""

import binascii
from base64 import b64decode
from copy import deepcopy
from typing import Any

from . import agenda, operations, update
from .backup_location import FIELDS, headers, put, started
from .backups import controller, restoring, retention, settings
from .backups.restoring import Key, Unrecoverable
from .backups.share import MANAGED, ShareFault
from .messages import Response, error, refuse
from .rules import GET, LIST, PUT, READ_ONLY, Call, Rule, deny
from .state import State
from .store import Wire

NAMESPACE = "Microsoft.Backup.Admin"
VERSION = "2018-09-01"
RESTORE_TAKES, PRUNE_TAKES = 120.0, 30.0  # seconds (a restore of one role took 3 minutes: recorded)
PLAIN = {"content-type": "application/json"}  # of operations' results (recorded)


def missing(call: Call) -> Response:
    """Return Backup's 404 (assumed)."""
    return error(404, "ResourceNotFound", f"The resource '{call.address.name}' was not found.")


def create(call: Call) -> Response:
    """Start a backup; the id of the operation is the backup's (recorded)."""
    here = _configured(call)
    if controller.is_running(call.state):
        raise refuse(409, "BackupInProgress", "Another backup is in progress.")
    if update.is_running(call.state):
        raise refuse(409, "UpdateInProgress", "There are no backups while the stamp is being updated.")
    backup = controller.start(call.state, call.state.clock.time(), automatic=False)
    return started(call, backup, here)


def _configured(call: Call) -> str:
    """Return the path of the location that an action is asked of; one that is not there is 404."""
    here = call.address.path.rpartition("/")[0]
    found = call.state.get(here)
    if found is None:
        raise deny(missing(call))
    if call.address.types[-1].lower() == "createbackup" and not settings.current(call.state).get("path"):
        raise refuse(400, "BackupShareNotConfigured", "The backup share is not configured.")
    return here


def restore(call: Call) -> Response:
    """Bring a backup back, as an operation of its own that ends empty (recorded); or one role of it."""
    backup = call.address.path.rpartition("/")[0]
    found = call.state.get(backup)
    if found is None:
        raise deny(missing(call))
    sent, here = call.sent(), backup.rpartition("/")[0].rpartition("/")[0]
    identifier = backup.rpartition("/")[2].lower()
    path = (operations.kept(call.state, identifier) or {}).get("path")
    if path:  # what a recording shows alone lies nowhere, and whatever key comes with it is taken
        wanted = _roles(found["properties"]["backupInfo"], sent.get("roleName"))
        _bring_back(call.state, identifier, path, _key(sent), wanted)
    return started(call, operations.begin(call.state, RESTORE_TAKES, what="restore", retry="60"), here)


def _roles(backup: Wire, asked: Any) -> set[str]:
    """Return the roles of a backup that are asked for: all when none is named (documented)."""
    known = {role["roleName"] for role in backup["roleStatus"]}
    found = {role for role in known if isinstance(asked, str) and role.lower() == asked.lower()} if asked else known
    if not found:
        raise refuse(400, "RoleNotFound", f"The role '{asked}' is not in the backup.")
    return found


def _key(sent: Wire) -> Key:
    try:
        pfx = b64decode(sent.get("decryptionCertBase64") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise refuse(400, "DecryptionCertInvalid", "The decryption cert must be a .pfx certificate.") from None
    try:
        return Key(pfx, str(sent.get("decryptionCertPassword") or ""))
    except Unrecoverable as wrong:
        raise refuse(400, wrong.code, str(wrong)) from wrong


def _bring_back(state: State, backup: str, path: str, key: Key, roles: set[str]) -> None:
    try:
        place = state.share.at(path, state.store.note(settings.PASSWORD))
        links = restoring.chains(place, backup)
        restoring.check_same_cloud(state, restoring.inputs(place, links, key))
        wanted = {each: restoring.read(place, one, key) for each, one in links.items() if each.role in roles}
    except Unrecoverable as wrong:
        raise refuse(400, wrong.code, str(wrong)) from wrong
    except ShareFault as fault:
        raise refuse(400, fault.kind, str(fault)) from fault
    restoring.stage(state, wanted, state.clock.time() + RESTORE_TAKES)


def prune(call: Call) -> Response:
    """Delete what lies beside the backups, as an operation that tells what it is; or tell alone (recorded)."""
    here, asked = _configured(call), call.sent().get("operationType") or "Default"
    if asked not in {"Default", "DryRun"}:
        raise refuse(400, "InvalidRequestContent", f"'{asked}' is no type of operation.")
    try:
        place = settings.place(call.state)
        found = retention.garbage(place)
        for name in found if asked == "Default" else ():
            place.delete(name)
    except ShareFault as fault:
        raise refuse(400, fault.kind, str(fault)) from fault
    paths = [f"{MANAGED.lower()}/{name}" for name in found]
    return started(call, operations.begin(call.state, PRUNE_TAKES, what="prune", retry="60", paths=paths), here)


def polled(call: Call) -> Response:
    """Return how an operation stands: 202, empty, with the same headers; then what it was about (recorded)."""
    done, kept = operations.is_done(call.state, call.address.name), operations.kept(call.state, call.address.name)
    if kept is None or "what" not in kept:
        raise refuse(404, "ResourceNotFound", "The operation was not found.")
    here = call.address.path.rpartition("/")[0].rpartition("/")[0]
    if not done:
        return Response(202, None, headers(call, call.address.name, here))
    shown = _result(call, kept, here)
    return Response(200, shown, dict(PLAIN) if shown is not None else {})


def _result(call: Call, kept: Wire, here: str) -> Wire | None:
    """Return what a finished operation answers."""
    location = call.state.get(here) or {}
    if kept["what"] == "settings":
        return deepcopy(location)
    if kept["what"] == "prune":
        paths = {"pathsToDelete": kept["paths"]}
        if "isasyncoperation" in call.request.query:
            return {"status": "Succeeded", "id": location["id"], "name": location["name"], "properties": paths}
        return location | {"properties": paths}
    found = call.state.get(f"{here}/backups/{call.address.name}") if kept["what"] == "backup" else None
    return found and found | {"properties": {"backupInfo": found["properties"]["backupInfo"] | kept.get("more", {})}}


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of Backup has in common."""
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "types": types,
        "versions": (VERSION,),
        "source": "recorded",
        "name": "located" if "/" in types else "plain",
        "missing": missing,
        "headers": {"server": "Microsoft-HTTPAPI/2.0"},
        "listing": "value-and-null-link",
    }
    return Rule(**common | more)


HAPPENINGS: dict[str, agenda.Happening] = {
    "a backup ends": controller.ends,
    "a backup is due": controller.due,
    "a repository comes back": restoring.comes_back,
}
RULES = (
    row(
        "backupLocations",
        methods={GET, LIST, PUT},
        answers={PUT: put},
        actions={"createbackup": create, "pruneexternalstore": prune},
        fields=FIELDS,
        assumed=(
            "Backup settings: they are not there before they were written; a PUT without path, user or password, with a"
            " frequency or a retention beyond the documented limits, or with what is no .cer is 400, one without a"
            " certificate keeps the one it has; whether the share is there is found out by the next backup.",
            "Backups: a second one meanwhile and one while the stamp is updated are 409; without settings 400.",
        ),
    ),
    row(
        "backupLocations/backups",
        methods=READ_ONLY,
        actions={"restore": restore},
        assumed=(
            "Restore: a wrong key or password, a chain that is not whole, an unknown role and the backup of another"
            " cloud are 400 at once; what is there besides stays; what comes back does so role by role, within the time"
            " the stamp takes to settle.",
        ),
    ),
    row("backupLocations/operationResults", methods={GET}, answers={GET: polled}),
)
