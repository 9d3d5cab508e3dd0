"""A whole stamp as one Pulumi component: every document of a runbook, in order, with the gates between the phases."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi

from restamp.kind import Kind
from restamp.models.document import Document, own_fields
from restamp.recovery import Begun, chosen
from restamp.resources import typed
from restamp.resources.document import DocumentResource, In, OnDestroy
from restamp.resources.gate import Gate
from restamp.resources.target import Target
from restamp.runbook import Runbook
from restamp.runbook.model import referred


class Recovery(pulumi.ComponentResource):
    """Brings a stamp to what its runbook says. The recovery's id is an input of every resource in it."""

    def __init__(
        self, name: str, *, runbook: Runbook, recovery: str = "", opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`recovery` is the id of the one meant; the newest where it is left out."""
        super().__init__("restamp:index:Recovery", name, {}, opts)
        self._runbook = runbook
        self._begun: Begun = chosen(runbook.folder, recovery)
        self._inside = pulumi.ResourceOptions(parent=self)
        self._made: dict[tuple[str, str], DocumentResource] = {}
        target = Target("target", stamp=runbook.stamp, begun=self._begun, opts=self._inside)
        self.stamp_ready = self._gate("stamp-ready", {"target": target.result}, None)
        results = {name: resource.result for name, resource in self._documents()}
        self.control_plane_restored = self._gate("control-plane-restored", results, self.stamp_ready)
        self.register_outputs({"recovery": self._begun.id, "way": self._begun.document.way, "documents": len(results)})

    def _gate(self, name: str, results: Mapping[str, pulumi.Output[str]], after: Gate | None) -> Gate:
        return Gate(name, results=results, recovery=self._begun.id, after=after, opts=self._inside)

    def _documents(self) -> Iterator[tuple[str, DocumentResource]]:
        """Every document after those it refers to: kinds come in that order. Last, what has to wait for referrers."""
        late = []
        for document in self._runbook.documents:
            kind = self._runbook.kinds.of(document)
            ref, waits = kind.ref(document), _waits_for_referrers(kind, document)
            later = [kind.model.model_fields[kind.wire.late.field].alias or ""] if waits and kind.wire.late else []
            made = self._made[kind.collection, ref.lower()] = self._resource(
                ref, document, self._referred(document), later
            )
            late += [(ref, document)] if waits else []
            yield f"{kind.name} {ref}", made
        for ref, document in late:
            kind = self._runbook.kinds.of(document)
            needs = self._referrers(kind, ref) | {f"{kind.name} {ref}": self._made[kind.collection, ref.lower()]}
            yield f"{kind.name} {ref}/state", self._resource(f"{ref}/state", document, needs, [])

    def _resource(
        self, name: str, document: Document, needs: Mapping[str, DocumentResource], later: list[str]
    ) -> DocumentResource:
        begun, kind = self._begun, self._runbook.kinds.of(document)
        at = In(self._runbook.stamp.suffix, begun.id, begun.document.target.deployment, self.stamp_ready, needs, later)
        make: Callable[..., DocumentResource] = getattr(typed, kind.name, None) or _of_plugin(kind)
        fields = {field: value for field in own_fields(kind.model) if (value := getattr(document, field)) is not None}
        # the second resource of an object may leave the program alone: the object goes with the first, or not at all
        on_destroy: OnDestroy = document.on_destroy if name == kind.ref(document) else "retain"
        return make(name, **fields, at=at, on_destroy=on_destroy, opts=self._inside)

    def _referred(self, document: Document) -> dict[str, DocumentResource]:
        found = {(of, ref): self._made.get((of, ref.lower())) for _, of, ref in referred(document)}
        return {f"{of}/{ref}": resource for (of, ref), resource in found.items() if resource is not None}

    def _referrers(self, kind: Kind[Any], ref: str) -> dict[str, DocumentResource]:
        """Everything that names this document."""
        wanted = (kind.collection, ref.lower())
        for_each = ((self._runbook.kinds.of(d), d) for d in self._runbook.documents)
        return {
            f"{k.collection}/{k.ref(d)}": self._made[k.collection, k.ref(d).lower()]
            for k, d in for_each
            if any((of, item.lower()) == wanted for _, of, item in referred(d))
        }


def _waits_for_referrers(kind: Kind[Any], document: Document) -> bool:
    late = kind.wire.late
    return late is not None and late.until == "referred" and getattr(document, late.field) in late.births


def _of_plugin(kind: Kind[Any]) -> Callable[..., DocumentResource]:
    """Makes resources of a plugin's kind, with the token a typed class of it would have."""
    cls: type[DocumentResource] = type(kind.name, (DocumentResource,), {}, module="restamp", name=kind.name)

    def make(
        name: str, *, at: In, on_destroy: OnDestroy, opts: pulumi.ResourceOptions, **fields: Any
    ) -> DocumentResource:
        document = {kind.model.model_fields[field].alias or field: value for field, value in fields.items()}
        return cls(name, document, kind=kind.name, at=at, on_destroy=on_destroy, opts=opts)

    return make
