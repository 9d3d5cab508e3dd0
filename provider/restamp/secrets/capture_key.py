"""The capture key: 32 random bytes by which captures know a value again, without being able to open it.

It is in a file on the machine that captures, and sealed in the runbook's stamp.yaml for whoever needs it later.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp.models.sealed import SealedValue
from restamp.secrets.seal import Seals

_LENGTH = 32


def identity(stamp: str) -> str:
    """What the sealed capture key of a stamp, `<region>.<domain>`, is bound to."""
    return f"capture-key/{stamp}"


def with_capture_key(seals: Seals, keys: Path, stamp: str, sealed: SealedValue | None) -> Seals:
    """The seals with the capture key, if it is at hand: in `keys`, or sealed and opened; writes nothing.

    Refused where the file in `keys` is not the runbook's key: every fingerprint would be another.
    """
    key = _read(_file(keys, stamp))
    if key is None:
        return (
            seals if sealed is None or not _opens(seals, stamp, sealed) else seals.with_key(_open(seals, stamp, sealed))
        )
    able = seals.with_key(key)
    if sealed is not None and not able.same(identity(stamp), sealed, key):
        hint = "Move that file away; with a .pfx in RESTAMP_OPENERS the runbook's own key comes back."
        raise Refused([_finding(str(_file(keys, stamp)), "is not the capture key that stamp.yaml has sealed", hint)])
    return able


def for_sealing(seals: Seals, keys: Path, stamp: str, sealed: SealedValue | None) -> tuple[Seals, SealedValue]:
    """The seals with a capture key, kept in `keys` from now on, and what belongs into stamp.yaml as `captureKey`.

    A runbook without one gets a new one. Refused where it has one that is not at hand: a new one would change
    every fingerprint of the runbook.
    """
    able = with_capture_key(seals, keys, stamp, sealed)
    if sealed is not None and not able.tells_changes:
        hint = "Name a .pfx that opens it in RESTAMP_OPENERS, once: this machine keeps the key from then on."
        raise Refused([_finding("captureKey", "the runbook's capture key is not on this machine", hint)])
    key = _kept(_file(keys, stamp), able.key() if able.tells_changes else secrets.token_bytes(_LENGTH))
    able = seals.with_key(key)
    return able, able.seal(identity(stamp), key, sealed)


def _file(keys: Path, stamp: str) -> Path:
    return keys / f"{stamp}.key"


def _opens(seals: Seals, stamp: str, sealed: SealedValue) -> bool:
    thumbprints = {opener.thumbprint for opener in seals.openers}
    return not thumbprints.isdisjoint(seals.sealed_for(identity(stamp), sealed, "stamp.yaml: captureKey"))


def _open(seals: Seals, stamp: str, sealed: SealedValue) -> bytes:
    key = seals.open_bytes(identity(stamp), sealed, "stamp.yaml: captureKey").get_secret_value()
    if not seals.with_key(key).same(identity(stamp), sealed, key):
        hint = "Take stamp.yaml back from the commit in which it was right."
        raise Refused([_finding("captureKey", "its fingerprint is another key's", hint)])
    return key


def _read(path: Path) -> bytes | None:
    if not path.exists():
        return None
    if path.stat().st_mode & 0o077:
        raise Refused([_finding(str(path), "others may read it", f"chmod 600 {path}")])
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) != _LENGTH:
        hint = "Move it away; with a .pfx in RESTAMP_OPENERS the runbook's own key comes back."
        raise Refused([_finding(str(path), f"is no capture key: {_LENGTH * 2} hexadecimal digits", hint)])
    return key


def _kept(path: Path, key: bytes) -> bytes:
    """The key in the file, which is this one unless another process was first; written whole, for this user alone."""
    if (found := _read(path)) is not None:
        return found
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    part.touch(0o600, exist_ok=False)
    with part.open("w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()
    return _read(path) or key


def _finding(about: str, message: str, hint: str) -> Finding:
    return Finding("capture-key", "stop", about, message, hint)
