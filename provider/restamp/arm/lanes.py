"""Who may begin next: the requests that wait, by lane, in turn; and whose budget a refusal speaks of.

A lane is a subscription and a class of operation. Nothing here waits or locks: `limiter` does.
"""

import random
import re
from collections import deque
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from math import inf
from typing import Literal, Protocol

from restamp.arm.pace import Pace, Remaining

Operation = Literal["read", "write", "delete"]
OPERATIONS: tuple[Operation, ...] = ("read", "write", "delete")
_BEGIN: dict[Operation, float] = {"read": 200.0, "write": 25.0, "delete": 25.0}  # a second; doubles until refused
_CLASSES: dict[str, Operation] = {"GET": "read", "HEAD": "read", "DELETE": "delete"}  # recorded: POST is a write
_SUBSCRIPTION = re.compile(r"(?:https?://[^/]*)?/subscriptions/([^/?]+)", re.IGNORECASE)
_COUNT = "x-ms-ratelimit-remaining-"  # recorded
_TROUBLE = 30.0  # seconds of pause after a 5xx, at most


class Waiting(Protocol):
    """A request as lanes see it."""

    begun: float


class Trouble:
    """A subscription that answers 5xx: pauses that double, with jitter, and one request at a time until one is well."""

    def __init__(self) -> None:
        self.count = 0
        self.opens = -inf
        self._known = -inf

    def failed(self, now: float, begun: float, retry_after: float | None) -> None:
        """Pause; an answer to what was begun before the last failure was known says nothing new."""
        if begun > self._known:
            self.count += 1
            self._known = now
            longest = min(_TROUBLE, 0.25 * 2.0**self.count)
            self.opens = now + max(retry_after or 0.0, longest * random.uniform(0.5, 1.0))

    def well(self) -> None:
        """Forget it."""
        self.count = 0


class Lane:
    """One subscription and class of operation: its pace, its count, and who waits in it."""

    def __init__(self, name: str, operation: Operation, pace: Pace, remaining: Remaining, trouble: Trouble) -> None:
        self.name, self.operation = name, operation
        self.pace, self.remaining, self.trouble = pace, remaining, trouble
        self.under_way = 0
        self.quiet = True  # nobody was in it before the next one
        self.line: deque[Waiting] = deque()

    @property
    def opens(self) -> float:
        """When the next may begin; `inf` while that hangs on an answer."""
        if self.trouble.count and self.under_way:
            return inf
        return max(self.pace.opens, self.trouble.opens)

    def take(self, now: float) -> None:
        """Count a request that begins."""
        self.pace.take(now, self.remaining.rate(self.under_way))
        self.under_way += 1


