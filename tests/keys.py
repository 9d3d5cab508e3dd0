"""Certificates and private keys of people, and what is sealed for them."""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from restamp.secrets import Seals, openers, recipients

KEY = bytes(range(32))
HERE = "c66cb1bf-3d5e-4a44-9f0a-0d5a1c2b7e11/erp-kv/db-password"
THERE = "c66cb1bf-3d5e-4a44-9f0a-0d5a1c2b7e11/erp-kv/api-key"
PLAIN = "correct horse battery staple"


def pair(name: str) -> tuple[Any, x509.Certificate]:
    """The key and certificate of a name, as sound as `written` makes them."""
    return _pair(name, 2048, 365)


@cache
def _pair(name: str, kind: int | str, days: int) -> tuple[Any, x509.Certificate]:
    """A private key and its own certificate, valid until so many days from now."""
    key: Any = ec.generate_private_key(ec.SECP256R1()) if kind == "EC" else rsa.generate_private_key(65537, int(kind))
    now, subject = dt.datetime.now(dt.UTC), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - dt.timedelta(days=800)).not_valid_after(now + dt.timedelta(days=days))
    return key, made.sign(key, hashes.SHA256())


def written(folder: Path, name: str, kind: int | str = 2048, days: int = 365, password: str = "") -> Path:
    """`recipients/<name>.cer` and `<name>.pfx` in the folder; the path of the latter."""
    key, certificate = _pair(name, kind, days)
    (folder / "recipients").mkdir(exist_ok=True)
    (folder / "recipients" / f"{name}.cer").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    encryption: Any = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    path = folder / f"{name}.pfx"
    path.write_bytes(pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, None, encryption))
    return path


def pem(path: Path, name: str, password: str = "", *, certificate: bool = True) -> Path:
    """A PEM file with the private key of `name`, and its certificate."""
    key, own = pair(name)
    encryption: Any = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    path.write_bytes(text + (own.public_bytes(serialization.Encoding.PEM) if certificate else b""))
    return path


def unasked(name: str) -> str:
    raise AssertionError(f"the password of {name} was asked for")


def seals(folder: Path, *names: str, key: bytes | None = KEY) -> Seals:
    """Recipients of these names, and a private key for each."""
    files = [written(folder, name) for name in names]
    return Seals(recipients(folder / "recipients"), openers(files, unasked), key)
