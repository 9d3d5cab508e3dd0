"""Files that change together: staged in a folder of their own, then carried out whole, however often interrupted."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_STAGED = ".capture"  # counts from the moment it holds `manifest`


def stage(folder: Path, changed: Mapping[str, str], gone: list[str]) -> None:
    """Write down what is to be: nothing of the runbook itself changes yet, and a stage begun before is dropped."""
    staged = folder / _STAGED
    if staged.exists():
        shutil.rmtree(staged)
    staged.mkdir()
    for name, content in changed.items():
        (staged / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (staged / "files" / name).write_text(content, "utf-8")
    (staged / "manifest.part").write_text(json.dumps({"changed": sorted(changed), "gone": gone}), "utf-8")
    (staged / "manifest.part").replace(staged / "manifest")


def complete(folder: Path) -> None:
    """Carry out what was staged whole; what was not is somebody's who may still be at it. Safe in two processes."""
    staged = folder / _STAGED
    if not (staged / "manifest").exists():
        return
    with suppress(FileNotFoundError):
        manifest = json.loads((staged / "manifest").read_text("utf-8"))
        for name in manifest["changed"]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # moved before the interruption
                (staged / "files" / name).replace(folder / name)
        for name in manifest["gone"]:
            (folder / name).unlink(missing_ok=True)
            _remove_empty((folder / name).parent, folder)
        shutil.rmtree(staged)


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.exists() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
