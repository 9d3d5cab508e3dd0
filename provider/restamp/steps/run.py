"""What a plugin's hook gets to work with, and one step asked how it stands until it is done or our patience ends."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tenacity

from restamp import failpoints
from restamp.errors import PluginFailed, Refused, RestampError
from restamp.hookspecs import Recovery, Runbook
from restamp.journal import Journal, home
from restamp.models.sealed import SealedFile
from restamp.models.step import Step, StepResult
from restamp.plugins import Used
from restamp.steps.asked_for import missing_secret, opened_file, pinned, seal_file, sealed_file, variable

if TYPE_CHECKING:
    from restamp.arm.client import Arm

_AGAIN = 30.0  # seconds after which a step is asked again that does not say when
AGAIN = "RESTAMP_AGAIN"


@dataclass(frozen=True)
class Around:
    """What surrounds a run and does not change from step to step."""

    runbook: Runbook
    recovery: Recovery | None
    connect: Callable[[], "Arm"]
    say: Callable[[str], None] = lambda _text: None
    stopped: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class PluginRun:
    """`hookspecs.Run` for one plugin, and maybe one of its steps."""

    around: Around
    used: Used
    step: Step | None = None
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    token: str = ""
    keep: Callable[[str], None] = lambda _token: None
    given: list[str] = field(default_factory=list, repr=False)  # secrets handed out, to be told in no message
    wanted: set[str] = field(default_factory=set)  # names of secrets and files that were asked for

    @property
    def runbook(self) -> Runbook:
        """What git knows."""
        return self.around.runbook

    @property
    def recovery(self) -> Recovery | None:
        """The recovery; None where there is none."""
        return self.around.recovery

    @property
    def settings(self) -> Any:
        """The plugin's settings."""
        return self.used.settings

    @cached_property
    def arm(self) -> "Arm":
        """The stamp."""
        return self.around.connect()

    @property
    def folder(self) -> Path:
        """A private folder of the plugin's own for this stamp."""
        path = home() / "plugins" / self.runbook.stamp.suffix / self.used.plugin.name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def secret(self, name: str) -> str:
        """A declared secret, from the environment, else sealed in the runbook; Refused where it is in neither."""
        self._declared(name, "secrets")
        value = os.environ.get(variable(self.used.plugin.name, name))
        if not value and sealed_file(self.runbook, name) is not None:
            value = opened_file(self.runbook, name).decode().rstrip("\r\n")
        if not value:
            raise Refused([missing_secret(self.used.plugin.name, name)])
        self.given.append(value)
        return value

    def secret_file(self, name: str) -> bytes:
        """A declared file that is sealed in the runbook, opened; Refused or NoKey where it cannot be."""
        self._declared(name, "secrets")
        data = opened_file(self.runbook, name)
        self.given.append(data.decode("utf-8", "replace"))
        return data

    def sealed(self, name: str) -> SealedFile | None:
        """A file that is sealed in the runbook, still shut."""
        return sealed_file(self.runbook, name)

    def seal(self, name: str, content: bytes) -> None:
        """Seal a file into the runbook; nothing changes where it says the same. Refused without recipients."""
        self.given.append(content.decode("utf-8", "replace"))
        seal_file(self.runbook, name, content)

    def file(self, name: str) -> Path:
        """A declared pinned file; Refused where it is not there, or is another than at capture."""
        self._declared(name, "files")
        path, problem = pinned(self.runbook, self.used.plugin.name, name)
        if problem is not None:
            raise Refused([problem])
        return path

    def remember(self, token: str) -> None:
        """Keep a token; it is on the disk when this returns."""
        self.keep(token)

    def say(self, text: str, progress: float | None = None) -> None:
        """Live text for people."""
        self.around.say(text if progress is None else f"{progress:.0%} {text}")

    def stopped(self) -> bool:
        """Whether people asked the run to end."""
        return self.around.stopped()

    def _declared(self, name: str, what: str) -> None:
        self.wanted.add(name)
        if self.step is not None and name not in getattr(self.step, what):
            raise PluginFailed(
                self.used.plugin.name, self.step.id, f"asks for {name!r}, which the step does not declare"
            )


def asked(run: PluginRun, step: Step, pause: Callable[[float], None]) -> StepResult:
    """How a step stands: asked once, and again when it says, until it is done, failed, or nobody waits any more.

    A plugin that raises, hangs or answers something else has failed; what it says repeats no secret it was given.
    """
    patience, began = step.patience.total_seconds(), time.monotonic()

    def once() -> StepResult:
        left = patience - (time.monotonic() - began)
        result = _answered(run, step, max(left, 1.0))
        if result.status == "waiting":
            run.say(result.message, result.progress)
        return result

    def stays(state: tenacity.RetryCallState) -> StepResult:
        assert state.outcome is not None
        result: StepResult = state.outcome.result()
        return result

    return tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda result: result.status == "waiting" and not run.stopped()),
        stop=tenacity.stop_before_delay(patience),
        wait=lambda state: _until(state, patience),
        sleep=pause,
        retry_error_callback=stays,
    )(once)


def written(
    journal: Journal, recovery: str, step: str, ask: Callable[[Callable[[str], None]], StepResult]
) -> StepResult:
    """What `ask` answers of a step, with intent and result in the journal; it is given what remembers a token there."""
    facts = {"recovery": recovery, "step": step}
    intent = journal.intent("step", facts)

    def remember(token: str) -> None:
        failpoints.reached("token.before")
        journal.write("token", {"id": intent, **facts, "token": token}, durable=True)
        failpoints.reached("token.after")

    result = ask(remember)
    journal.result(intent, result.status, facts | {"message": result.message})
    return result


def remembered(journal: Journal, recovery: str, step: str) -> str:
    """What a step of a recovery remembered last on this machine; empty where it did not."""
    said = [
        str(entry["token"])
        for entry in journal.entries()
        if entry["event"] == "token" and (entry.get("recovery"), entry.get("step")) == (recovery, step)
    ]
    return said[-1] if said else ""


def _until(state: tenacity.RetryCallState, patience: float) -> float:
    """Seconds until a step is asked again: what it said, at most RESTAMP_AGAIN unless it said: not in this run."""
    result: StepResult | None = state.outcome.result() if state.outcome else None
    said = result.again.total_seconds() if result and result.again is not None else _AGAIN
    return said if said > patience else min(said, float(os.environ.get(AGAIN) or said))


def _answered(run: PluginRun, step: Step, deadline: float) -> StepResult:
    """One answer, on a thread of its own: a plugin that hangs holds up nothing but its step."""
    answer: Future[StepResult] = Future()

    def work() -> None:
        try:
            answer.set_result(run.used.plugin.call("run_step", StepResult, step=step, run=run))
        except BaseException as error:  # noqa: BLE001 whatever it is: who waits for the answer hears of it
            answer.set_exception(error)

    threading.Thread(target=work, name=step.id, daemon=True).start()
    try:
        result = answer.result(deadline)
    except TimeoutError:
        return StepResult(status="failed", message=f"the plugin {step.plugin} has not answered for {deadline:.0f} s")
    except RestampError as error:
        said = " ".join(f"{error} {error.hint}".split())
        return StepResult(status="failed", message=without(said, run.given))
    return result.model_copy(update={"message": without(result.message, run.given)})


def without(text: str, secrets: list[str]) -> str:
    """A text in which no secret of at least four letters is told."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***") if len(secret) >= 4 else text
    return text
