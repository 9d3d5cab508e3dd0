"""Stamp -> Runbook: read what the stamp is today."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restamp import objects, target
from restamp.errors import NothingHappened
from restamp.kind import Kind, Kinds
from restamp.models.document import Document, Local, marks
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, Stamp
from restamp.runbook import Runbook, load
from restamp.runbook.model import in_order, referred
from restamp.runbook.names import Names

if TYPE_CHECKING:
    from restamp.arm.client import Arm


@dataclass(frozen=True)
class Capture:
    """What a capture found: the runbook, what goes into `captured.yaml`, and what was left out with its reason."""

    runbook: Runbook
    captured: Captured
    findings: tuple[Finding, ...]

    def counted(self) -> dict[str, int]:
        """Documents by kind, in the order of kinds; 0 included."""
        return {kind.name: len(self.runbook.of(kind)) for kind in self.runbook.kinds}


def capture(arm: "Arm", stamp: Stamp, kinds: Kinds, folder: Path, progress: Callable[[str, int], None]) -> Capture:
    """Everything on the stamp that restamp has a kind for. Reads only; `progress` hears each kind with its count.

    `folder` is the runbook of the last capture, if there is one: what people wrote in its `Local` fields is kept.
    """
    target.same_stamp(arm, stamp)
    documents: list[Document] = []
    findings: list[Finding] = []
    for kind in kinds:
        found, notes = objects.collect(kind, arm, kinds)
        documents += found
        findings += notes
        progress(kind.name, len(found))
    documents, homeless = _with_a_home(documents, kinds)
    findings += homeless
    if not documents:
        raise NothingHappened("captured")
    kept = _with_local(documents, kinds, folder)
    runbook = Runbook(stamp, in_order(kept, kinds), kinds, folder)
    return Capture(runbook, _captured(arm, runbook), tuple(findings))


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
    return Captured(
        on=dt.datetime.now(dt.UTC).date(),
        restamp=version("restamp"),
        deployment=arm.about.deployment,
        cloud=arm.about.cloud,
        stamp_version=arm.about.stamp_version,
        oem_version=arm.about.oem_version,
        documents=len(runbook.documents),
        subscriptions=sum(
            1 for document in runbook.documents if runbook.kinds.of(document).collection == "subscriptions"
        ),
    )


def _with_local(documents: list[Document], kinds: Kinds, folder: Path) -> list[Document]:
    """The documents with what people wrote in the last runbook; that one must load, or their words would be lost."""
    if not (folder / "stamp.yaml").exists():
        return documents
    before = load(folder, kinds).index

    def kept(document: Document) -> Document:
        kind: Kind[Any] = kinds.of(document)
        old = before.get((kind.collection, kind.ref(document).lower()))
        if old is None or type(old) is not type(document):
            return document
        local = [
            name for name, field in kind.model.model_fields.items() if any(isinstance(m, Local) for m in marks(field))
        ]
        return document.model_copy(update={name: getattr(old, name) for name in local})

    return [kept(document) for document in documents]
