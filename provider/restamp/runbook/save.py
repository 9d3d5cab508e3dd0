"""Runbook -> folder: same runbook, same bytes; a capture that dies half-way leaves the old one as it was."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from restamp import references
from restamp.kind import Kind, Kinds
from restamp.models.backup import Backups
from restamp.models.document import Document, Model, SetOf, in_set_order, own_fields, reference
from restamp.models.stamp import Captured, Stamp
from restamp.runbook.model import Runbook
from restamp.runbook.names import Names, file_of
from restamp.runbook.staged import complete, stage
from restamp.runbook.text import written

_HEAD = "captured by restamp: of what people write here only `note` and `onDestroy` survive the next capture"


@dataclass(frozen=True)
class Changed:
    """The files a capture wrote or removed, by their names within the runbook."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]


def save(runbook: Runbook, captured: Captured, backups: Backups | None = None, *, dated: bool = False) -> Changed:
    """Write every file that differs, remove the files of objects that are gone, and say which.

    Where nothing but the time would be another it stays, unless it is to be `dated`. A stamp that tells of no backups
    takes nothing away from what an earlier capture was told.
    """
    complete(runbook.folder)
    new = rendered(runbook) | {"captured.yaml": own_file(captured)}
    new |= {"backups.yaml": own_file(backups)} if backups and backups.backups else {}
    owned = [*_documents(runbook.folder, runbook.kinds), *_there(runbook.folder, "backups.yaml")]
    old = {name: (runbook.folder / name).read_text("utf-8", "replace") for name in owned}
    changed = {name: content for name, content in new.items() if old.get(name) != content}
    gone = sorted(set(old) - set(new) - {"backups.yaml"})
    if set(changed) == {"captured.yaml"} and not gone and not dated and _undated(old) == _undated(new):
        changed = {}
    if changed or gone:
        stage(runbook.folder, changed, gone)
        complete(runbook.folder)
    return Changed(
        *(
            tuple(sorted(name for name in names if not name.startswith(".")))
            for names in (set(changed) - set(old), set(changed) & set(old), gone)
        )
    )


def _there(folder: Path, name: str) -> list[str]:
    return [name] if (folder / name).exists() else []


def _undated(texts: Mapping[str, str]) -> list[str]:
    """What captured.yaml says, but for the time and the backup before it, which is another every night."""
    given = yaml.safe_load(texts.get("captured.yaml", "")) or {}
    return [f"{key}: {value}" for key, value in given.items() if key not in ("at", "backup")]


def rendered(runbook: Runbook) -> dict[str, str]:
    """Every file a capture owns but `captured.yaml`: name -> content."""
    names = Names(runbook.documents, runbook.kinds)
    files = {}
    for document in runbook.documents:
        kind = runbook.kinds.of(document)
        if kind.comes_from == "people":
            continue
        name = file_of(document, kind, names)
        files[name] = document_text(document, kind, names, "../" * name.count("/"), runbook)
    for model, name, held in _models(runbook.kinds):
        files[f".schema/{name}.json"] = json.dumps(schema(model, name, held), indent=1, ensure_ascii=False) + "\n"
    return files


def _models(kinds: Kinds) -> Iterator[tuple[type[Model], str, tuple[Kind[Any], ...]]]:
    yield Stamp, "Stamp", ()
    for kind in kinds.on_their_own:
        yield kind.model, kind.name, kinds.held_by(kind)


def schema(model: type[Model], name: str, held: Iterable[Kind[Any]] = ()) -> dict[str, Any]:
    """The JSON schema of a document, for editors; `kind` and the sections of what it holds included."""
    found = model.model_json_schema(by_alias=True)
    found["properties"] = {"kind": {"const": name}} | found["properties"]
    found["required"] = ["kind", *found.get("required", [])]
    for kind in held:
        found["properties"][kind.folder] = _section(kind, found)
    return found


def _section(kind: Kind[Any], whole: dict[str, Any]) -> dict[str, Any]:
    if kind.is_named_only:
        return {"type": "array", "items": {"type": "string"}, "description": kind.model.__doc__}
    own = kind.model.model_json_schema(by_alias=True)
    whole.setdefault("$defs", {}).update(own.pop("$defs", {}))
    keys = {kind.model.model_fields[name].alias or name for name in kind.identity}
    own["properties"] = {key: value for key, value in own["properties"].items() if key not in keys}
    own["required"] = [key for key in own.get("required", []) if key not in keys]
    whole.setdefault("$defs", {})[kind.name] = own
    return {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{kind.name}"}}


def document_text(document: Document, kind: Kind[Any], names: Names, up: str, runbook: Runbook) -> str:
    """A document as it stands in its file: identity first, short references, sets sorted, then what it holds."""
    value = {"kind": kind.name} | _fields(document, kind, names, without=())
    for held in runbook.kinds.held_by(kind):
        inside = {held.ref(item): item for item in runbook.within(document) if type(item) is held.model}
        keys = in_set_order(inside)
        if keys:
            value[held.folder] = (
                keys
                if held.is_named_only
                else {key: _fields(inside[key], held, names, without=held.identity) for key in keys}
            )
    return written(value, (_HEAD, f"yaml-language-server: $schema={up}.schema/{kind.name}.json"))


def _fields(document: Document, kind: Kind[Any], names: Names, without: Collection[str]) -> dict[str, Any]:
    """What a document says beyond the defaults, in the order of its model."""
    given = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    fields = [*own_fields(kind.model).items(), *Document.model_fields.items()]
    value: dict[str, Any] = {}
    for name, field in fields:
        key = field.alias or name
        if key not in given or name in without:
            continue
        item = given[key]
        if (ref := reference(field)) is not None and name not in kind.identity:
            item = references.mapped(getattr(document, name), partial(names.written, ref.to))
        value[key] = _sorted(item, field)
    return value


def own_file(model: Model) -> str:
    """One of the runbook's own files, such as `stamp.yaml`."""
    name = type(model).__name__.removesuffix("Document")
    comments = ("yaml-language-server: $schema=.schema/Stamp.json",) if name == "Stamp" else ()
    given = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return written({"kind": name} | given, comments)


def _documents(folder: Path, kinds: Kinds) -> list[str]:
    """The files a capture owns: captured.yaml, those in the folders of kinds, and the schemas."""
    owned: dict[str, tuple[str, ...]] = {
        f"{kind.place}/" if kind.identity else kind.place: (".yaml", ".yml")
        for kind in kinds.on_their_own
        if kind.comes_from != "people"
    }
    owned |= {".schema/": (".json",), "captured.yaml": ("",)}
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return [name for name in names if any(name.startswith(at) and name.endswith(ends) for at, ends in owned.items())]


def _sorted(item: Any, field: Any) -> Any:
    if isinstance(item, dict):
        return {key: item[key] for key in in_set_order(item)}
    if isinstance(item, tuple | list):
        return in_set_order(item) if SetOf in field.metadata else list(item)
    return item
