"""The envelope around a snapshot's data: who may open it, whether it is what was written, and what is inside.

As Microsoft's published decryptor has it: five little-endian int16 (1, cipher 0, MAC 0, length of IV, length of tag),
IV, tag, ciphertext. AES-256-CBC with PKCS7, HMAC-SHA512 over the ciphertext alone. The two keys stand in the
metadata, wrapped with RSA-OAEP. Nothing is decrypted before its MAC is right.
"""

import binascii
import hmac
import io
import struct
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from restamp.backup.share import CHUNK, chunks, exactly, fill
from restamp.errors import Damaged, NoKey
from restamp.models.backup import SnapshotFacts

_NUMBERS = struct.Struct("<5h")
_IV, _TAG, _BLOCK, _KEY = 16, 64, 16, 32
_ITS_KEY = "Name the .pfx of that certificate with --key: old ones are needed as long as backups made with them are."
_HEADER = _NUMBERS.size + _IV + _TAG


class Opener(Protocol):
    """A private key at hand, and its certificate; `secrets` has them."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def certificate(self) -> x509.Certificate:
        """What backups are encrypted for."""

    @property
    def private(self) -> RSAPrivateKey:
        """What opens them."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The two keys of one snapshot, in memory alone."""

    cipher: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands before the ciphertext, and how much ciphertext there is."""

    name: str
    iv: bytes
    tag: bytes
    size: int


def thumbprint(certificate: x509.Certificate) -> str:
    """The SHA-1 thumbprint of a certificate, as stamps write it."""
    return certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - a name, not a proof


def unwrap(facts: SnapshotFacts, name: str, at_hand: Sequence[Opener]) -> Keys:
    """A snapshot's keys; NoKey where no certificate at hand is its own, Damaged where they are not what was wrapped."""
    opener = next((item for item in at_hand if thumbprint(item.certificate) == facts.thumbprint), None)
    if opener is None:
        others = ", ".join(f"{item.name} ({thumbprint(item.certificate)})" for item in at_hand)
        reason = f"what is encrypted for it opens with its private key alone, and at hand: {others or 'none'}"
        shut = NoKey(f"certificate {facts.thumbprint}", reason)
        shut.hint = _ITS_KEY
        raise shut
    try:
        wrapped = b64decode(facts.key, validate=True)
    except binascii.Error as error:
        raise Damaged(f"{name}.xml", "key", "its wrapped key is no base64: the metadata was changed") from error
    text = _decrypted(opener.private, wrapped)
    if text is None:
        message = "its wrapped key does not open with the certificate's own private key: the metadata was changed"
        raise Damaged(f"{name}.xml", "key", message)
    return _two(text, name)


def _decrypted(key: RSAPrivateKey, wrapped: bytes) -> bytes | None:
    for algorithm in (SHA256(), SHA1()):  # noqa: S303 - the second is what older stamps wrote
        try:
            return key.decrypt(wrapped, OAEP(MGF1(algorithm), algorithm, None))
        except ValueError:
            continue
    return None


def _two(text: bytes, name: str) -> Keys:
    try:
        both = b64decode(text, validate=True)
    except binascii.Error:
        both = b""
    if len(both) != 2 * _KEY:
        message = f"its wrapped key is not the base64 of {2 * _KEY} bytes: no format that restamp knows"
        raise Damaged(f"{name}.xml", "key", message)
    return Keys(both[:_KEY], both[_KEY:])


def envelope(file: io.RawIOBase, name: str, size: int) -> Envelope:
    """What stands before the ciphertext of a file of `size` bytes; Damaged where it is no envelope."""
    head = exactly(file, _HEADER)
    for part, end in (("header", _NUMBERS.size), ("IV", _NUMBERS.size + _IV), ("tag", _HEADER)):
        if len(head) < end:
            raise Damaged(name, "cut-off", f"ends within the {part}, after {len(head)} bytes")
    version, cipher, mac, iv, tag = _NUMBERS.unpack_from(head)
    known = {
        "begins with": (version, 1),
        "is encrypted by algorithm": (cipher, 0),
        "is authenticated by algorithm": (mac, 0),
        "has an IV of length": (iv, _IV),
        "has a tag of length": (tag, _TAG),
    }
    for words, (found, wanted) in known.items():
        if found != wanted:
            raise Damaged(name, "header", f"{words} {found}, and restamp knows {wanted} alone: the header was changed")
    body = size - _HEADER
    if body < _BLOCK or body % _BLOCK:
        raise Damaged(name, "cut-off", f"has {body} bytes of ciphertext, no whole number of blocks: it was cut off")
    return Envelope(name, head[_NUMBERS.size : -_TAG], head[-_TAG:], body)


def prove(file: io.RawIOBase, around: Envelope, keys: Keys, step: Callable[[int], None]) -> None:
    """Read the ciphertext once, from where `envelope` left off; Damaged where its MAC is not right."""
    mac, read = hmac.new(keys.mac, digestmod="sha512"), 0
    for chunk in chunks(file):
        mac.update(chunk)
        read += len(chunk)
        step(len(chunk))
    if read != around.size:
        raise Damaged(around.name, "cut-off", f"gave {read} bytes of ciphertext, and {around.size} were there before")
    if not hmac.compare_digest(mac.digest(), around.tag):
        message = "its MAC is not right: it was changed, cut off, or belongs to another snapshot"
        raise Damaged(around.name, "mac", message)


class Plain(io.RawIOBase):
    """What is inside, to read and to seek in, of any size in constant memory: CBC can be begun at every block."""

    def __init__(self, file: io.RawIOBase, around: Envelope, keys: Keys) -> None:
        """Of a file that was proved; Damaged where its padding is none."""
        self._file, self._around, self._keys, self._at = file, around, keys, 0
        self._raw, self._clear = memoryview(bytearray(CHUNK + 3 * _BLOCK)), memoryview(bytearray(CHUNK + 3 * _BLOCK))
        last = bytes(self._decrypted(around.size - _BLOCK, _BLOCK))
        padding = last[-1]
        if not 0 < padding <= _BLOCK or last[-padding:] != bytes([padding]) * padding:
            raise Damaged(around.name, "padding", "its padding is not PKCS7's: its keys are of another snapshot")
        self._size = around.size - padding

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new position."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Bytes read; 0 at the end."""
        count = max(0, min(len(buffer), CHUNK, self._size - self._at))
        if count:
            begin = self._at // _BLOCK * _BLOCK
            end = -(-(self._at + count) // _BLOCK) * _BLOCK
            within = self._at - begin
            buffer[:count] = self._decrypted(begin, end - begin)[within : within + count]
            self._at += count
        return count

    def _decrypted(self, begin: int, size: int) -> memoryview:
        """Whole blocks, valid until the next; the block before the first is what they were chained to."""
        before = _BLOCK if begin else 0
        raw = self._raw[: before + size]
        self._file.seek(_HEADER + begin - before)
        if fill(self._file, raw) != len(raw):
            raise Damaged(self._around.name, "cut-off", "became shorter while it was read")
        iv = bytes(raw[:before]) or self._around.iv
        decryptor = Cipher(algorithms.AES(self._keys.cipher), modes.CBC(iv)).decryptor()
        return self._clear[: decryptor.update_into(raw[before:], self._clear)]
