"""Every hook of restamp, typed, in the order a recovery calls them: the whole extension manual.

A plugin is a module of functions marked `@hookimpl`, named in the entry-point group `restamp` of a distribution that is
called `restamp-<plugin>`, as hints of restamp say. It imports this module, `restamp.models`, `restamp.kind`,
`restamp.errors`, `restamp.releases`, `restamp.arm`, `restamp.backup`, `restamp.remoting`, `restamp.restore_call` and
`restamp.testing`, and nothing else of restamp. No hook is called of a plugin that `stamp.yaml` does not name, but for
`plugin_card` and `kinds`. A hook may leave out arguments that it does not need.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

from restamp.kind import Kind
from restamp.models.backup import Backups
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.sealed import SealedFile
from restamp.models.stamp import Captured, RecoveryDocument, Stamp
from restamp.models.step import PluginCard, Step, StepResult

if TYPE_CHECKING:
    from restamp.arm.client import Arm

GROUP = "restamp"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Runbook(Protocol):
    """What git knows of a stamp. Subscriptions, of which there may be thousands, are not in `documents`."""

    @property
    def stamp(self) -> Stamp:
        """`stamp.yaml`: region, domain, identity."""

    @property
    def captured(self) -> Captured | None:
        """`captured.yaml`: deployment, versions; None where nothing was captured yet."""

    @property
    def backups(self) -> Backups | None:
        """`backups.yaml`: what the stamp said of its infrastructure backups; None where no capture could ask."""

    @property
    def documents(self) -> tuple[Document, ...]:
        """Every document, those of plugins too: `[d for d in runbook.documents if isinstance(d, HostingServer)]`."""

    @property
    def folder(self) -> Path:
        """Where it stands."""


class Recovery(Protocol):
    """The recovery that runs."""

    @property
    def id(self) -> str:
        """Its name; work in other systems is named after it, so that it is found again."""

    @property
    def document(self) -> RecoveryDocument:
        """`recovery.yaml`: way, target, drill."""


class Run(Protocol):
    """All that a plugin may ask for, the same in every hook that acts."""

    @property
    def runbook(self) -> Runbook:
        """What git knows."""

    @property
    def recovery(self) -> Recovery | None:
        """The recovery; None in a capture or check without one."""

    @property
    def settings(self) -> Any:
        """The plugin's settings in `stamp.yaml`, as its card's model."""

    @property
    def arm(self) -> "Arm":
        """The stamp's Resource Manager; the first use signs in. StampError where it does not answer."""

    @property
    def folder(self) -> Path:
        """A folder of the plugin's own on this machine: kept, private, and maybe empty on another machine."""

    @property
    def facts(self) -> Mapping[str, Mapping[str, str]]:
        """Of each step that this one needs: its facts, those of its sign-off among them."""

    @property
    def token(self) -> str:
        """What this step remembered last, in this run or one before, maybe on another machine; empty at first."""

    def secret(self, name: str) -> str:
        """A secret that the step declares: given at the start, or sealed in the runbook. Keep it in memory alone."""

    def secret_file(self, name: str) -> bytes:
        """A file sealed in the runbook (`restamp secrets add`) that the step declares, opened."""

    def sealed(self, name: str) -> SealedFile | None:
        """What git says of a file sealed in the runbook, still shut: its size and day; None where there is none."""

    def seal(self, name: str, content: bytes) -> None:
        """Seal a file into the runbook for its recipients, as `restamp secrets add` does; people commit it."""

    def file(self, name: str) -> Path:
        """A pinned file that the step declares; its hash was just compared. Refused where it is another."""

    def remember(self, token: str) -> None:
        """Keep a shortcut to work just begun elsewhere: on the disk when this returns. Call it before you poll."""

    def say(self, text: str, progress: float | None = None) -> None:
        """Live text for people, with how far it is from 0 to 1."""

    def stopped(self) -> bool:
        """Whether people asked the run to end: answer `waiting` soon. Work elsewhere goes on, and is found again."""


@hookspec
def plugin_card() -> PluginCard:  # type: ignore[empty-body]
    """What the plugin is. Nothing else of it is called where this does not fit the stamp."""


@hookspec
def kinds() -> Iterable[Kind[Any]]:  # type: ignore[empty-body]
    """The kinds of documents this plugin owns; a name or folder that another plugin owns is refused, naming both."""


@hookspec
def capture(run: Run) -> Iterable[Document]:  # type: ignore[empty-body]
    """Documents of the plugin's kinds that no stamp lists: what will be needed. Never writes to the stamp.

    These replace what the last capture found of the same kinds; documents that people write are kept.
    """


@hookspec
def check(run: Run) -> Iterable[Finding]:  # type: ignore[empty-body]
    """What would stop a recovery today; the stamp may be living or lost. Never writes to the stamp."""


@hookspec
def steps(runbook: Runbook, recovery: Recovery, settings: Any) -> Iterable[Step]:  # type: ignore[empty-body]
    """What it does in this recovery, by its way and target. Pure: the same answer each time, no clock, no I/O."""


@hookspec
def run_step(step: Step, run: Run) -> StepResult:  # type: ignore[empty-body]
    """Look whether it is done; act at most once; answer how it stands. Safe to call again at any time, killed or not.

    Do not wait for long work: `run.remember` it, answer `waiting`, and be asked again. Find your work by a name made
    from the recovery's id; a token is a shortcut that may be lost.
    """


@hookspec
def verify(run: Run) -> Iterable[Finding]:  # type: ignore[empty-body]
    """What is not as it was, behind everything else. Never writes. Nothing found is a pass: say what you cannot see."""
