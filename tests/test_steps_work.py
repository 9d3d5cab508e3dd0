"""What plugins say of their steps, and what they answer of one: looked at, with the plugin's name in what is said."""

import datetime as dt
import json
import os
import pty
import subprocess
import sys
import threading
import time
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
from restamp.steps import planned
from restamp.steps.run import Around, PluginRun, asked
from restamp.steps.work import Work, said

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


def test_a_step_that_waits_and_then_hangs_has_one_patience_for_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last question gets what the waiting left of it."""
    passed, runs, ended = [0.0], time.monotonic, threading.Event()
    monkeypatch.setattr("time.monotonic", lambda: runs() + sum(passed))
    answers = iter([lambda: waiting("soon", again=STEP.patience - dt.timedelta(milliseconds=500)), ended.wait])
    around = Around(runbook(tmp_path), BEGUN, nowhere)
    found = asked(PluginRun(around, used(run_step=lambda: next(answers)()), STEP), STEP, passed.append)
    ended.set()

    assert (found.status, found.message) == ("failed", "the plugin oem-acme has not answered for 1 s")


def test_a_recovery_asks_for_the_secrets_of_its_own_steps_alone() -> None:
    """Not for those of a capture, nor of a step that another one stands in for."""
    backup = Step(id="rp/save", title="Save", phase="backup", secrets=("then",))
    copy, instead = (
        Step(id=name, title="Copy", phase="redeploy", secrets=(name[:3],), instead_of=other)
        for name, other in (("hub/copy", None), ("oem/copy", "hub/copy"))
    )
    steps = (backup, copy, instead, STEP)

    assert [step.id for step in Work((), steps, planned(steps, {})).of_recovery] == ["oem-acme/rack", "oem/copy"]


ASKS = """
import json, os, sys
from pathlib import Path
from restamp.cli.steps import asked_for_secrets
from restamp.kind import Kinds
from restamp.models.stamp import Stamp
from restamp.models.step import Step
from restamp.runbook import Runbook

runbook = Runbook(Stamp(region="redmond", domain="a.example", identity="ADFS"), (), Kinds({}), Path(sys.argv[1]))
steps = [Step(id=f"oem/{name}", title=name, phase="redeploy", secrets=("key", name)) for name in ("one", "two")]
asked_for_secrets(runbook, steps)
mark = "RESTAMP_SECRET_OEM_"
print(json.dumps({name.removeprefix(mark): value for name, value in os.environ.items() if name.startswith(mark)}))
"""


def test_secrets_are_asked_for_once_and_up_front(tmp_path: Path) -> None:
    """On a terminal, each once, whatever steps need it; one that is at hand is not asked for, and none is echoed."""
    ours, theirs = pty.openpty()
    env = {"PATH": os.environ["PATH"], "RESTAMP_SECRET_OEM_TWO": "known"}
    pipes: dict[str, Any] = {"stdin": theirs, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", ASKS, str(tmp_path)]
    with subprocess.Popen(command, env=env, start_new_session=True, bufsize=0, **pipes) as process:
        asked_for = b""
        for word in (b"sesame\n", b"open\n"):
            asked_for += _to_a_prompt(process.stderr)
            os.write(ours, word)
        told, rest = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)

    assert asked_for.decode().split("\n") == [
        "2 secrets are needed; they stay in memory:",
        "  oem key (two): ",
        "  oem one (one): ",
    ]
    assert (json.loads(told), rest) == ({"TWO": "known", "KEY": "sesame", "ONE": "open"}, b"\n")


def _to_a_prompt(channel: Any) -> bytes:
    """What a program says until it asks for something."""
    heard = b""
    while not heard.endswith(b"): ") and (more := channel.read(1)):
        heard += more
    return heard
