"""One file -> its documents: what is wrong with it as findings, each with file, line, column and field."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from restamp.errors import Refused
from restamp.kind import Kind, Kinds
from restamp.models.backup import Backups
from restamp.models.document import Document, Model
from restamp.models.finding import Finding, Position
from restamp.models.stamp import Captured
from restamp.runbook import problems, text
from restamp.runbook.text import Parsed, Part

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Placed:
    """A document, and the part of a file it stands in."""

    document: Document
    part: Part


def read_own(path: Path, model: type[M], folder: Path, found: list[Finding]) -> M | None:
    """One of the runbook's own files (`stamp.yaml`, `recovery.yaml`), or None with the reasons in `found`."""
    name = path.relative_to(folder).as_posix()
    kind = model.__name__.removesuffix("Document")
    parsed = _parsed(path, name, found)
    if parsed is None:
        return None
    before = len(found)
    given = _fields(parsed, found, {kind: name})
    return _validated(model, given, parsed.part(()), found) if given is not None and len(found) == before else None


def last_capture(folder: Path) -> Captured | None:
    """What the last capture said of the stamp; None where there was none."""
    return _if_there(folder / "captured.yaml", Captured)


def recorded_backups(folder: Path) -> Backups | None:
    """What the stamp said of its infrastructure backups at the last capture that could ask; None where none could."""
    return _if_there(folder / "backups.yaml", Backups)


def _if_there(path: Path, model: type[M]) -> M | None:
    found: list[Finding] = []
    read = read_own(path, model, path.parent, found) if path.exists() else None
    if found:
        raise Refused(found)
    return read


def read_documents(path: Path, folder: Path, kinds: Kinds, found: list[Finding]) -> list[Placed] | None:
    """The document of a file and, after it, what its sections hold; None with the reasons in `found`."""
    name = path.relative_to(folder).as_posix()
    places = {kind.name: kind.place for kind in kinds.on_their_own}
    if not any(f"{name}/".startswith(f"{place}/") for place in places.values()):
        close = get_close_matches(name.rpartition("/")[0], places.values(), 1)
        hint = f"Did you mean {close[0]}/?" if close else "`restamp schema` lists all kinds and their folders."
        found.append(Finding("no-place", "stop", "", "no kind has its documents in this folder", hint, Position(name)))
        return None
    parsed = _parsed(path, name, found, kinds.free_json)
    if parsed is None:
        return None
    before = len(found)
    given = _fields(parsed, found, places)
    if given is None or len(found) > before:
        return None
    kind = kinds[parsed.value["kind"]]
    held = kinds.held_by(kind)
    sections = {item.folder: given.pop(item.folder) for item in held if item.folder in given}
    document = _validated(kind.model, given, parsed.part(()), found)
    inside = list(_inside(sections, held, parsed, found))
    return None if document is None else [Placed(document, parsed.part(())), *inside]


def _inside(
    sections: Mapping[str, Any], held: Iterable[Kind[Any]], parsed: Parsed, found: list[Finding]
) -> Iterator[Placed]:
    for kind in held:
        section = sections.get(kind.folder)
        if section is None:
            continue
        entries: dict[str, tuple[str | int, Any]]
        if kind.is_named_only and isinstance(section, list) and all(isinstance(item, str) for item in section):
            entries = {item: (number, {}) for number, item in enumerate(section)}
        elif not kind.is_named_only and isinstance(section, dict):
            entries = {key: (key, value) for key, value in section.items()}
        else:
            form = "a list of names" if kind.is_named_only else "a map of names"
            found.append(_ill_formed(kind.folder, f"must be {form}", parsed.at((kind.folder,))))
            continue
        for key, (step, value) in entries.items():
            yield from _entry(kind, key, value, parsed.part((kind.folder, step)), found)


