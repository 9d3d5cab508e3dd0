"""What a cmdlet is, and how it is called: parameters bound as PowerShell binds them, refusals in PowerShell's words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from restamp.simulator.state import State

Given = Sequence[tuple[str | None, Any]]  # parameters as they were sent: name (None: by place) and value
NOTE = "privileged endpoint"  # all of it in one note: a new deployment begins without
COMMON = frozenset(
    {"verbose", "debug", "outbuffer", "outvariable", "pipelinevariable"}
    | {f"{stream}{what}" for stream in ("error", "warning", "information") for what in ("action", "variable")}
)


def kept(state: State, what: str) -> Any:
    """Return what the endpoint of a stamp keeps of something; None when nothing."""
    return state.store.note(NOTE, {}).get(what)


def keep(state: State, what: str, value: Any) -> None:
    """Keep a JSON value with a stamp; None forgets it."""
    others = {name: each for name, each in state.store.note(NOTE, {}).items() if name != what}
    state.store.write_note(NOTE, others if value is None else others | {what: value})


class Failure(Exception):
    """An error that ends a pipeline: PowerShell's id of the error, its category, what it is about, and words."""

    def __init__(self, identifier: str, message: str, category: str = "InvalidOperation", target: str = "") -> None:
        super().__init__(message)
        self.identifier, self.category, self.target = identifier, category, target


@dataclass(frozen=True)
class Choice:
    """What a cmdlet yields to ask whoever runs it: a number of the choices comes back, one of them for ENTER."""

    message: str
    choices: tuple[str, ...] = ("&Yes", "&No")
    default: int = 0


@dataclass(frozen=True)
class Say:
    """How a cmdlet speaks while it runs."""

    verbose: Callable[[str], None]
    warning: Callable[[str], None]
    progress: Callable[[str, str, int], None]  # activity, what it is at, percent


@dataclass(frozen=True)
class Invocation:
    """One call of a cmdlet: the stamp, who calls, and the parameters under the cmdlet's own names."""

    state: State
    user: str
    say: Say
    given: Mapping[str, Any]
    piped: Sequence[Any] = ()  # what the cmdlet before it in a pipe put out

    def kept(self, what: str) -> Any:
        """Return what the endpoint keeps of something; None when nothing."""
        return kept(self.state, what)

    def keep(self, what: str, value: Any) -> None:
        """Keep a JSON value with the stamp; None forgets it."""
        keep(self.state, what, value)

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter as text."""
        return str(self.given.get(name) or default)

    def texts(self, name: str) -> list[str]:
        """Return a parameter that takes one or many, as texts; one text may hold many, separated by commas."""
        value = self.given.get(name)
        many = value if isinstance(value, list | tuple) else [] if value is None else [value]
        return [part.strip() for each in many for part in str(each).split(",") if part.strip()]

    def is_set(self, name: str) -> bool:
        """Return whether a switch is on."""
        return bool(self.given.get(name, False))


@dataclass(frozen=True)
class Cmdlet:
    """A cmdlet of the endpoint: which parameters it takes (positional ones first), and what it does."""

    name: str
    run: Callable[[Invocation], Iterator[Any]]  # yields what goes to the output, and asks by a Choice
    parameters: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    mandatory: tuple[str, ...] = ()

    def bound(self, given: Given) -> dict[str, Any]:
        """Return the values under their parameters' names; a Failure as PowerShell's binder has it."""
        free = [name for name in self.parameters if not any(name == self._named(sent) for sent, _ in given if sent)]
        found: dict[str, Any] = {}
        for sent, value in given:
            if sent is None and not free:
                text = f"A positional parameter cannot be found that accepts argument '{value}'."
                raise self._refusal("PositionalParameterNotFound", text)
            name = self._named(sent) if sent else free.pop(0)
            if name is not None:
                found[name] = True if name in self.switches and value is None else value
        missing = [name for name in self.mandatory if found.get(name) in (None, "")]
        if missing:
            text = f"one or more missing mandatory parameters: {' '.join(missing)}."
            raise self._refusal("MissingMandatoryParameter", f"Cannot process command because of {text}")
        return found

    def _named(self, sent: str) -> str | None:
        """Return the parameter that a name means: whatever its case, by its beginning alone; None: a common one."""
        known = (*self.parameters, *self.switches)
        wanted = sent.lower().rstrip(":")
        exact = [name for name in known if name.lower() == wanted]
        found = exact or [name for name in known if name.lower().startswith(wanted)]
        if len(found) == 1:
            return found[0]
        if wanted in COMMON and not found:
            return None
        if not found:
            text = f"A parameter cannot be found that matches parameter name '{sent}'."
            raise self._refusal("NamedParameterNotFound", text)
        matches = " ".join(f"-{name}" for name in found)
        text = f"Parameter cannot be processed because the parameter name '{sent}' is ambiguous. Possible matches"
        raise self._refusal("AmbiguousParameter", f"{text} include: {matches}.")

    def _refusal(self, kind: str, text: str) -> Failure:
        return Failure(f"{kind},{self.name}", text, "InvalidArgument", self.name)


def unknown(name: str) -> Failure:
    """Return what PowerShell says to a name that is no cmdlet here."""
    return Failure(
        "CommandNotFoundException",
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program."
        " Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
        "ObjectNotFound",
        name,
    )


def scripts() -> Failure:
    """Return what PowerShell says to a script in no-language mode."""
    text = "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
    return Failure("ScriptsNotAllowed", text, "ParserError")


def unanswerable() -> Failure:
    """Return what PowerShell says where a cmdlet asks and nobody can answer."""
    text = "A command that prompts the user failed because the host program or the command type does not support user"
    return Failure("HostFunctionNotImplemented", f"{text} interaction.", "NotImplemented")
