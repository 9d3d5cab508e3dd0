"""The quotas inside a backup, the one content restamp opens: of other repositories it proves MAC and chain alone."""

import io
import json
import zipfile
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restamp.errors import Damaged

LARGEST = 64 * 1024 * 1024
_NESTED = "srp;microsoft.storage.admin;-;quota"
# as Microsoft's validator reads them: repository -> file, anywhere in its zip; that of storage is in a zip of its own
_FILES = {
    "crp;microsoft.compute.admin;-;quota": "CRP-Microsoft.Compute.Admin.json",
    "nrp;microsoft.network.admin;-;quota": "NRP-Microsoft.Network.Admin.json",
    "srp;srp;-;-": "SRP-Microsoft.Storage.Admin.json",
}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError, ValueError)


@dataclass(frozen=True)
class Quotas:
    """The quotas of one service: the file as it is in the backup, and its objects as Resource Manager has them."""

    repository: str
    file: str
    content: bytes
    items: tuple[dict[str, Any], ...]


def has_quotas(repository: str) -> bool:
    """Whether restamp opens this repository."""
    return repository.lower() in _FILES


def quotas(plain: io.RawIOBase, repository: str, name: str) -> Quotas:
    """The quotas in a snapshot's data; Damaged where they are not there, or not to be read."""
    file = _FILES[repository.lower()]
    try:
        content = _within(plain, file, nested=repository.lower() == "srp;srp;-;-", name=name)
        return Quotas(repository, file, content, _items(content))
    except _BROKEN as error:
        raise Damaged(name, "contents", f"opens, and what is inside is broken: {error}") from error


def begins_rightly(plain: io.RawIOBase, name: str) -> None:
    """Damaged where data begins neither as a zip nor by saying that a simulator wrote it.

    The MAC covers no IV, and the IV decides the first 16 bytes: this is where another one shows.
    """
    first = plain.read(16) or b""
    if not first.startswith((b"PK\x03\x04", b"PK\x05\x06", b"restamp")):
        raise Damaged(name, "iv", "opens, and is no zip: it was made so, or its IV, which no MAC covers, was changed")


def _within(plain: io.RawIOBase, file: str, *, nested: bool, name: str) -> bytes:
    with zipfile.ZipFile(io.BufferedReader(plain)) as archive:
        if not nested:
            return _file(archive, lambda path: path.endswith(file.lower()), file, name)
        inner = _file(archive, lambda path: f"{_NESTED}/" in path and path.endswith(".zip"), f"{_NESTED}/*.zip", name)
    with zipfile.ZipFile(io.BytesIO(inner)) as archive:
        return _file(archive, lambda path: path.endswith(file.lower()), file, name)


def _file(archive: zipfile.ZipFile, fits: Callable[[str], bool], file: str, name: str) -> bytes:
    found = [item for item in archive.infolist() if fits(item.filename.replace("\\", "/").lower())]
    if not found:
        raise Damaged(name, "contents", f"opens, and {file} is not in it")
    if found[0].file_size > LARGEST:
        raise Damaged(name, "contents", f"opens, and {file} in it would have {found[0].file_size:,} bytes")
    return archive.read(found[0])


def _items(content: bytes) -> tuple[dict[str, Any], ...]:
    encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    found = json.loads(content.decode(encoding))
    items = [found] if isinstance(found, dict) else found  # PowerShell writes a list of one without its brackets
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("the quotas are no list of objects")
    return tuple(items)