def _entry(kind: Kind[Any], key: str, value: Any, part: Part, found: list[Finding]) -> Iterator[Placed]:
    """One object of a section: its key is its identity."""
    identity = kind.values(key)
    if identity is None:
        form = "/".join(kind.identity)
        found.append(
            _ill_formed(f"{kind.folder}.{key}", f"is no {kind.name}: its key is {form}", part.at((), key=True))
        )
    elif not isinstance(value, dict):
        found.append(_ill_formed(f"{kind.folder}.{key}", "must be a map of fields", part.at(())))
    else:
        own = {kind.model.model_fields[name].alias or name: text for name, text in identity.items()}
        if twice := sorted(own.keys() & value.keys()):
            message = f"stands in the key already: {key}"
            found.append(_ill_formed(f"{kind.folder}.{key}.{twice[0]}", message, part.at((twice[0],), key=True)))
            return
        if (document := _validated(kind.model, own | value, part, found)) is not None:
            yield Placed(document, part)


def _ill_formed(about: str, message: str, where: Position) -> Finding:
    return Finding("wrong-value", "stop", about, message, "", where)


def _fields(parsed: Parsed, found: list[Finding], kinds: Mapping[str, str]) -> dict[str, Any] | None:
    """What the file says beside its kind; `kinds` is each kind there is, with the folder or file of its documents."""
    here = sorted(kind for kind, place in kinds.items() if f"{parsed.file}/".startswith(f"{place}/"))
    wanted = " or ".join(f"`kind: {kind}`" for kind in here)
    if not isinstance(parsed.value, dict):
        if not parsed.problems:
            message = "the file is empty" if parsed.value in (None, "") else "the file is not a map of fields"
            found.append(Finding("yaml", "stop", "", message, f"Begin with {wanted}.", parsed.at(())))
        return None
    given = dict(parsed.value)
    kind = given.pop("kind", None)
    if kind is None:
        found.append(Finding("no-kind", "stop", "kind", "is missing", f"Write {wanted}.", parsed.at(())))
    elif isinstance(kind, str) and kind in here:
        return given
    else:
        found.append(_wrong_kind(kind, kinds, here, parsed))
    return None


def _wrong_kind(kind: Any, kinds: Mapping[str, str], here: list[str], parsed: Parsed) -> Finding:
    if not isinstance(kind, str):
        message, hint = "must be a single word", f"Write {' or '.join(here)}."
    elif kind in kinds:
        message, hint = f"{kind} does not belong here", f"Documents of this kind stand in {kinds[kind]}/."
    else:
        message = f"there is no kind {kind!r}"
        hint = (
            problems.suggestion(kind, here) or "Is the plugin that owns it installed? `restamp schema` lists all kinds."
        )
    return Finding("unknown-kind", "stop", "kind", message, hint, parsed.at(("kind",)))


def _parsed(path: Path, name: str, found: list[Finding], untyped: frozenset[str] = frozenset()) -> Parsed | None:
    data = b""
    try:
        data = path.read_bytes()
        parsed = text.parse(data.decode("utf-8"), name, untyped)
    except FileNotFoundError:
        hint = f"Is {path.parent} a runbook? `restamp capture --stamp <region>.<domain>` begins one."
        found.append(Finding("no-file", "stop", "", "there is no such file", hint, Position(str(path))))
        return None
    except UnicodeDecodeError as error:
        line, column = data[: error.start].count(b"\n") + 1, error.start - data.rfind(b"\n", 0, error.start)
        where, hint = Position(name, line, column), "Save the file as UTF-8."
        found.append(Finding("unreadable", "stop", "", "this is not UTF-8", hint, where))
        return None
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        found.append(Finding("unreadable", "stop", "the file", message, "", Position(name)))
        return None
    found += [Finding("yaml", "stop", "", message, hint, where) for where, message, hint in parsed.problems]
    return parsed


def _validated(model: type[M], given: dict[str, Any], part: Part, found: list[Finding]) -> M | None:
    try:
        return model.model_validate(given, by_alias=True, by_name=False)
    except ValidationError as error:
        found += [problems.of_field(model, item, part) for item in error.errors()]
        return None
