"""The search for canaries finds them: a test that could not fail would prove nothing."""

import base64
import json
import subprocess
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from .canaries import canary, files, forms, found, token

WRITTEN = {
    "plain": canary("x"),
    "in a line of a log": f"PUT failed: value {canary('x')!r} is not valid",
    "JSON": json.dumps({"value": canary("x")}),
    "JSON in JSON": json.dumps(json.dumps({"value": canary("x")})),
    "URL": f"https://x/?value={quote_plus(canary('x'))}",
    "hex": f"00{canary('x').encode().hex()}ff",
    "HEX": canary("x").encode().hex().upper(),
    "UTF-16": canary("x").encode("utf-16").decode("latin-1"),
    **{f"base64 behind {n}": base64.b64encode(b"a" * n + canary("x").encode()).decode() for n in range(6)},
    **{
        f"base64 for URLs behind {n}": base64.urlsafe_b64encode(b"a" * n + canary("x").encode()).decode()
        for n in range(3)
    },
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_canary_is_found_however_it_is_written(tmp_path: Path, text: str) -> None:
    """In a file deep below, in any encoding, in the middle of other text; another canary is not."""
    path = tmp_path / "a" / ".b" / "c.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0\xff" + text.encode("latin-1" if "\xff\xfe" in text else "utf-8") + b"\n")
    values = {"mine": token("x"), "another": token("y")}

    assert {line.partition(" in ")[0] for line in found(values, files(tmp_path))} == {"mine"}
    assert found({"another": token("y")}, files(tmp_path)) == []


def test_a_canary_is_found_in_what_git_packed(tmp_path: Path) -> None:
    """A commit keeps what was written, also when the file is gone."""
    (tmp_path / "file").write_text(canary("x"))
    for command in ("init -q", "add file", "rm -q --cached file"):
        subprocess.run(["git", "-C", str(tmp_path), *command.split()], check=True)
    (tmp_path / "file").unlink()

    assert [line.rpartition(": ")[2] for line in found({"mine": token("x")}, files(tmp_path))] == [*plain()]


def plain() -> list[str]:
    """The forms that are the same for letters and digits."""
    return [name for name, form in forms(token("x")).items() if form == token("x").encode()]
