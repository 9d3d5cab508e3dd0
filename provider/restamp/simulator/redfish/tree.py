"""Hardware, node -> resources by path: fixtures with what is a node's own filled in."""

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from restamp.simulator.state import derived

ROOT = "/redfish/v1"
Tree = dict[str, dict[str, Any]]  # path below the root, without slashes at its ends -> resource
_FILES = resources.files(__package__) / "hardware"
HARDWARE = tuple(sorted(file.name.removesuffix(".json") for file in _FILES.iterdir() if file.name.endswith(".json")))


def tree(hardware: str, node: str, machine: str) -> Tree:
    """Return the resources of one node; the same `machine` has the same serial numbers wherever it stands.

    Raises:
        ValueError: There is no such hardware.
    """
    if hardware not in HARDWARE:
        raise ValueError(f"{hardware!r} is none of {', '.join(HARDWARE)}")
    text = (_FILES / f"{hardware}.json").read_text("utf-8")
    found = json.loads(Template(text).substitute(_own(hardware, node, machine)))
    return {path.rstrip("/"): _resource(path, body, found) for path, body in found.items()}


def maker(hardware: str) -> tuple[str, str]:
    """Return who makes the machines of a hardware, and their model."""
    found = (body for path, body in tree(hardware, "", "").items() if path.startswith("Systems/") and "Model" in body)
    system = next(found)
    return str(system["Manufacturer"]), str(system["Model"])


def _own(hardware: str, node: str, machine: str) -> Mapping[str, str]:
    digest = hashlib.sha256(f"{hardware}/{machine}".encode()).hexdigest().upper()
    vendor = ":".join(digest[at : at + 2] for at in range(10, 18, 2))
    macs = {f"mac{at}": f"02:{vendor}:0{at}" for at in range(1, 9)}
    return {"node": node, "serial": digest[:10], "uuid": derived(0, f"machine/{hardware}/{machine}"), **macs}


def _resource(path: str, body: dict[str, Any], all_of_them: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource with its own address; a collection, whose path ends with a slash, with its members."""
    place = {"@odata.id": f"{ROOT}/{path}".rstrip("/")}
    if not path.endswith("/"):
        return place | body
    below = [each for each in all_of_them if each.startswith(path) and "/" not in each[len(path) :] and each != path]
    members = [{"@odata.id": f"{ROOT}/{each}"} for each in below]
    return place | body | {"Members@odata.count": len(members), "Members": members}


def write(resources: Tree, folder: Path) -> None:
    """Write resources as a mockup: `<path>/index.json` below a folder, as Redfish's own tools read it."""
    for path, body in resources.items():
        file = folder / path / "index.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(body, indent=2), "utf-8")
