"""What is due: things that happen to a stamp by themselves, at moments of its own clock.

Nothing ticks. Whoever looks at the stamp first lets happen what was due until then, in order, each at its own moment:
a clock that is moved by three days has all of three days' backups in between.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .state import State
from .store import Wire

NOTE = "agenda"
Happening = Callable[[State, float, Wire], None]  # the stamp, the moment, the facts it was planned with


def plan(state: State, moment: float, what: str, **facts: Any) -> None:
    """Let something happen at a moment (seconds since 1970)."""
    entries = [*state.store.note(NOTE, []), {"at": moment, "what": what, "facts": facts}]
    state.store.write_note(NOTE, sorted(entries, key=lambda entry: float(entry["at"])))


def cancel(state: State, what: str) -> None:
    """Let nothing of this sort happen any more."""
    state.store.write_note(NOTE, [entry for entry in state.store.note(NOTE, []) if entry["what"] != what])


def catch_up(state: State, happenings: Mapping[str, Happening]) -> None:
    """Let everything happen that is due by now."""
    while (entries := state.store.note(NOTE)) and entries[0]["at"] <= state.clock.time():
        state.store.begin()
        try:
            state.store.write_note(NOTE, entries[1:])
            happenings[entries[0]["what"]](state, entries[0]["at"], entries[0]["facts"])
        finally:
            state.store.commit()
