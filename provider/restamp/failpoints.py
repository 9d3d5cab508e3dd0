"""Points at which a test ends us as a power cut would: off, and free of cost, unless RESTAMP_FAIL_AT names one."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, Protocol, get_args

Way = Literal["itself", "engine", "everything"]
WAYS: tuple[Way, ...] = get_args(Way)
ENDED = "ended"

# in the order in which a run comes to them; what is missing here is refused when it is armed
NAMES = (
    # `restamp up`, around the engine
    "up.begin",
    "up.takes-up",
    "up.engine.before",
    "up.engine.after",
    "up.told",
    # our host: what the engine hears of, and what it does not
    "host.started",
    "host.create.begin",
    "host.create.answered",
    "host.update.answered",
    "host.read.answered",
    "host.over",  # all is answered, and the engine saves its state next: behind that is up.engine.after
    "target.asked",
    "target.known",
    "gate.asked",
    "gate.opened",
    # a stamp as a provider sees it, and its journal
    "check.before",
    "check.after",
    "resume.before",
    "resume.after",
    "journal.locked",
    "journal.line.before",
    "journal.line.after",
    "journal.fsync.before",
    "journal.fsync.after",
    "intent.before",
    "intent.after",
    "result.before",
    "result.after",
    "step.begin",
    "token.before",
    "token.after",
    "step.end",
    "step.look",
    "document.begin",
    "document.end",
    # every request, every write, and what a write began
    "request.before",
    "answer.received",
    "write.before",
    "write.answered",
    "write.ended",
    "operation.before",
    "operation.recorded",
    "operation.ended",
    # a subscription with all that is inside it
    "holder.begin",
    "subscription.created",
    "look.before",
    "look.after",
    "object.before",
    "object.after",
    "vault.entering",
    "vault.entered",
    "vault.leaving",
    "vault.left",
    "secret.before",
    "secret.after",
    "filled",
    "disabled.before",
    "disabled.after",
    "holder.end",
    # a kit that takes the place of another
    "kit.written",
    "kit.between",
)


class _Watches(Protocol):
    def reached(self, name: str) -> None: ...


class _Armed:
    """The one point that ends us, and where to write down the points that were passed."""

    def __init__(self, at: str, seen: str) -> None:
        name, _, which = at.partition("#")
        count, _, way = which.partition(":")
        if name not in (*NAMES, "") or way not in (*WAYS, ""):
            raise ValueError(f"RESTAMP_FAIL_AT={at}: a point, #, how many times it is reached, and :engine or the like")
        self._name, self._count, self._way, self._seen = name, int(count or 1), way, seen
        self._times = 0
        self._lock = threading.Lock()

    def reached(self, name: str) -> None:
        with self._lock:
            if self._seen:
                _appended(self._seen, name)
            if name != self._name or (self._way == "engine" and not _engine):
                return
            self._times += 1
            if self._times == self._count:
                if self._seen:
                    _appended(self._seen, ENDED)
                _end(self._way)


class _Heard:
    """Whoever hears of each point."""

    def __init__(self, by: Callable[[str], None]) -> None:
        self.reached = by


_armed: _Watches | None = None
_engine = 0  # the process above us that a host works for


def arm(at: str, seen: str = "") -> None:
    """End this process at `name#3:way`, when it comes to `name` for the third time; `seen` is a file of all passed.

    The way is `itself`, which is kill -9 of this process, `engine`, of the one that a host works for alone (only hosts
    count), or `everything`, of all of `restamp up`. Without a name nothing ends. The last line of `seen` is then ENDED.
    ValueError where there is no such point.
    """
    global _armed
    _armed = _Armed(at, seen) if at or seen else None


@contextmanager
def watched(by: Callable[[str], None]) -> Iterator[None]:
    """Within this, `by` hears of every point of this process, and may end what it does by raising."""
    global _armed
    before, _armed = _armed, _Heard(by)
    try:
        yield
    finally:
        _armed = before


def below(engine: int) -> None:
    """Say which process is the engine of this host: no other process but the host's own is ever ended."""
    global _engine
    _engine = engine


def reached(name: str) -> None:
    """Go on, or never return: a point of `NAMES` is reached."""
    if _armed is not None:
        _armed.reached(name)


def _appended(file: str, name: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{name}\n".encode())
    finally:
        os.close(handle)


def _end(way: str) -> None:
    """Kill -9; the engine has its hosts in process groups of their own."""
    if way == "engine":
        os.kill(_engine, signal.SIGKILL)
        return
    if way == "everything":
        os.killpg(os.getpgid(_engine), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get("RESTAMP_FAIL_AT", ""), os.environ.get("RESTAMP_FAIL_SEEN", ""))
