"""One for the whole process: which request may begin when, so that a stamp is used to the full and seldom refuses."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from restamp.arm.lanes import OPERATIONS, Lane, Lanes, Operation
from restamp.errors import Waits

_LOOK = 0.25  # seconds after which somebody who waits looks whether all is to stop


@dataclass(slots=True)
class Stats:
    """What was done in one class of operation."""

    calls: int = 0  # answered, 429 among them
    throttled: int = 0  # answered 429
    waited: float = 0.0  # seconds, of all threads together
    rate: float = 0.0  # begun a second, of late


class Ticket:
    """One request: `with` waits until it may begin, and gives the slot back."""

    __slots__ = ("_lane", "_limiter", "admitted", "begun", "wake")

    def __init__(self, limiter: "Limiter", lane: Lane) -> None:
        self._limiter, self._lane = limiter, lane
        self.begun = -inf
        self.admitted = False
        self.wake: threading.Event | None = None

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Tell what the stamp answered, header names in lower case; a lost answer is not told."""
        self._limiter._answered(self._lane, self, status, headers)

    def __enter__(self) -> "Ticket":
        self._limiter._begin(self._lane, self)
        return self

    def __exit__(self, *_: object) -> None:
        self._limiter._end(self._lane)


class Limiter:
    """At most `parallel` requests at once, each lane and class as fast as the stamp takes it, lanes in turn.

    `stop` ends all waiting with `Waits`. `clock` and `wait` are for tests that do not take time.
    """

    def __init__(
        self,
        parallel: int,
        *,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Event, float | None], object] = threading.Event.wait,
    ) -> None:
        self._lanes = Lanes(parallel)
        self._stop, self._clock, self._wait = stop or threading.Event(), clock, wait
        self._lock = threading.Lock()
        self._watch: Ticket | None = None  # of all who wait, the one who wakes by time
        self._due = inf
        self._waiting: dict[Ticket, None] = {}
        self._stats = {operation: Stats() for operation in OPERATIONS}

    def slot(self, lane: str = "", operation: Operation = "read") -> Ticket:
        """The right to send one request, to be used in `with`; `lane` is the subscription's id, "" without one."""
        with self._lock:
            return Ticket(self, self._lanes.lane(lane, operation))

    def pause(self, seconds: float) -> None:
        """Let nobody begin for so long; a longer pause already set stands."""
        with self._lock:
            self._lanes.pause(self._clock() + seconds)

    @property
    def stats(self) -> dict[Operation, Stats]:
        """Counters up to now, by class of operation."""
        with self._lock:
            now = self._clock()
            return {
                operation: Stats(each.calls, each.throttled, each.waited, self._lanes.shared[operation].observed(now))
                for operation, each in self._stats.items()
            }

    def _begin(self, lane: Lane, ticket: Ticket) -> None:
        with self._lock:
            arrived = self._clock()
            if self._lanes.try_one(lane, ticket, arrived):
                return
            self._stand_in_line(lane, ticket, arrived)
        try:
            while not ticket.admitted:
                self._wait_once(ticket)
        except BaseException:
            self._give_up(lane, ticket)
            raise
        finally:
            with self._lock:
                self._stats[lane.operation].waited += self._clock() - arrived
                self._hand_over(ticket)

    def _stand_in_line(self, lane: Lane, ticket: Ticket, now: float) -> None:
        ticket.wake = threading.Event()
        self._waiting[ticket] = None
        self._lanes.enter(lane, ticket)
        self._admit(now)
        if not ticket.admitted and self._watch and self._watch.wake and self._lanes.opens(lane) < self._due:
            self._watch.wake.set()

    def _wait_once(self, ticket: Ticket) -> None:
        """One of all who wait keeps the time; the others sleep until they are woken."""
        assert ticket.wake is not None
        with self._lock:
            if ticket.admitted:
                return
            ticket.wake.clear()
            self._watch = self._watch or ticket
            watches = self._watch is ticket
            if watches:
                self._due = self._lanes.next()
            seconds = min(_LOOK, max(0.0, self._due - self._clock())) if watches else None
        self._wait(ticket.wake, seconds)
        if self._stop.is_set():
            raise Waits("stopped before the stamp was asked")
        if watches:
            with self._lock:
                self._admit(self._clock())

    def _give_up(self, lane: Lane, ticket: Ticket) -> None:
        with self._lock:
            if not ticket.admitted:
                self._lanes.leave(lane, ticket)
                return
            self._lanes.done(lane)
            self._admit(self._clock())

    def _hand_over(self, ticket: Ticket) -> None:
        """Out of those who wait; if it kept the time, somebody else does."""
        del self._waiting[ticket]
        if self._watch in (ticket, None):
            self._watch = None
            successor = next((other for other in self._waiting if not other.admitted), None)
            if successor and successor.wake:
                successor.wake.set()

    def _admit(self, now: float) -> None:
        for one in self._lanes.admit(now):
            assert isinstance(one, Ticket)
            one.admitted = True
            if one.wake:
                one.wake.set()

    def _answered(self, lane: Lane, ticket: Ticket, status: int, headers: Mapping[str, str]) -> None:
        with self._lock:
            stats = self._stats[lane.operation]
            stats.calls += 1
            stats.throttled += status == 429
            self._lanes.answered(lane, ticket, self._clock(), status, headers)

    def _end(self, lane: Lane) -> None:
        with self._lock:
            self._lanes.done(lane)
            if self._waiting:
                self._admit(self._clock())
