"""Which versions of secrets vaults have, as their lists tell it: by when each was last changed."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any


class Versions:
    """A digest for each vault that was looked at: where it is that of a time when all was right, no value need be read.

    `updated` is documented: in lists as in answers to writes, in whole seconds. A secret that somebody changes in the
    second in which it was written looks as it was.
    """

    def __init__(self) -> None:
        """Know of no earlier look."""
        self._right: frozenset[str] = frozenset()
        self._changed: dict[str, dict[str, Any]] = {}  # vault -> secret -> when

    def trust(self, right: str) -> None:
        """Take these, as they were written out, for those of a time when all was right."""
        self._right = frozenset(right.split())

    def note(self, secret: Mapping[str, Any]) -> None:
        """Hear of a secret as it is now, with its value or without."""
        vault, _, name = str(secret["id"]).lower().partition("/secrets/")
        self._changed.setdefault(vault, {})[name] = (secret.get("attributes") or {}).get("updated")

    def as_left(self, vault: str) -> bool:
        """Whether no secret of a vault was changed, made or removed since then."""
        return self._digest(vault.lower()) in self._right

    def __str__(self) -> str:
        return " ".join(sorted(filter(None, map(self._digest, self._changed))))

    def _digest(self, vault: str) -> str:
        changed = self._changed.get(vault, {})
        told = json.dumps([vault, sorted(changed.items())]) if all(changed.values()) else ""
        return told and sha256(told.encode()).hexdigest()[:12]
