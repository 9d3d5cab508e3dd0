"""Whom secrets are sealed for: the certificates in the runbook's folder `recipients`."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.jwk import RSAKey

from restamp.errors import Refused
from restamp.models.finding import Finding, Position
from restamp.secrets import jwe

_ENDINGS = (".cer", ".pem")
_SMALLEST = 2048


@dataclass(frozen=True)
class Recipient:
    """A certificate that secrets are sealed for; `name` is its file's, without the ending."""

    name: str
    certificate: x509.Certificate

    @cached_property
    def thumbprint(self) -> str:
        """`x5t#S256`, as in the sealed values."""
        return jwe.thumbprint(self.certificate)

    @cached_property
    def key(self) -> RSAKey:
        """The public key."""
        public = self.certificate.public_key()
        if not isinstance(public, RSAPublicKey):
            raise TypeError(f"{self.name} has no RSA key")
        return RSAKey(public, public)

    @property
    def expires(self) -> dt.datetime:
        """The last moment it is valid, UTC."""
        return self.certificate.not_valid_after_utc

    def expired(self) -> bool:
        """Whether it is valid no longer."""
        return self.expires < dt.datetime.now(dt.UTC)


def recipients(folder: Path) -> tuple[Recipient, ...]:
    """The certificates in a folder (`*.cer`, `*.pem`, DER or PEM) by thumbprint; Refused with every problem at once.

    An expired certificate is among them: it is refused when something is sealed for it. No folder, no recipients.
    """
    found: dict[str, Recipient] = {}
    problems: list[Finding] = []
    for path in sorted(path for path in folder.glob("*") if path.suffix.lower() in _ENDINGS):
        try:
            recipient = Recipient(path.stem, _certificate(path))
            found.setdefault(recipient.thumbprint, recipient)
        except (OSError, ValueError) as error:
            problems.append(_problem(path, error))
    if problems:
        raise Refused(problems)
    return tuple(found[thumbprint] for thumbprint in sorted(found))


def expired(to: tuple[Recipient, ...]) -> Iterator[Finding]:
    """A finding for each certificate that nothing may be sealed for any more."""
    for recipient in to:
        if recipient.expired():
            hint = "Put its successor into recipients/, remove this one, and run `restamp secrets rekey`."
            message = f"expired on {recipient.expires:%Y-%m-%d}: nothing is sealed for it"
            yield Finding("expired", "stop", f"recipient {recipient.name}", message, hint)


def _certificate(path: Path) -> x509.Certificate:
    data = path.read_bytes()
    if b"PRIVATE KEY-----" in data:
        raise ValueError("holds a private key, which must not be in git")
    certificate = _only(data)
    match certificate.public_key():
        case RSAPublicKey(key_size=size) if size < _SMALLEST:
            raise ValueError(f"has an RSA key of {size} bits, below {_SMALLEST}")
        case RSAPublicKey():
            return certificate
        case _:
            raise ValueError("has no RSA key, and RSA alone can be sealed for")


def _only(data: bytes) -> x509.Certificate:
    try:
        found = (
            x509.load_pem_x509_certificates(data) if b"-----BEGIN" in data else [x509.load_der_x509_certificate(data)]
        )
    except ValueError:
        raise ValueError("is no certificate") from None
    if len(found) != 1:
        raise ValueError(f"holds {len(found)} certificates: one file, one recipient")
    return found[0]


def _problem(path: Path, error: Exception) -> Finding:
    message = str(error) if isinstance(error, ValueError) else "cannot be read"
    hint = "Export the certificate alone, without its private key, as .cer; RSA with 2048 bits or more."
    return Finding("recipient", "stop", "", message, hint, Position(f"{path.parent.name}/{path.name}"))
