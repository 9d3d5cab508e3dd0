"""How much a stamp takes: requests a second by subscription and in all, and how long its answers are on their way.

Off by default. No 429 was ever recorded: what one looks like, and whose budget it speaks of, is assumed.
"""

import math
import random
from dataclasses import dataclass, field

from .addresses import Address
from .messages import Request, Response, refuse

CLASSES = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}  # recorded: all others count as writes, POST too
ASSUMED = (
    "Budgets, where they are switched on: buckets that fill steadily, one a subscription and class and one for all;"
    " 429 TooManyRequests with whole seconds of Retry-After, and nothing done.",
)


@dataclass
class Bucket:
    """Tokens that come back at `rate` a second, at most `size` of them."""

    rate: float
    size: float
    tokens: float
    at: float

    def fill(self, now: float) -> float:
        """Return the tokens there are at `now`."""
        self.tokens = min(self.size, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        return self.tokens

    def wait(self, now: float) -> float:
        """Return the seconds until there is a whole token; 0 when there is one."""
        return max(0.0, 1 - 1e-9 - self.fill(now)) / self.rate


@dataclass
class Budgets:
    """Requests a second, by class; None is without limit. A full bucket holds `burst` seconds' worth, at least one.

    The plain ones are each subscription's own, and the tenant's for paths without one; the global ones are for all.
    """

    writes_per_second: float | None = None
    reads_per_second: float | None = None
    deletes_per_second: float | None = None
    global_writes_per_second: float | None = None
    global_reads_per_second: float | None = None
    global_deletes_per_second: float | None = None
    burst: float = 1.0
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict, init=False, repr=False)

    def spend(self, request: Request, address: Address, now: float) -> None:
        """Take a token from both budgets of a request; refuse it, and take none, when one of them is empty."""
        buckets = self._of(request, address, now)
        wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
        if wait:
            seconds = str(max(1, math.ceil(wait)))
            text = f"The request was throttled. Try again after {seconds} seconds."
            raise refuse(429, "TooManyRequests", text, retry_after=seconds, x_ms_failure_cause="gateway")
        for bucket in buckets:
            bucket.tokens -= 1

    def told(self, request: Request, address: Address | None, response: Response, now: float) -> None:
        """Let the remaining count of an answer, where it has one, be that of the subscription's bucket."""
        if address is None:
            return
        own = self._own(request, address, now)
        for name in response.headers:
            if own is not None and name.startswith("x-ms-ratelimit-remaining-"):
                response.headers[name] = str(int(own.fill(now)))

    def _of(self, request: Request, address: Address, now: float) -> list[Bucket]:
        name = CLASSES.get(request.method, "writes")
        shared = self._bucket("", name, getattr(self, f"global_{name}_per_second"), now)
        return [bucket for bucket in (self._own(request, address, now), shared) if bucket is not None]

    def _own(self, request: Request, address: Address, now: float) -> Bucket | None:
        name = CLASSES.get(request.method, "writes")
        lane = f"/{(address.subscription or '').lower()}"
        return self._bucket(lane, name, getattr(self, f"{name}_per_second"), now)

    def _bucket(self, lane: str, name: str, rate: float | None, now: float) -> Bucket | None:
        if rate is None:
            return None
        size = max(1.0, rate * self.burst)
        return self._buckets.setdefault((lane, name), Bucket(rate, size, size, now))


@dataclass(frozen=True)
class Latency:
    """Seconds every answer is on its way: by class, and up to `jitter` of its share more."""

    read: float = 0.0
    write: float = 0.0
    jitter: float = 0.0  # a share: 0.2 is up to a fifth more

    def of(self, request: Request) -> float:
        """Return the seconds for one answer."""
        base = self.read if CLASSES.get(request.method) == "reads" else self.write
        return base * (1 + self.jitter * random.random())
