"""Folder -> Runbook: every problem at once, each with file, line, column and field."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from restamp import references
from restamp.errors import Refused
from restamp.kind import Kinds
from restamp.models.document import Document, Model, own_fields, reference
from restamp.models.finding import Finding, Position
from restamp.models.stamp import Stamp
from restamp.runbook import problems, text
from restamp.runbook.model import Runbook, in_order
from restamp.runbook.names import Names, file_of, fits
from restamp.runbook.text import Parsed

M = TypeVar("M", bound=Model)
_OWN = ("stamp.yaml", "captured.yaml", "principals.yaml")


def load(folder: Path, kinds: Kinds) -> Runbook:
    """The runbook in a folder; Refused with every problem of every file."""
    found: list[Finding] = []
    stamp = read_own(folder / "stamp.yaml", Stamp, folder, found)
    if stamp is None:
        raise Refused(found)
    read = [item for file in _files(folder) if (item := _document(file, folder, kinds, found)) is not None]
    names = Names([document for document, _ in read], kinds)
    found += _twice(read, kinds)
    documents = [_with_full_references(document, parsed, names, found) for document, parsed in read]
    found += _in_wrong_files(read, kinds, names)
    if found:
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
    given = _fields(parsed, found, {kind})
    return _validated(model, given, parsed, found) if given is not None and len(found) == before else None


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.y*ml")):
        inside = path.relative_to(folder)
        if inside.parts[0] != "recoveries" and not inside.parts[0].startswith(".") and inside.as_posix() not in _OWN:
            yield path


def _parsed(path: Path, name: str, found: list[Finding]) -> Parsed | None:
    try:
        parsed = text.parse(path.read_text("utf-8"), name)
    except FileNotFoundError:
        hint = f"Is {path.parent} a runbook? `restamp capture` fills one; a stamp.yaml begins it."
        found.append(Finding("no-file", "stop", name, "there is no such file", hint, Position(str(path))))
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        found.append(Finding("unreadable", "stop", name, f"cannot be read: {reason}", "", Position(name)))
        return None
    found += [Finding("yaml", "stop", "", message, hint, where) for where, message, hint in parsed.problems]
    return parsed


def _fields(parsed: Parsed, found: list[Finding], kinds: Iterable[str]) -> dict[str, Any] | None:
    """What the file says beside its kind, which must be one of `kinds`."""
    if not isinstance(parsed.value, dict):
        if not parsed.problems:
            message = "is empty" if parsed.value is None else "is not a map of fields"
            found.append(Finding("yaml", "stop", "", f"the file {message}", "Begin with `kind: …`.", parsed.at(())))
        return None
    given = dict(parsed.value)
    kind = given.pop("kind", None)
    if kind in kinds:
        return given
    if kind is None:
        found.append(
            Finding("no-kind", "stop", "kind", "is missing", f"Write {' or '.join(_some(kinds))}.", parsed.at(()))
        )
    elif not parsed.problems or kind != "":
        hint = problems.suggestion(str(kind), kinds) or "Is the plugin that owns it installed?"
        found.append(
            Finding("unknown-kind", "stop", "kind", f"there is no kind {kind!r} here", hint, parsed.at(("kind",)))
        )
    return None


def _some(kinds: Iterable[str]) -> list[str]:
    return [f"`kind: {kind}`" for kind in sorted(kinds)]


def _validated(model: type[M], given: dict[str, Any], parsed: Parsed, found: list[Finding]) -> M | None:
    try:
        return model.model_validate(given, by_alias=True, by_name=False)
    except ValidationError as error:
        found += [problems.of_field(model, item, parsed) for item in error.errors()]
        return None


def _document(path: Path, folder: Path, kinds: Kinds, found: list[Finding]) -> tuple[Document, Parsed] | None:
    name = path.relative_to(folder).as_posix()
    here = [kind for kind in kinds if name.startswith(f"{kind.folder}/")]
    if not here:
        close = get_close_matches(name.rpartition("/")[0], [kind.folder for kind in kinds], 1)
        hint = (
            f"Documents stand in {close[0]}/."
            if close
            else "Documents stand in the folder of their kind; `restamp schema --list` names all."
        )
        found.append(Finding("no-place", "stop", "", "no kind has its documents here", hint, Position(name)))
        return None
    parsed = _parsed(path, name, found)
    if parsed is None:
        return None
    before = len(found)
    given = _fields(parsed, found, {kind.name for kind in here})
    if given is None or len(found) > before:
        return None
    kind = next(kind for kind in here if kind.name == parsed.value["kind"])
    document = _validated(kind.model, given, parsed, found)
    return None if document is None else (document, parsed)


def _twice(read: list[tuple[Document, Parsed]], kinds: Kinds) -> Iterator[Finding]:
    first: dict[tuple[str, str], str] = {}
    for document, parsed in read:
        kind = kinds.of(document)
        other = first.setdefault((kind.name, kind.ref(document).lower()), parsed.file)
        if other != parsed.file:
            about, message = f"{kind.name} {kind.ref(document)}", f"is in {other} too"
            yield Finding(
                "two-files", "stop", about, message, "Delete one of the two files.", parsed.at((kind.identity[-1],))
            )


def _in_wrong_files(read: list[tuple[Document, Parsed]], kinds: Kinds, names: Names) -> Iterator[Finding]:
    for document, parsed in read:
        kind = kinds.of(document)
        if not fits(parsed.file, document, kind, names):
            right = file_of(document, kind, names)
            about = f"{kind.name} {kind.ref(document)}"
            hint = f"`git mv` it there, or correct its {' and '.join(kind.identity)}."
            yield Finding("wrong-file", "stop", about, f"belongs in {right}", hint, parsed.at((kind.identity[-1],)))


def _with_full_references(document: Document, parsed: Parsed, names: Names, found: list[Finding]) -> Document:
    """The document with every short name made full; what means nothing, or two things, is a finding."""
    full = {}
    for name, field in own_fields(type(document)).items():
        ref, value = reference(field), getattr(document, name)
        if ref is None or value is None:
            continue

        def resolved(item: str, to: str = ref.to, key: str = field.alias or name, given: Any = parsed.value) -> str:
            meant = names.full(to, item)
            spelled = names.spellings(to, meant) if meant else ()
            if meant is None or (spelled and item not in spelled and names.spellings(to, item)):
                found.append(
                    problems.of_reference(to, item, meant, names, parsed.at(problems.place(key, item, given[key])))
                )
            return meant or item

        full[name] = references.mapped(value, resolved)
    return document.model_copy(update=full)
