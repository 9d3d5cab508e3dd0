"""For which text a sign-off counts, and until when."""

import datetime as dt
from typing import Any

import pytest

from restamp.models.stamp import Captured, RecoveryDocument, Target
from restamp.models.step import SignOff, Step
from restamp.recovery import stands

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
AFTER = Captured(on=NOW.date(), restamp="1", deployment="new", documents=1, subscriptions=0)
BEFORE = AFTER.model_copy(update={"deployment": "old"})
RECOVERY = RecoveryDocument(lost=("old",), target=Target(deployment="new"))


def signed(**changed: Any) -> tuple[SignOff, Step]:
    """A sign-off, and its step as it is now."""
    step = Step(id="oem/rack", title="Rack", phase="redeploy", by="oem", how="Put it there.")
    now = Step.model_validate(step.model_dump() | changed)
    return SignOff(step=step.id, by="Ann", at=NOW, digest=step.digest), now


@pytest.mark.parametrize("captured", [None, BEFORE, AFTER])
def test_a_sign_off_counts_for_the_text_that_was_read(captured: Captured | None) -> None:
    """Whatever was captured."""
    assert stands(*signed(), captured, RECOVERY)


@pytest.mark.parametrize(("captured", "counts"), [(None, False), (BEFORE, False), (AFTER, True)])
def test_another_text_is_another_step_until_what_came_back_was_captured(
    captured: Captured | None, counts: bool
) -> None:
    """From then on texts are made from another stamp, and nobody racks again what stands there."""
    assert stands(*signed(how="Put it elsewhere."), captured, RECOVERY) is counts


def test_what_destroys_is_never_done_on_the_word_for_another_text() -> None:
    """Not even then."""
    assert not stands(*signed(by="restamp", destructive=True, how="Wipe the other one."), AFTER, RECOVERY)
