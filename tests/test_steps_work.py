"""What plugins say of their steps, and what they answer of one: looked at, with the plugin's name in what is said."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from restamp.errors import PluginFailed
from restamp.hookspecs import Run
from restamp.kind import Kinds
from restamp.models.stamp import RecoveryDocument, Stamp
from restamp.models.step import NoSettings, Step, StepResult, done, waiting
from restamp.plugins import Used
from restamp.recovery import Begun
from restamp.runbook import Runbook
from restamp.steps.run import Around, PluginRun, asked
from restamp.steps.work import said

from .test_plugins import card, plugin_of

STEP = Step(id="oem-acme/rack", title="Rack", phase="redeploy", patience=dt.timedelta(minutes=5))
BEGUN = Begun("loss", RecoveryDocument())


def runbook(folder: Path) -> Runbook:
    """An empty one."""
    return Runbook(Stamp(region="redmond", domain="a.example", identity="ADFS"), (), Kinds({}), folder)


def used(**hooks: Callable[..., Any]) -> Used:
    """A plugin in use."""
    return Used(plugin_of("oem-acme", plugin_card=card(), **hooks), NoSettings())


def nowhere() -> Any:
    raise AssertionError("no stamp is asked")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("rp-other/rack", "plugin oem-acme, steps: its step rp-other/rack is named after another plugin"),
        ("oem-acme/rack", "plugin oem-acme, steps: nothing runs its step oem-acme/rack: it has no hook run_step"),
    ],
)
def test_steps_that_nobody_could_run_are_refused_before_any_does(tmp_path: Path, step: str, message: str) -> None:
    """Each plugin says steps of its own, and runs what restamp is to do."""
    steps = [STEP.model_copy(update={"id": step})]
    with pytest.raises(PluginFailed, match=message):
        list(said([used(steps=lambda: steps)], runbook(tmp_path), BEGUN))


def answer(folder: Path, run_step: Callable[..., Any]) -> StepResult:
    """How the step stands by a plugin that answers so, asked again as often as it wants."""
    around = Around(runbook(folder), BEGUN, nowhere)
    return asked(PluginRun(around, used(run_step=run_step), STEP), STEP, lambda _seconds: None)


def crashed(step: Step) -> StepResult:
    raise ZeroDivisionError(step.id)


def secretive(run: Run) -> StepResult:
    return done(run.secret("password"))


@pytest.mark.parametrize(
    ("run_step", "message"),
    [
        (crashed, "plugin oem-acme, run_step: ZeroDivisionError: oem-acme/rack ("),
        (lambda: "done", "plugin oem-acme, run_step: answered str, and not StepResult"),
        (lambda: None, "plugin oem-acme, run_step: answered NoneType, and not StepResult"),
        (secretive, "plugin oem-acme, oem-acme/rack: asks for 'password', which the step does not declare"),
    ],
)
def test_a_step_fails_with_the_name_of_its_plugin(tmp_path: Path, run_step: Callable[..., Any], message: str) -> None:
    """What it raises, what is no result, and what it never said that it needs."""
    found = answer(tmp_path, run_step)

    assert found.status == "failed"
    assert found.message.startswith(message)


def test_a_step_is_asked_again_until_it_is_done(tmp_path: Path) -> None:
    """At once where it says so; one that wants to be asked after our patience waits for the next run."""
    answers = iter([waiting("one"), waiting("two", again=dt.timedelta()), done("three")])
    assert answer(tmp_path, lambda: next(answers)).message == "three"

    later = iter([waiting("tomorrow", again=dt.timedelta(days=1)), done("never asked")])
    assert answer(tmp_path, lambda: next(later)).message == "tomorrow"
