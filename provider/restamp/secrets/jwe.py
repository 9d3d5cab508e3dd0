"""One compact JWE (RFC 7516): RSA-OAEP-256 and A256GCM, for one certificate, bound to one identity.

The identity is `sub` of the protected header, which is authenticated, and again the first line of what is sealed: any
JWE tool that has the private key shows both.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.registry import HeaderParameter

_ALGORITHMS = {"alg": "RSA-OAEP-256", "enc": "A256GCM"}
_THUMBPRINT = "x5t#S256"


class _Registry(jwe.JWERegistry):
    """joserfc's, for whole files too, and for these two algorithms alone."""

    max_protected_header_length = 8 * 1024
    max_encrypted_key_length = 4 * 1024
    max_ciphertext_length = 128 * 1024 * 1024


_REGISTRY = _Registry({"sub": HeaderParameter("Identity", "str", True)}, list(_ALGORITHMS.values()))


@dataclass(frozen=True, slots=True)
class Header:
    """What a JWE says in clear: whose certificate, and which secret."""

    thumbprint: str
    identity: str


def thumbprint(certificate: x509.Certificate) -> str:
    """`x5t#S256` of a certificate: SHA-256 of its DER form, base64url."""
    return _encoded(certificate.fingerprint(SHA256()))


def sealed(identity: str, value: bytes, to: str, key: RSAKey) -> str:
    """The value, sealed for the certificate with this thumbprint and public key."""
    header: dict[str, Any] = {**_ALGORITHMS, _THUMBPRINT: to, "sub": identity}
    return jwe.encrypt_compact(header, identity.encode() + b"\n" + value, key, registry=_REGISTRY)


def header(text: str) -> Header:
    """The header of a JWE; ValueError, with a sentence, where the text is none of ours."""
    parts = text.split(".")
    if len(parts) != 5:
        raise ValueError(f"it is cut off: {len(parts)} of 5 parts are there")
    try:
        decoded = [_decoded(part) for part in parts]
        found = json.loads(decoded[0])
    except (ValueError, RecursionError):
        raise ValueError("it was changed: a part of it is not even encoded as it must be") from None
    if not isinstance(found, dict) or set(found) != {*_ALGORITHMS, _THUMBPRINT, "sub"}:
        raise ValueError("it was changed: its header is not one of restamp's")
    if any(found[name] != value for name, value in _ALGORITHMS.items()):
        raise ValueError("it was changed: its header names other algorithms")
    about = Header(str(found[_THUMBPRINT]), str(found["sub"]))
    if not (about.thumbprint + about.identity).isprintable():  # it will be shown on a terminal
        raise ValueError("it was changed: its header is not one of restamp's")
    return about


def opened(text: str, identity: str, key: RSAKey) -> bytes:
    """What is sealed; ValueError, with a sentence that holds nothing of it, where the JWE was moved or changed."""
    try:
        plain = jwe.decrypt_compact(text, key, registry=_REGISTRY).plaintext or b""
    except (JoseError, ValueError, InvalidTag):
        raise ValueError("it was changed or cut off since it was sealed") from None
    about, _, value = plain.partition(b"\n")
    if about != identity.encode():
        raise ValueError("what is sealed in it is about another secret")
    return value


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    """Strictly: the same bytes have one form only."""
    data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if _encoded(data) != part:
        raise ValueError(part)
    return data
