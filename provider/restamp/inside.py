"""What a subscription holds: seen as a whole, compared as a whole, brought back as a whole."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from restamp import failpoints, objects
from restamp.errors import Forbidden, Rejected, Shut, StampError
from restamp.kind import AS_LEFT, Kind, Kinds, Place
from restamp.models.document import Document, sealed_fields
from restamp.models.finding import Finding
from restamp.objects import Change, Found
from restamp.translation import encode

if TYPE_CHECKING:
    from restamp.arm.client import Arm
    from restamp.arm.inside import Inside

Outcome = Literal[
    "created", "updated", "unchanged", "left alone", "left out", "not verified", "failed", "blocked", "waiting"
]
_SHUT = (401, 403, 404)  # what is answered to whom a subscription does not let in
SHUT_OUT = "restamp is not let into the subscription"
Key = tuple[str, str]  # kind, reference in lower case


@dataclass
class Contents:
    """Everything seen inside one subscription; `covered` is whether this principal sees anything there at all."""

    place: Place
    covered: bool = False
    found: dict[Key, Found[Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    gone: frozenset[str] = frozenset()  # whose principals are not in the directory any more, as `gone` says
    trusted: bool = False  # it was brought back before: what cannot be read is taken to be as it was left
    unread: set[str] = field(default_factory=set)  # ids of what could not be read, in lower case
    file: str = ""  # of the runbook, where what is wanted stands: people look there for a value that does not open

    @property
    def documents(self) -> list[Document]:
        """The documents, in the order they were seen."""
        return [item.document for item in self.found.values()]

    def of(self, document: Document, kinds: Kinds) -> Found[Any] | None:
        """The object a document is about: under its name, or under another where a stamp takes no second one alike."""
        kind = kinds.of(document)
        same = (item for (name, _), item in self.found.items() if name == kind.name)
        return self.found.get((kind.name, _ref(document, kinds))) or objects.alike(kind, document, same)

    def missing(self, wanted: Iterable[Document], kinds: Kinds) -> list[Document]:
        """Those of the wanted that were not seen."""
        return [item for item in wanted if (kinds.of(item).name, _ref(item, kinds)) not in self.found]

    def readable(self, kinds: Kinds) -> list[Document]:
        """The documents that are known in full: not a secret that is disabled."""
        return [document for document in self.documents if self.was_read(document, kinds)]

    def was_read(self, document: Document, kinds: Kinds) -> bool:
        """Whether an object could be read, or would have been, were it there."""
        return not _within(kinds.of(document).resource_id(document, self.place).lower(), self.unread)


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as the runbook says: what `up` would do with it.

    `within` is whose inside it is in, for people, and `holder` that document's name.
    """

    kind: str
    ref: str
    label: str
    action: Literal["create", "update", "unexpected", "not verified", "left out"]
    changes: tuple[Change, ...] = ()
    within: str = ""
    holder: str = ""
    accepted: bool = False

    @property
    def subject(self) -> str:
        """The document that people accept to go on without: the object itself, or what it is inside of."""
        return self.holder or f"{self.kind} {self.ref}"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one object."""

    kind: str
    ref: str
    outcome: Outcome
    message: str = ""

    @property
    def undone(self) -> bool:
        """Whether it is still to be done, by restamp or by people; nobody can do what is left out."""
        return self.outcome in ("failed", "blocked", "waiting")

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}: {self.outcome}" + (f": {self.message}" if self.message else "")


def subscription_of(document: Document, provider: str) -> str:
    """The id of the subscription that a holder is."""
    return str(getattr(document, "id", provider))


def way_in(arm: "Arm", holder: Document) -> "Inside":
    """The inside of a holder's subscription, as the principal of its directory."""
    return arm.inside(subscription_of(holder, arm.place.provider), str(getattr(holder, "tenant", "")))


def look(stamp: "Inside", kinds: Kinds, holder: Document, base_plans: Iterable[str] = ()) -> Contents:
    """Everything inside a subscription. `base_plans`, those of its offer, are not told as acquired."""
    contents, held = Contents(stamp.place), kinds.held_by(kinds.of(holder))
    for kind in (kind for kind in held if kind.wire.endpoint == "admin"):
        _look_at(kind, stamp, kinds, contents)
    try:
        for kind in (kind for kind in held if kind.wire.endpoint != "admin"):
            _look_at(kind, stamp, kinds, contents)
            contents.covered = True
    except Rejected as error:
        if contents.covered or error.status not in _SHUT:
            raise
        contents.unread.add(f"/subscriptions/{stamp.place.subscription}".lower())
    own = {plan.rpartition("/")[2].lower() for plan in base_plans}
    for key in [key for key, item in contents.found.items() if _plan(item.document) in own]:
        del contents.found[key]
    return contents


