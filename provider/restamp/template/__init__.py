"""`restamp plugins new`: a plugin that passes its contract at once, from the files beside this one.

`hub`, `oem` and `rp` have a whole plugin each, called `<role>-example`, and `every` what all have alike. They are no
templates in any language: a new plugin is a copy, under another name.
"""

import re
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from restamp.errors import Refused
from restamp.models.finding import Finding

_NAME = re.compile(r"(hub|oem|rp)-([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")
_ROLES = "hub- for an operator's own work on the stamp, oem- for a maker of hardware, rp- for a resource provider"


def write(name: str, to: Path, taken: frozenset[str] = frozenset()) -> list[Path]:
    """The files of the new plugin `name`, written into the new folder `to`, whole or not at all.

    Refused where the name is none, is one of `taken`, or the folder is there or cannot be made.
    """
    if wrong := [*_wrong_name(name, taken), *_wrong_folder(to)]:
        raise Refused(wrong)
    texts = {renamed(path, name): renamed(text, name) for path, text in _files(name.partition("-")[0])}
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}-") as scratch:
            for path, text in texts.items():
                (Path(scratch) / "new" / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(scratch) / "new" / path).write_text(text, "utf-8")
            (Path(scratch) / "new").rename(to)
    except OSError as error:
        reason = f"cannot be written: {error.strerror}"
        raise Refused([Finding("folder", "stop", str(to), reason, "Name another folder: --to FOLDER")]) from error
    return sorted(to / path for path in texts)


def renamed(text: str, name: str) -> str:
    """A text of an example, said of another plugin: names, modules, classes, and the word alone."""
    short = name.partition("-")[2]
    text = re.sub(r"(?:hub|oem|rp)-example", name, text)
    text = re.sub(r"(?:hub|oem|rp)_example", name.replace("-", "_"), text)
    return text.replace("Example", short.title().replace("-", "")).replace("example", short)


def _files(role: str) -> Iterator[tuple[str, str]]:
    for folder in ("every", role):
        yield from _below(files(__package__) / folder)


def _below(folder: Traversable, before: str = "") -> Iterator[tuple[str, str]]:
    for item in folder.iterdir():
        if item.is_file():
            yield before + item.name, item.read_text("utf-8")
        elif item.name != "__pycache__":
            yield from _below(item, f"{before}{item.name}/")


def _wrong_name(name: str, taken: frozenset[str]) -> Iterator[Finding]:
    if not _NAME.fullmatch(name):
        hint = f"Say whose it is, then what: {_ROLES}; small letters, digits, dashes: restamp plugins new rp-foo"
        yield Finding("plugin-name", "stop", name, "is no name of a new plugin", hint)
    elif name in taken:
        yield Finding("plugin-name", "stop", name, "is a plugin that is installed here", "Call the new one otherwise.")


def _wrong_folder(to: Path) -> Iterator[Finding]:
    if to.exists():
        yield Finding(
            "folder", "stop", str(to), "is there already", "Name a new folder: --to FOLDER, or move this one."
        )
