"""One document of a runbook: named as people name it, captured alone, and what it needs on the stamp."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from restamp import entering, inside, lost, objects, principals
from restamp.capture import with_contents, with_local
from restamp.compare import Comparison
from restamp.errors import Refused
from restamp.kinds.subscriptions import Subscription
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.runbook import Runbook
from restamp.runbook.load import files
from restamp.runbook.model import in_order, referred
from restamp.runbook.names import Names, file_of, fits
from restamp.runbook.problems import suggestion
from restamp.runbook.save import document_text
from restamp.runbook.staged import complete, stage

if TYPE_CHECKING:
    from restamp.arm.client import Arm

_SHOWN = 4


@dataclass(frozen=True)
class Alone:
    """One document captured anew: the runbook with it, and what was left out with its reason."""

    runbook: Runbook
    document: Document
    findings: tuple[Finding, ...]


def named(runbook: Runbook, text: str, folder: Path | None = None) -> Document:
    """The document that people mean: by its file, as `status` and `diff` print it, or by a label that is unique.

    `folder` is where the runbook stands for people, if not where it was read. Refused with suggestions.
    """
    file = _within(text, folder or runbook.folder)
    names = Names(runbook.documents, runbook.kinds)
    called = {name_of(runbook, document): document for document in runbook.documents}
    exact = called.get(text)
    meant = [exact] if exact is not None else []
    meant = meant or [item for item in runbook.documents if fits(file, item, runbook.kinds.of(item), names)]
    meant = meant or [item for item in runbook.documents if text in _labels(runbook, item)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        message, hint = f"means {len(meant)} documents", f"Write {_either([name_of(runbook, item) for item in meant])}."
    else:
        message = "there is no such document in the runbook"
        every = [*called, *(label for item in runbook.documents for label in _labels(runbook, item))]
        hint = suggestion(text, every) or "`restamp diff` and `restamp status` print the names; a file does as well."
    raise Refused([Finding("unknown-document", "stop", text, message, hint)])


def name_of(runbook: Runbook, document: Document) -> str:
    """What its resource is called: `Plan offers-rg/gold`."""
    kind = runbook.kinds.of(document)
    return f"{kind.name} {kind.ref(document)}"


def file_in(runbook: Runbook, document: Document) -> str:
    """The file a document stands in now, from the runbook's folder; its title may have been edited since."""
    kind, names = runbook.kinds.of(document), Names(runbook.documents, runbook.kinds)
    there = (path.relative_to(runbook.folder).as_posix() for path in files(runbook.folder))
    return next((name for name in there if fits(name, document, kind, names)), file_of(document, kind, names))


def captured(arm: "Arm", before: Runbook, document: Document) -> Alone:
    """A document and what it holds as the stamp has them now. Reads only; Refused where the stamp has none."""
    kinds, kind, ref = before.kinds, before.kinds.of(document), before.kinds.of(document).ref(document)
    found, findings = _on_the_stamp(arm, before, document)
    documents = [found if item is document else item for item in before.documents]
    held = dict(before.inside)
    if kind.holds:
        _, contents = next(iter(inside.look_at_all(arm, [found], documents, kinds)))
        findings += lost.told([(inside.way_in(arm, found), contents)], arm.settings.parallel)
        earlier = (item for items in before.inside.values() for item in items)
        known = principals.asked([(inside.way_in(arm, found), contents.documents)], earlier)
        documents, new = with_contents(documents, {ref.lower(): contents}, known, before)
        held = {other: items for other, items in held.items() if other != ref.lower()} | new
        findings += contents.findings
    kept = in_order([with_local(item, kinds, before) for item in documents], kinds)
    runbook = replace(before, documents=kept, inside=held)
    alone = runbook.find(kind.collection, ref) or found
    _refuse_unknown(runbook, alone)
    return Alone(runbook, alone, tuple(findings))


def _on_the_stamp(arm: "Arm", before: Runbook, document: Document) -> tuple[Document, list[Finding]]:
    kinds, kind = before.kinds, before.kinds.of(document)
    parents = before.of(kinds[kind.wire.per]) if kind.wire.per else ()
    listed, notes = objects.collect(kind, arm, kinds, parents)
    for found in listed:
        if kind.ref(found).lower() == kind.ref(document).lower():
            own = f"{kind.name} {getattr(found, kind.title or 'name', '')}"
            return found, [note for note in notes if note.about == own]
    name = name_of(before, document)
    hint = f"To bring it back: restamp up --only '{name}'. A whole `restamp capture` takes it out of the runbook."
    raise Refused([Finding("not-there", "stop", name, "the stamp has no such object", hint)])


