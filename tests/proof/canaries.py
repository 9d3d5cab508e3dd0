"""Values that would be known again in any form: made, and looked for in every byte that a program left behind."""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote


def canary(name: str) -> str:
    """A value with a token that no escaping touches, between characters that escaping changes."""
    return f'"ü+ /&={token(name)}\\%é'


def token(name: str) -> str:
    """The letters and digits of a canary: whoever writes the value in any form writes these in that form."""
    return "CaNaRy" + hashlib.sha256(name.encode()).hexdigest()[:20]


def forms(value: str) -> dict[str, bytes]:
    """A value as programs write it: plain, escaped, and in the middle of something longer that is encoded."""
    raw = value.encode()
    found = {
        "plain": raw,
        "UTF-16": value.encode("utf-16-le"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "URL": quote(value, safe="").encode(),
        "URL, every byte": "".join(f"%{each:02X}" for each in raw).encode(),
        "JSON": json.dumps(value)[1:-1].encode(),
        "JSON, every letter": "".join(f"\\u{ord(each):04x}" for each in value).encode(),
    }
    for before in range(3):  # base64 of three bytes each: where the value begins changes what it looks like
        inner = slice(4 * -(-before * 8 // 24), -4)
        found[f"base64 behind {before}"] = base64.b64encode(b"." * before + raw)[inner]
        found[f"base64 for URLs behind {before}"] = base64.urlsafe_b64encode(b"." * before + raw)[inner]
    return found


def found(values: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Which value stands where, and in which form; `values` and `places` by name."""
    sought = [(name, form, text) for name, value in values.items() for form, text in forms(value).items()]
    return [
        f"{name} in {place}: {form}"
        for place, content in places.items()
        for name, form, text in sought
        if text in content
    ]


def files(*folders: Path) -> dict[str, bytes]:
    """Every file below the folders, by path; what git has packed is unpacked."""
    return {str(path): content for folder in folders for path in sorted(folder.rglob("*")) for content in _read(path)}


def _read(path: Path) -> Iterator[bytes]:
    if path.is_file() and not path.is_symlink():
        content = path.read_bytes()
        yield zlib.decompress(content) if path.parts[-3:-2] == ("objects",) else content
