"""A storm: a few percent of all requests are throttled, turned away, cut off or not answered, the same by its seed."""

import random
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .faults import Fault

SHARE = 0.01  # of all requests, for each of the kinds
KINDS: Mapping[str, Mapping[str, Any]] = {
    "throttled": {"status": 429, "headers": {"Retry-After": "1"}},
    "unavailable": {"status": 503},
    "refused": {"refuse": True},
    "lost answer": {"lose_answer": True},
}


def storm(seed: int, share: float = SHARE) -> list[Fault]:
    """Return faults that never end, for `Stamp.faults`.

    Whether the third GET of a path is hit is drawn from the seed and that alone: requests that overtake each other
    change nothing, so the same requests meet the same storm.
    """
    return [Fault(_Drawn(f"{seed}/{name}", share), times=None, **what) for name, what in KINDS.items()]


class _Drawn:
    """Whether a request is hit, by how often the same was asked before."""

    def __init__(self, seed: str, share: float) -> None:
        self._seed, self._share = seed, share
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, method: str, path: str) -> bool:
        asked = f"{method} {path.lower()}"
        with self._lock:
            self._asked[asked] += 1
            time = self._asked[asked]
        return random.Random(f"{self._seed}/{asked}/{time}").random() < self._share
