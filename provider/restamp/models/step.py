"""What plugins say of themselves and of their work: cards, steps, how a step stands, and sign-offs of people."""

import datetime as dt
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from restamp.models.document import Count, Model, form

# The named points of a recovery, in order: each is a gate that opens when all that holds it closed is done or accepted.
Gate = Literal[
    "stamp-ready",
    "stamp-checked",
    "backup-restored",
    "control-plane-restored",
    "registered",
    "rps-restored",
    "recovered",
]
GATES: tuple[Gate, ...] = Gate.__args__  # type: ignore[attr-defined]
Phase = Literal["backup", "redeploy", "restore"]
PHASES: tuple[Phase, ...] = Phase.__args__  # type: ignore[attr-defined]
By = Literal["restamp", "operator", "oem", "tenant"]
Status = Literal["done", "waiting", "failed"]
PluginName = Annotated[
    str, form(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "is no name of a plugin: small letters, digits, dashes")
]
StepId = Annotated[
    str,
    form(
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+([.-][a-z0-9]+)*)?",
        "is no id of a step: plugin/what-it-does, or plugin/what-it-does/to-which",
    ),
]
ItsName = Annotated[str, form(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", "is no name: small letters, digits, dots and dashes")]


class NoSettings(Model):
    """The settings of a plugin that has none."""


class PluginCard(Model):
    """What a plugin is: shown by `restamp plugins`, and asked before any other hook of it is called."""

    name: PluginName = Field(description="also the name of its entry point")
    role: Literal["hub", "oem", "rp"] = Field(description="whose work it is: around a restore, hardware, a service")
    title: str = Field(min_length=1, description="one line for people")
    trains: tuple[int, int] | None = Field(
        None, description="oldest and newest release train of a stamp it was made for, such as (2206, 2506)"
    )
    settings: type[BaseModel] = Field(NoSettings, description="the model of what stamp.yaml has under `settings`")


class Step(Model):
    """One unit of a plugin's work in a recovery. Said before anything runs, the same each time it is asked.

    A `redeploy` step holds the gate `stamp-ready` closed, and no stamp answers yet. A `restore` step begins behind the
    last gate it names in `needs` or `after`, else behind `stamp-ready`, and holds closed the first gate it names in
    `before`, else the one that follows. A `backup` step runs in `restamp capture --with-data`, while the stamp lives.
    A phase means all of its steps but those that say the same of it: `before: redeploy` is first of all.
    """

    id: StepId = Field(description="what state, sign-offs and acceptances call it: `rp-foo/restore`")
    title: str = Field(min_length=1, description="what it does, for people: `Racking and cabling`")
    phase: Phase = Field(description="before a stamp answers, behind that, or while the old one lives")
    needs: tuple[str, ...] = Field((), description="steps, phases, gates, kinds of documents: present, and done before")
    after: tuple[str, ...] = Field((), description="the same, where they are present at all")
    before: tuple[str, ...] = Field(
        (), description="steps, phases, gates, kinds of documents that wait for it, if present"
    )
    instead_of: str | None = Field(None, description="the step of another plugin that is left out for this one")
    by: By = Field("restamp", description="who does it; what people do passes by their sign-off")
    how: str = Field("", description="what people have to do, in plain text: needed where people do it")
    takes: tuple[dt.timedelta, dt.timedelta] | None = Field(None, description="at best and at worst, once it has begun")
    lead: dt.timedelta = Field(dt.timedelta(), description="what has to be waited for before it can begin: an order")
    source: str = Field("", description="where these durations come from")
    patience: dt.timedelta = Field(dt.timedelta(hours=4), description="how long one `up` waits for it")
    secrets: tuple[ItsName, ...] = Field(
        (), description="what it may ask for by `run.secret`: asked up front, all at once"
    )
    files: tuple[ItsName, ...] = Field((), description="what it may ask for by `run.file`: pinned by hash at capture")
    destructive: bool = Field(
        False, description="takes something away that nobody can bring back: needs a sign-off too"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "Step":
        if self.by != "restamp" and not self.how:
            raise ValueError("people do it, and `how` does not say what they have to do")
        if self.takes and not dt.timedelta() <= self.takes[0] <= self.takes[1]:
            raise ValueError("`takes` is the time at best and at worst, in this order")
        return self

    @property
    def plugin(self) -> str:
        """The plugin it belongs to."""
        return self.id.partition("/")[0]

    @property
    def signed(self) -> bool:
        """Whether it passes by a sign-off, or is not begun without one."""
        return self.by != "restamp" or self.destructive

    @property
    def digest(self) -> str:
        """What a sign-off is for: the text that people read. Another text needs another sign-off."""
        return sha256("\n".join((self.id, self.title, self.by, self.how)).encode()).hexdigest()[:16]


class StepResult(Model):
    """How a step stands, now that it has looked and maybe acted."""

    status: Status = Field(description="what `done`, `waiting`, `later` and `failed` say")
    message: str = Field(min_length=1, description="one line; never a secret")
    progress: float | None = Field(None, ge=0, le=1)
    again: dt.timedelta | None = Field(
        None, description="when to ask it again; left out: after half a minute; beyond its patience: in the next `up`"
    )
    token: str = Field("", max_length=500, description="a shortcut to its own work, for the next call; never a secret")
    facts: dict[str, str] = Field(default_factory=dict, description="for steps that need it; never a secret")
    evidence: dict[str, str] = Field(default_factory=dict, description="what shows that it is done: name -> text")


def done(message: str, **more: Any) -> StepResult:
    """It is done: now, or already before."""
    return StepResult(status="done", message=message, **more)


def waiting(message: str, **more: Any) -> StepResult:
    """It is under way, or waits for somebody: ask again."""
    return StepResult(status="waiting", message=message, **more)


def later(message: str, **more: Any) -> StepResult:
    """It waits for what nobody does while it is asked again and again, such as a setting: the next `up` asks it."""
    return waiting(message, again=dt.timedelta(days=30), **more)


def failed(message: str, **more: Any) -> StepResult:
    """It cannot go on: somebody has to remove the cause. The next `up` asks it again."""
    return StepResult(status="failed", message=message, **more)


class Evidence(Model):
    """A file that shows what was done; it stays where it is, git keeps its hash."""

    file: str
    sha256: str
    size: Count


class SignOff(Model):
    """`recoveries/<id>/signoffs/<step>.yaml`: somebody did a step, or allows one that takes something away."""

    step: StepId
    by: str = Field(min_length=1)
    at: AwareDatetime
    digest: str = Field(description="of the step's text as it was then: another text is another step")
    evidence: tuple[Evidence, ...] = ()
    facts: dict[str, str] = Field(default_factory=dict, description="what later steps need to know: name=value")
    note: str | None = None
