"""What a part of this plugin has to do in a recovery: a step, and what does it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from restamp.hookspecs import Recovery, Run, Runbook
from restamp.models.step import Phase, Step, StepResult
from restamp_hub_core.settings import Settings


class Later(Exception):
    """Somebody has something to do first; the next `up` asks again."""


@dataclass(frozen=True)
class Case:
    """The recovery that is planned or run."""

    runbook: Runbook
    recovery: Recovery
    settings: Settings

    @property
    def native(self) -> bool:
        """Whether the stamp comes back out of its infrastructure backup."""
        return self.recovery.document.way == "native"

    @property
    def adfs(self) -> bool:
        """Whether AD FS signs people in."""
        return self.runbook.stamp.identity == "ADFS"


def nobody(_run: Run) -> StepResult:
    """Never called: people do it, and sign it off."""
    raise AssertionError("a step of people is not run")


@dataclass(frozen=True)
class Job:
    """A step with what does it."""

    step: Step
    run: Callable[[Run], StepResult] = nobody


def documents(runbook: Runbook, kind: str) -> list[Any]:
    """The documents of one of restamp's own kinds, by its name."""
    return [each for each in runbook.documents if type(each).__name__ == kind]


def slug(name: str) -> str:
    """A name as a step's id takes it: small letters, digits, dots and dashes."""
    return re.sub(r"[^a-z0-9]*[^a-z0-9.-][^a-z0-9]*", "-", name.lower()).strip(".-")


Jobs = Callable[[Case], Iterator[Job]]


def step(name: str, title: str, phase: Phase = "restore", **more: Any) -> Step:
    """A step of this plugin."""
    return Step(id=f"hub-core/{name}", title=title, phase=phase, **more)
