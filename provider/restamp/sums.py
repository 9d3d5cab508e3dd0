"""SHA256SUMS: the digests of a folder's files, as `sha256sum -c` reads them."""

import re
from hashlib import file_digest, sha256
from pathlib import Path

SUMS = "SHA256SUMS"


def digest_of(path: Path) -> str:
    """The digest of one file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, sha256).hexdigest()


def sums_in(folder: Path) -> dict[str, str]:
    """What its SHA256SUMS says: path -> digest; empty without one. A line that was cut off counts for nothing."""
    path = folder / SUMS
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return {line[66:]: line[:64] for line in lines if re.match("[0-9a-f]{64}  .", line)}


def as_line(path: str, digest: str) -> str:
    """The line of one file."""
    return f"{digest}  {path}\n"
