"""Whether the backup of a native recovery can be opened here: if not, that way ends before the OEM begins."""

from collections.abc import Iterator

from restamp.errors import RestampError
from restamp.hookspecs import Run
from restamp.models.finding import Finding

KEY, PASSWORD = "backup-key", "backup-key-password"


def obstacles(run: Run) -> Iterator[Finding]:
    """That nobody says which backup, or that no key opens it; what is left is proposed, and people decide."""
    recovery = run.recovery
    if recovery is None or recovery.document.way != "native":
        return
    file, backup = f"recoveries/{recovery.id}/recovery.yaml", recovery.document.backup_id
    if not backup:
        hint = f"Write it into {file}: backupId: <id>. restamp backups list SHARE names them."
        yield Finding("hub-core", "stop", f"recovery {recovery.id}", "nobody says out of which backup", hint)
    elif why := _shut(run, backup):
        hint = (
            f"Bring its .pfx: restamp secrets add FILE --name {KEY}. If it is lost, so is this way. What is left is a "
            "rebuild from the runbook, which is another deployment by the OEM: clean, and not in recovery mode. "
            f"restamp does not switch by itself: people write `way: rebuild` into {file}, before the OEM begins."
        )
        yield Finding("backup-key", "stop", f"backup {backup}", f"no key here opens it: {why}", hint)


def _shut(run: Run, backup: str) -> str:
    """Why the key that is sealed in the runbook is not the backup's; empty where nothing speaks against it."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import pkcs12

    facts = run.runbook.backups.find(backup) if run.runbook.backups else None
    try:
        certificate = pkcs12.load_key_and_certificates(run.secret_file(KEY), run.secret(PASSWORD).encode())[1]
    except RestampError as error:
        return str(error)
    except ValueError:
        return f"{KEY} is no .pfx, or does not open with its password"
    if certificate is None:
        return f"{KEY} has no certificate in it"
    own = certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - a name that Windows gives certificates
    wanted = (facts.thumbprint or "").upper() if facts else ""
    return f"{KEY} is that of certificate {own}, and it was made for {wanted}" if wanted not in ("", own) else ""
