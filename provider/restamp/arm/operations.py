"""Long-running operations of the Hub: an own poller, resumable from a record of plain fields.

Sources: reference of recorded traffic, section 5. azure-core's poller fails on an early 404, polls what needs no
polling, and starts before anything can be written down.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeVar

import tenacity

from restamp.arm.errors import rejected
from restamp.errors import OperationFailed, Rejected, StampError, Unfinished

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a request got: status, lower-case headers, parsed body (None where empty)."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def state(self) -> Any:
        """`status` of an operation or `provisioningState` of an object, which may be a number (recorded)."""
        body = self.body if isinstance(self.body, dict) else {}
        properties = body.get("properties")
        return body.get("status") or (properties.get("provisioningState") if isinstance(properties, dict) else None)


@dataclass(frozen=True)
class Operation:
    """All that is needed to go on polling, in this process or another."""

    what: str  # the request that began it, for people
    poll: str
    style: Literal["async", "location", "object"]
    result: str | None
    wait: float

    def record(self) -> dict[str, Any]:
        """Plain fields, for the journal."""
        return asdict(self)


def remembered(record: Mapping[str, Any]) -> Operation | None:
    """The operation of a journal's line; None where another restamp wrote it in another form."""
    values = {item.name: record[item.name] for item in fields(Operation) if item.name in record}
    return Operation(**values) if len(values) == len(fields(Operation)) else None


_BAD = ("Failed", "Canceled", "Cancelled")
_BUSY = ("Creating", "Updating", "Deleting", "Running", "InProgress", "Accepted", 1)
_HEARD_OF = 60.0  # seconds that what was made may be unknown to the next request
_EARLY = 3  # a first poll may answer 404 (recorded: update runs)


def started(what: str, url: str, answer: Answer) -> Operation | None:
    """The operation an answer begins, or None where all is done; a header alone begins none (recorded: network PUT)."""
    location = answer.headers.get("location")
    wait = seconds(answer, 1.0)
    if answer.status == 202:
        if polled := answer.headers.get("azure-asyncoperation"):
            return Operation(what, polled, "async", location, wait)
        return Operation(what, location or url, "location", None, wait)
    if answer.state in _BAD:
        raise _failed(what, answer)
    return Operation(what, url, "object", None, wait) if answer.state in _BUSY else None


def seconds(answer: Answer, otherwise: float) -> float:
    """How long the stamp asks us to wait: whole seconds (recorded), or our own guess."""
    asked = answer.headers.get("retry-after", "")
    return float(asked) if asked.isdecimal() else otherwise


def finish(
    operation: Operation,
    get: Callable[[str], Answer],
    sleep: Callable[[float], None] = time.sleep,
    *,
    patience: float,
    say: Callable[[str], None] = lambda _text: None,
) -> Answer:
    """The operation's result, once it has one; `say` hears how long it takes, `patience` is in seconds.

    OperationFailed where it ended badly, Rejected where polling did, Unfinished where it runs for longer than that.
    """
    missing = 0

    def ask() -> Answer | None:
        nonlocal missing
        answer = get(operation.poll)
        missing = missing + 1 if answer.status == 404 else 0
        if answer.state in _BAD:
            raise _failed(operation.what, answer)
        if answer.status == 404 and missing <= _EARLY:
            return None
        if answer.status >= 400:
            raise rejected("GET", operation.poll, answer.status, json.dumps(answer.body))
        return _result(operation, answer, get)

    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda result: result is None),
        wait=tenacity.wait_fixed(operation.wait),
        sleep=sleep,
        stop=tenacity.stop_after_delay(patience),
        before_sleep=lambda state: say(f"the stamp works on it: {_long(state.seconds_since_start or 0)}"),
    )
    try:
        return waiting(ask) or Answer(204, {}, None)  # never the second: it waits for a result
    except tenacity.RetryError:
        raise Unfinished(operation.what, _long(patience)) from None


def there(ask: Callable[[], T | None], *, patience: float = _HEARD_OF) -> T | None:
    """What is asked for, once it is there: what was just made may not be heard of yet (404 after 201, documented).

    None where that takes longer than `patience`, in seconds.
    """
    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: found is None),
        wait=tenacity.wait_exponential(multiplier=0.25, max=5),
        stop=tenacity.stop_after_delay(patience),
        retry_error_callback=lambda _state: None,
    )
    return waiting(ask)


def ended(error: StampError | None) -> bool:
    """Whether an operation is over, judged by what waiting for it raised: not where the way to it was lost."""
    gone = isinstance(error, Rejected) and error.status in (400, 404, 410)
    return error is None or gone or isinstance(error, OperationFailed)


def _long(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def _result(operation: Operation, answer: Answer, get: Callable[[str], Answer]) -> Answer | None:
    if operation.style == "location":
        return None if answer.status == 202 else answer
    if operation.style == "async":
        if answer.state != "Succeeded":
            return None
        return get(operation.result) if operation.result else answer
    return None if answer.state in _BUSY else answer


def _failed(what: str, answer: Answer) -> OperationFailed:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    error = error if isinstance(error, dict) else {}
    return OperationFailed(what, str(error.get("code") or answer.status), str(error.get("message") or ""))
