"""Whether the keys for the day are held: of sealed secrets, of backups, and the external certificates of the stamp."""

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12

from restamp.hookspecs import Runbook
from restamp.models.finding import Finding, Level
from restamp.secrets.openers import Opener

_SHA1 = hashes.SHA1()  # noqa: S303 - a name that Windows gives certificates, no signature
_SOON = dt.timedelta(days=60)
PASSWORD = "RESTAMP_CERTIFICATES_PASSWORD"  # noqa: S105 - the name of a variable


def of_backups(
    thumbprints: Sequence[str], openers: Sequence[Opener], lead: dt.timedelta, now: dt.datetime, level: Level = "stop"
) -> Iterator[Finding]:
    """Whether a private key is at hand for each certificate (SHA-1) that backups are encrypted with, and its end.

    `level` is what a missing key is: a stop for the backup that a recovery begins with, less for older ones. A key
    opens also once its certificate has expired; whether a stamp goes on to use that is documented nowhere.
    """
    held = {opener.certificate.fingerprint(_SHA1).hex().upper(): opener for opener in openers}
    for thumbprint in thumbprints:
        about, opener = f"certificate {thumbprint}", held.get(thumbprint.upper())
        if opener is None:
            message = "encrypts the backups, and no private key for it is at hand"
            hint = "Name its .pfx in RESTAMP_OPENERS. If it is lost, so is every backup made with it: set another."
            yield Finding("key-not-held", level, about, message, hint)
        elif opener.expires < now + max(lead, _SOON):
            message = f"encrypts the backups, and its validity ends on {opener.expires:%Y-%m-%d}"
            hint = "Set another one for backups, and keep this key as long as any backup made with it: it still opens."
            yield Finding("key-expires", "warn", about, message, hint)


def of_certificates(runbook: Runbook, lead: dt.timedelta, now: dt.datetime) -> Iterator[Finding]:
    """Whether the stamp's external certificates are held, and live longer than the longest lead time of a recovery."""
    if not runbook.stamp.certificates:
        hint = "Write where their files are kept into stamp.yaml: certificates: [../../certificates/portal.pfx, ...]"
        yield Finding("certificates", "warn", "external certificates", "nobody says where they are held", hint)
    for name in runbook.stamp.certificates:
        yield from _of_certificate(runbook.folder / name, name, lead, now)


def _of_certificate(path: Path, name: str, lead: dt.timedelta, now: dt.datetime) -> Iterator[Finding]:
    about = f"certificate {name}"
    try:
        certificate = _read(path)
    except OSError:
        yield Finding("certificates", "stop", about, "is not there", "A redeploy asks for it: bring it back.")
        return
    except ValueError:
        message = f"does not open with the password in {PASSWORD}"
        yield Finding("certificates", "warn", about, message, "Whether it has expired is not known. Name the password.")
        return
    ends = certificate.not_valid_after_utc
    if ends < now:
        yield Finding("certificates", "stop", about, f"expired on {ends:%Y-%m-%d}", "Order its successor today.")
    elif ends < now + lead:
        message = f"expires on {ends:%Y-%m-%d}, sooner than the {lead.days} days that a recovery may have to wait"
        yield Finding("certificates", "warn", about, message, "Order its successor.")


def _read(path: Path) -> x509.Certificate:
    data = path.read_bytes()
    if b"-----BEGIN CERTIFICATE" in data:
        return x509.load_pem_x509_certificate(data)
    if path.suffix.lower() in (".pfx", ".p12"):
        password = os.environ.get(PASSWORD, "").encode() or None
        found = pkcs12.load_key_and_certificates(data, password)[1]
        if found is None:
            raise ValueError("no certificate in it")
        return found
    return x509.load_der_x509_certificate(data)
