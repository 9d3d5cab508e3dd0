"""A subscription with everything inside it as one resource: a reference and a digest in, status and counts out."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, ReadResult, Resource, UpdateResult

from restamp import entering, failpoints, inside
from restamp.errors import Refused
from restamp.inside import Result
from restamp.plugins import all_kinds
from restamp.resources import live, where
from restamp.resources.document import DocumentResource, In
from restamp.resources.gate import behind
from restamp.resources.holding import Holding
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
from restamp.runbook.outline import Head, digest_of

# what a diff looks at; `runbook`, where the file is, may differ from one machine to the next
OWNED = ("kind", "stamp", "recovery", "target", "file", "digest")
_KEPT = (*OWNED, "runbook")
_SHOWN = 10  # lines of failures in the state, and
_ON_THE_ROW = 4
DRIFTED = "drifted"
_LONGEST = 400  # characters of a failure in the state; the journal has the whole


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
        return CreateResult(props["ref"], self._brought(props, {}))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """The same as create: look, compare, write what differs; a vault that was filled is not entered again."""
        same = all(olds.get(key) == news.get(key) for key in ("recovery", "target", "digest"))
        return UpdateResult(self._brought(news, olds if same and olds.get("status") in (DONE, DRIFTED) else {}))

    def read(self, id_: str, props: Props) -> ReadResult:
        """As it was, unless the stamp is no longer as the file says; a file that changed is looked at by update."""
        path = where.folder(props) / props["file"]
        if props.get("status") != DONE or not path.exists() or digest_of(path) != props["digest"]:
            return ReadResult(id_, props)
        if not (drift := Holding(self._session(props), props, props).drift()):
            return ReadResult(id_, props)
        return ReadResult(id_, props | {"status": DRIFTED, "message": f"drifted: {drift}", "result": DRIFTED})

    def delete(self, id_: str, props: Props) -> None:
        """Remove the subscription; only reached where its document says `onDestroy: delete`."""
        here, kind = self._session(props), all_kinds()[props["kind"]]
        here.check(props.get("target") or "")
        values = kind.values(id_) or {}
        here.delete(kind, kind.model.model_construct(**values))

    def _brought(self, props: Props, before: Props) -> Props:
        kept = {key: props[key] for key in _KEPT if key in props}
        failpoints.reached("holder.begin")
        if (undone_yet := not_begun(props, f"{props['kind']} {props['ref']}")) is not None:
            return kept | undone_yet
        here = self._session(props)
        try:
            here.check(props.get("target") or "")
            holding = Holding(here, props, before)
            results = holding.brought()
        except Refused as error:
            return kept | undone("failed", one_line(error))
        failpoints.reached("holder.end")
        shut_out = any(result.message == inside.SHUT_OUT for result in results)
        how = entering.asked_of_people(here.arm, holding.document) if shut_out else ""
        told = _told(results, holding.label, props.get("recovery"), how)
        return kept | told | ({"versions": holding.versions or None} if told["status"] == DONE else {})


def _told(results: list[Result], label: str, recovery: str | None, how: str) -> Props:
    """The outputs: the worst of all statuses, counts by outcome, the first failures, and what it comes to.

    `how` is what people have to do, where restamp is not let in.
    """
    own, counts = results[0], Counter(result.outcome for result in results)
    bad = [result for result in results if result.undone]
    undone_yet = "blocked" if own.outcome == "blocked" else "waiting"
    status = "failed" if counts["failed"] else undone_yet if bad else DONE
    said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    if results == [own]:
        said = {"unchanged": "adopted, nothing written", "updated": f"updated {own.message}"}.get(own.outcome, said[2:])
    said += next((f"; {item}" for item in results[1:] if item.outcome == "unchanged" and item.message), "")
    outs: Props = {"status": status, "counts": dict(counts), "outcome": own.outcome}
    for line in _capped([str(result) for result in results if result.outcome == "left out"], _ON_THE_ROW):
        live.warn(f"{label}: {line}")
    if not bad:
        live.say(f"{label}: {said}")
        return outs | {"result": finished(recovery)}
    failures = [str(result)[:_LONGEST] for result in sorted(bad, key=lambda result: result.outcome != "failed")]
    for line in [how] if how and status == "waiting" else _capped(failures, _ON_THE_ROW):
        live.warn(f"{label}: {line}")
    message = f"{said}; {how}" if how and status == "waiting" else f"{said}; first: {failures[0]}"
    return outs | {"failures": _capped(failures, _SHOWN), "message": message, "result": f"{status}: {message}"}


def _capped(lines: list[str], shown: int) -> list[str]:
    """So many lines at most, the last of which says where the others are."""
    if len(lines) <= shown:
        return lines
    return [*lines[: shown - 1], f"and {len(lines) - shown + 1} more: restamp journal --failed"]


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
