"""One for the whole process: how many requests are under way, and when the stamp asked for a pause."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Limiter:
    """At most `parallel` requests at once; a pause asked for by one answer holds all."""

    def __init__(self, parallel: int) -> None:
        self._slots = threading.BoundedSemaphore(parallel)
        self._lock = threading.Lock()
        self._resume = 0.0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot; first wait out any pause."""
        with self._slots:
            while (wait := self._resume - time.monotonic()) > 0:
                time.sleep(wait)
            yield

    def pause(self, seconds: float) -> None:
        """Let nobody begin for so long; a longer pause already set stands."""
        with self._lock:
            self._resume = max(self._resume, time.monotonic() + seconds)