def save(alone: Alone, before: str) -> str:
    """Write the document's file and no other, `before` being where it stood; the file, or "" where it is the same."""
    book, document = alone.runbook, alone.document
    kind, names = book.kinds.of(document), Names(book.documents, book.kinds)
    name = file_of(document, kind, names)
    text = document_text(document, kind, names, "../" * name.count("/"), book)
    path = book.folder / name
    if name == before and path.exists() and path.read_text("utf-8") == text:
        return ""
    stage(book.folder, {name: text}, [before] if before != name else [])
    complete(book.folder)
    return name


def absent(arm: "Arm", runbook: Runbook, document: Document) -> Iterator[str]:
    """What a document, or something in it, refers to and the stamp has not: by name, each once."""
    found: dict[str, bool] = {}
    for item in (document, *runbook.within(document)):
        for _, to, ref in referred(item):
            for kind in runbook.kinds.in_collection(to):
                resource_id, name = kind.id_of(ref, arm.place), f"{kind.name} {ref}"
                if resource_id is None or name in found:
                    continue
                found[name] = arm.get(resource_id, kind.wire) is None
                if found[name]:
                    yield name


def compared_as_tenant(arm: "Arm", runbook: Runbook, document: Subscription) -> Comparison:
    """What differs inside a subscription as its tenant's principal sees it; Refused where that has no role there."""
    held, kinds = runbook.within(document), runbook.kinds
    _, seen, wanted = entering.seen_as_tenant(arm, document, held, kinds)
    if not seen.covered:
        message = "neither the admin endpoint nor the subscription lets this principal in"
        hint = "Sign in as a principal that is Owner of it (docs/operator/rights.md)."
        raise Refused([Finding("not-let-in", "stop", name_of(runbook, document), message, hint)])
    differences = list(inside.compare(wanted, seen, kinds))
    equal = len(wanted) - sum(1 for item in differences if item.action != "unexpected")
    whose = f"Subscription {document.display_name}"
    told = [replace(item, within=whose) for item in differences if item.action != "left out"]
    return Comparison(equal, 1, 1, told, list(seen.findings))


def on_a_stamp(runbook: Runbook, text: str, folder: Path | None = None) -> Document:
    """As `named`, of what a stamp has: Refused where it is what people wrote, or what a plugin captured elsewhere."""
    document = named(runbook, text, folder)
    source = runbook.kinds.of(document).comes_from
    if source == "stamp":
        return document
    message = "is on no stamp: " + ("people write it" if source == "people" else "its plugin captures it")
    hint = "git brings an earlier one back." if source == "people" else "Capture everything: restamp capture"
    raise Refused([Finding("on-no-stamp", "stop", name_of(runbook, document), message, hint)])


def _within(text: str, folder: Path) -> str:
    """A path as people type it, from the runbook's folder; what is none stays as it is."""
    with suppress(ValueError, OSError):
        return Path(text).resolve().relative_to(folder.resolve()).as_posix()
    return text.removeprefix("./")


def _labels(runbook: Runbook, document: Document) -> tuple[str, ...]:
    kind = runbook.kinds.of(document)
    return kind.label(document), f"{kind.name} {kind.label(document)}", kind.ref(document)


def _either(names: list[str]) -> str:
    return " or ".join(names[:_SHOWN]) + (f" or {len(names) - _SHOWN} others" if len(names) > _SHOWN else "")


def _refuse_unknown(runbook: Runbook, document: Document) -> None:
    """What the document names now has to be in the runbook, which would not load otherwise."""
    names = Names(runbook.documents, runbook.kinds)
    missing = [f"{to}/{ref}" for _, to, ref in referred(document) if names.full(to, names.written(to, ref)) is None]
    if missing:
        message = f"it refers to {_either(missing)}, which the runbook does not know"
        hint = "Capture everything: restamp capture"
        raise Refused([Finding("unknown-reference", "stop", name_of(runbook, document), message, hint)])