class Lanes:
    """Every lane of a stamp, and for each class the budget that all of them may share."""

    def __init__(self, slots: int) -> None:
        self.free = slots
        self.shared = {operation: Pace(inf) for operation in OPERATIONS}
        self._lanes: dict[tuple[str, Operation], Lane] = {}
        self._troubles: dict[str, Trouble] = {}
        self._refused: dict[Operation, Pace] = {}  # the pace that was refused last: where a new lane begins,
        self._comes = dict.fromkeys(OPERATIONS, 0.0)  # as all subscriptions of a stamp are taken to have equal budgets
        self._turn: deque[Lane] = deque()  # lanes with somebody in line

    def lane(self, name: str, operation: Operation) -> Lane:
        """The lane of a subscription's id, whatever its case."""
        key = name.lower(), operation
        if (found := self._lanes.get(key)) is None:
            pace = Pace(_BEGIN[operation])
            pace = pace.like(self._refused[operation]) if operation in self._refused else pace
            trouble = self._troubles.setdefault(key[0], Trouble())
            remaining = Remaining(self._comes[operation])
            found = self._lanes[key] = Lane(key[0], operation, pace, remaining, trouble)
        return found

    def enter(self, lane: Lane, one: Waiting) -> None:
        """Stand in line."""
        if not lane.line:
            self._turn.append(lane)
        lane.line.append(one)

    def leave(self, lane: Lane, one: Waiting) -> None:
        """Go out of the line again."""
        lane.line.remove(one)
        if not lane.line:
            self._turn.remove(lane)

    def admit(self, now: float) -> list[Waiting]:
        """Those who may begin now, one of each lane in turn."""
        admitted: list[Waiting] = []
        shut = 0
        while self.free and shut < len(self._turn):
            lane = self._turn.popleft()
            if self.opens(lane) > now:
                self._turn.append(lane)
                shut += 1
                continue
            admitted.append(self._begin(lane, lane.line.popleft(), now))
            shut = 0
            if lane.line:
                self._turn.append(lane)
        return admitted

    def try_one(self, lane: Lane, one: Waiting, now: float) -> bool:
        """Begin at once where nobody waits and nothing holds it: the same as `enter` and `admit`, without the line."""
        if self._turn or not self.free or self.opens(lane) > now:
            return False
        self._begin(lane, one, now)
        return True

    def opens(self, lane: Lane) -> float:
        """When the next of a lane may begin, a slot being free."""
        return max(lane.opens, self.shared[lane.operation].opens)

    def next(self) -> float:
        """When somebody in line may begin; `inf` while that hangs on an answer."""
        return min(map(self.opens, self._turn), default=inf) if self.free else inf

    def done(self, lane: Lane) -> None:
        """Give the slot back."""
        self.free += 1
        lane.under_way -= 1
        lane.quiet = not lane.under_way and not lane.line

    def answered(self, lane: Lane, one: Waiting, now: float, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer; header names are in lower case."""
        retry_after = seconds(headers)
        if status == 429:
            self._refuse(lane, one, now, retry_after)
            return
        lane.pace.passed()
        self.shared[lane.operation].passed()
        if status >= 500:
            lane.trouble.failed(now, one.begun, retry_after)
            return
        lane.trouble.well()
        left = headers.get(f"{_COUNT}{'subscription' if lane.name else 'tenant'}-{lane.operation}s", "")
        if left.isdecimal():
            lane.remaining.told(now, int(left))
            self._comes[lane.operation] = lane.remaining.comes

    def pause(self, until: float) -> None:
        """Let nobody begin before `until`."""
        for pace in self.shared.values():
            pace.pause(until)

    def _begin(self, lane: Lane, one: Waiting, now: float) -> Waiting:
        shared = self.shared[lane.operation]
        if shared.doubtful and lane.quiet and lane.pace.is_idle(now):
            busy = sum(not each.pace.is_idle(now) for each in self._of(lane.operation))
            shared.widen(1 + 1 / max(busy, 1))
        lane.quiet = False
        lane.take(now)
        shared.take(now)
        self.free -= 1
        one.begun = now
        return one

    def _refuse(self, lane: Lane, one: Waiting, now: float, retry_after: float | None) -> None:
        blamed = self._blamed(lane, now)
        if blamed == "own" and lane.remaining.is_window:
            lane.pace.held(now, one.begun, retry_after)
        elif blamed == "own":
            lane.pace.refused(now, one.begun, retry_after)
            self._refused[lane.operation] = lane.pace
        else:
            self.shared[lane.operation].refused(now, one.begun, retry_after, blamed == "shared")

    def _blamed(self, lane: Lane, now: float) -> Literal["own", "shared", "perhaps shared"]:
        """Whose budget a refusal speaks of, which nothing in it says.

        That of all where the lane has something left by its own count. Without a count it is that of all where the
        shared pace held it and its own did not, and may be where another lane is pausing too.
        """
        left = lane.remaining.has(lane.under_way)
        if left is not None:
            return "shared" if left else "own"
        shared = self.shared[lane.operation]
        if shared.known and shared.bound and not lane.pace.bound:
            return "perhaps shared"
        pausing = any(each.pace.paused > now for each in self._of(lane.operation) if each is not lane)
        return "perhaps shared" if pausing else "own"

    def _of(self, operation: Operation) -> Iterator[Lane]:
        return (lane for lane in self._lanes.values() if lane.operation == operation)


def asked(method: str, url: str) -> tuple[str, Operation]:
    """The lane and the class of a request: by the subscription in its path, "" where there is none."""
    found = _SUBSCRIPTION.match(url)
    return (found[1].lower() if found else ""), _CLASSES.get(method, "write")


def seconds(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds: a number, or a date by the stamp's own clock; None where there is none."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return None
