"""Folder -> Runbook: every problem at once, each with file, line, column and field."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from restamp import references
from restamp.errors import Refused
from restamp.kind import Kinds
from restamp.models.backup import Backups
from restamp.models.document import Document, SetOf, in_set_order, own_fields, reference
from restamp.models.finding import Finding, Position
from restamp.models.stamp import Captured, Stamp
from restamp.runbook import problems
from restamp.runbook.model import Runbook, in_order
from restamp.runbook.names import Names, file_of, fits
from restamp.runbook.read import Placed, read_documents, read_own
from restamp.runbook.staged import complete
from restamp.runbook.text import Part

_OWN = ("stamp.yaml", "captured.yaml", "backups.yaml", "principals.yaml")


def load(folder: Path, kinds: Kinds) -> Runbook:
    """The runbook in a folder; Refused with every problem of every file. A capture that was cut off ends first."""
    complete(folder)
    found: list[Finding] = []
    stamp = read_own(folder / "stamp.yaml", Stamp, folder, found)
    if stamp is None and any(finding.code == "no-file" or finding.about == "format" for finding in found):
        raise Refused(found)  # not a runbook, or one for another restamp: nothing else said here would help
    for model in (Captured, Backups):
        if (path := folder / f"{model.__name__.lower()}.yaml").exists():
            read_own(path, model, folder, found)
    if missing := [name for name in (stamp.plugins if stamp else ()) if name not in kinds.plugins]:
        raise Refused([_without(name) for name in missing])  # what else is wrong may come from that alone
    read_files = {file: read_documents(file, folder, kinds, found) for file in files(folder)}
    broken = frozenset(_stem(file) for file, items in read_files.items() if items is None)
    held = [items for items in read_files.values() if items is not None]
    read = [items[0] for items in held]
    twice = list(_twice(read, kinds))
    found += twice
    broken |= {finding.about.rpartition("/")[2].lower() for finding in twice}
    names = Names([item.document for item in read], kinds)
    whole = [[resolved(item, names, broken, found) for item in items] for items in held]
    found += _in_wrongfiles(read, kinds, names, broken)
    if found or stamp is None:
        raise Refused(sorted(found, key=lambda finding: finding.where or Position("")))
    inside = {kinds.of(first).ref(first).lower(): in_order(rest, kinds) for first, *rest in whole if rest}
    return Runbook(stamp, in_order([first for first, *_ in whole], kinds), kinds, folder, inside)


def _without(plugin: str) -> Finding:
    message = "is named here, and is not installed or cannot be loaded"
    hint = f"pip install restamp-{plugin}, in the environment of restamp; `restamp plugins` says which there are."
    return Finding("plugins", "stop", f"plugin {plugin}", message, hint, Position("stamp.yaml"))


def files(folder: Path) -> Iterator[Path]:
    """Every file of a runbook's documents."""
    for path in sorted(folder.rglob("*.y*ml")):
        inside = path.relative_to(folder)
        other = inside.parts[0] in ("recoveries", "secrets") or inside.parts[0].startswith(".")
        if not other and inside.as_posix() not in _OWN:
            yield path


def _stem(file: Path) -> str:
    """The name a file is about, as far as the file's own name tells."""
    return unquote(file.stem).lower()


def _twice(read: list[Placed], kinds: Kinds) -> Iterator[Finding]:
    first: dict[tuple[str, str], str] = {}
    for placed in read:
        document, parsed = placed.document, placed.part
        kind = kinds.of(document)
        other = first.setdefault((kind.name, kind.ref(document).lower()), parsed.file)
        if other != parsed.file:
            about, message = f"{kind.name} {kind.ref(document)}", f"is in {other} too"
            hint = "Delete one of the two files."
            yield Finding("two-files", "stop", about, message, hint, parsed.at(kind.identity[-1:]))


def _in_wrongfiles(read: list[Placed], kinds: Kinds, names: Names, broken: frozenset[str]) -> Iterator[Finding]:
    """Documents whose file should be another; where a broken file may decide that, nothing is said yet."""
    for placed in read:
        document, parsed = placed.document, placed.part
        kind = kinds.of(document)
        name = kind.identity[-1] if kind.identity else ""
        if not fits(parsed.file, document, kind, names) and getattr(document, name, "").lower() not in broken:
            about = f"{kind.name} {kind.ref(document)}"
            hint = f"`git mv` it there, or correct its {' and '.join(kind.identity)}."
            message = f"belongs in {file_of(document, kind, names)}"
            yield Finding("wrong-file", "stop", about, message, hint, parsed.at((name,)))


def resolved(placed: Placed, names: Names, broken: frozenset[str], found: list[Finding]) -> Document:
    """The document with every short name made full; what means nothing, or two things, is a finding."""
    document, part, full = placed.document, placed.part, {}
    for name, field in own_fields(type(document)).items():
        ref, value, key = reference(field), getattr(document, name), field.alias or name
        if ref is None or value is None:
            continue
        meant: dict[str, str] = {}
        for item in references.inside(value):
            if item.rpartition("/")[2].lower() not in broken:  # what is wrong with that file is said already
                found += _about(key, ref.to, item, part, meant, names)
            meant[item] = names.full(ref.to, item) or item
        full[name] = references.mapped(value, meant.__getitem__)
        if SetOf in field.metadata:
            full[name] = tuple(in_set_order(full[name]))
    return document.model_copy(update=full) if full else document


def _about(field: str, to: str, item: str, part: Part, before: Mapping[str, str], names: Names) -> Iterator[Finding]:
    """What is wrong with one reference; `before` is what the references before it in the same field mean."""
    meant = names.full(to, item)
    spelled = names.spellings(to, meant) if meant else ()
    if meant is None or (item not in spelled and item.lower() in map(str.lower, spelled)):
        yield problems.of_reference(field, to, item, names, _where(field, item, part))
    for other, same in before.items():
        if meant is not None and same.lower() == meant.lower():
            yield problems.of_repetition(field, item, other, _where(field, item, part))


def _where(field: str, item: str, part: Part) -> Position:
    return part.at(problems.place(field, item, part.value[field]))
