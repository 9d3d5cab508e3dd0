"""A whole stamp as one Pulumi component: every document of a runbook, in order, with the gates between the phases."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import pulumi

from restamp.kind import Kind
from restamp.models.document import Document, Model, own_fields
from restamp.models.step import Gate as Named
from restamp.recovery import Begun, chosen, taken
from restamp.resources import typed
from restamp.resources.chain import Chain
from restamp.resources.document import DocumentResource, In, OnDestroy, configured
from restamp.resources.holder import Holder, holder_of
from restamp.resources.late import lateness
from restamp.resources.where import below_project
from restamp.runbook.model import referred
from restamp.runbook.outline import Head, Outline
from restamp.withheld import allowed

Key = tuple[str, str]  # collection, reference
Needs = dict[str, Any]  # resources with a `result`, by what they are called in messages


class Recovery(pulumi.ComponentResource):
    """Brings a stamp to what its runbook says. The recovery's id is an input of every resource in it."""

    def __init__(
        self, name: str, *, runbook: Outline, recovery: str = "", opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`recovery` is the id of the one meant; the newest where it is left out.

        The setting `first` is JSON, a list of lists: ids of subscriptions that are brought back before all others.
        """
        super().__init__("restamp:index:Recovery", name, {}, opts)
        self._runbook = runbook
        turns = enumerate(json.loads(configured("first") or "[]"))
        self._first = {str(ref).lower(): number for number, refs in turns for ref in refs}
        self._begun: Begun = chosen(runbook.folder, recovery)
        self._taken = taken(runbook.folder, self._begun.id)
        self._inside = pulumi.ResourceOptions(parent=self)
        self._made: dict[Key, DocumentResource | Holder] = {}
        self._chain = Chain(runbook, self._begun, self._inside)
        documents = 0
        for name in self._chain.plan.gates:
            results = {of: resource.result for of, resource in self._holding(name)}
            documents += len(results)
            self._chain.close(name, results)
        self.register_outputs({"recovery": self._begun.id, "way": self._begun.document.way, "documents": documents})

    def _holding(self, gate: Named) -> Iterator[tuple[str, DocumentResource | Holder]]:
        """Every document that holds a gate closed, after those it refers to. Last, what waits for others to be."""
        book, before = self._runbook, -1
        kinds = [kind for kind in book.kinds.on_the_stamp if kind.gate == gate]
        known = {(kind.collection, kind.ref(item).lower()) for kind in kinds for item in self._of(kind)}
        known |= {(head.kind.collection, head.ref.lower()) for head in book.heads if head.kind in kinds}
        while known - self._made.keys():
            circle = before == len(self._made)  # a round made nothing: what is left names itself
            before = len(self._made)
            yield from self._round(kinds, set() if circle else known)
        for document in book.documents:
            kind = book.kinds.of(document)
            if (late := lateness(document, kind, book.kinds)) is not None and late.gate == gate:
                ref = kind.ref(document)
                needs = self._referrers(kind, ref) if late.referred else {}
                needs |= self._made_of((to, item) for _, to, item in referred(document)) if gate != kind.gate else {}
                needs |= {f"{kind.name} {ref}": self._made[kind.collection, ref.lower()]}
                yield f"{kind.name} {ref}/state", self._resource(kind, f"{ref}/state", document, needs, [])

    def _round(self, kinds: Iterable[Kind[Any]], known: set[Key]) -> Iterator[tuple[str, DocumentResource | Holder]]:
        """What is not made yet, where all that it refers to is; kinds come in their order.

        Most is made in the first round. Customers of a delegated provider come after their delegate and its offers.
        """
        for kind in kinds:
            first = self._chain.before(kind.name)
            for document in self._of(kind):
                refs = [(to, item) for _, to, item in referred(document)]
                if self._is_next(kind, kind.ref(document), refs, known):
                    needs = self._made_of(refs) | first
                    yield self._kept(kind, kind.ref(document), self._first_of(kind, document, needs))
            yield from self._round_of_holders(kind, known)

    def _round_of_holders(self, kind: Kind[Any], known: set[Key]) -> Iterator[tuple[str, "DocumentResource | Holder"]]:
        folder, first = below_project(self._runbook.folder), self._chain.before(kind.name)
        before: list[Holder] = []
        for turn in self._turns(kind):
            options = pulumi.ResourceOptions.merge(self._inside, _after(before)) if before else self._inside
            for head in turn:
                refs = list(head.referred(self._runbook.names))
                if self._is_next(kind, head.ref, refs, known):
                    needs = self._made_of(refs) | first
                    before.append(holder_of(kind.name)(head.ref, head, folder, self._at(needs), needs, options))
                    yield self._kept(kind, head.ref, before[-1])

    def _is_next(self, kind: Kind[Any], ref: str, refs: Iterable[Key], known: set[Key]) -> bool:
        own = (kind.collection, ref.lower())
        awaited = {(to, item.lower()) for to, item in refs} & known
        return own not in self._made and awaited <= self._made.keys() | {own}

    def _first_of(self, kind: Kind[Any], document: Document, needs: Needs) -> DocumentResource:
        """A document's resource; fields that have to wait for others are set by a second one."""
        late = lateness(document, kind, self._runbook.kinds)
        born, fields = (late.born, late.fields) if late else (document, ())
        later = [kind.model.model_fields[name].alias or name for name in fields]
        return self._resource(kind, kind.ref(document), born, needs, later)

    def _of(self, kind: Kind[Any]) -> Iterator[Document]:
        return (document for document in self._runbook.documents if type(document) is kind.model)

    def _turns(self, kind: Kind[Any]) -> list[list[Head]]:
        """What has sections, in the turns in which it is brought back: named for this run, then by priority."""

        def turn(head: Head) -> tuple[int, int]:
            said = head.values.get("priority", "")
            return self._first.get(head.ref.lower(), len(self._first)), -int(said) if said.isdecimal() else 0

        heads = sorted((head for head in self._runbook.heads if head.kind is kind), key=turn)
        return [list(same) for _, same in groupby(heads, turn)]

    def _kept(
        self, kind: Kind[Any], ref: str, resource: "DocumentResource | Holder"
    ) -> tuple[str, "DocumentResource | Holder"]:
        self._made[kind.collection, ref.lower()] = resource
        self._chain.made(kind.name, f"{kind.name} {ref}", resource)
        return f"{kind.name} {ref}", resource

    def _at(self, needs: Needs, later: Sequence[str] = (), withheld: str = "") -> In:
        begun = self._begun
        deployment = begun.document.target.deployment
        return In(self._runbook.stamp.suffix, begun.id, deployment, self._chain.last, needs, later, withheld)

    def _resource(
        self, kind: Kind[Any], name: str, document: Document, needs: Needs, later: Sequence[str]
    ) -> DocumentResource:
        make: Callable[..., DocumentResource] = getattr(typed, kind.name, None) or _of_plugin(kind)
        kept = allowed(document, self._taken, self._runbook.kinds)
        withheld = "" if kept else f"{kind.name} {kind.ref(document)}"
        said = {field: getattr(kept or document, field) for field in own_fields(kind.model)}
        fields = {field: _plain(value) for field, value in said.items() if value is not None}
        # the second resource of an object may leave the program alone: the object goes with the first, or not at all
        on_destroy: OnDestroy = document.on_destroy if name == kind.ref(document) else "retain"
        return make(name, **fields, at=self._at(needs, later, withheld), on_destroy=on_destroy, opts=self._inside)

    def _made_of(self, references: Iterable[Key]) -> Needs:
        """What is named and made, by its name in messages."""
        found = {(to, ref): self._made.get((to, ref.lower())) for to, ref in references}
        return {f"{to}/{ref}": resource for (to, ref), resource in found.items() if resource is not None}

    def _referrers(self, kind: Kind[Any], ref: str) -> Needs:
        """Everything that names this document."""
        wanted, book = (kind.collection, ref.lower()), self._runbook
        each = [
            (book.kinds.of(d), book.kinds.of(d).ref(d), [(to, i) for _, to, i in referred(d)]) for d in book.documents
        ]
        each += [(head.kind, head.ref, list(head.referred(book.names))) for head in book.heads]
        return {
            f"{other.collection}/{name}": self._made[other.collection, name.lower()]
            for other, name, names in each
            if any((to, item.lower()) == wanted for to, item in names)
        }


def _after(holders: Sequence[Holder]) -> pulumi.ResourceOptions:
    """Begin when these are through, done or not. An order alone: nothing depends on them, and no state knows of it.

    The order of registration is not enough: the engine begins with whatever needs are there first (tried).
    """
    results = [holder.result.future() for holder in holders]

    async def through() -> list[pulumi.Resource]:
        await asyncio.gather(*results, return_exceptions=True)
        return []

    return pulumi.ResourceOptions(depends_on=pulumi.Output.from_input(through()))


def _plain(value: Any) -> Any:
    """A value as the engine takes it: a sealed one as it stands in the runbook."""
    return value.model_dump(mode="json", by_alias=True) if isinstance(value, Model) else value


def _of_plugin(kind: Kind[Any]) -> Callable[..., DocumentResource]:
    """Makes resources of a plugin's kind, with the token a typed class of it would have."""
    cls: type[DocumentResource] = type(kind.name, (DocumentResource,), {}, module="restamp", name=kind.name)

    def make(
        name: str, /, *, at: In, on_destroy: OnDestroy, opts: pulumi.ResourceOptions, **fields: Any
    ) -> DocumentResource:
        document = {kind.model.model_fields[field].alias or field: value for field, value in fields.items()}
        return cls(name, document, kind=kind.name, at=at, on_destroy=on_destroy, opts=opts)

    return make
