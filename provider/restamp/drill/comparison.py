"""What is another in the runbook than before the loss: the capture of what came back, against the first."""

import re
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from restamp.kind import Kind
from restamp.plugins import installed

# another after every loss: the rack, where its backups go by now, the keys of its volumes
_OF_THE_RACK = re.compile(r"(captured|backups)\.yaml$|^(recoveries|backup)/|^secrets/bitlocker-")


def changed(runbook: Path, gone: Collection[str]) -> Iterator[str]:
    """Files that are not as they were; `gone` are guids of roles that nobody can bring back, which are let go."""
    machines = tuple(_captured_by_oems())
    for line in _git(runbook, "status", "--short", ".").splitlines():
        name = line[3:]
        of_the_rack = _OF_THE_RACK.search(name) or name.startswith(machines)
        if not of_the_rack and not (line.startswith(" M") and _let_go(runbook, name, gone)):
            yield f"the runbook changed: {line.strip()}"


def _captured_by_oems() -> Iterator[str]:
    """The folders of what plugins for hardware capture: of other machines it is another."""
    for plugin in installed():
        if not plugin.broken and plugin.card.role == "oem":
            yield from (f"{kind.folder}/" for kind in plugin.all_of("kinds", Kind) if kind.comes_from == "plugin")


def _let_go(runbook: Path, name: str, gone: Collection[str]) -> bool:
    """Whether nothing but roles that are gone is missing in a file."""
    before = _read(_git(runbook, "show", f"HEAD:./{name}"))
    roles = before.get("roleAssignments", {})
    kept = {key: role for key, role in roles.items() if key.rpartition("/")[2].lower() not in gone}
    return kept != roles and before | {"roleAssignments": kept} == _read((runbook / name).read_text("utf-8"))


def _read(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts, lists and maps
    return found


def _git(runbook: Path, *asked: str) -> str:
    return subprocess.run(["git", *asked], cwd=runbook, capture_output=True, text=True, check=True).stdout
