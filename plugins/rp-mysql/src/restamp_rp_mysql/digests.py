"""What a dump says of a database, in short: one digest a table's rows, one for all that is defined."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

_BEGINS = re.compile(rb"LOCK TABLES `((?:[^`]|``)+)` WRITE;")
_ENDS = b"UNLOCK TABLES;"
_COUNTER = re.compile(rb" AUTO_INCREMENT=\d+")
DEFINED = "definitions"


class Digests:
    """Fed with the lines of a dump; `told` is equal where the dump is."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}
        self._now = self._of(DEFINED)

    def feed(self, lines: Iterable[bytes]) -> None:
        """Some whole lines."""
        for line in lines:
            if line.startswith(_ENDS):
                self._now = self._of(DEFINED)
            elif line.startswith(b"LOCK TABLES") and (table := _BEGINS.match(line)):
                self._now = self._of("table " + table[1].replace(b"``", b"`").decode("utf-8", "replace"))
            else:
                self._now.update(_COUNTER.sub(b"", line) if line.startswith(b") ENGINE=") else line)

    def told(self) -> dict[str, str]:
        """What it was, by table."""
        return {name: digest.hexdigest()[:32] for name, digest in sorted(self._found.items())}

    def _of(self, name: str) -> Any:
        return self._found.setdefault(name, sha256())
