"""A finding: one sentence about one subject. The only way restamp complains."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["stop", "warn", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file of the runbook; line and column count from 1, 0 where unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one subject: what is so (`message`), and the next thing to do (`hint`).

    `stop` ends a recovery before it writes, `warn` should be looked at, `note` is for the record.
    """

    code: str
    level: Level
    about: str
    message: str
    hint: str = ""
    where: Position | None = None

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.where or ""), self.about, self.message) if part)
