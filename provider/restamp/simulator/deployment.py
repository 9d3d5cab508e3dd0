"""Losing a stamp, and deploying another one in its place: clean, or in recovery mode from a backup on the share.

Documented: what recovery mode wants and brings back, that what is needed to deploy comes first, and that a backup is
taken by its own release and the next one. The customer's directory and the share outlive the stamp.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from . import builtin, operations, update
from .backups import controller, repositories, restoring, settings
from .backups.restoring import Key, Unrecoverable
from .backups.share import ShareFault
from .backups.snapshots import Snapshot
from .baseline import Baseline
from .identity import IdentityService, key_of
from .principals import Principal, entry
from .releases import apart
from .state import State, derived
from .store import Wire

if TYPE_CHECKING:
    from .stamp import Stamp

LOST, COUNT, BASELINE, MACHINES = "lost", "deployments", "baseline", "nodes"
ASSUMED = (
    "A loss: the customer's directory is left (on AD FS users and groups, on Entra applications too), the share, and"
    " the certificates of the endpoints; no role, and no request is answered any more.",
    "A redeployment: deployment and cloud id are new; after a clean one so is the default provider subscription, in"
    " recovery mode it is that of the backup. Whoever deploys is the service admin: CloudAdmin on AD FS, a user on"
    " Entra.",
    "Recovery mode: an older release than the backup's is refused, as is one that nobody knows; revisions do not count."
    " Applications of AD FS come back with the deployment, roles with the restore.",
    "In recovery mode a stamp lists the backup it was deployed from, and no other; the settings of backups are gone.",
)


@dataclass(frozen=True)
class Source:
    """The backup that a stamp is deployed from, and how its rest comes back: with the deployment, or by the call.

    `settle` is seconds from the restore until the last of it is there.
    """

    backup: str
    pfx: bytes = field(repr=False)
    password: str = field(repr=False)
    path: str = ""  # empty: where the lost stamp's backups went
    share_password: str | None = field(default=None, repr=False)
    injected: Literal["deployment", "call"] = "deployment"
    settle: float = 0.0


def lose(stamp: "Stamp") -> None:
    """Let the stamp be gone: nothing answers any more, and nothing is left but what is not its own."""
    with stamp.lock:
        stamp.catch_up()
        state, notes = stamp.state, stamp.state.store.note
        store = settings.current(state)
        left = {
            "identity": notes("identity"),
            "authority": notes("authority"),
            BASELINE: asdict(replace(baseline(state), version=update.version(state))),
            COUNT: notes(COUNT, 1),
            LOST: {"path": store.get("path"), "password": notes(settings.PASSWORD)},
        }
        people = [_outside(person) for person in state.directory if _outlives(person, state)]
        stamp.nodes = None
        state.store.clear()
        for name, value in left.items():
            state.store.write_note(name, value)
        for person in people:
            state.directory.put(person)


def is_lost(state: State) -> bool:
    """Return whether the stamp is gone."""
    return state.store.note(LOST) is not None


def baseline(state: State) -> Baseline:
    """Return what the stamp was deployed as, on which machines."""
    return Baseline(**state.store.note(BASELINE, {}))


def _outlives(person: Principal, state: State) -> bool:
    own = person.name.lower().endswith(f"@{state.home}".lower())  # the stamp's own AD FS knows a few itself
    return not own and (state.identity == "AzureAD" or person.kind != "Application")


def _outside(person: Principal) -> Principal:
    return replace(person, roles={})


def redeploy(stamp: "Stamp", deployed: Baseline, source: Source | None = None) -> Principal:
    """Return the service admin of the stamp that is there now; Unrecoverable where the rules refuse it.

    Without a source it is a clean one: its region, domain and directory are the same, all ids are new.
    """
    with stamp.lock:
        state = stamp.state
        if not is_lost(state):
            raise Unrecoverable("StampNotLost", "The stamp is there: it has to be lost before another one is deployed.")
        found = _Found(state, deployed, source) if source else None
        number = state.store.note(COUNT, 1) + 1
        known = dict(state.store.note("identity")) | (found.inputs if found else _new_cloud(state, number))
        fresh = {name: derived(number, f"{state.home}/{name}") for name in ("deployment_id", "cloud_id")}
        people = [entry(person) for person in state.directory]
        _begin(state, known | fresh | {"settle": source.settle if source else 0.0}, deployed, number)
        lifetime = stamp.identities.lifetime
        stamp.identities = IdentityService(state, key_of(f"{state.deployment_id}/{state.cloud_id}"))
        stamp.identities.lifetime = lifetime
        stamp.admin = _service_admin(state, people)
        stamp.load([entry(stamp.admin), *(each for each in people if each["object_id"] != stamp.admin.object_id)])
        stamp.load(builtin.objects(state, deployed))
        if found and source:
            found.bring_back(state, source)
        return stamp.admin


def _new_cloud(state: State, number: int) -> Wire:
    return {"provider_subscription": derived(number, f"{state.home}/provider subscription")}


def _begin(state: State, known: Wire, deployed: Baseline, number: int) -> None:
    """Let another deployment begin in the state of the lost one."""
    kept = {name: state.store.note(name) for name in ("authority", MACHINES)}
    notes = kept | {"identity": known, BASELINE: asdict(deployed), COUNT: number}
    state.store.clear()
    for name, value in known.items():
        setattr(state, name, value)
    for name, value in notes.items():
        if value is not None:
            state.store.write_note(name, value)


def _service_admin(state: State, people: list[Wire]) -> Principal:
    """Return whoever deployed the stamp, who owns the default provider subscription."""
    if state.identity == "ADFS":
        from .pep.accounts import cloud_admin  # most stamps go without the endpoint

        return cloud_admin(state)
    name = f"serviceadmin@{state.domain}"
    found = next((each for each in people if each["name"] == name), None)
    password = found["secret"] if found else derived(0, f"{state.deployment_id}/service admin")
    roles = {state.root.lower(): "Owner"}
    return Principal(
        "", state.object_id(f"user/{name}"), name, state.tenant.lower(), password, roles=roles, kind="User"
    )


class _Found:
    """A backup on the share that a deployment can be made from; Unrecoverable where it cannot."""

    def __init__(self, state: State, deployed: Baseline, source: Source) -> None:
        lost = state.store.note(LOST)
        self.path = source.path or lost["path"] or ""
        self.password = source.share_password or lost["password"]
        try:
            self._place = state.share.at(self.path, self.password)
            self._links = restoring.chains(self._place, source.backup)
            self._key = Key(source.pfx, source.password)
            self.inputs = restoring.inputs(self._place, self._links, self._key)
            _check_whole(self._links, self.inputs)
            self.tip = self._links[repositories.ECE][-1]
            _check_version(self.tip.stamp_version, deployed.version)
            self._contents = {
                each: restoring.read(self._place, links, self._key) for each, links in self._links.items()
            }
        except ShareFault as fault:
            raise Unrecoverable(fault.kind, str(fault)) from fault

    def bring_back(self, state: State, source: Source) -> None:
        """Let a stamp have what it was deployed for: the rest of the backup at once, or when it is called for."""
        early = {each: contents for each, contents in self._contents.items() if each.early}
        for contents in early.values():
            repositories.inject(state, contents)
        state.store.write_note(settings.PASSWORD, self.password)
        operations.keep(state, self.tip.backup, done=0.0, what="backup", retry="60", path=self.path)
        controller.show(state, self.tip, [each.role for each in self._links])
        if source.injected == "deployment":
            rest = {each: contents for each, contents in self._contents.items() if each not in early}
            restoring.stage(state, rest, state.clock.time())


def _check_whole(links: Mapping[repositories.Repository, list[Snapshot]], inputs: Wire) -> None:
    missing = [each.folder for each in repositories.needed(inputs["identity"]) if each not in links]
    if missing:
        raise Unrecoverable("BackupIncomplete", f"The backup does not hold {', '.join(missing)}.")


def _check_version(backup: str, target: str) -> None:
    newer = apart(backup, target)
    text = f"The stamp is deployed as {target}, and the backup is of {backup}: "
    if newer is None:
        raise Unrecoverable("VersionUnknown", text + "their order is not known.")
    if newer < 0:
        raise Unrecoverable("VersionOlder", text + "a stamp that is older than its backup is not supported.")
    if newer > 1:
        raise Unrecoverable("VersionTooNew", text + "more than one version newer is not supported.")
