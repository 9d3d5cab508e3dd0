"""A provider's process without an engine: made by a fork of a warm one, it brings a runbook back, or is killed."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pulumi.dynamic import Config, ConfigureRequest
from tests import forks

from restamp import failpoints
from restamp.plugins import all_kinds
from restamp.recovery import Begun, chosen
from restamp.resources.holder import HolderProvider
from restamp.resources.provider import DONE, DocumentProvider, Props, inputs_of
from restamp.runbook.outline import Outline, outline

KILLED = -9


def bring(folder: Path, env: Mapping[str, str], at: str = "", seen: str = "") -> int:
    """Bring a runbook back in a process of its own, object after object, and end where `at` says; its exit status.

    0 where all is done, 3 where something is not, -9 where it was killed.
    """
    return forks.status_of(_bring, folder, dict(env), at, seen)


def _bring(folder: Path, env: dict[str, str], at: str, seen: str) -> None:
    os.environ.update(env)
    failpoints.arm(at, seen)
    book, begun = outline(folder, all_kinds()), chosen(folder, "")
    outs = list(_outs(book, begun))
    for out in outs:
        if out["status"] != DONE:
            print(out)
    os._exit(0 if all(out["status"] == DONE for out in outs) else 3)


def _outs(book: Outline, begun: Begun) -> Iterator[Props]:
    """What becomes of each resource, in the order the engine would have them one by one."""
    place = {"stamp": book.stamp.suffix, "recovery": begun.id, "target": begun.document.target.deployment}
    documents, holders = _ready(DocumentProvider()), _ready(HolderProvider())
    for document in book.documents:
        props: dict[str, Any] = {"kind": book.kinds.of(document).name, "document": inputs_of(document)}
        yield documents.create(place | props).outs
    for head in book.heads:
        own = {"kind": head.kind.name, "ref": head.ref, "file": head.file, "digest": head.digest}
        yield holders.create(place | own | {"runbook": str(book.folder)}).outs


def _ready(provider: DocumentProvider) -> DocumentProvider:
    provider.configure(ConfigureRequest(Config({}, "restamp")))
    return provider
