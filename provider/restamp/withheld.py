"""Access that an older runbook gives and the stamp has not: somebody may have revoked it, so it is not given again."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from restamp.compare import Comparison
from restamp.errors import Refused
from restamp.inside import Difference
from restamp.kind import Kind, Kinds
from restamp.models.document import Document, Gives, mark_of, own_fields
from restamp.models.finding import Finding
from restamp.models.stamp import Taken, Withheld
from restamp.runbook import Runbook
from restamp.runbook.problems import suggestion


def lacking(result: Comparison, runbook: Runbook) -> Iterator[Withheld]:
    """Access that the runbook gives and the stamp does not: by objects that let somebody in, and by fields.

    What nobody could look at counts as lacking.
    """
    kinds = runbook.kinds
    documents = {("", *_named(item, kinds)): item for item in runbook.documents}
    for holder in runbook.documents:
        whose = " ".join(_named(holder, kinds))
        documents |= {(whose, *_named(item, kinds)): item for item in runbook.within(holder)}
    for item in (*result.of("create"), *result.of("update"), *result.of("not verified")):
        kind, document = kinds[item.kind], documents[item.holder, item.kind, item.ref]
        if kind.lets_in:
            said = {name: getattr(document, f"{name}_name", None) or value for name, value in document}
            yield _withheld(item, kind.lets_in.format_map(said))
        elif item.action != "not verified":
            yield from _by_fields(item, kind, document)
        elif any(mark_of(field, Gives) for field in own_fields(kind.model).values()):
            yield _withheld(item, "nobody could look at it")


def _by_fields(item: Difference, kind: Kind[Any], document: Document) -> Iterator[Withheld]:
    found = {change.field: change.found for change in item.changes}
    for name, field in own_fields(kind.model).items():
        alias, mark = field.alias or name, mark_of(field, Gives)
        if mark is None or (item.action == "update" and alias not in found):
            continue
        for entry, wanted, there in _entries(getattr(document, name), found.get(alias)):
            if more := ", ".join(mark.more(wanted, there)):
                told = (
                    f"{more} for {getattr(wanted, 'name', None) or entry}"
                    if entry
                    else f"{alias} of {item.label}: {more}"
                )
                yield _withheld(item, told, field=alias, entry=entry, instead=to_jsonable_python(there))


def _entries(wanted: Any, found: Any) -> Iterator[tuple[str | None, Any, Any]]:
    """The entries of a map, each with the one found; any other value is one, and nobody's."""
    if not isinstance(wanted, Mapping):
        yield None, wanted, found
        return
    there = {who.lower(): entry for who, entry in (found or {}).items()}
    yield from ((who, entry, there.get(who.lower())) for who, entry in wanted.items())


def _withheld(item: Difference, told: str, **more: Any) -> Withheld:
    told += f" in {item.within}" if item.within else ""
    return Withheld(kind=item.kind, ref=item.ref, holder=item.holder or None, told=told, **more)


def _named(document: Document, kinds: Kinds) -> tuple[str, str]:
    kind = kinds.of(document)
    return kind.name, kind.ref(document)


def granted(decision: Taken, names: Iterable[str]) -> Taken:
    """The decision without what people name, which is granted then; Refused where a name is none of it."""
    known, wanted = [item.subject for item in decision.withheld], list(names)
    if wrong := [name for name in wanted if name not in known]:
        hint = suggestion(wrong[0], known) or "`restamp up` prints what is withheld."
        raise Refused([Finding("grant", "stop", wrong[0], "is nothing that is withheld", hint)])
    return decision.model_copy(update={"withheld": tuple(i for i in decision.withheld if i.subject not in wanted)})


def without(
    document: Document, held: Iterable[Document], decision: Taken | None, kinds: Kinds
) -> tuple[Document, tuple[Document, ...]]:
    """A document and what it holds without what is withheld: in its place stands what the stamp has.

    What stays closed holds nothing: it would be opened to be filled.
    """
    if decision is None or not decision.withheld:
        return document, tuple(held)
    holder = " ".join(_named(document, kinds))
    kept = (allowed(item, decision, kinds, holder) for item in held)
    own = allowed(document, decision, kinds) or document
    return own, () if stays_closed(document, decision, kinds) else tuple(item for item in kept if item is not None)


def stays_closed(document: Document, decision: Taken | None, kinds: Kinds) -> bool:
    """Whether the state in which the stamp has a document, and which closes it, is kept."""
    late, fields = kinds.of(document).wire.late, kinds.of(document).model.model_fields
    alias = fields[late.field].alias or late.field if late else None
    return late is not None and any(item.field == alias for item in _of(document, decision, kinds))


def allowed(document: Document, decision: Taken | None, kinds: Kinds, holder: str = "") -> Document | None:
    """A document with what the stamp has in place of what is withheld of it; None where it is withheld whole."""
    withheld = _of(document, decision, kinds, holder)
    if any(item.field is None for item in withheld):
        return None
    values = document.model_dump(by_alias=True) if withheld else {}
    for name, item in ((str(item.field), item) for item in withheld):
        if item.entry is None:
            values[name] = item.instead
        else:
            values[name].pop(item.entry, None)
            values[name] |= {item.entry: item.instead} if item.instead is not None else {}
    return kinds.of(document).model.model_validate(values) if withheld else document


def _of(document: Document, decision: Taken | None, kinds: Kinds, holder: str = "") -> list[Withheld]:
    """What is withheld of a document inside this holder."""
    kind, ref = kinds.of(document), kinds.of(document).ref(document).lower()
    of_kind = (item for item in (decision.withheld if decision else ()) if item.kind == kind.name)
    return [item for item in of_kind if (item.ref.lower(), item.holder or "") == (ref, holder)]
