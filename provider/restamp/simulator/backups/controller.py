"""The backup controller: one job at a time, by hand or on schedule, and what becomes of old backups.

Documented: retention counts from the end of a backup; the schedule goes on while it is switched off or the stamp is
updated, and nothing is backed up then; a manual backup does not move it.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from restamp.simulator import agenda, operations, update
from restamp.simulator.state import State
from restamp.simulator.store import Wire

from . import envelope, payloads, repositories, snapshots
from .repositories import Contents, Repository
from .share import Place, ShareFault
from .snapshots import Snapshot

LOCATIONS = ("microsoft.backup.admin", "backuplocations")
BACKUPS = ("microsoft.backup.admin", "backuplocations/backups")
PASSWORD, CERTIFICATE = "password of the backup share", "certificate of backups"
CHAINS, RUNNING = "chains of backups", "backup that runs"
FULL_AGAIN = 7 * 86400.0  # seconds after which a chain begins anew
INFO = "_BackupInfo.xml"
STORE_FILES = ("registrations.json", "recoverypoint.json")
ASSUMED = (
    "Backups: one takes 6.5 minutes (recorded: 5 to 7) and holds the stamp as it is at its end; while it runs it is"
    " listed as Running. A chain begins anew after a week, and when certificate, version, OEM version, deployment or"
    " path change.",
    "Backups that fail (share not there, full, or not letting in) end as backups of status Failed.",
    "On the share: the store's own files are in MASBackup/progressivebackup; what is in them; every snapshot is of all"
    " repositories together (_C); ids of snapshots are those of their backups; times in names are those of the"
    " beginning; keys are wrapped with SHA-256.",
    "A snapshot stays on the share as long as a backup that is kept needs it; pruning deletes what belongs to none.",
)


@dataclass(frozen=True)
class Job:
    """One backup on its way."""

    backup: str
    began: float
    ended: float
    automatic: bool

    @property
    def stamped(self) -> str:
        """When it began, as file names say it."""
        return datetime.fromtimestamp(self.began, UTC).strftime("%Y%m%d%H%M")


def location(state: State) -> Wire | None:
    """Return the backup location, as it is kept; None until somebody sets it."""
    return next((body for _, body in state.store.of_type(LOCATIONS)), None)


def settings(state: State) -> Wire:
    """Return where backups go and how often; empty until somebody says so."""
    return dict((location(state) or {}).get("properties", {}).get("externalStoreDefault") or {})


def place(state: State) -> Place:
    """Return the place that backups go to; ShareFault where it cannot be reached."""
    return state.share.at(str(settings(state).get("path")), state.store.note(PASSWORD))


def moment(seconds: float) -> str:
    """Return a time as the Hub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def start(state: State, began: float, *, automatic: bool) -> str:
    """Start a backup and return its id, which is that of its operation (recorded)."""
    takes = state.backup_takes
    backup = operations.begin(
        state, began + takes - state.clock.time(), what="backup", retry="60", path=settings(state)["path"]
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
        written = _written(state, job)
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
    _change(state, lastBackupTime=moment(job.ended))
    expire(state)


def _show(state: State, job: Job, status: str) -> None:
    """Keep what is shown of a backup of this stamp."""
    roles, running = list(dict.fromkeys(each.role for each in repositories.of(state))), status == "Running"
    _keep(
        state,
        backupId=job.backup,
        roleStatus=[{"roleName": role, "status": status} for role in roles],
        status=status,
        createdDateTime=moment(job.began if running else job.ended),
        timeTakenToCreate=duration(0 if running else job.ended - job.began),
        stampVersion=update.version(state),
        oemVersion=update.oem_version(state),
        deploymentID=state.deployment_id,
        encryptionCertThumbprint=settings(state).get("encryptionCertThumbprint"),
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
    identifier = f"{(location(state) or {}).get('id') or f'{where}/{state.region}'}/backups/{info['backupId']}"
    body = {"id": identifier, "name": f"{state.region}/{info['backupId']}", "location": state.region, "tags": {}}
    body |= {"type": "Microsoft.Backup.Admin/backupLocations/backups"}
    body |= {"properties": {"backupInfo": {"backupDataVersion": "1.0.1"} | info}}
    state.store.put(identifier.lower(), body)


def duration(seconds: float) -> str:
    """Return a duration as the Hub writes it, such as PT6M35.3S (recorded)."""
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"PT{f'{int(minutes)}M' if minutes else ''}{rest:g}S"


def _written(state: State, job: Job) -> list[Snapshot]:
    """Write all repositories to the share, and what the store has beside them; return their snapshots."""
    where, keys = place(state), envelope.new_keys()
    draft = Snapshot(
        backup=job.backup,
        repository="",
        kind="Full",
        stamped=job.stamped,
        stamp_version=update.version(state),
        oem_version=update.oem_version(state) or "",
        deployment=state.deployment_id,
        thumbprint=str(settings(state).get("encryptionCertThumbprint")),
        key=envelope.wrap(keys, _certificate(state)),
        automatic=job.automatic,
        previous="",
        full=job.backup,
        created=moment(job.ended),
        took=duration(job.ended - job.began),
    )
    chains = _Chains(state, where, draft)
    made = []
    for repository, contents in repositories.contents(state).items():
        snapshot, changes = chains.next(repository, contents)
        data = payloads.packed(repository, changes)
        size = len(json.dumps(list(changes.values()))) // 1024
        snapshot = replace(snapshot, size=size, compressed=len(data) // 1024)
        where.write(f"{snapshot.name}.zip", envelope.seal(data, keys))
        where.write(f"{snapshot.name}.xml", snapshots.metadata(snapshot))
        made.append(snapshot)
    chains.keep()
    _write_of_store(where, job, draft, made)
    return made


class _Chains:
    """What the next link of each repository's chain is, and what is noted of it for the one after."""

    def __init__(self, state: State, where: Place, draft: Snapshot) -> None:
        self._state, self._where, self._draft = state, where, draft
        self._make = [*snapshots.make(draft), str(where.managed)]
        self._before: dict[str, Wire] = state.store.note(CHAINS, {})
        self._after: dict[str, Wire] = {}

    def next(self, repository: Repository, contents: Contents) -> tuple[Snapshot, payloads.Changes]:
        """Return the snapshot that follows, and what goes into it."""
        before, seen = self._before.get(repository.folder), {key: _digest(body) for key, body in contents.items()}
        draft = replace(self._draft, repository=repository.folder)
        now = {"make": self._make, "seen": seen}
        if before is None or not repository.progressive or not self._goes_on(before):
            self._after[repository.folder] = now | {"full": draft.backup, "since": draft.created, "name": draft.name}
            return draft, contents
        link = replace(draft, kind="Progressive", previous=before["backup"], full=before["full"])
        self._after[repository.folder] = before | now | {"name": link.name}
        gone = dict.fromkeys(before["seen"].keys() - seen.keys())
        return link, {key: body for key, body in contents.items() if before["seen"].get(key) != seen[key]} | gone

    def keep(self) -> None:
        """Note the links that were written."""
        after = {folder: each | {"backup": self._draft.backup} for folder, each in self._after.items()}
        self._state.store.write_note(CHAINS, after)

    def _goes_on(self, before: Wire) -> bool:
        age = datetime.fromisoformat(self._draft.created) - datetime.fromisoformat(before["since"])
        fits = before["make"] == self._make and age.total_seconds() < FULL_AGAIN
        return bool(fits) and self._where.has(f"{before['name']}.zip")


def _digest(body: Wire) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def _certificate(state: State) -> rsa.RSAPublicKey:
    """Return the key that backups are wrapped with; where a recording shows but a thumbprint, one that nobody holds."""
    kept = state.store.note(CERTIFICATE)
    key = x509.load_pem_x509_certificate(kept.encode()).public_key() if kept else _lost_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("settings take no certificate without an RSA key")
    return key


def _lost_key() -> rsa.RSAPublicKey:
    return rsa.generate_private_key(65537, 2048).public_key()


def _write_of_store(where: Place, job: Job, draft: Snapshot, made: list[Snapshot]) -> None:
    """Write the store-level files; their names are documented, what is in them is made up."""
    where.write(f"{job.backup}{INFO}", snapshots.metadata(replace(draft, repository="-;-;-;-")))
    registered = [_registration(repositories.BY_FOLDER[each.repository]) for each in made]
    where.write("registrations.json", json.dumps(registered, indent=2).encode())
    point = {"backupId": job.backup, "createdDateTime": draft.created, "stampVersion": draft.stamp_version}
    where.write("recoverypoint.json", json.dumps(point, indent=2).encode())


def _registration(repository: Repository) -> Wire:
    """Return what is registered of a repository: fields by the strings in Microsoft's assemblies, form made up."""
    role, component, partition, name = repository.folder.split(";")
    return {
        "RoleName": role,
        "ComponentName": component,
        "PartitionId": partition,
        "RepositoryName": name,
        "RestorePriority": "P0" if repository.early else "P1",
        "ProgressiveType": "Progressive" if repository.progressive else "None",
        "EssentialForCloudRecovery": True,
    }


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
    _change(state, nextBackupTime=moment(following))
    busy = is_running(state) or update.is_running(state) or update.has_failed(state)
    if settings(state).get("isBackupSchedulerEnabled") and not busy:
        start(state, at, automatic=True)


def _change(state: State, **changes: Any) -> None:
    here = location(state)
    if here is not None:
        properties = here["properties"] | {"externalStoreDefault": settings(state) | changes}
        state.store.put(here["id"].lower(), here | {"properties": properties})


def expire(state: State) -> None:
    """Forget backups that ended before the retention period, and delete the snapshots that no other one needs."""
    days = settings(state).get("backupRetentionPeriodInDays")
    if not days:
        return
    limit = moment(state.clock.time() - days * 86400)
    for key, body in list(state.store.of_type(BACKUPS)):
        info = body["properties"]["backupInfo"]
        if info["createdDateTime"] < limit and info["status"] != "Running":
            state.store.delete(key)
    try:
        where = place(state)
    except ShareFault:
        return
    listed = {body["properties"]["backupInfo"]["backupId"] for _, body in state.store.of_type(BACKUPS)}
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
