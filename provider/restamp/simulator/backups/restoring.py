"""Bringing back what is on a share: a backup's chains, the key that opens them, and what is in them.

Texts as the strings in Microsoft's assemblies have them; codes are made up.
"""

from collections.abc import Iterable, Iterator, Mapping

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from restamp.simulator import agenda
from restamp.simulator.state import State
from restamp.simulator.store import Wire

from . import envelope, payloads, snapshots
from .repositories import BY_FOLDER, ECE, INPUTS, Contents, Repository, inject
from .share import Place
from .snapshots import Snapshot

COMING = "/coming/"  # kept beside the objects: what was read from a share and is not there yet


class Unrecoverable(Exception):
    """Why a backup does not come back: a code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Key:
    """What opens backups: a `.pfx` with its password."""

    def __init__(self, pfx: bytes, password: str) -> None:
        try:
            held = load_pkcs12(pfx, password.encode())
        except ValueError as wrong:
            text = f"The decryption certificate cannot be opened: {wrong}. It must be a .pfx certificate."
            raise Unrecoverable("DecryptionCertInvalid", text) from wrong
        if held.cert is None or not isinstance(held.key, rsa.RSAPrivateKey):
            text = "The decryption certificate must be a .pfx certificate with an RSA key."
            raise Unrecoverable("DecryptionCertInvalid", text)
        self._private, self.thumbprint = held.key, thumbprint(held.cert.certificate)

    def open(self, links: Iterable[Snapshot], place: Place) -> Iterator[bytes]:
        """Yield what is in each link of a chain; Unrecoverable where it is another certificate's, or damaged."""
        for link in links:
            if link.thumbprint.upper() != self.thumbprint:
                text = f"The decryption certificate's thumbprint {self.thumbprint} is inconsistent with the thumbprint"
                raise Unrecoverable("DecryptionCertMismatch", f"{text} in the backup {link.thumbprint}.")
            try:
                yield envelope.unseal(place.read(f"{link.name}.zip"), envelope.unwrap(link.key, self._private))
            except envelope.Unopened as wrong:
                raise Unrecoverable("BackupCorrupted", f"{link.name} does not open: {wrong}.") from wrong


def thumbprint(certificate: x509.Certificate) -> str:
    """Return what Windows calls a certificate by."""
    return certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - no protection, a name


def chains(place: Place, backup: str) -> dict[Repository, list[Snapshot]]:
    """Return the chain of each repository of a backup; Unrecoverable where there is none, or a link is missing."""
    found = snapshots.on(place)
    tips = [each for each in found if each.backup == backup.lower() and each.repository in BY_FOLDER]
    if not found:
        raise Unrecoverable("BackupNotFound", "Could not find backups in the external store.")
    if not tips:
        raise Unrecoverable("BackupNotFound", f"Could not find BackupInfo for backup {backup}.")
    links = {BY_FOLDER[tip.repository]: snapshots.chain(tip, found) for tip in tips}
    whole = {repository: links for repository, links in links.items() if links is not None}
    if broken := [repository.folder for repository, each in links.items() if each is None]:
        text = f"The chain of backup {backup} is not whole for {', '.join(sorted(broken))}."
        raise Unrecoverable("BackupIncomplete", text)
    return whole


def inputs(place: Place, links: dict[Repository, list[Snapshot]], key: Key) -> Wire:
    """Return what the stamp of a backup was deployed with; Unrecoverable where the backup does not hold it."""
    if ECE not in links:
        raise Unrecoverable("BackupIncomplete", "The backup does not hold what the stamp was deployed with.")
    return read(place, links[ECE], key)[INPUTS]


def check_same_cloud(state: State, deployed: Wire) -> None:
    """Refuse the backup of a stamp that this one was not deployed from: its ids are others."""
    if deployed["provider_subscription"].lower() != state.provider_subscription.lower():
        text = "The backup is of another cloud: this stamp was not deployed from it in recovery mode."
        raise Unrecoverable("BackupOfAnotherCloud", text)


def stage(state: State, wanted: Mapping[Repository, Contents], first: float) -> None:
    """Let repositories come back one after the other, from a moment on, within the time the stamp takes to settle."""
    for number, (repository, contents) in enumerate(wanted.items()):
        state.store.put(_waiting(repository.folder), {"contents": contents})
        at = first + state.settle * number / max(1, len(wanted) - 1)
        agenda.plan(state, at, "a repository comes back", folder=repository.folder)


def comes_back(state: State, _at: float, facts: Wire) -> None:
    """A repository is there again."""
    waiting = state.store.get(_waiting(facts["folder"]))
    if waiting is not None:
        inject(state, waiting["contents"])
        state.store.delete(_waiting(facts["folder"]))


def _waiting(folder: str) -> str:
    return f"{COMING}{folder}".lower()


def read(place: Place, links: list[Snapshot], key: Key) -> Contents:
    """Return what a repository held when its last link was made."""
    repository = BY_FOLDER[links[-1].repository]
    return payloads.merged([payloads.unpacked(repository, data) for data in key.open(links, place)])
