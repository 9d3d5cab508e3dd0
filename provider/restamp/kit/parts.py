"""What a kit is made of, part after part."""

import datetime as dt
import json
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import restamp
from restamp.kit import distributions, interpreter, repository
from restamp.kit.about import NAME, REPOSITORY, Kit
from restamp.kit.repository import Repository
from restamp.models.finding import Finding
from restamp.models.stamp import Stamp
from restamp.plugins import OWN, installed
from restamp.runbook.save import own_file
from restamp.sums import SUMS, as_line, digest_of

Step = Callable[[str, int], None]
STEPS = 5
_ENGINE = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Contents:
    """What goes into a kit beside this environment."""

    repository: Repository
    stamp: Stamp
    engine: Path  # the folder that `pulumi` is in
    state: dict[str, Any]  # as `pulumi stack export` says it; empty where there is no stack yet


def problems(contents: Contents) -> Iterator[Finding]:
    """What of the engine is missing, and which plugins that the runbook names."""
    for name in _ENGINE:
        if not (contents.engine / name).exists():
            hint = "Install Pulumi as a whole, or set RESTAMP_ENGINE=own, and restamp builds its own."
            yield Finding("no-engine", "stop", str(contents.engine / name), "is not there", hint)
    for name in sorted(contents.stamp.plugins.keys() - {plugin.name for plugin in installed()}):
        hint = "Install it here first: a kit has the plugins of this environment. `restamp plugins` lists them."
        yield Finding("plugins", "stop", f"plugin {name}", "is named in stamp.yaml and not installed here", hint)


def write(contents: Contents, to: Path, step: Step) -> Kit:
    """Write all of a kit into a new folder; `step(name, files)` after each of STEPS parts, checksums last."""
    to.mkdir(parents=True)
    binaries = _python(to)
    step("Python, restamp and plugins", _count(to))
    (to / "engine").mkdir()
    for name in _ENGINE:
        shutil.copy(contents.engine / name, to / "engine" / name)
    step("engine", len(_ENGINE))
    repository.bundle(contents.repository, to / f"{REPOSITORY}.bundle")
    repository.check_out(contents.repository, to / REPOSITORY)
    if contents.state:
        (to / "state.json").write_text(json.dumps(contents.state), "utf-8")
    step("runbook and state", _count(to / REPOSITORY))
    kit = _about(contents, binaries)
    _told(kit, to)
    step("docs", _count(to / "docs"))
    step("checksums", _sums(to))
    return kit


def _about(contents: Contents, binaries: list[Path]) -> Kit:
    return Kit(
        stamp=contents.stamp.suffix,
        runbook=contents.repository.runbook,
        commit=contents.repository.commit,
        made=dt.datetime.now(dt.UTC).replace(microsecond=0),
        restamp=version(OWN),
        machine=platform.machine(),
        glibc=interpreter.glibc_for(binaries),
        plugins={plugin.name: plugin.version for plugin in installed()},
    )


def _python(to: Path) -> list[Path]:
    """The interpreter and all that it runs; what of it is machine code."""
    interpreter.copy(to / "python")
    for found in distributions.needed():
        distributions.copy(found, to / "site")
    interpreter.add_libraries(to / "python", list((to / "site").rglob("*.so")))
    return [to / "python" / "bin" / "python3", *to.rglob("*.so"), *to.rglob("*.so.*")]


def _told(kit: Kit, to: Path) -> None:
    """Everything that says something: kit.yaml, docs, the launcher and the README, which know the kit they are in."""
    (to / NAME).write_text(own_file(kit), "utf-8")
    within, tree = Path(restamp.__file__).parent / "docs", Path(restamp.__file__).parents[2] / "docs"
    shutil.copytree(within if within.exists() else tree, to / "docs")
    for source, name in (("launcher.sh", OWN), ("README.txt", "README")):
        text = (_HERE / source).read_text("utf-8")
        for field, value in kit.model_dump(mode="json").items():
            text = text.replace(f"@{field}@", str(value))
        (to / name).write_text(text, "utf-8")
    (to / OWN).chmod(0o755)


def _sums(to: Path) -> int:
    files = sorted(path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file())
    (to / SUMS).write_text("".join(as_line(file, digest_of(to / file)) for file in files), "utf-8")
    return len(files)


def _count(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())
