"""A subscription with everything inside it as one resource: a reference and a digest in, status and counts out."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, ReadResult, Resource, UpdateResult

from restamp import entering, failpoints, inside, objects, older, principals
from restamp.errors import Refused
from restamp.inside import Result
from restamp.kind import Kinds
from restamp.models.document import Document
from restamp.models.principals import Principals
from restamp.models.stamp import Taken
from restamp.plugins import all_kinds
from restamp.recovery import taken
from restamp.resources import entered, live, where
from restamp.resources.document import DocumentResource, In
from restamp.resources.gate import behind
from restamp.resources.provider import (
    DONE,
    Difference,
    DocumentProvider,
    Props,
    finished,
    not_begun,
    one_line,
    undone,
)
from restamp.resources.session import Session
from restamp.runbook.outline import Head, digest_of

# what a diff looks at; `runbook`, where the file is, may differ from one machine to the next
OWNED = ("kind", "stamp", "recovery", "target", "file", "digest")
_KEPT = (*OWNED, "runbook")
_SHOWN = 10
DRIFTED = "drifted"
_LONGEST = 160  # characters of a failure in the state; the journal has the whole
_UNDONE = ("failed", "blocked")
_AS_IT_SHOULD_BE = ("created", "updated", "unchanged", "left out", "not verified")


class HolderProvider(DocumentProvider):
    """Brings a subscription and what is inside it to what its file says. Has no state, as its parent."""

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Nothing: the file was looked at when the program began, and is read when it is needed."""
        return CheckResult(news, [])

    def diff(self, _id: str, olds: Props, news: Props) -> Difference:
        """Another file, another recovery, or not done yet."""
        fields = [key for key in OWNED if (olds.get(key) or None) != (news.get(key) or None)]
        return Difference(fields + (["status"] if olds.get("status") != DONE else []), [])

    def create(self, props: Props) -> CreateResult:
        """Bring it to what its file says; what exists and is right is adopted."""
        return CreateResult(props["ref"], self._brought(props, trusted=False))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """The same as create: look, compare, write what differs; a vault that was filled is not entered again."""
        same = all(olds.get(key) == news.get(key) for key in ("recovery", "target", "digest"))
        return UpdateResult(self._brought(news, trusted=same and olds.get("status") in (DONE, DRIFTED)))

    def read(self, id_: str, props: Props) -> ReadResult:
        """As it was, unless the stamp is no longer as the file says; a file that changed is looked at by update."""
        here = self._session(props)
        path = where.folder(props) / props["file"]
        if props.get("status") != DONE or not path.exists() or digest_of(path) != props["digest"]:
            return ReadResult(id_, props)
        drift = _drift(here, *_read(here, props))
        if not drift:
            return ReadResult(id_, props)
        return ReadResult(id_, props | {"status": DRIFTED, "message": f"drifted: {drift}", "result": DRIFTED})

    def delete(self, id_: str, props: Props) -> None:
        """Remove the subscription; only reached where its document says `onDestroy: delete`."""
        here, kind = self._session(props), all_kinds()[props["kind"]]
        here.check(props.get("target") or "")
        values = kind.values(id_) or {}
        here.delete(kind, kind.model.model_construct(**values))

    def _brought(self, props: Props, *, trusted: bool) -> Props:
        kept = {key: props[key] for key in _KEPT if key in props}
        failpoints.reached("holder.begin")
        if (undone_yet := not_begun(props, f"{props['kind']} {props['ref']}")) is not None:
            return kept | undone_yet
        here = self._session(props)
        try:
            here.check(props.get("target") or "")
            document, held = _read(here, props)
            label = here.kinds.of(document).label(document)
            results = _results(here, props, document, held, trusted=trusted)
        except Refused as error:
            return kept | undone("failed", one_line(error))
        failpoints.reached("holder.end")
        shut_out = any(result.message == inside.SHUT_OUT for result in results)
        how = entering.asked_of_people(here.arm, document) if shut_out else ""
        return kept | _told(results, label, props.get("recovery"), how)


def _read(here: Session, props: Props) -> tuple[Document, tuple[Document, ...]]:
    """The document and what it holds, as its people are known today, and without access that is withheld."""
    folder = where.folder(props)
    document, held = here.outline(folder).read(props["file"])
    people, decision = _people(folder), _decision(folder, props.get("recovery") or "")
    known = principals.today(document, people), tuple(principals.today(item, people) for item in held)
    return older.without(*known, decision, here.kinds)


@cache
def _decision(folder: Path, recovery: str) -> Taken | None:
    return taken(folder, recovery) if recovery else None


@cache
def _people(folder: Path) -> Principals:
    return principals.table(folder)


def _results(
    here: Session, props: Props, document: Document, held: tuple[Document, ...], *, trusted: bool
) -> list[Result]:
    """What became of the subscription and of everything inside it: made, filled, and only then disabled."""
    kind, recovery = here.kinds.of(document), props.get("recovery") or ""
    later = frozenset({kind.wire.late.field}) if held and kind.wire.late else frozenset[str]()
    filled = bool(held) or _filled(document)
    own = entered.made(here, document, later, recovery, filled=filled)
    failpoints.reached("subscription.created")
    if own.outcome in _UNDONE or not filled:
        return [own]
    try:
        found = _inside(here, props, document, held, trusted=trusted)
    finally:
        own = entered.given_back(here, document, later, recovery, own)
    if later and not any(result.outcome in _UNDONE for result in (own, *found)):
        failpoints.reached("disabled.before")
        last = here.bring(kind, document, frozenset(), recovery)
        failpoints.reached("disabled.after")
        own = last if own.outcome == "unchanged" else own
    return [own, *found]