def _plan(document: Document) -> str:
    """The plan of an acquired one, by the one name that the stamp tells (recorded)."""
    return str(getattr(document, "plan", "")).rpartition("/")[2].lower()


def look_at_all(
    arm: "Arm", holders: Sequence[Document], documents: Iterable[Document], kinds: Kinds
) -> Iterator[tuple[Document, Contents]]:
    """Each holder with everything inside it; several are looked at at once, as far as the limiter lets them."""
    known = {kinds.of(document).ref(document).lower(): document for document in documents}

    def looked(holder: Document) -> Contents:
        offer = known.get(str(getattr(holder, "offer", "")).lower())
        return look(way_in(arm, holder), kinds, holder, getattr(offer, "base_plans", ()))

    with ThreadPoolExecutor(arm.settings.parallel) as pool:
        yield from zip(holders, pool.map(looked, holders), strict=True)


def _look_at(kind: Kind[Any], stamp: "Inside", kinds: Kinds, contents: Contents) -> None:
    if not kind.wire.per:
        _add(kind, objects.look(kind, stamp, kinds), contents)
        return
    for parent in [item for item in contents.documents if type(item) is kinds[kind.wire.per].model]:
        try:
            _add(kind, objects.look(kind, stamp, kinds, [parent]), contents)
        except Forbidden as error:
            holder = kinds.of(parent)
            contents.unread.add(holder.resource_id(parent, stamp.place).lower())
            about, hint = f"{holder.name} {holder.label(parent)}", "An access policy with get and list lets restamp in."
            message = f"not covered: what is in it cannot be read: {error}"
            contents.findings.append(Finding("not-covered", "warn", about, message, hint))


def _add(kind: Kind[Any], seen: tuple[list[Found[Any]], list[Finding]], contents: Contents) -> None:
    found, findings = seen
    contents.found |= {(kind.name, kind.ref(item.document).lower()): item for item in found}
    contents.findings += [finding for finding in findings if finding.code != "left-out"]
    for item in found:
        if (hidden := objects.hidden(kind, item.document)) and not item.body.get(AS_LEFT):
            contents.unread.add(kind.resource_id(item.document, contents.place).lower())
            about = f"{kind.name} {kind.ref(item.document)}"
            message = (
                f"not covered: its {', '.join(hidden)} cannot be read: disabled, expired, or no key to seal it with"
            )
            contents.findings.append(Finding("not-covered", "warn", about, message))


def gone(wanted: Iterable[Document], seen: Contents, kinds: Kinds, stamp: "Inside") -> frozenset[str]:
    """Whoever is not in the directory any more, of those who have a role or are to get one: ids in lower case.

    Nobody, where the directory cannot be asked.
    """
    missing = [item for item in wanted if seen.of(item, kinds) is None]
    asked = {principal.lower() for item in (*missing, *seen.documents) if (principal := _principal(item))}
    known = stamp.names(asked) if asked and seen.covered else None
    return frozenset() if known is None else frozenset(asked - known.keys())


def _ref(document: Document, kinds: Kinds) -> str:
    return kinds.of(document).ref(document).lower()


def _principal(document: Document) -> str:
    return str(getattr(document, "principal", ""))


def compare(wanted: Iterable[Document], seen: Contents, kinds: Kinds) -> Iterator[Difference]:
    """Every object that differs, in the order in which they would be brought back; then what nobody asked for."""
    rest = dict(seen.found)
    for document in wanted:
        kind = kinds.of(document)
        ref, label = kind.ref(document), kind.label(document)
        if (found := seen.of(document, kinds)) is not None:
            rest.pop((kind.name, _ref(found.document, kinds)), None)
        if found is None:
            there = seen.was_read(document, kinds)
            left_out = _principal(document).lower() in seen.gone
            yield Difference(kind.name, ref, label, "left out" if left_out else "create" if there else "not verified")
        elif changes := objects.compare(kind, document, found.document):
            yield Difference(kind.name, ref, label, "update", tuple(changes))
        elif objects.hidden(kind, found.document):
            yield Difference(kind.name, ref, label, "not verified")
    for (name, _), item in rest.items():
        kind = kinds[name]
        if objects.hidden(kind, item.document):
            continue  # no capture could know it, so it is not covered, as it was found to be
        nobodys = _principal(item.document).lower() in seen.gone
        ref, label = kind.ref(item.document), kind.label(item.document)
        yield Difference(name, ref, label, "left out" if nobodys else "unexpected")


