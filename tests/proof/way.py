"""There and back in one process: capture, lose, redeploy empty, bring back, capture; everything over HTTPS."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.keys import written
from tests.serving import DOMAIN, REGION, new_stamp, served, settings_for

from restamp import inside, objects
from restamp.arm.client import Arm
from restamp.capture import Capture, capture
from restamp.inside import Result
from restamp.models.document import Document, Sealed, marked, own_fields
from restamp.models.sealed import SealedValue
from restamp.models.stamp import Stamp as StampFile
from restamp.plugins import all_kinds
from restamp.runbook import Runbook, load, save
from restamp.runbook.save import own_file
from restamp.sealing import for_capture, for_writing
from restamp.simulator import Stamp

from .populated import by_others, deployed, everything

_ANY = SealedValue.model_construct(seen="0" * 32, sealed=("eyJ",))


@dataclass(frozen=True)
class ThereAndBack:
    """What one round trip left behind."""

    first: Capture
    again: Capture  # after the loss, without anything kept from before
    results: list[Result]
    before: dict[str, bytes]
    after: dict[str, bytes]
    lost: Stamp
    restored: Stamp


@contextmanager
def keys(folder: Path) -> Iterator[Path]:
    """A runbook's folder with a recipient, whose private key is at hand; and a home of this machine's own."""
    runbook = folder / "runbook"
    runbook.mkdir()
    key = written(runbook, "ann").rename(folder / "ann.pfx")
    stamp = StampFile(region=REGION, domain=DOMAIN, identity="ADFS")
    (runbook / "stamp.yaml").write_text(own_file(stamp), "utf-8")
    with pytest.MonkeyPatch.context() as env:
        env.setenv("RESTAMP_HOME", str(folder / "home"))
        env.setenv("RESTAMP_OPENERS", str(key))
        yield runbook


@contextmanager
def at(stamp: Stamp) -> Iterator[Arm]:
    """restamp's way to a stamp that is served meanwhile."""
    with served(stamp) as server, Arm(settings_for(server)) as arm:
        yield arm


def captured(arm: Arm, folder: Path) -> Capture:
    """A capture of the stamp over the runbook in a folder, not saved."""
    before = load(folder, all_kinds())
    arm.seals = for_capture(before)
    return capture(arm, before, lambda _kind, _count: None)


def there_and_back(runbook: Path, subscriptions: int = 6) -> ThereAndBack:
    """The whole way, for one stamp with something of every kind."""
    lost = deployed(new_stamp(seed=1), subscriptions)
    lost.load(everything(lost, subscriptions))
    with at(lost) as arm:
        first = captured(arm, runbook)
    save(first.runbook, first.captured)
    before = bytes_of(runbook)
    restored = deployed(new_stamp(seed=2), subscriptions)
    with at(restored) as arm:
        loaded = load(runbook, all_kinds())
        arm.seals = for_writing(runbook, loaded.stamp)
        results = brought(arm, loaded)
        by_others(restored, lost)
        again = captured(arm, runbook)
        save(again.runbook, again.captured)
        arm.seals = for_writing(runbook, loaded.stamp)
        alone = capture(arm, Runbook(loaded.stamp, (), all_kinds(), runbook), lambda _kind, _count: None)
    return ThereAndBack(first, alone, results, before, bytes_of(runbook), lost, restored)


def brought(arm: Arm, runbook: Runbook) -> list[Result]:
    """Everything a runbook says, brought back; what has to wait for those who refer to it gets its last state then."""
    results = []
    for document in runbook.documents:
        kind = runbook.kinds.of(document)
        late = frozenset({kind.wire.late.field}) if kind.wire.late else frozenset[str]()
        if not kind.wire.read_only:
            results.append(put(arm, document, late))
        if kind.holds:
            results += filled(arm, runbook, document)
    late_ones = [document for document in runbook.documents if runbook.kinds.of(document).wire.late]
    return results + [put(arm, document) for document in late_ones]


def put(arm: Arm, document: Document, later: frozenset[str] = frozenset()) -> Result:
    """What became of one document that stands on its own."""
    kind = all_kinds().of(document)
    done = objects.put(kind, document, arm, all_kinds(), later)
    return Result(kind.name, kind.ref(document), done.outcome)


def filled(arm: Arm, runbook: Runbook, holder: Document) -> list[Result]:
    """What became of all that a holder holds."""
    stamp = inside.way_in(arm, holder)
    offer = runbook.find("offers", str(getattr(holder, "offer", "")))
    seen = inside.look(stamp, runbook.kinds, holder, getattr(offer, "base_plans", ()))
    return inside.bring_back(runbook.within(holder), seen, runbook.kinds, stamp, lambda *_: nullcontext({}))


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a runbook but the one that says when."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "captured.yaml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def told(capture: Capture, kind: Any) -> dict[tuple[str, str], Document]:
    """A capture's documents of one kind by whose they are and their reference; sealed values are fingerprints."""
    everything = {"": capture.runbook.documents} | dict(capture.runbook.inside)
    mine = [(whose, each) for whose, held in everything.items() for each in held if type(each) is kind.model]
    return {(whose, kind.ref(each)): _without_ciphertexts(each) for whose, each in mine}


def _without_ciphertexts(document: Document) -> Document:
    sealed = [name for name, field in own_fields(type(document)).items() if marked(field, Sealed)]
    seen = {name: _ANY.model_copy(update={"seen": value.seen}) for name in sealed if (value := getattr(document, name))}
    return document.model_copy(update=seen)
