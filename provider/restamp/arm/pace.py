"""How fast one budget of a stamp may be used: learned from its refusals, and from what it says is left.

Nobody says what a stamp allows, nor how long its windows are, so nothing here knows either. Times are seconds of any
steady clock and are always given: nothing here waits.
"""

from math import inf

SLACK = 0.05  # seconds that a late start may be made up for
_PLATEAU = 40.0  # seconds at the limit until more is tried than was refused, at least ...
_CALLS = 200.0  # ... and so many requests: of slow budgets a refusal a minute is much
_DEPTH = 0.02  # how far below a refused rate the next try begins, at least
_LEAST = 0.2  # requests a second that are always tried ...
_UNKNOWN = 1.0  # ... and where nothing is known
_IDLE = 2.0  # seconds without a request after which a budget counts as full again
_LONGEST = 60.0  # seconds of pause without a Retry-After, at most


class Pace:
    """One budget, as its refusals show it.

    Until the first refusal the rate doubles every second that it is used to the full. Then it is what got through
    since the last refusal, rises fast towards the rate that was refused, stays there, and rises again: a cubic, as in
    TCP, over time spent at the limit. `began` is `inf` for a budget that nobody may ever have heard of.
    """

    def __init__(self, began: float) -> None:
        self.paused = -inf  # until
        self.bound = False  # the last request waited for this pace
        self.doubtful = False  # nobody knows whether this budget is there at all
        self._began = began
        self._refused = 0.0  # the rate that was too much; 0 is none yet
        self._depth, self._plateau = 0.0, _PLATEAU
        self._age = 0.0  # seconds at the limit since then
        self._next = -inf
        self._taken = -inf
        self._cut = -inf
        self._since, self._passed, self._full = -inf, 0, True
        self._strikes, self._struck = 0, -inf
        self._second, self._in_second, self._observed = -inf, 0, 0.0

    def like(self, other: "Pace") -> "Pace":
        """The same pace, which begins where another one of its sort has come to."""
        self._refused, self._depth = other._refused, max(other._depth, 0.2)
        self._plateau = self._age = other._plateau
        return self

    @property
    def known(self) -> bool:
        """A refusal was seen."""
        return self._refused > 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        if not self.known:
            return self._began * float(2.0 ** min(self._age, 30.0))
        return max(_LEAST, self._refused * (1 + self._depth * (self._age / self._plateau - 1) ** 3))

    @property
    def opens(self) -> float:
        """When the next request may begin."""
        return max(self.paused, self._next)

    def observed(self, now: float) -> float:
        """Requests a second that were begun of late."""
        self._tick(now, 0)
        return max(self._observed, self._in_second / max(now - self._second, 0.25))

    def take(self, now: float, at_most: float = inf) -> None:
        """Count a request that begins; `at_most` is a rate that something else allows."""
        rate = self.rate
        self.bound = rate <= at_most and now < self._next + SLACK
        if self.bound:
            self._age += min(now - self._taken, 1.0)
        if self.is_idle(now):
            self._since, self._passed, self._full = now, 0, True
        self._next = max(self._next, now - SLACK) + 1 / min(rate, at_most)
        self._taken = now
        self._tick(now, 1)

    def passed(self) -> None:
        """Count a request that was not refused."""
        self._passed += 1
        self._strikes = 0

    def refused(self, now: float, begun: float, retry_after: float | None, sure: bool = True) -> None:
        """Pause, and go on slower; a request begun before the last refusal was known says nothing new.

        Where it is not `sure` that this budget was meant, `widen` tries it.
        """
        if begun > self._cut:
            self.doubtful = not sure and (self.doubtful or not self.known)
            self._slow_down(now, retry_after or 0.0)
        self.held(now, begun, retry_after)

    def held(self, now: float, begun: float, retry_after: float | None) -> None:
        """Pause, and go on as fast as before."""
        if begun > self._struck:
            self._strikes, self._struck = self._strikes + 1, now
        self.pause(now + (min(2.0 ** (self._strikes - 1), _LONGEST) if retry_after is None else retry_after))

    def widen(self, by: float) -> None:
        """Let the rate be so many times what it is: a budget that is there will say so."""
        self._refused *= by

    def is_idle(self, now: float) -> bool:
        """Whether it was not used for so long that it counts as full again."""
        return now > max(self._taken, self.opens) + _IDLE

    def pause(self, until: float) -> None:
        """Let nothing begin before `until`; a longer pause stands."""
        self.paused = max(self.paused, until)

    def _slow_down(self, now: float, pause: float) -> None:
        """A bucket that was full held about as much as comes back in the pause: it has nothing to say of the rate."""
        span = now - self._since + (pause if self._full else 0.0)
        measured = max(_LEAST, (self._passed or 0.5) / max(span, 0.001))
        if self._full and not self._passed:
            measured = _UNKNOWN
        self._refused = max(_LEAST, self.rate if self.bound and self.rate < inf else self.observed(now))
        self._depth = min(1.0, max(_DEPTH, 1 - measured / self._refused))
        self._plateau = max(_PLATEAU, _CALLS / self._refused)
        self._age, self._cut = 0.0, now
        self._since, self._passed, self._full = now, 0, False

    def _tick(self, now: float, count: int) -> None:
        if now - self._second >= 1.0:
            self._observed = self._in_second / (now - self._second)
            self._second, self._in_second = now, 0
        self._in_second += count


