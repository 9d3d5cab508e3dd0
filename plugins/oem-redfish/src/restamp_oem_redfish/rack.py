"""All BMCs that the settings name, asked at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from restamp.arm import settings
from restamp.errors import StampError
from restamp.hookspecs import Run

from .machine import Machine

if TYPE_CHECKING:
    from .bmc import Bmc

T = TypeVar("T")
AT_ONCE = 8


@dataclass
class Rack:
    """What was seen: machines, what of them is not well, and BMCs that were not to be asked."""

    machines: list[Machine] = field(default_factory=list)
    troubles: dict[str, list[str]] = field(default_factory=dict)
    silent: dict[str, StampError] = field(default_factory=dict)


def seen(run: Run) -> Rack:
    """Every machine that the settings name; one that does not answer is in `silent`, with the reason."""
    rack = Rack()
    for name, answer in _asked(run, lambda bmc: (bmc.machine(), bmc.troubles()), run.settings.bmcs):
        if isinstance(answer, StampError):
            rack.silent[name] = answer
            continue
        machine, rack.troubles[name] = answer
        rack.machines.append(machine)
    return rack


def each(run: Run, what: Callable[["Bmc"], T], names: Iterable[str] | None = None) -> dict[str, T]:
    """What each BMC answers, of these or of all; the first StampError where one does not, once all were asked."""
    found: dict[str, T] = {}
    wrong: list[StampError] = []
    for name, answer in _asked(run, what, run.settings.bmcs if names is None else names):
        if isinstance(answer, StampError):
            wrong.append(answer)
        else:
            found[name] = answer
    for error in wrong:
        raise error
    return found


def _asked(run: Run, what: Callable[["Bmc"], T], names: Iterable[str]) -> list[tuple[str, T | StampError]]:
    from .bmc import Login, signed_in  # sushy is for runs that ask one

    login = Login(run.settings.user, run.secret("bmc"), settings.read())
    wanted, answered = list(names), list[str]()

    def ask(name: str) -> tuple[str, T | StampError]:
        try:
            with signed_in(name, login) as bmc:
                answer: T | StampError = what(bmc)
        except StampError as error:
            error.tell_without([login.password])
            answer = error
        answered.append(name)
        run.say(f"{name} answered, {len(answered)} of {len(wanted)}", len(answered) / len(wanted))
        return name, answer

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="bmc") as pool:
        return list(pool.map(ask, wanted))
