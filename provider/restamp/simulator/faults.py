"""Faults on demand: what a stamp does when it does not do what it should."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .messages import Request, Response


@dataclass
class Fault:
    """One fault for the requests it matches.

    `match` is a regular expression searched in `"METHOD /path"` (any case), or a callable on method and path.
    The first `after` matches pass untouched; after `times` hits the fault is spent (None: never). What happens:
    `status` answers with `headers` and `body` and nothing is done; `refuse` ends the connection before anything is
    done; `lose_answer` ends it after the work was done; `delay` keeps the answer back for so many seconds.
    """

    match: str | Callable[[str, str], bool]
    times: int | None = 1
    after: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    refuse: bool = False
    lose_answer: bool = False
    delay: float = 0.0
    hits: int = field(default=0, init=False)
    _passed: int = field(default=0, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def strikes(self, request: Request) -> bool:
        """Return whether this request is hit, and count it."""
        if not self._fits(request):
            return False
        with self._lock:
            if self.times is not None and self.hits >= self.times:
                return False
            self._passed += 1
            if self._passed <= self.after:
                return False
            self.hits += 1
            return True

    def before(self) -> Response | None:
        """Return the answer given instead of doing anything."""
        if self.refuse:
            return Response(0, closes=True, delay=self.delay)
        if self.status is None:
            return None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Response(self.status, self.body, headers, delay=self.delay)

    def change(self, response: Response) -> None:
        """Spoil the answer to something that was done."""
        response.delay += self.delay
        response.closes = response.closes or self.lose_answer

    def _fits(self, request: Request) -> bool:
        if callable(self.match):
            return self.match(request.method, request.path)
        return re.search(self.match, f"{request.method} {request.path}", re.IGNORECASE) is not None
