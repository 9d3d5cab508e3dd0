"""Writing a backup to the share: the next link of each repository's chain, and the store's own files beside them."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from restamp.simulator import update
from restamp.simulator.state import State
from restamp.simulator.store import Wire

from . import envelope, payloads, repositories, settings, snapshots
from .repositories import Contents, Repository
from .share import Place
from .snapshots import Snapshot

CHAINS = "chains of backups"
FULL_AGAIN = 7 * 86400.0  # seconds after which a chain begins anew
INFO = "_BackupInfo.xml"
ASSUMED = (
    "On the share: the store's own files are in MASBackup/progressivebackup; what is in them; every snapshot is of all"
    " repositories together (_C); ids of snapshots are those of their backups; times in names are those of the"
    " beginning; keys are wrapped with SHA-256. A chain begins anew after a week, and when certificate, version, OEM"
    " version, deployment or path change.",
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


def write(state: State, job: Job) -> list[Snapshot]:
    """Write all repositories to the share, and what the store has beside them; return their snapshots."""
    where, keys = settings.place(state), envelope.new_keys()
    draft = Snapshot(
        backup=job.backup,
        repository="",
        kind="Full",
        stamped=job.stamped,
        stamp_version=update.version(state),
        oem_version=update.oem_version(state) or "",
        deployment=state.deployment_id,
        thumbprint=str(settings.current(state).get("encryptionCertThumbprint")),
        key=envelope.wrap(keys, _certificate(state)),
        automatic=job.automatic,
        previous="",
        full=job.backup,
        created=settings.moment(job.ended),
        took=settings.duration(job.ended - job.began),
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
    kept = state.store.note(settings.CERTIFICATE)
    key = x509.load_pem_x509_certificate(kept.encode()).public_key() if kept else _lost_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("settings take no certificate without an RSA key")
    return key


def _lost_key() -> rsa.RSAPublicKey:
    return rsa.generate_private_key(65537, 2048).public_key()


def _write_of_store(where: Place, job: Job, draft: Snapshot, made: list[Snapshot]) -> None:
    """Write the store-level files; their names are strings in Microsoft's assemblies, what is in them is made up."""
    roles = [each.repository.partition(";")[0] for each in made]
    where.write(f"{job.backup}{INFO}", snapshots.info(draft, roles))
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
