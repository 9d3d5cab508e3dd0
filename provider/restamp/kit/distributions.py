"""restamp with its extras, every plugin of this environment, and all that they require, as they are installed here."""

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution, entry_points
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from restamp.hookspecs import GROUP
from restamp.models.finding import Finding
from restamp.plugins import OWN

_FOR_MAKING = "kit"  # the extra that a kit itself has no use for
_PLAIN = "pip install --force-reinstall {}, and without -e"


def needed() -> list[Distribution]:
    """What a kit has to hold; what only an extra asks for, and is not installed here, is left out."""
    return [found for found in _reached().values() if found is not None]


def packages() -> list[str]:
    """What restamp, its plugins and what only they share are imported as."""
    own = {OWN, *_plugins()}
    ours = [found for found in needed() if canonicalize_name(found.name) in own or OWN in _asked_for(found)]
    modules = {file.parts[0].removesuffix(".py") for found in ours for file in _files(found) if file.suffix == ".py"}
    return sorted(modules | {package.name for found in ours for package in _source(found)})


def problems() -> Iterator[Finding]:
    """Requirements that are not met here, and distributions whose files are not known, or not what was installed."""
    for name, found in _reached().items():
        if found is None:
            hint = f"pip install {name}: a kit runs what runs here."
            yield Finding("not-installed", "stop", name, "is required, and is not installed here", hint)
        elif not found.files or (_is_editable(found) and not _source(found)):
            yield Finding("no-record", "stop", name, "does not say which files it has", _PLAIN.format(name))
        elif changed := [str(file) for file in _files(found) if not _as_installed(file)]:
            message = f"{len(changed)} of its files are not what was installed: {', '.join(changed[:3])}"
            yield Finding("changed", "stop", name, message, _PLAIN.format(name))


def copy(found: Distribution, to: Path) -> None:
    """One distribution into a folder of them; of one that is installed from its source the packages there."""
    for file in _files(found):
        (to / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(file.locate()), to / file)
    for package in _source(found):
        shutil.copytree(package, to / package.name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)


def _reached() -> dict[str, Distribution | None]:
    """By name; None for what is required and not there."""
    extras = frozenset(distribution(OWN).metadata.get_all("Provides-Extra") or ()) - {_FOR_MAKING}
    waiting = [(OWN, extras), *((name, frozenset[str]()) for name in _plugins())]
    found: dict[str, Distribution | None] = {}
    seen = set()
    while waiting:
        name, asked = step = waiting.pop()
        if step not in seen:
            seen.add(step)
            found[name] = there = _installed(name)
            waiting += _required(there, asked) if there else ()
    return dict(sorted(found.items()))


def _required(found: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for text in found.requires or ():
        asks = Requirement(text)
        always = asks.marker is None or asks.marker.evaluate({"extra": ""})
        of_extra = asks.marker is not None and any(asks.marker.evaluate({"extra": extra}) for extra in extras)
        if always or (of_extra and _installed(asks.name)):
            yield canonicalize_name(asks.name), frozenset(asks.extras)


def _plugins() -> list[str]:
    return [canonicalize_name(entry.dist.name) for entry in entry_points(group=GROUP) if entry.dist]


def _asked_for(found: Distribution) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in found.requires or ()}


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _files(found: Distribution) -> list[PackagePath]:
    """Its modules and what is said of it: no programs, whose first line names this machine's Python, and no caches."""
    here = (file for file in found.files or () if ".." not in file.parts and "__pycache__" not in file.parts)
    return [file for file in here if file.suffix != ".pth" and file.name != "direct_url.json"]


def _as_installed(file: PackagePath) -> bool:
    if file.hash is None:  # RECORD itself
        return Path(str(file.locate())).exists()
    try:
        digest = hashlib.new(file.hash.mode, file.read_binary()).digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value


def _is_editable(found: Distribution) -> bool:
    told = json.loads(found.read_text("direct_url.json") or "{}")
    return bool(told.get("dir_info", {}).get("editable"))


def _source(found: Distribution) -> list[Path]:
    """The packages of a distribution that is installed from its source, in the folders that its .pth file names."""
    lines = [line for file in found.files or () if file.suffix == ".pth" for line in file.read_text().splitlines()]
    return [
        path.parent for line in lines if Path(line).is_absolute() for path in sorted(Path(line).glob("*/__init__.py"))
    ]
