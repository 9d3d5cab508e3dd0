"""Stamp -> Runbook: read what the stamp is today."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from restamp import beside, inside, lost, objects, principals, target
from restamp.errors import NothingHappened
from restamp.inside import Contents
from restamp.kind import Kind, Kinds
from restamp.models.backup import Backups
from restamp.models.document import Document, Local, marked
from restamp.models.finding import Finding
from restamp.models.stamp import Captured
from restamp.plugins import Used
from restamp.runbook import Runbook
from restamp.runbook.model import in_order, referred
from restamp.runbook.names import Names

if TYPE_CHECKING:
    from restamp.arm.client import Arm


@dataclass(frozen=True)
class Capture:
    """What a capture found: the runbook, what goes beside it, and what was left out with its reason."""

    runbook: Runbook
    captured: Captured
    findings: tuple[Finding, ...]
    backups: Backups | None = None  # what the stamp says of its infrastructure backups, where it can be asked

    def counted(self) -> dict[str, int]:
        """Objects by kind, in the order of kinds, what is inside of subscriptions included; 0 included."""
        found = Counter(type(document) for document in self.runbook.documents)
        found.update(type(document) for items in self.runbook.inside.values() for document in items)
        return {kind.name: found[kind.model] for kind in self.runbook.kinds}


def capture(arm: "Arm", before: Runbook, progress: Callable[[str, int], None], used: Sequence[Used] = ()) -> Capture:
    """Everything on the stamp that restamp has a kind for. Reads only; `progress` hears each kind with its count.

    `before` is the runbook of the last capture, maybe empty: what people wrote in its `Local` fields is kept, and what
    cannot be read this time. `used` are the plugins that its stamp.yaml names: what they know of is captured too.
    """
    kinds = before.kinds
    target.same_stamp(arm, before.stamp)
    documents: list[Document] = []
    findings: list[Finding] = []
    for kind in kinds.on_the_stamp:
        parents = [document for document in documents if kinds.of(document).name == kind.wire.per]
        found, notes = objects.collect_late(kind, arm, kinds, parents)
        # what `up` leaves for the end is not gone from a stamp that is being recovered: it is not there yet
        documents += found or (before.of(kind) if kind.wire.afterwards or found is None else ())
        findings += notes
        progress(kind.name, len(found or ()))
    documents, homeless = _with_a_home(documents, kinds)
    findings += homeless
    if not any(not (kinds.of(item).wire.read_only or kinds.of(item).wire.everywhere) for item in documents):
        raise NothingHappened("captured")
    not_on_it, notes = beside.documents(arm, before, used)
    documents, findings = [*documents, *not_on_it], [*findings, *notes]
    holders = [document for document in documents if kinds.of(document).holds]
    looked = inside.look_at_all(arm, holders, documents, kinds)
    seen = {kinds.of(holder).ref(holder).lower(): contents for holder, contents in looked}
    entered = [(inside.way_in(arm, item), seen[kinds.of(item).ref(item).lower()]) for item in holders]
    findings += lost.told(entered, arm.settings.parallel)
    ways = [(way, contents.documents) for way, contents in entered]
    known = principals.asked(ways, (document for held in before.inside.values() for document in held))
    progress("inside", sum(len(contents.found) for contents in seen.values()))
    findings += [finding for contents in seen.values() for finding in contents.findings]
    findings += [_left_out(item, kinds) for _, items in ways for item in items if _nobodys(item, known)]
    documents, held = with_contents(documents, seen, known, before)
    kept = [with_local(document, kinds, before) for document in documents]
    runbook = Runbook(before.stamp, in_order(kept, kinds), kinds, before.folder, held)
    files, notes = beside.pinned(before)
    versions = {each.plugin.name: each.plugin.version for each in used}
    captured = _captured(arm, runbook).model_copy(update={"plugins": versions, "files": files})
    return Capture(runbook, captured, (*findings, *notes), arm.backups)


def with_contents(
    documents: list[Document], seen: Mapping[str, Contents], known: principals.Known, before: Runbook
) -> tuple[list[Document], dict[str, tuple[Document, ...]]]:
    """The documents, marked, and what they hold. What could not be read stays as an earlier capture had it."""
    kinds = before.kinds
    names, told, held = Names(documents, kinds), [], {}
    for document in documents:
        ref = kinds.of(document).ref(document).lower()
        if (contents := seen.get(ref)) is None or not kinds.of(document).holds:
            told.append(document)
            continue
        old = [item for item in before.inside.get(ref, ()) if not contents.was_read(item, kinds)]
        new = [known.beside(_resolved(item, names)) for item in contents.readable(kinds) if not _nobodys(item, known)]
        held[ref] = in_order([*new, *old], kinds)
        covered = "captured" if contents.covered else "kept" if old else "unknown"
        if "contents" in type(document).model_fields:
            told.append(document.model_copy(update={"contents": covered}))
        elif held[ref]:  # the default provider subscription has nothing else to tell
            told.append(document)
    return told, {ref: items for ref, items in held.items() if items}


def _left_out(document: Document, kinds: Kinds) -> Finding:
    about = f"{kinds.of(document).name} {kinds.of(document).ref(document)}"
    return Finding(
        "left-out", "note", about, f"its principal is gone from the directory: {getattr(document, 'principal', '')}"
    )


def _nobodys(document: Document, known: principals.Known) -> bool:
    """Whether it is a role of somebody who is gone: it gives nothing to anybody, and nobody could give it again."""
    return str(getattr(document, "principal", "")).lower() in known.gone


def _resolved(document: Document, names: Names) -> Document:
    """A plan by its full reference: the stamp tells an acquired one without its group (recorded)."""
    plan = getattr(document, "plan", None)
    full = names.full("plans", plan) if plan else None
    return document.model_copy(update={"plan": full}) if full else document


def _with_a_home(documents: list[Document], kinds: Kinds) -> tuple[list[Document], list[Finding]]:
    """The documents whose own place is known: a plan without its group would be a runbook that does not load."""
    names, kept, findings = Names(documents, kinds), [], []
    for document in documents:
        kind = kinds.of(document)
        identity = {kind.model.model_fields[name].alias or name for name in kind.identity}
        inside = [(to, ref) for field, to, ref in referred(document) if field in identity]
        if missing := [f"{to}/{ref}" for to, ref in inside if names.full(to, ref) is None]:
            about, hint = f"{kind.name} {kind.label(document)}", "Capture again: it may have been made in between."
            message = f"not covered: its {missing[0]} was not listed"
            findings.append(Finding("not-covered", "warn", about, message, hint))
        else:
            kept.append(document)
    return kept, findings


def _captured(arm: "Arm", runbook: Runbook) -> Captured:
    tenants = [item for item in runbook.documents if runbook.kinds.of(item).holds == "subscription"]
    uncovered = tuple(
        f"{runbook.kinds.of(item).label(item)} ({runbook.kinds.of(item).ref(item)})"
        for item in tenants
        if getattr(item, "contents", "") != "captured"
    )
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return Captured(
        on=now.date(),
        at=now,
        backup=arm.newest_backup,
        restamp=version("restamp"),
        deployment=arm.about.deployment,
        cloud=arm.about.cloud,
        address=arm.address or None,
        stamp_version=arm.about.stamp_version,
        oem_version=arm.about.oem_version,
        documents=len(runbook.documents),
        subscriptions=len(tenants),
        inside_covered=len(tenants) - len(uncovered),
        not_covered=uncovered,
    )


def with_local(document: Document, kinds: Kinds, before: Runbook) -> Document:
    """The document with what people wrote in the last runbook."""
    kind: Kind[Any] = kinds.of(document)
    old = before.find(kind.collection, kind.ref(document))
    if old is None or type(old) is not type(document):
        return document
    local = [name for name, field in kind.model.model_fields.items() if marked(field, Local)]
    return document.model_copy(update={name: getattr(old, name) for name in local})
