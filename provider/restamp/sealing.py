"""The secrets of one runbook on this machine: sealed by a capture, told apart by verify, opened by a recovery."""

from pathlib import Path

from restamp.journal import home
from restamp.kind import Place
from restamp.models.document import Document, sealed_fields
from restamp.models.sealed import SealedValue
from restamp.models.stamp import Stamp
from restamp.runbook import Runbook
from restamp.secrets.at_hand import at_hand, password
from restamp.secrets.capture_key import for_sealing, with_capture_key
from restamp.secrets.openers import Ask
from restamp.secrets.places import rewritten, stamp_with_key
from restamp.secrets.seal import Seals
from restamp.secrets.telling import Telling


def for_capture(before: Runbook, ask: Ask = password) -> Seals | None:
    """Seals for the recipients of a runbook, which know the values of its last capture; None without recipients.

    The capture key goes into `stamp.yaml` first, so that no value is ever sealed under a key that nobody has.
    """
    seals, stamp = at_hand(before.folder, ask), before.stamp
    if not seals.recipients:
        return None
    able, key = for_sealing(seals, home() / "keys", stamp.suffix, stamp.capture_key)
    if key != stamp.capture_key:
        _keep(before.folder / "stamp.yaml", stamp.capture_key, key)
    return able.keeping(dict(_values(before)))


def for_writing(folder: Path, stamp: Stamp) -> Telling | None:
    """What tells values apart and opens them; None where neither the capture key nor a private key is at hand."""
    seals = with_capture_key(at_hand(folder), home() / "keys", stamp.suffix, stamp.capture_key)
    return Telling(seals) if seals.tells_changes else None


def _keep(file: Path, old: SealedValue | None, new: SealedValue) -> None:
    text = file.read_text("utf-8")
    file.write_text(stamp_with_key(text, new) if old is None else rewritten(text, {old.sealed: new.sealed}), "utf-8")


def _values(runbook: Runbook) -> list[tuple[str, SealedValue]]:
    """Every sealed value of a runbook by what it is bound to."""
    every: list[tuple[Document, Document | None]] = [(document, None) for document in runbook.documents]
    every += [(document, holder) for holder in runbook.documents for document in runbook.within(holder)]
    return [
        (bound_to(runbook, document, holder), value)
        for document, holder in every
        for name in sealed_fields(type(document))
        if (value := getattr(document, name)) is not None
    ]


def bound_to(runbook: Runbook, document: Document, holder: Document | None = None) -> str:
    """What the secrets of a document are bound to; `holder` is what it stands in the sections of."""
    kind = runbook.kinds.of(document)
    place = Place(runbook.stamp.region, "", str(getattr(holder, "id", "")))
    return kind.bound_to({name: str(getattr(document, name)) for name in kind.identity}, place)
