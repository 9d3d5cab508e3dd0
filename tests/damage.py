"""What can happen to a share, by the words of the files in `cases/backup`."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .shares import EVERY, FIRST, REPOSITORIES, SUBSCRIPTIONS, Made, backup_id, name_of, pair, sealed, wrapped, zipped


def repository(short: str) -> str:
    """A repository by its role."""
    return next((name for name in REPOSITORIES if name.partition(";")[0] == short), short)


def path(share: Made, what: str) -> Path:
    """`CRP 1`: the data of backup 1's snapshot of a repository; `CRP 1 xml`: its metadata; else below MASBackup."""
    short, _, rest = what.partition(" ")
    number, _, end = rest.partition(" ")
    if not number.isdigit():
        return share.managed / what
    if share.legacy:
        stamped = FIRST + int(number) * EVERY
        folder = share.managed / f"{stamped:%Y%m%d%H%M}" / backup_id(int(number))
        return folder / f"{repository(short)}.{end or 'zip'}"
    progressive = repository(short) == SUBSCRIPTIONS and int(number) > 0
    name = name_of(repository(short), int(number), "Progressive" if progressive else "Full")
    return share.path(name, f".{end or 'zip'}")


def remove(share: Made, of: str) -> None:
    found = path(share, of)
    shutil.rmtree(found) if found.is_dir() else found.unlink()


def cut(share: Made, of: str, to: int) -> None:
    """Only the first bytes are left; a negative number takes so many from the end."""
    content = path(share, of).read_bytes()
    path(share, of).write_bytes(content[:to])


def flip(share: Made, of: str, byte: int, bit: int = 0) -> None:
    content = bytearray(path(share, of).read_bytes())
    content[byte] ^= 1 << bit
    path(share, of).write_bytes(content)


def number(share: Made, of: str, at: int, is_: int) -> None:
    """One of the five numbers of the header."""
    content = bytearray(path(share, of).read_bytes())
    content[2 * at : 2 * at + 2] = is_.to_bytes(2, "little", signed=True)
    path(share, of).write_bytes(content)


def swap(share: Made, one: str, other: str) -> None:
    first, second = path(share, one).read_bytes(), path(share, other).read_bytes()
    path(share, one).write_bytes(second)
    path(share, other).write_bytes(first)


def write(share: Made, of: str, text: str = "", encoding: str = "utf-8", hex_: str = "") -> None:
    path(share, of).parent.mkdir(parents=True, exist_ok=True)
    path(share, of).write_bytes(bytes.fromhex(hex_) or text.encode(encoding))


def large(share: Made, of: str, size: int) -> None:
    """A file of that many bytes, which takes no place on the disk."""
    with path(share, of).open("wb") as file:
        file.truncate(size)


def say(share: Made, of: str, **fields: str | None) -> None:
    """The metadata says something else; nothing at all where it is null."""
    text = path(share, f"{of} xml").read_text("utf-8")
    for name, value in fields.items():
        new = "" if value is None else f"<{name}>{_meant(value)}</{name}>"
        text, count = re.subn(rf"<{name}>.*?</{name}>", lambda _match, new=new: new, text)
        assert count == 1, name
    path(share, f"{of} xml").write_text(text, "utf-8")


def _meant(value: str) -> str:
    value = re.sub(r"cert (\w+)", lambda match: pair(match[1]).thumbprint, value)
    return re.sub(r"backup (\d+)", lambda match: backup_id(int(match[1])), value)


def rename(share: Made, of: str, to: str) -> None:
    found = path(share, of)
    found.rename(found.with_name(_meant(to)))


def move(share: Made, of: str, to: str) -> None:
    copy(share, of, to)
    path(share, of).unlink()


def copy(share: Made, of: str, to: str) -> None:
    path(share, _meant(to)).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path(share, of), path(share, _meant(to)))


def utf16(share: Made, of: str) -> None:
    """The same text, as Windows may write it."""
    found = path(share, of)
    found.write_bytes(found.read_text("utf-8").replace("utf-8", "utf-16").encode("utf-16"))


def make(share: Made, of: str, kind: str = "Full", **other: str) -> None:
    """A snapshot made anew, with another certificate (`for`), stamp version, or fields of its metadata."""
    short, _, rest = of.partition(" ")
    whose = pair(other.pop("for")) if "for" in other else share.pair
    data = {"no quotas": zipped({"else.txt": b"x"}), "no zip": b"nothing of the kind" * 9}.get(other.pop("data", ""))
    files = {f"SnapshotProperties/{name}" if name in _INNER else name: _meant(text) for name, text in other.items()}
    replace(share, pair=whose).snapshot(repository(short), int(rest), kind, data=data, **files)


_INNER = ("PreviousSnapshotId", "DependentFullSnapshotId", "CreatedDateTime")


def envelope(share: Made, of: str, keys: int) -> None:
    """Sealed anew with keys of another length, and wrapped rightly."""
    raw = bytes(range(keys))
    path(share, of).write_bytes(sealed(b"x" * 64, raw))
    say(share, of, EncryptedBackupEncryptionKey=wrapped(raw, share.pair))


def vanish(share: Made) -> None:
    """The share is gone."""
    share.folder.rename(share.folder.with_name("elsewhere"))


VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb
    for verb in (remove, cut, flip, number, swap, write, large, say, utf16, rename, move, copy, make, envelope, vanish)
}


def done(share: Made, deeds: list[dict[str, Any]]) -> None:
    """Each deed of a case: `{flip: {of: CRP 1, byte: 20}}`."""
    for deed in deeds:
        for verb, how in deed.items():
            VERBS[verb](share, **{f"{key}_" if key in ("is", "hex") else key: value for key, value in how.items()})