class Remaining:
    """One budget, as the stamp counts it down (recorded: `x-ms-ratelimit-remaining-...`, an hour's 1199 writes).

    What comes back is measured, so that a bucket that fills steadily is used in full without ever being empty. What is
    left of a fixed window is used at a rate that falls with it: not spread over an hour that nobody has promised.
    """

    _TELLING = 4  # a budget that never shows as much says nothing between two requests
    _HORIZON = 0.5  # seconds in which what is left over may be used
    _BEYOND = 3  # requests taken when nothing was left, after which a count is not believed

    def __init__(self, comes: float = 0.0) -> None:
        """Begin with what comes back a second in another budget of the sort."""
        self.left: int | None = None
        self.comes = comes
        self._most = 0
        self._beyond = 0
        self._from, self._then, self._passed = -inf, 0, 0

    def told(self, now: float, left: int) -> None:
        """Take note of the count in one answer."""
        if self.left is None:
            self._from, self._then = now, left
        self._beyond = self._beyond + 1 if left == self.left == 0 else 0
        self.left, self._most, self._passed = left, max(self._most, left), self._passed + 1
        span = now - self._from
        if span >= 1.0:
            came = max(0.0, (left - self._then + self._passed) / span)
            self.comes = came if self.comes == 0.0 else (self.comes + came) / 2
            self._from, self._then, self._passed = now, left, 0

    def rate(self, under_way: int) -> float:
        """Requests a second that may begin while so many are under way; `inf` while the stamp says nothing."""
        if self.left is None or not self._tells:
            return inf
        reserve = min(self._most / 3, 2 + self.comes / 10)
        least = max(_LEAST, self.comes) if 0.0 < self.comes < _UNKNOWN else _UNKNOWN  # the stamp may see it otherwise
        return max(least, self.comes + (self.left - under_way - reserve) / self._HORIZON)

    @property
    def is_window(self) -> bool:
        """Nothing comes back until some moment that a refusal may name: a rate has no meaning."""
        return self._tells and self.comes < _LEAST / 4

    @property
    def _tells(self) -> bool:
        return self._most >= self._TELLING and self._beyond < self._BEYOND

    def has(self, under_way: int) -> bool | None:
        """Whether more is left than is under way; None while the stamp says nothing that can be believed."""
        return None if self.left is None or self._beyond >= self._BEYOND else self.left > under_way + 1
