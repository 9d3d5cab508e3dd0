#!/usr/bin/env python3
"""Open what restamp sealed, with a private key, Python 3.9 or newer and the package `cryptography`: nothing else.

For the day on which restamp itself cannot run. It reads no YAML: it looks for ciphertexts in any text file.

    open-sealed.py --key ann.pfx FILE           lists what is sealed in a file, and what the key opens
    open-sealed.py --key ann.pfx FILE NAME      writes the value whose identity is NAME, or ends in /NAME
    open-sealed.py --key ann.pfx eyJ...         writes the value of one ciphertext

The key is a .pfx, or a PEM file with key and certificate. Its password: RESTAMP_OPENER_PASSWORD, or you are asked.
A value is one compact JWE: RSA-OAEP-256, A256GCM; what is sealed is its identity, a line break, and the value.
"""

import argparse
import base64
import getpass
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, pkcs12
from cryptography.x509 import Certificate, load_pem_x509_certificates

JWE = re.compile(r"eyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){4}")


def main() -> None:
    """Do what the arguments say; ends with 1 where nothing opened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", required=True, type=Path, metavar="FILE", help=".pfx, or PEM with key and certificate")
    parser.add_argument("sealed", metavar="FILE|JWE", help="a file of the runbook, or one ciphertext")
    parser.add_argument("name", nargs="?", metavar="NAME", help="an identity, or its end behind a /")
    given = parser.parse_args()
    key, thumbprints = private_key(given.key)
    if JWE.fullmatch(given.sealed):
        write(opened(given.sealed, key))
        return
    found = JWE.findall(read(Path(given.sealed)).decode("utf-8", "replace"))
    if given.name is None:
        listed(found, thumbprints)
        return
    write(chosen(found, given.name, key, thumbprints))


def chosen(found: list[str], name: str, key: rsa.RSAPrivateKey, thumbprints: set[str]) -> bytes:
    """The one value of this name; ends the program where there is none, or are several."""
    mine: dict[str, set[str]] = {}
    for jwe in found:
        identity = header(jwe)["sub"]
        if named(identity, name) and header(jwe)["x5t#S256"] in thumbprints:
            mine.setdefault(identity, set()).add(jwe)
    if len(mine) != 1:
        sys.exit(f"{len(mine)} values of that name that this key opens: {', '.join(sorted(mine)) or 'none'}")
    values = {opened(jwe, key) for jwe in mine.popitem()[1]}
    if len(values) != 1:
        sys.exit("several values under that name: give the ciphertext itself")
    return values.pop()


def listed(found: list[str], thumbprints: set[str]) -> None:
    """One line a secret: its identity, and whether this key opens it."""
    mine: dict[str, bool] = {}
    for jwe in found:
        fits = header(jwe)["x5t#S256"] in thumbprints
        mine[header(jwe)["sub"]] = fits or mine.get(header(jwe)["sub"], False)
    for identity, fits in mine.items():
        sys.stdout.write(f"{'opens' if fits else 'other key':10} {identity}\n")
    if not any(mine.values()):
        sys.exit(f"this key opens none of {len(mine)} values")


def named(identity: str, name: str) -> bool:
    """Whether a name means this identity."""
    return identity == name.lower() or identity.endswith("/" + name.lower())


def private_key(path: Path) -> tuple[rsa.RSAPrivateKey, set[str]]:
    """The private key of a file, and the thumbprints of the certificates that go with it."""
    data = read(path)
    pair = loaded(data, None)
    if pair is None:
        password = os.environ.get("RESTAMP_OPENER_PASSWORD")
        if password is None and sys.stdin.isatty():
            password = getpass.getpass(f"password of {path.name}: ")
        pair = loaded(data, (password or "").encode())
    if pair is None or not isinstance(pair[0], rsa.RSAPrivateKey):
        sys.exit(f"{path}: the password is wrong, or the file holds no RSA key")
    key, certificates = pair
    own = [item for item in certificates if spki(item.public_key()) == spki(key.public_key())]
    return key, {encoded(hashlib.sha256(item.public_bytes(Encoding.DER)).digest()) for item in own}


def spki(public: Any) -> bytes:
    """A public key as bytes, which compare in every version of cryptography."""
    der: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return der


def loaded(data: bytes, password: "bytes | None") -> "tuple[Any, list[Certificate]] | None":
    """Key and certificates; None where this password does not open the file."""
    try:
        if b"-----BEGIN" in data:
            key = load_pem_private_key(data, password)
            return key, load_pem_x509_certificates(data) if b"BEGIN CERTIFICATE-----" in data else []
        found = pkcs12.load_pkcs12(data, password)
    except (TypeError, ValueError):
        return None
    return found.key, [item.certificate for item in (found.cert, *found.additional_certs) if item is not None]


def header(jwe: str) -> dict[str, str]:
    """What a ciphertext says of itself."""
    try:
        found: dict[str, str] = json.loads(decoded(jwe.partition(".")[0]))
        found["sub"], found["x5t#S256"]
    except (KeyError, TypeError, ValueError):
        sys.exit("a ciphertext was changed: its header cannot be read")
    return found


def opened(jwe: str, key: rsa.RSAPrivateKey) -> bytes:
    """The value; ends the program where the ciphertext was changed, or is sealed for another key."""
    about = header(jwe)
    if (about.get("alg"), about.get("enc")) != ("RSA-OAEP-256", "A256GCM"):
        sys.exit("it names other algorithms than restamp's")
    protected, wrapped, nonce, ciphertext, tag = jwe.split(".")
    try:
        secret = key.decrypt(decoded(wrapped), padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
        plain = AESGCM(secret).decrypt(decoded(nonce), decoded(ciphertext) + decoded(tag), protected.encode())
    except (InvalidTag, ValueError):
        sys.exit(f"{about['sub']}: sealed for another key, or changed since it was sealed")
    identity, _, value = plain.partition(b"\n")
    if identity.decode() != about["sub"]:
        sys.exit(f"{about['sub']}: what is sealed in it is about another secret")
    return value


def decoded(part: str) -> bytes:
    """Base64url, without padding."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(data: bytes) -> str:
    """Base64url, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read(path: Path) -> bytes:
    """A file's bytes; ends the program where there are none."""
    try:
        return path.read_bytes()
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")


def write(value: bytes) -> None:
    """The value, byte for byte; with a line break behind it on a terminal."""
    sys.stdout.buffer.write(value + (b"\n" if sys.stdout.isatty() else b""))


if __name__ == "__main__":
    main()