def renamed(wanted: Iterable[Document], seen: Contents, kinds: Kinds) -> Iterator[tuple[str, str]]:
    """What is there under another name than its document's, and which."""
    for document in wanted:
        found, kind = seen.of(document, kinds), kinds.of(document)
        if found is not None and (said := _other_name(kind, document, found)):
            yield f"{kind.name} {kind.ref(document)}", said


def _other_name(kind: Kind[Any], document: Document, found: Found[Any]) -> str:
    other = kind.ref(found.document)
    return "" if other.lower() == kind.ref(document).lower() else f"is there as {other}, made by somebody else"


def awaited(wanted: Iterable[Document], seen: Contents, kinds: Kinds, stamp: "Inside") -> Iterator[str]:
    """Assignments and locks that are missing, and that `up` will not write before a tenant deploys what they are on."""
    documents = list(wanted)
    own = {kinds.of(document).resource_id(document, stamp.place).lower() for document in documents}
    for document in documents:
        there = seen.of(document, kinds) is not None or _principal(document).lower() in seen.gone
        if not there and seen.was_read(document, kinds) and _lacks_its_resource(document, stamp, own):
            yield f"{kinds.of(document).name} {kinds.of(document).ref(document)}"


def _lacks_its_resource(document: Document, stamp: "Inside", own: Collection[str]) -> bool:
    """Whether the single resource that an assignment or a lock is on is not there; a stamp may not mind.

    `own` are ids, in lower case, of what restamp brings back itself.
    """
    group, within, place = f"/{getattr(document, 'scope', '')}".partition("/providers/")
    resource = f"{group}{within}{'/'.join(place.split('/')[:3])}"  # what is nested in it is told by it
    resource_id = f"/subscriptions/{stamp.place.subscription}{resource}".lower()
    if not within or not group or resource_id in own:
        return False
    return stamp.resources is not None and resource_id not in stamp.resources


Noted = Callable[[str, str], AbstractContextManager[dict[str, Any]]]


def bring_back(
    wanted: Iterable[Document],
    seen: Contents,
    kinds: Kinds,
    stamp: "Inside",
    noted: Noted,
    counted: Callable[[int], None] = lambda _count: None,
) -> list[Result]:
    """Bring every object to what its document says; what needs a failed one is blocked by it.

    `noted(kind, ref)` surrounds each write, and is given its outcome; `counted` hears how many are through.
    """
    results: list[Result] = []
    with ExitStack() as borrowed:
        work = _Work(seen, kinds, stamp, noted, borrowed)
        for document in wanted:
            results.append(work.brought(document))
            if len(results) % 10 == 0:
                counted(len(results))
    return results


