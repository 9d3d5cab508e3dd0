"""What becomes of old backups, and of what lies beside them. Documented: less retention takes effect at once."""

from restamp.simulator.addresses import last
from restamp.simulator.state import State

from . import settings, snapshots
from .share import Place, ShareFault
from .writing import INFO

BACKUPS = ("microsoft.backup.admin", "backuplocations/backups")
STORE_FILES = ("registrations.json", "recoverypoint.json")
ASSUMED = (
    "Retention counts from the end of a backup. A snapshot stays on the share as long as a backup that is kept needs"
    " it; pruning deletes what belongs to none.",
)


def expire(state: State) -> None:
    """Forget backups that ended before the retention period, and delete the snapshots that no other one needs."""
    days = settings.current(state).get("backupRetentionPeriodInDays")
    if not days:
        return
    limit = settings.moment(state.clock.time() - days * 86400)
    for key, body in list(state.store.of_type(BACKUPS)):
        info = body["properties"].get("backupInfo") or {}
        if info.get("createdDateTime", limit) < limit and info["status"] != "Running":
            state.store.delete(key)
    try:
        where = settings.place(state)
    except ShareFault:
        return
    listed = {last(key) for key, _ in state.store.of_type(BACKUPS)}
    found = snapshots.on(where)
    needed = {link for tip in found if tip.backup in listed for link in snapshots.chain(tip, found) or [tip]}
    unneeded = [each for each in found if each.deployment == state.deployment_id and each not in needed]
    infos = [f"{each.backup}{INFO}" for each in unneeded if each.backup not in listed]
    for name in [*snapshots.files(unneeded), *infos]:
        where.delete(name)


def garbage(where: Place) -> list[str]:
    """Return the files at a place that belong to no snapshot and are not the store's own: what pruning deletes."""
    found = snapshots.on(where)
    known = {*snapshots.files(found), *STORE_FILES, *(f"{each.backup}{INFO}" for each in found)}
    return [name for name in where.files() if name not in known]
