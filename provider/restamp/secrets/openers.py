"""Who opens secrets: private keys, in .pfx or PEM files that are never in git."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from joserfc.jwk import RSAKey

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp.secrets import jwe

Ask = Callable[[str], str]
Pair = tuple[Any, list[x509.Certificate]]


@dataclass(frozen=True, repr=False)
class Opener:
    """A private key with its certificate; `name` is its file's."""

    name: str
    certificate: x509.Certificate
    private: RSAPrivateKey

    def __repr__(self) -> str:
        return f"Opener({self.name})"

    @cached_property
    def thumbprint(self) -> str:
        """`x5t#S256` of the certificate: which sealed values this opens."""
        return jwe.thumbprint(self.certificate)

    @property
    def expires(self) -> dt.datetime:
        """The last moment the certificate is valid, UTC; the key opens all the same."""
        return self.certificate.not_valid_after_utc

    @cached_property
    def key(self) -> RSAKey:
        """The private key."""
        return RSAKey(self.private, self.private)


def openers(files: Sequence[Path], password: Ask) -> tuple[Opener, ...]:
    """The private keys in files; `password` is asked, with the file's name, only where one is needed.

    A renewed certificate with the same key gives an opener of its own. Refused with every problem at once.
    """
    found: list[Opener] = []
    problems: list[Finding] = []
    for path in files:
        try:
            found += _openers(path, password)
        except (OSError, ValueError) as error:
            message = str(error) if isinstance(error, ValueError) else "the file cannot be read"
            hint = (
                "RESTAMP_OPENERS names .pfx or PEM files, comma separated; RESTAMP_OPENER_PASSWORD is their password."
            )
            problems.append(Finding("opener", "stop", str(path), message, hint))
    if problems:
        raise Refused(problems)
    return tuple(found)


def expired(have: Sequence[Opener]) -> Iterator[Finding]:
    """A warning for each key whose certificate is valid no longer: it opens, and nothing new is sealed for it."""
    for opener in have:
        if opener.expires < dt.datetime.now(dt.UTC):
            message = f"its certificate expired on {opener.expires:%Y-%m-%d}; it still opens what was sealed for it"
            yield Finding("expired", "warn", f"opener {opener.name}", message, "Run `restamp secrets rekey` soon.")


def _openers(path: Path, password: Ask) -> Iterator[Opener]:
    data = path.read_bytes()
    key, certificates = _read(data, None) or _read(data, password(path.name).encode()) or (None, [])
    match key:
        case RSAPrivateKey():
            pass
        case None:
            raise ValueError("the password is wrong, or the file holds no private key")
        case _:
            raise ValueError("the private key is no RSA key")
    own = [item for item in certificates if item.public_key() == key.public_key()]
    if not own:
        raise ValueError("the certificate that belongs to the private key is not in the file")
    for certificate in own:
        yield Opener(path.name, certificate, key)


def _read(data: bytes, password: bytes | None) -> Pair | None:
    """The private key and all certificates of a file; None where this password does not open it."""
    try:
        if b"-----BEGIN" in data:
            key = load_pem_private_key(data, password)
            return key, x509.load_pem_x509_certificates(data) if b"BEGIN CERTIFICATE-----" in data else []
        found = pkcs12.load_pkcs12(data, password)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return None
    certificates = [item.certificate for item in (found.cert, *found.additional_certs) if item is not None]
    return (found.key, certificates) if found.key is not None else None
