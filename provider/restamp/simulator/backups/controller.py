"""The backup controller: one job at a time, by hand or on schedule.

Documented: the schedule goes on while it is switched off or the stamp is updated, and nothing is backed up then; a
manual backup does not move it.
"""

from typing import Any

from restamp.simulator import agenda, operations, update
from restamp.simulator.state import State
from restamp.simulator.store import Wire

from . import repositories, retention, settings
from .share import ShareFault
from .snapshots import Snapshot
from .writing import Job, write

RUNNING = "backup that runs"
ASSUMED = (
    "Backups: one takes 6.5 minutes (recorded: 5 to 7) and holds the stamp as it is at its end; while it runs it is"
    " listed as Running.",
    "Backups that fail (share not there, full, or not letting in) end as backups of status Failed.",
)


def start(state: State, began: float, *, automatic: bool) -> str:
    """Start a backup and return its id, which is that of its operation (recorded)."""
    takes = state.backup_takes
    backup = operations.begin(
        state, began + takes - state.clock.time(), what="backup", retry="60", path=settings.current(state)["path"]
    )
    job = Job(backup, began, began + takes, automatic)
    _show(state, job, "Running")
    state.store.write_note(RUNNING, backup)
    facts = {"backup": backup, "began": began, "automatic": automatic}
    agenda.plan(state, job.ended, "a backup ends", **facts)
    return backup


def is_running(state: State) -> bool:
    """Return whether a backup is under way."""
    return bool(state.store.note(RUNNING))


def ends(state: State, at: float, facts: Wire) -> None:
    """Write a backup to the share; or let it have failed."""
    job = Job(facts["backup"], facts["began"], at, facts["automatic"])
    state.store.write_note(RUNNING, None)
    try:
        written = write(state, job)
    except ShareFault as fault:
        operations.keep(state, job.backup, fault=fault.kind)
        _show(state, job, "Failed")
        return
    more = {
        "encryptedBackupEncryptionKey": written[0].key,
        "backupSizeInKb": sum(each.size for each in written),
        "compressedBackupSizeInKb": sum(each.compressed for each in written),
    }
    operations.keep(state, job.backup, more=more)
    _show(state, job, "Succeeded")
    settings.change(state, lastBackupTime=settings.moment(job.ended))
    retention.expire(state)


def _show(state: State, job: Job, status: str) -> None:
    """Keep what is shown of a backup of this stamp."""
    roles, running = list(dict.fromkeys(each.role for each in repositories.of(state))), status == "Running"
    _keep(
        state,
        backupId=job.backup,
        roleStatus=[{"roleName": role, "status": status} for role in roles],
        status=status,
        createdDateTime=settings.moment(job.began if running else job.ended),
        timeTakenToCreate=settings.duration(0 if running else job.ended - job.began),
        stampVersion=update.version(state),
        oemVersion=update.oem_version(state),
        deploymentID=state.deployment_id,
        encryptionCertThumbprint=settings.current(state).get("encryptionCertThumbprint"),
        completelyUploaded=status == "Succeeded",
        isAutomaticBackup=job.automatic,
        isCloudRecoveryReady=status == "Succeeded"
        and {each.role for each in repositories.needed(state.identity)} <= set(roles),
    )


def show(state: State, snapshot: Snapshot, roles: list[str]) -> None:
    """Keep what is shown of a backup that another deployment made, and this one was made from."""
    _keep(
        state,
        backupId=snapshot.backup,
        roleStatus=[{"roleName": role, "status": snapshot.status} for role in dict.fromkeys(roles)],
        status=snapshot.status,
        createdDateTime=snapshot.created,
        timeTakenToCreate=snapshot.took,
        stampVersion=snapshot.stamp_version,
        oemVersion=snapshot.oem_version,
        deploymentID=snapshot.deployment,
        encryptionCertThumbprint=snapshot.thumbprint,
        completelyUploaded=True,
        isAutomaticBackup=snapshot.automatic,
        isCloudRecoveryReady=True,
    )


def _keep(state: State, **info: Any) -> None:
    where = f"{state.root}/resourceGroups/system.{state.region}/providers/Microsoft.Backup.Admin/backupLocations"
    identifier = f"{(settings.location(state) or {}).get('id') or f'{where}/{state.region}'}/backups/{info['backupId']}"
    body = {"id": identifier, "name": f"{state.region}/{info['backupId']}", "location": state.region, "tags": {}}
    body |= {"type": "Microsoft.Backup.Admin/backupLocations/backups"}
    body |= {"properties": {"backupInfo": {"backupDataVersion": "1.0.1"} | info}}
    state.store.put(identifier.lower(), body)


def plan(state: State, hours: int) -> float:
    """Let a backup be due in so many hours from now, and then again and again; return when."""
    agenda.cancel(state, "a backup is due")
    at = state.clock.time() + hours * 3600
    agenda.plan(state, at, "a backup is due", hours=hours)
    return at


def due(state: State, at: float, facts: Wire) -> None:
    """Start the scheduled backup, unless it is switched off, another one runs, or the stamp is being updated."""
    following = at + facts["hours"] * 3600
    agenda.plan(state, following, "a backup is due", hours=facts["hours"])
    settings.change(state, nextBackupTime=settings.moment(following))
    busy = is_running(state) or update.is_running(state) or update.has_failed(state)
    if settings.current(state).get("isBackupSchedulerEnabled") and not busy:
        start(state, at, automatic=True)
