"""Seals for those who compare and write, and never put anything into git."""

from restamp.models.sealed import SealedValue
from restamp.secrets.seal import Seals


class Telling:
    """Tells values of a stamp from those of a runbook by their fingerprints, and opens what has to be written."""

    def __init__(self, seals: Seals) -> None:
        """`seals` has the capture key."""
        self._seals = seals

    def seal(self, identity: str, value: str) -> SealedValue:
        """A value of the stamp as its fingerprint alone: nothing is sealed, for nothing of it is kept."""
        return SealedValue.model_construct(seen=self._seals.seen(identity, value), sealed=())

    def open(self, identity: str, sealed: SealedValue, about: str = "") -> str:
        """The value in clear; NoKey and Tampered as `Seals.open` has them."""
        return self._seals.open(identity, sealed, about)
