"""Runbook, stamp -> what differs, object by object and field by field: the truth about what `up` would write."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from restamp import ids, inside, lost, objects, references
from restamp.errors import NothingHappened
from restamp.inside import Difference
from restamp.kind import Kind
from restamp.models.document import Document, own_fields
from restamp.models.finding import Finding
from restamp.runbook import Runbook
from restamp.runbook.model import referred
from restamp.target import brought_back, same_stamp

if TYPE_CHECKING:
    from restamp.arm.client import Arm

# quotas of services without a kind that have a list to look them up in (swagger); others cannot be checked
_LISTED = {"microsoft.keyvault.admin": "2017-02-01-preview", "microsoft.subscriptions.admin": "2015-11-01"}


@dataclass
class Comparison:
    """Everything that differs, how much was compared, and what could not be."""

    equal: int = 0
    subscriptions: int = 0
    covered: int = 0  # subscriptions whose inside was compared too
    differences: list[Difference] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def of(self, action: str) -> list[Difference]:
        """The differences of one action that nobody has accepted."""
        return [item for item in self.differences if item.action == action and not item.accepted]

    @property
    def accepted(self) -> int:
        """How many differences people go on without."""
        return sum(1 for item in self.differences if item.accepted)

    def without(self, accepted: Collection[str]) -> "Comparison":
        """The same, with the differences marked that people accepted; what is there unexpectedly they have not."""
        marked = [
            replace(item, accepted=item.action != "unexpected" and item.subject in accepted)
            for item in self.differences
        ]
        return replace(self, differences=marked)

    @property
    def compared(self) -> int:
        """Objects that were compared with the stamp."""
        return self.equal + sum(1 for item in self.differences if item.action in ("create", "update"))


def compare(arm: "Arm", runbook: Runbook, progress: Callable[[str, int], None]) -> Comparison:
    """Compare every document with the stamp, and name what the runbook does not know. Never writes."""
    same_stamp(arm, runbook.stamp)
    result = Comparison()
    for kind in runbook.kinds.on_the_stamp:
        parents = runbook.of(runbook.kinds[kind.wire.per]) if kind.wire.per else ()
        found, notes = objects.collect_late(kind, arm, runbook.kinds, parents)
        result.findings += notes if runbook.of(kind) else ()
        _kind(kind, arm, runbook, found or [], result)
        progress(kind.name, len(found or ()))
    _insides(arm, runbook, result, progress)
    if not result.compared:
        raise NothingHappened("compared")
    result.findings += _references_without_documents(arm, runbook)
    return result


def compare_one(arm: "Arm", runbook: Runbook, document: Document) -> Comparison:
    """Compare one document, and what it holds, with the stamp. Never writes."""
    same_stamp(arm, runbook.stamp)
    kinds, kind, result = runbook.kinds, runbook.kinds.of(document), Comparison()
    parents = runbook.of(kinds[kind.wire.per]) if kind.wire.per else ()
    found, _ = objects.collect(kind, arm, kinds, parents)
    ref = kind.ref(document).lower()
    _kind(
        kind,
        arm,
        replace(runbook, documents=(document,)),
        [item for item in found if kind.ref(item).lower() == ref],
        result,
    )
    named = [runbook.find(to, name) for _, to, name in referred(document)]
    offers = [item for item in named if item is not None and not kinds.of(item).holds]  # whose base plans are its own
    _insides(arm, replace(runbook, documents=(document, *offers)), result, lambda _name, _count: None)
    return result


def _insides(arm: "Arm", runbook: Runbook, result: Comparison, progress: Callable[[str, int], None]) -> None:
    """What every holder holds; one that cannot be seen into, or never was, is not covered, and never a pass."""
    holders = [document for document in runbook.documents if runbook.kinds.of(document).holds]
    count = 0
    for holder, contents in inside.look_at_all(arm, holders, runbook.documents, runbook.kinds):
        kind, wanted = runbook.kinds.of(holder), runbook.within(holder)
        whose, tenant = f"{kind.name} {kind.label(holder)}", kind.holds == "subscription"
        count += len(contents.found)
        result.subscriptions += tenant
        result.findings += contents.findings
        if tenant and getattr(holder, "contents", "") == "unknown":
            result.findings.append(Finding("not-covered", "note", whose, "the runbook does not know what is inside"))
            continue
        result.covered += tenant and contents.covered
        way = inside.way_in(arm, holder)
        contents.gone = inside.gone(wanted, contents, runbook.kinds, way)
        differences = list(inside.compare(wanted, contents, runbook.kinds))
        keys = {(runbook.kinds.of(item).name, runbook.kinds.of(item).ref(item)) for item in wanted}
        result.equal += len(wanted) - sum(1 for item in differences if (item.kind, item.ref) in keys)
        name = f"{kind.name} {kind.ref(holder)}"
        result.differences += [
            replace(item, within=whose, holder=name) for item in differences if item.action != "left out"
        ]
        result.findings += lost.notes(wanted)
        result.findings += [_renamed(each, whose) for each in inside.renamed(wanted, contents, runbook.kinds)]
        result.findings += [_awaited(each, whose) for each in inside.awaited(wanted, contents, runbook.kinds, way)]
        result.findings += [_left_out(item, whose) for item in differences if item.action == "left out"]
    progress("inside", count)


def _renamed(named: tuple[str, str], whose: str) -> Finding:
    """The same under another name is no difference: a stamp refuses a second one."""
    hint = "Nothing is missing. The next capture writes down the name that the stamp has."
    return Finding("renamed", "note", f"{named[0]} in {whose}", named[1], hint)


def _awaited(name: str, whose: str) -> Finding:
    """It is missing, and no run of `up` writes it until somebody else has done their part."""
    hint = "Once the tenant has deployed it, restamp up writes it. If it never comes back: restamp accept"
    message = "waits for the tenant to deploy the resource that it is on"
    return Finding("awaits-resource", "note", f"{name} in {whose}", message, hint)


def _left_out(item: Difference, whose: str) -> Finding:
    """What nobody can bring back is said each time, and is no difference for ever."""
    hint = "If somebody else stands for it now, write that into principals.yaml."
    return Finding(
        "principal-gone", "note", f"{item.kind} {item.ref} in {whose}", "left out: its principal is gone", hint
    )


def _kind(kind: Kind[Any], arm: "Arm", runbook: Runbook, found: list[Any], result: Comparison) -> None:
    there = {kind.ref(document).lower(): document for document in found}
    for document in runbook.of(kind):
        ref, label = kind.ref(document), kind.label(document)
        other = there.pop(ref.lower(), None)
        changes = () if other is None else objects.compare(kind, document, other)
        if kind.wire.afterwards and (other is None or (changes and brought_back(arm, runbook))):
            how = "is another" if changes else "is not there yet"
            message = f"{how}, and up leaves it alone: {kind.wire.afterwards}"
            hint = "The next capture takes it as it is now." if changes else ""
            result.findings.append(Finding("afterwards", "note", f"{kind.name} {label}", message, hint))
        elif other is None:
            result.differences.append(Difference(kind.name, ref, label, "create"))
        elif changes:
            result.differences.append(Difference(kind.name, ref, label, "update", tuple(changes)))
        else:
            result.equal += 1
    if own_fields(kind.model):  # what says nothing of itself is there on every stamp
        result.differences += [Difference(kind.name, kind.ref(d), kind.label(d), "unexpected") for d in there.values()]


def _references_without_documents(arm: "Arm", runbook: Runbook) -> Iterator[Finding]:
    """What documents name and the runbook does not hold: checked for presence, never written."""
    named: dict[tuple[str, str], list[str]] = {}
    for document in runbook.documents:
        for _, to, ref in referred(document):
            if runbook.find(to, ref) is None:
                named.setdefault((to, ref), []).append(_name(runbook, document))
    listed: dict[str, set[str] | None] = {}
    for (to, ref), users in sorted(named.items()):
        resource_id = references.to_id(ref, to, runbook.kinds, arm.place)
        there = _present(arm, resource_id, listed)
        about = f"{to}/{ref}"
        used = f"used by {users[0]}" + (f" and {len(users) - 1} more" if len(users) > 1 else "")
        if any(kind.id_of(ref, arm.place) for kind in runbook.kinds.in_collection(to)):
            yield Finding("dangling", "note", about, f"was not on the stamp at capture either; {used}")
        elif there is None:
            yield Finding("not-verified", "note", about, f"no list to look it up in, so not verified; {used}")
        elif not there:
            hint = "Its service has to be back on the stamp first; what refers to it may be refused until then."
            yield Finding("missing-reference", "warn", about, f"is not on the stamp, and has no document; {used}", hint)


def _present(arm: "Arm", resource_id: str, listed: dict[str, set[str] | None]) -> bool | None:
    """Whether an id is on the stamp; None where nothing can say."""
    collection = resource_id.rpartition("/")[0]
    if collection not in listed:
        version = _LISTED.get(ids.namespace(resource_id).lower())
        found = arm.list_or_none(collection, version) if version and collection.endswith("/quotas") else None
        listed[collection] = None if found is None else {str(item.get("id", "")).lower() for item in found}
    known = listed[collection]
    return None if known is None else resource_id.lower() in known


def _name(runbook: Runbook, document: Document) -> str:
    kind = runbook.kinds.of(document)
    return f"{kind.name} {kind.label(document)}"
