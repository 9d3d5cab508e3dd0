"""Whether the backup of a native recovery opens here, and is one to recover from: said before the OEM begins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restamp.backup import judged, not_ready
from restamp.errors import Refused, RestampError
from restamp.hookspecs import Run
from restamp.models.finding import Finding
from restamp.restore_call import KEY, PASSWORD
from restamp_hub_core.share import signing_in

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate


@dataclass(frozen=True, repr=False)
class Key:
    """The private key that is sealed in the runbook, in memory alone."""

    certificate: "Certificate"
    private: "RSAPrivateKey"
    name: str = KEY


def obstacles(run: Run) -> Iterator[Finding]:
    """That nobody says which backup, that no key opens it, or that it is none to recover from; people decide."""
    recovery = run.recovery
    if recovery is None:
        yield from _not_sealed(run)
        return
    if recovery.document.way != "native":
        return
    file, backup = f"recoveries/{recovery.id}/recovery.yaml", recovery.document.backup_id
    if not backup:
        hint = f"Write it into {file}: backupId: <id>. restamp backups list SHARE names them."
        yield Finding("hub-core", "stop", f"recovery {recovery.id}", "nobody says out of which backup", hint)
        return
    key = _key(run, backup)
    if isinstance(key, str):
        hint = (
            f"Bring its .pfx: restamp secrets add FILE --name {KEY}. If it is lost, so is this way. What is left is a "
            "rebuild from the runbook, which is another deployment by the OEM: clean, and not in recovery mode. "
            f"restamp does not switch by itself: people write `way: rebuild` into {file}, before the OEM begins."
        )
        yield Finding("backup-key", "stop", f"backup {backup}", f"no key here opens it: {key}", hint)
    against = _of_the_share(run, backup, () if isinstance(key, str) else (key,))
    yield from dict.fromkeys([*not_ready(backup, run.runbook.backups), *against])


def _not_sealed(run: Run) -> Iterator[Finding]:
    """Before there is any recovery: that nobody has sealed a key, which on the day may be out of reach."""
    if run.sealed(KEY) is None:
        hint = f"restamp secrets add FILE --name {KEY}: the .pfx of the certificate that backups are encrypted for."
        message = "is not sealed in the runbook, and without it nothing comes out of the infrastructure backup"
        yield Finding("backup-key", "stop", f"secret {KEY}", message, hint)


def _key(run: Run, backup: str) -> Key | str:
    """The backup's private key, sealed in the runbook; else why what is there is not."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        private, certificate, _ = pkcs12.load_key_and_certificates(run.secret_file(KEY), run.secret(PASSWORD).encode())
    except RestampError as error:
        return str(error)
    except ValueError:
        return f"{KEY} is no .pfx, or does not open with its password"
    if certificate is None:
        return f"{KEY} has no certificate in it"
    if not isinstance(private, RSAPrivateKey):
        return f"{KEY} has no RSA key in it"
    facts = run.runbook.backups.find(backup) if run.runbook.backups else None
    own = certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - a name that Windows gives certificates
    wanted = (facts.thumbprint or "").upper() if facts else ""
    if wanted not in ("", own):
        return f"{KEY} is that of certificate {own}, and it was made for {wanted}"
    return Key(certificate, private)


def _of_the_share(run: Run, backup: str, keys: Sequence[Key]) -> Iterator[Finding]:
    """What the share says against the backup, all its data read; not once the OEM has deployed a stamp."""
    assert run.recovery is not None
    share = run.settings.share
    if run.recovery.document.target.deployment:
        return
    if not share:
        hint = f"restamp backups check SHARE {backup}, or share: SHARE under plugins: hub-core: settings in stamp.yaml"
        yield Finding("hub-core", "warn", f"backup {backup}", "nobody says on which share it is: not looked at", hint)
        return

    def said(read: int, total: int) -> None:
        run.say(f"proving backup {backup}", read / max(total, 1))
        if run.stopped():
            hint = "The next run reads it from its beginning."
            raise Refused([Finding("hub-core", "stop", f"backup {backup}", "was not read to its end", hint)])

    try:
        yield from judged(share, backup, run.runbook.backups, keys, signing_in(run), said)
    except Refused as refused:
        yield from refused.findings
    except RestampError as error:
        yield Finding("hub-core", "stop", f"share {share}", f"cannot be read: {error}", error.hint)