def _inside(
    here: Session, props: Props, document: Document, held: tuple[Document, ...], *, trusted: bool
) -> list[Result]:
    """What became of everything inside a subscription that is there."""
    kind, recovery = here.kinds.of(document), props.get("recovery") or ""
    mark = (recovery, props.get("target") or "", props["digest"])
    stamp = inside.way_in(here.arm, document)
    failpoints.reached("look.before")
    seen = inside.look(stamp, here.kinds, document, here.base_plans(document))
    failpoints.reached("look.after")
    if not held and not seen.unread:
        return []
    seen.gone = inside.gone(held, seen, here.kinds, stamp)
    seen.covered = seen.covered and getattr(document, "access", "") != "tenant"  # who writes it then, looks after it
    # a run that was killed keeps no state: then the journal says whether what cannot be read was written
    seen.trusted = trusted or (bool(seen.unread) and here.was_filled(props["ref"], mark))
    open_again = objects.at_birth(kind, document)
    if open_again != document and seen.covered and _differs(held, seen, here.kinds):
        here.bring(kind, open_again, frozenset(), recovery)  # nothing can be written inside a disabled subscription
    label = kind.label(document)
    found = here.fill(stamp, document, held, seen, recovery, lambda count: live.say(f"{label}: {count} of {len(held)}"))
    if not any(result.outcome in ("failed", "blocked", "waiting") for result in found):
        here.filled(props["ref"], mark)
    failpoints.reached("filled")
    return found


def _differs(held: tuple[Document, ...], seen: inside.Contents, kinds: Kinds) -> bool:
    """Whether something has to be written; to look into a vault that lets nobody in takes a write as well."""
    unseen = [item for item in held if (kinds.of(item).name, kinds.of(item).ref(item).lower()) not in seen.found]
    unknown = seen.covered and not seen.trusted and not all(seen.was_read(item, kinds) for item in unseen)
    return unknown or any(item.action in ("create", "update") for item in inside.compare(held, seen, kinds))


def _filled(document: Document) -> bool:
    return getattr(document, "contents", "") in ("captured", "kept")


def _told(results: list[Result], label: str, recovery: str | None, how: str) -> Props:
    """The outputs: the worst of all statuses, counts by outcome, the first failures, and what it comes to.

    `how` is what people have to do, where restamp is not let in.
    """
    own, counts = results[0], Counter(result.outcome for result in results)
    bad = [result for result in results if result.outcome not in _AS_IT_SHOULD_BE]
    undone_yet = "blocked" if own.outcome == "blocked" else "waiting"
    status = "failed" if counts["failed"] else undone_yet if bad else DONE
    said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    if results == [own]:
        said = {"unchanged": "adopted, nothing written", "updated": f"updated {own.message}"}.get(own.outcome, said[2:])
    outs: Props = {"status": status, "counts": dict(counts), "outcome": own.outcome}
    if not bad:
        live.say(f"{label}: {said}")
        return outs | {"result": finished(recovery)}
    failures = [str(result)[:_LONGEST] for result in sorted(bad, key=lambda result: result.outcome != "failed")]
    for line in [how] if how and status == "waiting" else failures[:3]:
        live.warn(f"{label}: {line}")
    message = f"{said}; {how}" if how and status == "waiting" else f"{said}; first: {failures[0]}"
    return outs | {"failures": failures[:_SHOWN], "message": message, "result": f"{status}: {message}"}


def _drift(here: Session, document: Document, held: tuple[Document, ...]) -> str:
    """The first things that are not as they were left; empty where all is."""
    kind = here.kinds.of(document)
    found = document if kind.wire.read_only else here.seen(kind, kind.ref(document))
    if found is None:
        return "it is gone"
    if changes := objects.compare(kind, document, found):
        return ", ".join(change.field for change in changes)
    if not held:
        return ""
    stamp = inside.way_in(here.arm, document)
    seen = inside.look(stamp, here.kinds, document, here.base_plans(document))
    seen.gone = inside.gone(held, seen, here.kinds, stamp)
    differs = [item for item in inside.compare(held, seen, here.kinds) if item.action in ("create", "update")]
    named = ", ".join(f"{item.kind} {item.ref}" for item in differs[:3])
    return named + (f" and {len(differs) - 3} more" if len(differs) > 3 else "")


class Holder(Resource, module="restamp", name="Holder"):
    """A document with its contents: the base of one class for each kind that holds something."""

    status: pulumi.Output[str]
    result: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        head: Head,
        runbook: str,
        at: In,
        needs: Mapping[str, "DocumentResource | Holder"],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`head` is its file, unread; `runbook` the folder of all, from the folder of Pulumi.yaml."""
        wiring = {"needs": sorted(needs), "results": {key: need.result for key, need in needs.items()}} if needs else {}
        props: dict[str, Any] = {
            "kind": head.kind.name,
            "ref": head.ref,
            "stamp": at.stamp,
            "recovery": at.recovery,
            "target": at.target,
            "file": head.file,
            "digest": head.digest,
            "runbook": runbook,
        }
        given = {key: value for key, value in props.items() if value}
        outputs = dict.fromkeys(("status", "result"))
        retain = pulumi.ResourceOptions(retain_on_delete=head.values.get("onDestroy") != "delete")
        super().__init__(
            HolderProvider(),
            name,
            given | (wiring or behind(at.after)) | outputs,
            pulumi.ResourceOptions.merge(retain, opts),
        )


@cache
def holder_of(kind: str) -> type[Holder]:
    """The class of a kind's holders, with the token that its documents have."""
    made: type[Holder] = type(kind, (Holder,), {}, module="restamp", name=kind)
    return made
