"""What is backed up: the repositories, and which of a stamp's objects each of them holds.

Names of the four that Microsoft's validator reads, and of roles, are from there and from its installer; the others are
made up.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from restamp.simulator import principals, vaults
from restamp.simulator.addresses import parse
from restamp.simulator.state import State
from restamp.simulator.store import Wire

Contents = dict[str, Wire]  # objects by the keys that a stamp keeps them under
INPUTS, AUTHORITY, RIGHTS = "/inputs", "/authority", "/rights/"  # beside objects: what a deployment needs, and roles


@dataclass(frozen=True)
class Repository:
    """One repository: its name on the share, and what is known of it."""

    folder: str
    early: bool = False  # wanted by the deployment itself, before there is a stamp to restore the rest on
    progressive: bool = True
    native: bool = False  # its payload is JSON that Microsoft's validator reads
    adfs_only: bool = False

    @property
    def role(self) -> str:
        """The role it belongs to."""
        return self.folder.partition(";")[0]


ECE = Repository("ECE;ECE;-;DeploymentInputs", early=True)
DOMAIN = Repository("Domain;Domain;-;Directory", early=True)
CERTIFICATES = Repository("CertificateManagement;CertificateManagement;-;Certificates", early=True)
ADFS = Repository("ADFS;ADFS;-;Applications", early=True, adfs_only=True)
COMPUTE = Repository("CRP;Microsoft.Compute.Admin;-;Quota", progressive=False, native=True)
NETWORK = Repository("NRP;Microsoft.Network.Admin;-;Quota", progressive=False, native=True)
STORAGE = Repository("SRP;SRP;-;-", progressive=False, native=True)
SUBSCRIPTIONS = Repository("WAS;WasService;-;Microsoft.AzureStack.Subscriptions")
VAULTS = Repository("KeyVaultControlPlane;KeyVaultControlPlane;-;Vaults")
SECRETS = Repository("KeyVaultDataPlane;KeyVaultDataPlane;-;Secrets")
ALL = (ECE, DOMAIN, CERTIFICATES, ADFS, COMPUTE, NETWORK, STORAGE, SUBSCRIPTIONS, VAULTS, SECRETS)
BY_FOLDER = {each.folder: each for each in ALL}
QUOTAS = {  # which repository the quotas of a service are in
    "microsoft.compute.admin": COMPUTE,
    "microsoft.network.admin": NETWORK,
    "microsoft.storage.admin": STORAGE,
}
NEVER = ("microsoft.backup.admin", "microsoft.fabric.admin", "microsoft.update.admin")
LEFT = {  # not in a backup: gone with the machines (documented), or redone by people, for no list has it (inferred)
    "microsoft.compute.admin": ("locations/artifacttypes", "locations/disk", "locations/scaleunits"),
    "microsoft.storage.admin": ("locations/acquisitions", "locations/storageaccounts"),
    "microsoft.network.admin": ("admin",),
}
REGISTERED = "roles in backups"  # a note: those that this stamp backs up, where they are not all
ACCOUNTS = ("microsoft.storage.admin", "locations/storageaccounts")
ASSUMED = (
    "Backups: the repositories beside quotas and subscriptions, and what is in which; what no Microsoft tool reads is"
    " in the simulator's own form, and its first bytes say so. All quotas but those of Compute, Network and Storage,"
    " settings and features are with the subscriptions. Images, extensions and scale units are in none.",
)


def needed(identity: str) -> list[Repository]:
    """Return what a stamp with this identity system comes back from, in the order it is restored in."""
    return [each for each in ALL if identity == "ADFS" or not each.adfs_only]


def of(state: State) -> list[Repository]:
    """Return the repositories that this stamp has registered for backup."""
    roles = state.store.note(REGISTERED)
    return [each for each in needed(state.identity) if roles is None or each.role in roles]


def contents(state: State) -> dict[Repository, Contents]:
    """Return what a stamp would back up now."""
    found: dict[Repository, Contents] = {each: {} for each in of(state)}
    for key, body in state.store.everything():
        repository = _holder(key, body, state)
        if repository in found:
            found[repository][key] = body | {"roles": {}} if repository is ADFS else body
    for person in state.directory:
        if person.roles and SUBSCRIPTIONS in found:
            found[SUBSCRIPTIONS][RIGHTS + person.object_id.lower()] = {"roles": dict(person.roles)}
    if ECE in found:
        found[ECE][INPUTS] = _inputs(state)
    if CERTIFICATES in found and (pem := state.store.note("authority")):
        found[CERTIFICATES][AUTHORITY] = {"pem": pem}
    return found


def _inputs(state: State) -> Wire:
    """Return what a stamp was deployed with, and keeps when it is deployed anew in recovery mode."""
    names = ("region", "domain", "identity", "tenant", "provider_subscription")
    options = ("check_owners", "soft_delete", "registering")  # of the simulator: as the stamp was, it comes back
    return {name: getattr(state, name) for name in names + options}


def _holder(key: str, body: Wire, state: State) -> Repository | None:
    namespace, types = parse(key).type_key
    if key.startswith(principals.PREFIX):
        return ADFS if state.identity == "ADFS" and body["kind"] == "Application" else None
    if key.startswith(vaults.PREFIX):
        return SECRETS
    if not key.startswith("/subscriptions/") or namespace in NEVER:
        return None
    if types == "locations/quotas" and namespace in QUOTAS:
        return QUOTAS[namespace]
    if (namespace, types) == ACCOUNTS:
        return STORAGE  # with what is known of accounts, which nobody restores
    if types.startswith(LEFT.get(namespace, ("\0",))):
        return None
    return VAULTS if namespace == "microsoft.keyvault" else SUBSCRIPTIONS


def inject(state: State, contents: Mapping[str, Wire]) -> None:
    """Let a stamp have what a repository holds; what is there beside it stays."""
    for key, body in contents.items():
        if key.startswith(RIGHTS):
            _grant(state, key.removeprefix(RIGHTS), body["roles"])
        elif not _stays_away(state, key):
            state.store.put(key, body)
    if authority := contents.get(AUTHORITY):
        state.store.write_note("authority", authority["pem"])


def _stays_away(state: State, key: str) -> bool:
    """Return whether something is not restored: inputs, accounts, and who is known, maybe by another secret now."""
    known = key.startswith(principals.PREFIX) and state.store.get(key) is not None
    return known or key in {INPUTS, AUTHORITY} or parse(key).type_key == ACCOUNTS


def _grant(state: State, object_id: str, roles: Mapping[str, str]) -> None:
    person = state.directory.get(object_id)
    if person is not None:
        kept = asdict(person) | {"roles": {**person.roles, **roles}}
        state.store.put(principals.PREFIX + object_id, {"id": principals.PREFIX + person.object_id, **kept})
