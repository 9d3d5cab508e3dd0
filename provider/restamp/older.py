"""A runbook older than the backup that a stamp came from: one side is taken, and revoked access stays revoked."""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from restamp.compare import Comparison
from restamp.errors import Refused
from restamp.inside import Difference
from restamp.kind import Kind, Kinds
from restamp.kinds.authorization import RoleAssignment
from restamp.kinds.keyvault import AccessPolicy, Vault
from restamp.kinds.subscriptions import Subscription
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, RecoveryDocument, Taken, Withheld
from restamp.recovery import Begun, taken
from restamp.runbook import Runbook
from restamp.runbook.problems import suggestion
from restamp.runbook.read import last_capture

_VERBS = ("keys", "secrets", "certificates", "storage")


def is_older(last: Captured | None, recovery: RecoveryDocument) -> bool:
    """Whether the backup that a native recovery restored is newer than the runbook.

    A capture that only says its day counts from that day's beginning. Refused where nobody wrote down which backup.
    """
    if recovery.way != "native" or last is None:
        return False
    if recovery.backup is None:
        message = "is native, and does not say from which backup the stamp was restored"
        hint = "Write when that was made into recovery.yaml: `backup: 2026-11-22T21:00:00Z`."
        raise Refused([Finding("no-backup-time", "stop", "recovery", message, hint)])
    if last.backup is not None and last.backup.time >= recovery.backup:
        return False
    return recovery.backup > (last.at or dt.datetime.combine(last.on, dt.time.min, dt.UTC))


def obstacle(folder: Path, begun: Begun) -> str:
    """Why nothing of the runbook is written yet: it is older than the backup, and nobody took its side; else empty."""
    try:
        refuse_undecided(folder, begun)
    except Refused as refused:
        return f"{refused}. {refused.hint}"
    return ""


def refuse_undecided(folder: Path, begun: Begun) -> None:
    """Refused, with both ways, where the runbook is older than the backup and nobody took its side."""
    last = last_capture(folder)
    if is_older(last, begun.document) and not taken(folder, begun.id):
        raise undecided(begun, last, "")


def undecided(begun: Begun, last: Captured | None, differs: str) -> Refused:
    """What is said where people have to take a side: the two ways, as commands."""
    written = (last.at or last.on) if last else "never"
    message = f"the runbook ({written}) is older than the backup of the stamp ({begun.document.backup}){differs}"
    new = f"--new-deployment {begun.document.target.deployment} " if begun.document.target.deployment else ""
    hint = (
        f"The stamp's side: restamp capture {new}--commit. The runbook's: restamp up --take runbook, "
        "which grants no access that the stamp lacks, unless you name it."
    )
    return Refused([Finding("older-runbook", "stop", f"recovery {begun.id}", message, hint)])


def lacking(result: Comparison, runbook: Runbook) -> Iterator[Withheld]:
    """Access that the runbook grants and the stamp has not: roles, access policies, and who owns a subscription.

    What nobody could look at counts as lacking.
    """
    inside = [item for held in runbook.inside.values() for item in held]
    known = {(runbook.kinds.of(item).name, runbook.kinds.of(item).ref(item)): item for item in inside}
    for item in (*result.of("create"), *result.of("update"), *result.of("not verified")):
        document = known.get((item.kind, item.ref))
        if item.kind == "RoleAssignment":
            role, who = (
                getattr(document, f"{name}_name", None) or getattr(document, name, "") for name in ("role", "principal")
            )
            yield Withheld(kind=item.kind, ref=item.ref, told=f"{role} for {who} in {item.within}")
        elif isinstance(document, Vault) and item.action == "not verified":
            yield Withheld(kind=item.kind, ref=item.ref, told=f"policies that nobody could look at in {item.within}")
        elif isinstance(document, Vault):
            yield from _policies(item, document)
        for change in item.changes:
            if item.kind == "Subscription" and change.field == "owner":
                told = f"{change.wanted} owns {item.label}, which is {change.found}'s"
                yield Withheld(kind=item.kind, ref=item.ref, instead=change.found, told=told)


def _policies(item: Difference, vault: Vault) -> Iterator[Withheld]:
    """Those that the stamp lacks, or that allow less there."""
    found = {who.lower(): (who, policy) for change in item.changes if change.field == "accessPolicies"
             for who, policy in (change.found or {}).items()}  # fmt: skip
    if item.action == "update" and not any(change.field == "accessPolicies" for change in item.changes):
        return
    for who, policy in vault.access_policies.items():
        there = found.get(who.lower(), (who, AccessPolicy()))[1]
        more = [f"{name} {verb}" for name in _VERBS for verb in sorted(_more(policy, there, name))]
        if more:
            instead = there.model_dump(mode="json", by_alias=True) if who.lower() in found else None
            told = f"{', '.join(more)} for {policy.name or who} in {item.within}"
            yield Withheld(kind=item.kind, ref=item.ref, principal=who, instead=instead, told=told)


def _more(wanted: AccessPolicy, found: AccessPolicy, name: str) -> set[str]:
    return {each.lower() for each in getattr(wanted, name)} - {each.lower() for each in getattr(found, name)}


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
    """A document and what it holds without what is withheld: in its place stands what the stamp has."""
    if decision is None or not decision.withheld:
        return document, tuple(held)
    own, *rest = (_kept(item, decision, kinds.of(item)) for item in (document, *held))
    return own or document, tuple(item for item in rest if item is not None)


def _kept(document: Document, decision: Taken, kind: Kind[Any]) -> Document | None:
    ref = kind.ref(document).lower()
    ours = [item for item in decision.withheld if item.kind == kind.name and item.ref.lower() == ref]
    if ours and (isinstance(document, RoleAssignment) or any(kind.name == "Vault" and not i.principal for i in ours)):
        return None
    if isinstance(document, Subscription):
        return document.model_copy(update={"owner": ours[0].instead}) if ours else document
    if isinstance(document, Vault):
        policies = dict(document.access_policies)
        for item in ours:
            who = item.principal or ""
            policies.pop(who, None)
            policies |= {who: AccessPolicy.model_validate(item.instead)} if item.instead is not None else {}
        return document.model_copy(update={"access_policies": policies})
    return document
