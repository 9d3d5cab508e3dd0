"""The end of a recovery: what keeps it open, and what people decided to go on without."""

import datetime as dt
from pathlib import Path

from tests.serving import new_stamp

from restamp.models.stamp import Acceptance, RecoveryDocument
from restamp.plugins import all_kinds
from restamp.recovery import Begun, accept, file_of
from restamp.runbook import load, save
from restamp.sealing import for_writing
from restamp.steps.run import Around
from restamp.verification import verify

from .populated import deployed, everything
from .way import at, captured, keys

GOLD, _ADMIN = "Plan offers-rg/gold", "providers/Microsoft.Subscriptions.Admin"


def test_what_was_accepted_keeps_no_recovery_open_and_is_counted_apart(tmp_path: Path) -> None:
    """The last gate opens on done or accepted, as all of them do."""
    stamp = deployed(new_stamp(seed=1), 1)
    stamp.load(everything(stamp, 1))
    with keys(tmp_path) as folder, at(stamp) as arm:
        first = captured(arm, folder)
        save(first.runbook, first.captured)
        gone = next(body["id"] for body in stamp.objects() if body["id"].endswith(f"offers-rg/{_ADMIN}/plans/gold"))
        stamp.state.store.delete(gone.lower())
        runbook = load(folder, all_kinds())
        arm.seals = for_writing(folder, runbook.stamp)
        around = Around(runbook, Begun("r", RecoveryDocument(way="rebuild")), lambda: arm)
        file_of(folder, "r").parent.mkdir(parents=True)
        assert verify(arm, runbook, around, lambda *_: None).stops == [f"{GOLD}: missing"]

        accept(folder, "r", Acceptance(subject=GOLD, reason="no longer sold", by="ann", on=dt.date(2026, 1, 1)))
        found = verify(arm, runbook, around, lambda *_: None)
        assert found.stops == []
        assert "0 not verified, 1 accepted; inside covered: 1 of 1 subscriptions" in str(found)
