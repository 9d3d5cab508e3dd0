"""An environment as users of restamp have one: its wheel with what that requires, plugins as wheels, no source tree."""

import fcntl
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from restamp.kit import distributions

ROOT = Path(__file__).parents[1]
PLUGINS = ("hub-desk", "oem-acme", "rp-bytes")  # made by `restamp plugins new`
PATIENCE = 600  # seconds: making an environment and a recovery in it, on a busy machine
_BUILDS = "hatchling"  # what pip would fetch to build a plugin


@dataclass(frozen=True)
class Fresh:
    """By its folder: `env` is the environment, `<plugin>` the source of a plugin that was made there."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "env" / "bin" / "python"

    def run(self, *command: str | Path, cwd: Path | None = None) -> str:
        """What a Python command there says; it has to end well, with nothing of this tree's environment at hand."""
        done = subprocess.run(
            [self.python, *command],
            cwd=cwd or self.folder,
            env=outside(self.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def outside(folder: Path) -> dict[str, str]:
    """Somebody's environment variables: this tree's environment is on no path, and no index is asked."""
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if p != str(Path(sys.executable).parent))
    return {
        "HOME": str(folder),
        "PATH": f"{folder / 'env' / 'bin'}{os.pathsep}{path}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's word for: without isolation
        "PIP_NO_INDEX": "1",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }


def made(folder: Path) -> Fresh:
    """The environment, made once for all tests and processes of a run."""
    if importlib.util.find_spec("ensurepip") is None:
        pytest.skip("this Python has no ensurepip, and a fresh environment needs its pip")
    fresh = Fresh(folder)
    with (folder.parent / "fresh.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            folder.mkdir()
            _make(fresh)
            (folder / "ready").touch()
    return fresh


def _make(fresh: Fresh) -> None:
    subprocess.run([sys.executable, "-m", "venv", fresh.folder / "env"], check=True)
    (site,) = (fresh.folder / "env" / "lib").glob("python*/site-packages")
    for found in _fetched():
        distributions.copy(found, site)
    wheels = fresh.folder / "dist"
    _built(ROOT, wheels)
    fresh.run("-m", "pip", "install", "-q", *wheels.glob("restamp-*.whl"))
    for plugin in PLUGINS:
        fresh.run("-m", "restamp", "plugins", "new", plugin)
        _built(fresh.folder / plugin, wheels)
    fresh.run("-m", "pip", "install", "-q", *wheels.glob("restamp_*.whl"))


def _built(source: Path, wheels: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", wheels]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def _fetched() -> Iterator[Distribution]:
    """What an index would give for `restamp[testing]`, and to build plugins: as it is installed here."""
    waiting, seen = [Requirement("restamp[testing]"), Requirement(_BUILDS)], set[str]()
    while waiting:
        asked = waiting.pop()
        if str(asked) in seen:
            continue
        seen.add(str(asked))
        found = distribution(asked.name)
        for text in found.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in ("", *asked.extras)):
                waiting.append(needed)
        if canonicalize_name(asked.name) != "restamp":
            yield found
