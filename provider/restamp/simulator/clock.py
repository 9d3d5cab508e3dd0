"""The stamp's own clock: real time, moved forward at will."""

import time
from datetime import UTC, datetime


class Clock:
    """Real time plus an offset, so that long waits cost tests nothing."""

    def __init__(self) -> None:
        self._offset = 0.0

    @property
    def offset(self) -> float:
        """Seconds that the stamp's time is ahead of ours."""
        return self._offset

    def time(self) -> float:
        """Return seconds since 1970."""
        return time.time() + self._offset

    def now(self) -> datetime:
        """Return the stamp's time, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._offset += seconds

    def set(self, moment: datetime) -> None:
        """Move the clock to `moment`."""
        self._offset = moment.timestamp() - time.time()

    def text(self) -> str:
        """Return the time as the Hub writes it: UTC, seven fraction digits (recorded)."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
