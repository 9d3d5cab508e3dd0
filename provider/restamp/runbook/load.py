"""Folder -> Runbook: every problem at once, each with file, line, column and field."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from pydantic import ValidationError

from restamp import references
from restamp.errors import Refused
from restamp.kind import Kinds
from restamp.models.document import Document, Model, SetOf, in_set_order, own_fields, reference
from restamp.models.finding import Finding, Position
from restamp.models.stamp import Captured, Stamp
from restamp.runbook import problems, text
from restamp.runbook.model import Runbook, in_order
from restamp.runbook.names import Names, file_of, fits
from restamp.runbook.staged import complete
from restamp.runbook.text import Parsed

M = TypeVar("M", bound=Model)
Read = tuple[Document, Parsed]
_OWN = ("stamp.yaml", "captured.yaml", "principals.yaml")


def load(folder: Path, kinds: Kinds) -> Runbook:
    """The runbook in a folder; Refused with every problem of every file. A capture that was cut off ends first."""
    complete(folder)
    found: list[Finding] = []
    stamp = read_own(folder / "stamp.yaml", Stamp, folder, found)
    if stamp is None and any(finding.code == "no-file" or finding.about == "format" for finding in found):
        raise Refused(found)  # not a runbook, or one for another restamp: nothing else said here would help
    if (folder / "captured.yaml").exists():
        read_own(folder / "captured.yaml", Captured, folder, found)
    files = {file: _document(file, folder, kinds, found) for file in _files(folder)}
    read = [item for item in files.values() if item is not None]
    broken = frozenset(_stem(file) for file, item in files.items() if item is None)
    twice = list(_twice(read, kinds))
    found += twice
    broken |= {finding.about.rpartition("/")[2].lower() for finding in twice}
    names = Names([document for document, _ in read], kinds)
    documents = [_with_full_references(document, parsed, names, broken, found) for document, parsed in read]
    found += _in_wrong_files(read, kinds, names, broken)
    if found or stamp is None:
        raise Refused(sorted(found, key=lambda finding: finding.where or Position("")))
    return Runbook(stamp, in_order(documents, kinds), kinds, folder)


def read_own(path: Path, model: type[M], folder: Path, found: list[Finding]) -> M | None:
    """One of the runbook's own files (`stamp.yaml`, `recovery.yaml`), or None with the reasons in `found`."""
    name = path.relative_to(folder).as_posix()
    kind = model.__name__.removesuffix("Document")
    parsed = _parsed(path, name, found)
    if parsed is None:
        return None
    before = len(found)
    given = _fields(parsed, found, {kind: name})
    return _validated(model, given, parsed, found) if given is not None and len(found) == before else None


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.y*ml")):
        inside = path.relative_to(folder)
        if inside.parts[0] != "recoveries" and not inside.parts[0].startswith(".") and inside.as_posix() not in _OWN:
            yield path


def _stem(file: Path) -> str:
    """The name a file is about, as far as the file's own name tells."""
    return unquote(file.stem).lower()


def _parsed(path: Path, name: str, found: list[Finding]) -> Parsed | None:
    data = b""
    try:
        data = path.read_bytes()
        parsed = text.parse(data.decode("utf-8"), name)
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


def _validated(model: type[M], given: dict[str, Any], parsed: Parsed, found: list[Finding]) -> M | None:
    try:
        return model.model_validate(given, by_alias=True, by_name=False)
    except ValidationError as error:
        found += [problems.of_field(model, item, parsed) for item in error.errors()]
        return None


def _document(path: Path, folder: Path, kinds: Kinds, found: list[Finding]) -> tuple[Document, Parsed] | None:
    name = path.relative_to(folder).as_posix()
    places = {kind.name: kind.folder for kind in kinds}
    if not any(name.startswith(f"{place}/") for place in places.values()):
        close = get_close_matches(name.rpartition("/")[0], places.values(), 1)
        hint = f"Did you mean {close[0]}/?" if close else "`restamp schema` lists all kinds and their folders."
        found.append(Finding("no-place", "stop", "", "no kind has its documents in this folder", hint, Position(name)))
        return None
    parsed = _parsed(path, name, found)
    if parsed is None:
        return None
    before = len(found)
    given = _fields(parsed, found, places)
    if given is None or len(found) > before:
        return None
    document = _validated(kinds[parsed.value["kind"]].model, given, parsed, found)
    return None if document is None else (document, parsed)


def _twice(read: list[Read], kinds: Kinds) -> Iterator[Finding]:
    first: dict[tuple[str, str], str] = {}
    for document, parsed in read:
        kind = kinds.of(document)
        other = first.setdefault((kind.name, kind.ref(document).lower()), parsed.file)
        if other != parsed.file:
            about, message = f"{kind.name} {kind.ref(document)}", f"is in {other} too"
            hint = "Delete one of the two files."
            yield Finding("two-files", "stop", about, message, hint, parsed.at((kind.identity[-1],)))


def _in_wrong_files(read: list[Read], kinds: Kinds, names: Names, broken: frozenset[str]) -> Iterator[Finding]:
    """Documents whose file should be another; where a broken file may decide that, nothing is said yet."""
    for document, parsed in read:
        kind = kinds.of(document)
        name = kind.identity[-1]
        if not fits(parsed.file, document, kind, names) and getattr(document, name).lower() not in broken:
            about = f"{kind.name} {kind.ref(document)}"
            hint = f"`git mv` it there, or correct its {' and '.join(kind.identity)}."
            message = f"belongs in {file_of(document, kind, names)}"
            yield Finding("wrong-file", "stop", about, message, hint, parsed.at((name,)))


def _with_full_references(
    document: Document, parsed: Parsed, names: Names, broken: frozenset[str], found: list[Finding]
) -> Document:
    """The document with every short name made full; what means nothing, or two things, is a finding."""
    full = {}
    for name, field in own_fields(type(document)).items():
        ref, value, key = reference(field), getattr(document, name), field.alias or name
        if ref is None or value is None:
            continue
        meant: dict[str, str] = {}
        for item in references.inside(value):
            where = parsed.at(problems.place(key, item, parsed.value[key]))
            if item.rpartition("/")[2].lower() not in broken:  # what is wrong with that file is said already
                found += _about(key, ref.to, item, where, meant, names)
            meant[item] = names.full(ref.to, item) or item
        full[name] = references.mapped(value, meant.__getitem__)
        if SetOf in field.metadata:
            full[name] = tuple(in_set_order(full[name]))
    return document.model_copy(update=full)


def _about(
    field: str, to: str, item: str, where: Position, before: Mapping[str, str], names: Names
) -> Iterator[Finding]:
    """What is wrong with one reference; `before` is what the references before it in the same field mean."""
    meant = names.full(to, item)
    spelled = names.spellings(to, meant) if meant else ()
    if meant is None or (item not in spelled and item.lower() in map(str.lower, spelled)):
        yield problems.of_reference(field, to, item, names, where)
    for other, same in before.items():
        if meant is not None and same.lower() == meant.lower():
            yield problems.of_repetition(field, item, other, where)