@dataclass
class _Work:
    """One subscription being filled: what was seen, what failed, and which vaults we have let ourselves into."""

    seen: Contents
    kinds: Kinds
    stamp: "Inside"
    noted: Noted
    borrowed: ExitStack
    failed: dict[str, str] = field(default_factory=dict)  # id in lower case -> whose it is
    brought_back: set[str] = field(default_factory=set)  # ids in lower case
    entered: set[str] = field(default_factory=set)

    def brought(self, document: Document) -> Result:
        """What became of one object."""
        kind = self.kinds.of(document)
        resource_id, ref = kind.resource_id(document, self.stamp.place).lower(), kind.ref(document)
        result = self._looked_at(kind, document, resource_id)
        if result.undone:
            self.failed[resource_id] = f"{kind.name} {ref}"
        else:
            self.brought_back.add(resource_id)
        return result

    def _looked_at(self, kind: Kind[Any], document: Document, resource_id: str) -> Result:
        ref = kind.ref(document)
        found = self.seen.of(document, self.kinds)
        if found is not None and not objects.compare(kind, document, found.document):
            return Result(kind.name, ref, "unchanged", _other_name(kind, document, found))
        if not self.seen.covered and kind.wire.endpoint != "admin":
            return Result(kind.name, ref, "waiting", SHUT_OUT)
        if found is None and _principal(document).lower() in self.seen.gone:
            return Result(kind.name, ref, "left out", _gone(document))
        if found is None and self.seen.trusted and not self.seen.was_read(document, self.kinds):
            return Result(kind.name, ref, "not verified")
        if cause := _blocked_by(kind, document, self.kinds, self.stamp, self.failed):
            return Result(kind.name, ref, "blocked", f"waits for {cause}")
        if found is None and _lacks_its_resource(document, self.stamp, self.brought_back):
            return Result(kind.name, ref, "waiting", "by tenant, who deploys the resource that it is on")
        return self._written(kind, document, resource_id, found)

    def _written(self, kind: Kind[Any], document: Document, resource_id: str, found: Found[Any] | None) -> Result:
        ref = kind.ref(document)
        try:
            with self.noted(kind.name, ref) as result:
                failpoints.reached("object.before")
                done = self._put(kind, document, resource_id, found)
                failpoints.reached("object.after")
                result |= {"event": done.outcome, "changes": [change.field for change in done.changes]}
        except Shut as error:
            where = f"{self.seen.file}: " if self.seen.file else ""
            return Result(kind.name, ref, "failed", f"{where}{line(error)}. {error.hint}")
        except StampError as error:
            outcome = outcome_of(document, error)
            return Result(kind.name, ref, outcome, _gone(document) if outcome == "left out" else line(error))
        return Result(kind.name, ref, done.outcome, ", ".join(change.field for change in done.changes))

    def _put(self, kind: Kind[Any], document: Document, resource_id: str, found: Found[Any] | None) -> objects.Put:
        """Write it; a vault that does not let us in is entered, by the right of an Owner, until all is written."""
        vault = resource_id.partition("/secrets/")[0] if kind.wire.endpoint == "vault" else ""
        unread = found is None and not self.seen.was_read(document, self.kinds)
        try:
            if unread or vault in self.entered:
                return objects.put(kind, document, self.stamp, self.kinds)
            return objects.bring(kind, document, found, self.stamp, self.kinds)
        except Forbidden:
            if not vault or vault in self.entered:
                raise
            self.entered.add(vault)
            self.borrowed.enter_context(self.stamp.entered(vault))
            return objects.put(kind, document, self.stamp, self.kinds)


def outcome_of(document: Document, error: Exception) -> Outcome:
    """What an error makes of an object: a principal that is gone cannot be given a role by anybody, nor own anything.

    PrincipalNotFound is documented for Azure, OwnerNotFound assumed.
    """
    code = error.code if isinstance(error, Rejected) else ""
    if code in ("PrincipalNotFound", "OwnerNotFound"):
        return "left out" if code == "PrincipalNotFound" else "blocked"
    return "waiting" if isinstance(error, Rejected) and _awaits_its_resource(document, error) else "failed"


def _gone(document: Document) -> str:
    name = getattr(document, "principal_name", None)
    return f"its principal is gone from the directory: {name or _principal(document)}"


def _blocked_by(
    kind: Kind[Any], document: Document, kinds: Kinds, stamp: "Inside", failed: Mapping[str, str]
) -> str | None:
    """Whose failure keeps an object from being written: it is within the failed one, or names it."""
    if not failed:
        return None
    own = kind.resource_id(document, stamp.place).lower()
    said = json.dumps(encode(kind, document, stamp.place, kinds, sealed_fields(type(document)))).lower()
    return next((whose for other, whose in failed.items() if own.startswith(f"{other}/") or f'"{other}"' in said), None)


def _awaits_its_resource(document: Document, error: Rejected) -> bool:
    """An assignment or a lock on a single resource: what is not on the stamp yet is nobody's fault."""
    return error.status == 404 and "/providers/" in f"/{getattr(document, 'scope', '')}"


def _within(resource_id: str, ids: Iterable[str]) -> bool:
    return any(f"{resource_id}/".startswith(f"{other}/") for other in ids)


def line(error: Exception) -> str:
    """What an error says, in one line; without the request or object that it names first, beside which it is told."""
    said = str(error).partition(": ")[2] if isinstance(error, Rejected | Shut) else ""
    return " ".join((said or str(error)).split())
