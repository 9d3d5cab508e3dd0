"""What steps ask for: secrets from the environment or sealed in the runbook, and files pinned by their hash."""

import re
import threading
from hashlib import file_digest
from pathlib import Path

from restamp.errors import Refused
from restamp.hookspecs import Runbook
from restamp.journal import home
from restamp.models.finding import Finding
from restamp.models.sealed import SealedFile
from restamp.models.step import Evidence
from restamp.runbook import text
from restamp.runbook.read import read_own
from restamp.runbook.staged import complete, stage

_SEALING = threading.Lock()


def variable(plugin: str, name: str) -> str:
    """The environment variable of a plugin's secret: RESTAMP_SECRET_HUB_CORE_CLOUDADMIN."""
    return "RESTAMP_SECRET_" + re.sub("[^A-Z0-9]", "_", f"{plugin}_{name}".upper())


def missing_secret(plugin: str, name: str) -> Finding:
    """That a secret is at hand nowhere, with the ways to bring it."""
    hint = f"export {variable(plugin, name)}=..., or run `restamp up` on a terminal, which asks for it."
    return Finding("no-secret", "stop", f"plugin {plugin}", f"needs the secret {name}, and it is not at hand", hint)


def sealed_file(runbook: Runbook, name: str) -> SealedFile | None:
    """A file that is sealed in the runbook, still shut; None where there is none of this name."""
    found: list[Finding] = []
    path = runbook.folder / "secrets" / f"{name}.yaml"
    sealed = read_own(path, SealedFile, runbook.folder, found) if path.exists() else None
    if found:
        raise Refused(found)
    return sealed


def opened_file(runbook: Runbook, name: str) -> bytes:
    """The content of a file that is sealed in the runbook; Refused or NoKey where it is not there or stays shut."""
    from restamp.secrets.at_hand import at_hand

    sealed = sealed_file(runbook, name)
    if sealed is None:
        hint = f"Seal it into the runbook: restamp secrets add FILE --name {name}"
        raise Refused([Finding("no-secret", "stop", f"secrets/{name}.yaml", "there is no such file", hint)])
    about = f"secrets/{name}.yaml"
    return at_hand(runbook.folder).open_bytes(f"file/{name}", sealed.value, about).get_secret_value()


def seal_file(runbook: Runbook, name: str, content: bytes) -> None:
    """Seal a file into the runbook, as `secrets/<name>.yaml`; one at a time: the first may make a capture key."""
    from restamp.secrets.at_hand import at_hand
    from restamp.secrets.files import Sealing

    folder = runbook.folder
    with _SEALING:
        complete(folder)
        if changed := Sealing(folder, at_hand(folder), home() / "keys", text).added(content, name):
            stage(folder, changed, [])
            complete(folder)


def pinned(runbook: Runbook, plugin: str, name: str) -> tuple[Path, Finding | None]:
    """Where a plugin's file is, and what is wrong with it: not named, gone, or another than at capture."""
    use = runbook.stamp.plugins.get(plugin)
    said = use.files.get(name, "") if use else ""
    path, about = runbook.folder / said, f"file {plugin}/{name}"
    if not said:
        hint = f"Write where it is into stamp.yaml: plugins: {{{plugin}: {{files: {{{name}: <path>}}}}}}"
        return path, Finding("artefact", "stop", about, "is needed, and nobody says where it is", hint)
    if not path.is_file():
        return path, Finding("artefact", "stop", about, f"{said} is not there", "Bring it back, or name another path.")
    before, now = (runbook.captured.files.get(f"{plugin}/{name}") if runbook.captured else None), evidence_of(path)
    if before is None:
        hint = "Capture once with it in place: restamp capture --commit"
        return path, Finding(
            "artefact", "warn", about, f"{said} was in no capture, so nothing says it is the one", hint
        )
    if before.sha256 != now.sha256:
        hint = "Bring the captured file back; if this one is right, capture again: restamp capture --commit"
        return path, Finding("artefact", "stop", about, f"{said} is another file than the captured one", hint)
    return path, None


def evidence_of(path: Path) -> Evidence:
    """A file's name, hash and size."""
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return Evidence(file=path.name, sha256=digest, size=file.tell())
