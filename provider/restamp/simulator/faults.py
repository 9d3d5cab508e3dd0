"""Faults on demand: what a stamp does when it does not do what it should."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .messages import Request, Response, error


@dataclass
class Fault:
    """One fault for the requests it matches.

    `match` is a regular expression searched in `"METHOD /path"` (any case), or a callable on method and path.
    The first `after` matches pass untouched; after `times` hits the fault is spent (None: never). What happens:
    `status` answers with `headers` and `body` and nothing is done; `refuse` ends the connection before anything is
    done; `lose_answer` ends it after the work was done, `halve_answer` in the middle of the body; `delay` keeps the
    answer back for so many seconds. `forget_for` lets what a PUT made be absent to GET for so many seconds of the
    stamp's clock; lists show it. `first` is called before anything else, and may change the stamp.
    """

    match: str | Callable[[str, str], bool]
    times: int | None = 1
    after: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    refuse: bool = False
    lose_answer: bool = False
    halve_answer: bool = False
    forget_for: float = 0.0
    first: Callable[[], object] = bool
    delay: float = 0.0
    hits: int = field(default=0, init=False)
    _passed: int = field(default=0, init=False, repr=False)
    _forgotten: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def strikes(self, request: Request) -> bool:
        """Return whether this request is hit, and count it."""
        if request.method == "GET" and request.path.lower() in self._forgotten:
            return True
        if not self._fits(request):
            return False
        with self._lock:
            if self.times is not None and self.hits >= self.times:
                return False
            self._passed += 1
            if self._passed <= self.after:
                return False
            self.hits += 1
        self.first()
        return True

    def before(self) -> Response | None:
        """Return the answer given instead of doing anything."""
        if self.refuse:
            return Response(0, closes=True, delay=self.delay)
        if self.status is None:
            return None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Response(self.status, self.body, headers, delay=self.delay)

    def change(self, request: Request, response: Response, now: float) -> None:
        """Spoil the answer to something that was done; `now` is the stamp's time."""
        if (until := self._forgotten.get(request.path.lower())) is not None and request.method == "GET":
            self._forget(request, response, now < until)
            return
        response.delay += self.delay
        response.closes = response.closes or self.lose_answer
        response.halves = response.halves or self.halve_answer
        if self.forget_for and request.method == "PUT" and response.status < 300:
            self._forgotten[request.path.lower()] = now + self.forget_for

    def _forget(self, request: Request, response: Response, still: bool) -> None:
        if not still:
            self._forgotten.pop(request.path.lower(), None)
        elif response.status == 200:
            text = f"The Resource '{request.path.rpartition('/providers/')[2]}' was not found."
            response.status, response.body = 404, error(404, "ResourceNotFound", text).body

    def _fits(self, request: Request) -> bool:
        if callable(self.match):
            return self.match(request.method, request.path)
        return re.search(self.match, f"{request.method} {request.path}", re.IGNORECASE) is not None
