"""How a backup is encrypted, as Microsoft's published decryptor (Unprotect-AzsBackup) takes it.

A snapshot is a header, then AES-256-CBC; HMAC-SHA512 covers what follows the header. Both keys are wrapped with the
backup's certificate: RSA-OAEP over text that is base64 itself.
"""

import hmac
import secrets
import struct
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

HEADER = struct.Struct("<5h")  # tag, encryption, authentication, length of the IV, length of the MAC
KIND = (1, 0, 0, 16, 64)
KEY = 32  # bytes of each of the two keys
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
BLOCK = 128


class Unopened(ValueError):
    """A snapshot, or the key of one, that does not open."""


def new_keys() -> bytes:
    """Return the two keys of a new backup, that of encryption first."""
    return secrets.token_bytes(2 * KEY)


def wrap(keys: bytes, certificate: rsa.RSAPublicKey) -> str:
    """Return keys as the metadata of a snapshot holds them."""
    return b64encode(certificate.encrypt(b64encode(keys), OAEP)).decode()


def unwrap(text: str, private: rsa.RSAPrivateKey) -> bytes:
    """Return the keys that metadata holds; Unopened where another certificate wrapped them."""
    try:
        keys = b64decode(private.decrypt(b64decode(text), OAEP), validate=True)
    except ValueError as wrong:
        raise Unopened("the key of the backup does not open with this certificate") from wrong
    if len(keys) != 2 * KEY:
        raise Unopened("the key of the backup has another length")
    return keys


def seal(data: bytes, keys: bytes) -> bytes:
    """Return a snapshot's file."""
    vector = secrets.token_bytes(KIND[3])
    padder = PKCS7(BLOCK).padder()
    encryptor = Cipher(algorithms.AES(keys[:KEY]), modes.CBC(vector)).encryptor()
    body = encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
    return HEADER.pack(*KIND) + vector + hmac.digest(keys[KEY:], body, "sha512") + body


def unseal(file: bytes, keys: bytes) -> bytes:
    """Return what a snapshot's file holds; Unopened where header, MAC or padding are wrong."""
    start = HEADER.size + KIND[3] + KIND[4]
    if len(file) <= start or HEADER.unpack_from(file) != KIND:
        raise Unopened("it is no encrypted snapshot")
    vector, tag, body = file[HEADER.size : HEADER.size + KIND[3]], file[start - KIND[4] : start], file[start:]
    if not hmac.compare_digest(hmac.digest(keys[KEY:], body, "sha512"), tag):
        raise Unopened("its checksum is wrong")
    decryptor = Cipher(algorithms.AES(keys[:KEY]), modes.CBC(vector)).decryptor()
    unpadder = PKCS7(BLOCK).unpadder()
    try:
        return unpadder.update(decryptor.update(body) + decryptor.finalize()) + unpadder.finalize()
    except ValueError as wrong:
        raise Unopened("it does not decrypt") from wrong
