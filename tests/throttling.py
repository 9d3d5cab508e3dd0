"""A stamp with budgets and the limiter's lanes before it, on a clock of its own: minutes in no time."""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from restamp.arm.lanes import Lane, Lanes
from restamp.simulator.addresses import parse
from restamp.simulator.budgets import Budgets
from restamp.simulator.messages import Refusal, Request, Response

LEFT = "x-ms-ratelimit-remaining-subscription-writes"


@dataclass(eq=False)
class Write:
    """One request of a world."""

    lane: Lane
    begun: float = 0.0


@dataclass
class World:
    """A stamp with budgets, and subscriptions that always have `writers` writes to make; 50 ms there and back."""

    budgets: Budgets
    subscriptions: int
    shown: bool = True  # answers have counts
    writers: int = 6
    active: Callable[[int, float], bool] = lambda _subscription, _now: True
    now: float = 0.0
    done: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    lanes: Lanes = field(default_factory=lambda: Lanes(16))
    _chance: random.Random = field(default_factory=lambda: random.Random(7))
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=count)

    def run(self, until: float) -> "World":
        """Let the time go on."""
        while self.now < until:
            self._stand_in_line()
            for one in self.lanes.admit(self.now):
                assert isinstance(one, Write)
                self._later(self._chance.uniform(0.025, 0.035), lambda write=one: self._arrives(write))  # type: ignore[misc]
            wakes = self.lanes.next() + self._chance.uniform(0, 0.002)  # as threads do: a little late
            if self._events and self._events[0][0] <= wakes:
                self.now, _, happens = heapq.heappop(self._events)
                happens()
            else:
                self.now = min(wakes, self.now + 1)
        return self

    def _stand_in_line(self) -> None:
        for number in range(self.subscriptions):
            lane = self.lanes.lane(f"s{number}", "write")
            while self.active(number, self.now) and len(lane.line) < self.writers:
                self.lanes.enter(lane, Write(lane))

    def _later(self, after: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + after, next(self._ids), happens))

    def _arrives(self, write: Write) -> None:
        request = Request("PUT", "host", f"/subscriptions/{write.lane.name}/resourcegroups/g")
        answer = Response(201, None, {LEFT: "1199"} if self.shown else {})
        try:
            self.budgets.spend(request, parse(request.path), self.now)
            self.budgets.told(request, parse(request.path), answer, self.now)
        except Refusal as refusal:
            answer = refusal.response
        self._later(0.025, lambda: self._answered(write, answer.status, answer.headers))

    def _answered(self, write: Write, status: int, headers: Mapping[str, str]) -> None:
        self.refused += status == 429
        self.done[int(write.lane.name[1:])] += status != 429
        self.lanes.answered(write.lane, write, self.now, status, headers)
        self.lanes.done(write.lane)
