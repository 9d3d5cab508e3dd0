"""One connection for each stamp in a provider's process: made at first use, shared by all its resources."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from restamp import check, entering, failpoints, inside, objects
from restamp.arm.settings import Settings
from restamp.errors import Refused, RestampError, StampError
from restamp.inside import Contents, Result
from restamp.journal import Journal
from restamp.kind import Kind, Kinds
from restamp.kinds.subscriptions import Subscription
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, RecoveryDocument
from restamp.plugins import all_kinds
from restamp.resources import live
from restamp.runbook.outline import Outline, outline
from restamp.target import beside

if TYPE_CHECKING:
    from restamp.arm.client import Arm
    from restamp.arm.inside import Inside
    from restamp.arm.operations import Operation

Mark = tuple[str, str, str]  # recovery, target, digest
_FRESH = 60.0  # seconds a list answers reads; writes always look at the object itself


class Session:
    """A stamp as a provider sees it: its objects, its journal, and that it is the right one."""

    def __init__(self, settings: Settings) -> None:
        """Connect nothing yet."""
        self._settings = settings
        self._lock = threading.RLock()
        self._lists: dict[str, tuple[float, dict[str, Document]]] = {}
        self._checked: set[str] = set()
        self._none_lived = -_FRESH
        self._outcomes: Counter[str] = Counter()
        self._outlines: dict[Path, Outline] = {}
        self._base_plans: dict[str, tuple[str, ...]] = {}
        self._here = threading.local()
        self.journal = Journal(settings.stamp)

    @property
    def kinds(self) -> Kinds:
        """All kinds of this environment."""
        return all_kinds()

    @cached_property
    def arm(self) -> "Arm":
        """The stamp's Resource Manager. Imported here, so that a Pulumi program that only declares stays light."""
        from restamp.arm.client import Arm

        return Arm(self._settings, self._begun, say=live.say)

    def put(
        self, kind: Kind[Any], document: Document, later: frozenset[str], recovery: str, stamp: "Inside | None" = None
    ) -> objects.Put:
        """Bring one object to what its document says, and write down what was done; `stamp` is what it is inside of."""
        facts = {"recovery": recovery, "kind": kind.name, "ref": kind.ref(document)} | _within(stamp)
        with self._noted("put", facts) as result:
            done = objects.put(kind, document, stamp or self.arm, self.kinds, later)
            result |= {"event": done.outcome, "changes": [str(change) for change in done.changes]}
        self._count([done.outcome])
        return done

    def bring(self, kind: Kind[Any], document: Document, later: frozenset[str], recovery: str) -> Result:
        """The same as `put`, with what went wrong told instead of raised; what a stamp makes itself is as it is."""
        if kind.wire.read_only:
            return Result(kind.name, kind.ref(document), "unchanged")
        try:
            done = self.put(kind, document, later, recovery)
        except (StampError, ValidationError) as error:
            outcome = inside.outcome_of(document, error)
            gone = "its owner is gone from the directory: name another, ownerOverride in its document"
            return Result(kind.name, kind.ref(document), outcome, gone if outcome == "blocked" else inside.line(error))
        return Result(kind.name, kind.ref(document), done.outcome, ", ".join(item.field for item in done.changes))

    def fill(
        self,
        stamp: "Inside",
        holder: Document,
        held: Iterable[Document],
        seen: Contents,
        recovery: str,
        counted: Callable[[int], None],
    ) -> list[Result]:
        """Bring everything inside a subscription to what its documents say, and write down what became of each."""
        place = self._place(holder, recovery)
        results = inside.bring_back(held, seen, self.kinds, stamp, self._noting(place), counted)
        self._passed_over(results, place)
        return results

    def fill_as_tenant(self, holder: Subscription, held: Iterable[Document]) -> list[Result]:
        """The same for a tenant's own principal, which has no place at the admin endpoint; no recovery is its own."""
        place = self._place(holder, "")
        results = entering.as_tenant(self.arm, holder, held, self.kinds, self._noting(place))
        self._passed_over(results, place)
        return results

    def _place(self, holder: Document, recovery: str) -> dict[str, str]:
        return {"recovery": recovery, "in": self.kinds.of(holder).ref(holder)}

    def _passed_over(self, results: list[Result], place: dict[str, str]) -> None:
        """Write down what was not even tried: a line for each reason, so that thousands who wait cost little."""
        self._count(result.outcome for result in results)
        found: dict[tuple[str, str], list[str]] = {}
        for result in results:
            if result.outcome in ("blocked", "waiting", "left out"):
                found.setdefault((result.outcome, result.message), []).append(f"{result.kind} {result.ref}")
        for (outcome, message), named in found.items():
            self.journal.write("passed-over", place | {"outcome": outcome, "message": message, "objects": named})

    def _noting(self, place: dict[str, str]) -> inside.Noted:
        def noted(kind: str, ref: str) -> AbstractContextManager[dict[str, Any]]:
            return self._noted("put", place | {"kind": kind, "ref": ref})

        return noted

    def filled(self, ref: str, mark: Mark) -> None:
        """Write down that all inside a subscription is as `mark` says: its recovery, its target, its file's digest."""
        self.journal.write("filled", {"in": ref, "mark": mark})

    def was_filled(self, ref: str, mark: Mark) -> bool:
        """Whether a run before this one wrote that down, and no secret was written there since."""
        return all(mark) and self._filled.get(ref.lower()) == list(mark)

    @cached_property
    def _filled(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in self.journal.entries():
            if entry["event"] == "filled":
                found[str(entry["in"]).lower()] = entry.get("mark")
            elif entry["event"] == "put" and entry.get("kind") == "Secret":
                found.pop(str(entry.get("in")).lower(), None)
        return found

    def _count(self, outcomes: Iterable[str]) -> None:
        with self._lock:
            self._outcomes.update(outcomes)

    def end(self) -> None:
        """Write down what this process came to: objects by outcome, calls, and what the stamp refused for a while.

        The whole journal is on the disk then. It stays open, and the stamp's lock ours: after Ctrl-C writes still end.
        """
        stats = self.arm.limiter.stats.values() if "arm" in vars(self) else ()
        if not any(each.calls for each in stats):
            return
        facts: dict[str, Any] = {"outcomes": dict(self._outcomes)}
        facts |= {"calls": sum(each.calls for each in stats), "throttled": sum(each.throttled for each in stats)}
        self.journal.write("ended", facts, durable=True)

    def outline(self, folder: Path) -> Outline:
        """The runbook in a folder, as it was when this process first asked."""
        from restamp.sealing import for_writing

        with self._lock:
            if folder not in self._outlines:
                self._outlines[folder] = outline(folder, self.kinds)
                found = self._outlines[folder]
                self.arm.seals = for_writing(folder, found.stamp)
                self._base_plans = {
                    self.kinds.of(item).ref(item).lower(): tuple(plans)
                    for item in found.documents
                    if (plans := getattr(item, "base_plans", ()))
                }
            return self._outlines[folder]

    def base_plans(self, subscription: Document) -> tuple[str, ...]:
        """The base plans of a subscription's offer."""
        return self._base_plans.get(str(getattr(subscription, "offer", "")).lower(), ())

    def delete(self, kind: Kind[Any], document: Document, stamp: "Inside | None" = None) -> None:
        """Remove one object from the stamp; only ever called for `onDestroy: delete`."""
        with self._noted("delete", {"kind": kind.name, "ref": kind.ref(document)} | _within(stamp)) as result:
            (stamp or self.arm).delete(kind.resource_id(document, (stamp or self.arm).place), kind.wire)
            result |= {"event": "deleted"}

    @contextmanager
    def _noted(self, event: str, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The intent in the journal before, the result behind it: what is put into it, or why it failed."""
        result: dict[str, Any] = {}
        failpoints.reached("intent.before")
        self._here.intent, self._here.operations = self.journal.intent(event, facts), []
        failpoints.reached("intent.after")
        try:
            yield result
        except (RestampError, ValidationError) as error:
            self._ended(error)
            self.journal.result(self._here.intent, "failed", facts | {"message": _told(error)})
            raise
        failpoints.reached("result.before")
        self._ended(None)
        self.journal.result(self._here.intent, result.pop("event"), facts | result)
        failpoints.reached("result.after")

    def old_deployment(self, recovery: RecoveryDocument) -> str | None:
        """The deployment that answers, where a recovery says that it was lost; None where no such one does."""
        try:
            found = self.arm.about.deployment
        except (StampError, Refused):
            return None
        return found if found in recovery.lost and not recovery.redeployed else None

    def lost_stamps(self, recovery: RecoveryDocument, captured: Captured | None) -> list[Finding]:
        """That a stamp which was lost answers, by today's way or where it was captured."""
        found = beside(self.arm, captured.address if captured else None)
        return [*check.still_there(self.old_deployment(recovery)), *found]

    def check_none_lives(self, recovery: RecoveryDocument, captured: Captured | None) -> None:
        """Refuse while a stamp that was lost answers: its power may come back once the preflight is long through."""
        with self._lock:
            if time.monotonic() - self._none_lived > _FRESH:
                if found := self.lost_stamps(recovery, captured):
                    raise Refused(found)
                self._none_lived = time.monotonic()

    def seen(self, kind: Kind[Any], ref: str) -> Document | None:
        """The object as the stamp lists it; one list a kind answers for all, none where no provider is back."""
        with self._lock:
            at, listed = self._lists.get(kind.name, (0.0, {}))
            if not at or time.monotonic() - at > _FRESH:
                documents, _ = objects.collect_late(kind, self.arm, self.kinds)
                listed = {kind.ref(document).lower(): document for document in documents or ()}
                self._lists[kind.name] = time.monotonic(), listed
            return listed.get(ref.lower())

    def check(self, target: str) -> None:
        """Refuse any stamp but the recovery's, once a process, before its first write; finish what was begun before."""
        with self._lock:
            if target in self._checked:
                return
            failpoints.reached("check.before")
            self.journal.write("session", {"target": target})
            if target and (found := self.arm.about.deployment) != target:
                raise Refused([_wrong_target(self._settings.stamp, found, target)])
            self._resume()
            self._checked.add(target)
            failpoints.reached("check.after")

    def _resume(self) -> None:
        """Wait for what an earlier process began; how it ended shows on the object, which is read before a write."""
        from restamp.arm.operations import ended, remembered

        for entry in self.journal.unfinished():
            live.say(f"waiting for what an earlier run began: {entry.get('what')}")
            error, operation = None, remembered(entry)
            failpoints.reached("resume.before")
            try:
                if operation is not None:
                    self.arm.resume(operation)
            except StampError as failed:
                error = failed
            if ended(error):
                self.journal.result(entry.get("id", ""), "operation-ended", {"poll": entry.get("poll")})
            failpoints.reached("resume.after")

    def _begun(self, operation: "Operation") -> None:
        intent = getattr(self._here, "intent", "")
        failpoints.reached("operation.before")
        self.journal.write("operation", {"id": intent, **operation.record()}, durable=True)
        failpoints.reached("operation.recorded")
        self._here.operations = [*getattr(self._here, "operations", ()), operation.poll]

    def _ended(self, error: RestampError | ValidationError | None) -> None:
        """Write down the end of the operations of one put, unless it runs on without us."""
        from restamp.arm.operations import ended

        if not isinstance(error, StampError) or ended(error):
            for poll in self._here.operations:
                self.journal.result(self._here.intent, "operation-ended", {"poll": poll})
                failpoints.reached("operation.ended")


def _told(error: RestampError | ValidationError) -> str:
    """Why it failed, without the values of what a stamp or a document says: the journal holds no secret."""
    if isinstance(error, RestampError):
        return str(error)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['type']}" for item in found)


def _within(stamp: "Inside | None") -> dict[str, str]:
    return {"in": stamp.place.subscription} if stamp is not None else {}


def _wrong_target(stamp: str, found: str | None, target: str) -> Finding:
    message = f"the stamp that answers is deployment {found}, and this recovery is for {target}"
    hint = "Point RESTAMP_CONNECT_TO or DNS at the redeployed stamp, or begin a recovery for this one: `restamp begin`."
    return Finding("wrong-target", "stop", stamp, message, hint)


_sessions: dict[Settings, Session] = {}
_making = threading.Lock()


def session(settings: Settings) -> Session:
    """The process's session with a stamp."""
    with _making:
        return _sessions.setdefault(settings, Session(settings))


def end_all() -> None:
    """The run ends: each session writes down what it came to."""
    for each in list(_sessions.values()):
        each.end()
