"""Who signs in for which directory: a file outside the runbook that nobody else can read."""

import os
import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from restamp.models.document import Model
from restamp.models.finding import Finding, Position


class Credential(Model):
    """One directory's: an application; a user who owns subscriptions while they are filled; one who signs in as a test.

    All may be left out. Without a `clientId` the application of the settings signs in, in this directory.
    """

    client_id: str = ""
    client_secret: str = Field("", repr=False)
    client_certificate: str = ""
    client_certificate_password: str = Field("", repr=False)
    recovery_user: str = ""
    recovery_password: str = Field("", repr=False)
    test_user: str = ""
    test_password: str = Field("", repr=False)


class Credentials(Model):
    """The whole file: a credential by the id of its directory."""

    directories: dict[str, Credential]


@lru_cache(maxsize=4)
def credentials(path: str) -> Mapping[str, Credential]:
    """The credential of each directory, by its id in lower case; none where there is no file or it is of no use."""
    try:
        given = yaml.load(Path(path).read_text("utf-8"), Loader=yaml.BaseLoader) if path else {}  # noqa: S506 - texts
        found = Credentials.model_validate(given, by_alias=True, by_name=False)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return {directory.lower(): each for directory, each in found.directories.items()}


def problems(path: str) -> Iterator[Finding]:
    """Everything that is wrong with the file; never a value out of it."""
    file = Path(path)
    try:
        others = stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        yield _finding(path, "cannot be read", "Name a file that is there and readable.")
        return
    if others:
        yield _finding(path, "others than its owner may read it", f"chmod 600 {path}")
    try:
        given = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - builds nothing but texts, lists and maps
        Credentials.model_validate(given, by_alias=True, by_name=False)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        yield _finding(path, "is not YAML", "Compare it with docs/operator/rights.md.", line)
    except yaml.YAMLError:
        yield _finding(path, "is not YAML", "Compare it with docs/operator/rights.md.")
    except ValidationError as error:
        lines = _lines(yaml.compose(text, Loader=yaml.BaseLoader))
        for item in error.errors():
            yield _wrong_field(path, item["loc"], item["type"], lines)
    else:
        yield from _incomplete(path, given["directories"])


def _wrong_field(path: str, at: tuple[Any, ...], problem: str, lines: Mapping[tuple[Any, ...], int]) -> Finding:
    said = {"extra_forbidden": "there is no such field", "missing": "is missing"}.get(problem, "has a wrong form")
    line = next((lines[at[:size]] for size in range(len(at), -1, -1) if at[:size] in lines), 0)
    where = ".".join(map(str, at)) or "the file"
    return _finding(path, f"{where}: {said}", "Compare it with docs/operator/rights.md.", line)


def _incomplete(path: str, directories: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    for directory, each in directories.items():
        if each.get("clientId") and not (each.get("clientSecret") or each.get("clientCertificate")):
            hint = "Write clientSecret, or clientCertificate: a PEM or PFX file with the private key."
            yield _finding(path, f"directories.{directory}: a clientId without what proves it", hint)
        certificate = each.get("clientCertificate")
        if certificate and not os.access(certificate, os.R_OK):
            hint = "Name a file that is there and readable, absolutely."
            yield _finding(path, f"directories.{directory}.clientCertificate: {certificate} cannot be read", hint)
        for who in ("recovery", "test"):
            if bool(each.get(f"{who}User")) != bool(each.get(f"{who}Password")):
                hint = f"Write {who}User and {who}Password, or neither."
                yield _finding(path, f"directories.{directory}: a {who} user is a name and a password", hint)


def _lines(node: yaml.Node | None, at: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], int]:
    """The line of everything in a file, by the keys that lead to it."""
    found = {at: node.start_mark.line + 1} if node else {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*at, key.value)
            found |= _lines(value, place) | {place: key.start_mark.line + 1}
    return found


def _finding(path: str, message: str, hint: str, line: int = 0) -> Finding:
    where = Position(path, line) if line else None
    about = "RESTAMP_CREDENTIALS (restamp:credentials)"
    return Finding("settings", "stop", about, message if line else f"{path}: {message}", hint, where)
