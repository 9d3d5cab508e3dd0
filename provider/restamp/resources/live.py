"""What the running call knows about its row on the screen: set by our host, absent on the stock host."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["info", "warning"]


@dataclass(frozen=True)
class Row:
    """One resource's row: `log(text, severity, ephemeral)` writes to it; `cancelled` is set by Ctrl-C."""

    log: Callable[[str, Severity, bool], None]
    cancelled: threading.Event = field(default_factory=threading.Event)


_row: ContextVar[Row | None] = ContextVar("row", default=None)


@contextmanager
def on(row: Row) -> Iterator[None]:
    """Within this, `say` and `cancelled` are about this row."""
    token = _row.set(row)
    try:
        yield
    finally:
        _row.reset(token)


def say(text: str) -> None:
    """Live text in the row, gone when the row is done: progress, and that it went well."""
    if (row := _row.get()) is not None:
        row.log(text, "info", True)


def warn(text: str) -> None:
    """Text that stays on the screen: only for what is not done."""
    if (row := _row.get()) is not None:
        row.log(text, "warning", False)


def cancelled() -> bool:
    """Whether people asked this run to end."""
    row = _row.get()
    return row is not None and row.cancelled.is_set()


def pause(seconds: float) -> None:
    """Wait, unless people ask the run to end."""
    row = _row.get()
    (row.cancelled if row is not None else threading.Event()).wait(seconds)
