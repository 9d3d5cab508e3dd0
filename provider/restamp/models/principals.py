"""`principals.yaml`, written by people: who has another object id after the recovery than before."""

from collections import Counter
from functools import cached_property

from pydantic import Field, field_validator

from restamp.models.document import Model


class Principal(Model):
    """One principal: what it is called, for readers, and the id it has now, where that is another one."""

    name: str | None = None
    new: str | None = Field(None, description="object id, or SID, that stands for it from now on")


class Principals(Model):
    """Principals by the id that documents know them by."""

    principals: dict[str, Principal] = Field(default_factory=dict)

    @field_validator("principals")
    @classmethod
    def _nobody_is_two(cls, given: dict[str, Principal]) -> dict[str, Principal]:
        counted = Counter(each.new.lower() for each in given.values() if each.new)
        if twice := sorted(new for new, count in counted.items() if count > 1):
            raise ValueError(f"{', '.join(twice)} would stand for two of them")
        return given

    @cached_property
    def _new(self) -> dict[str, str]:
        return {old.lower(): each.new for old, each in self.principals.items() if each.new}

    def now(self, principal: str) -> str:
        """The id that stands for a principal today: a new one where people wrote it down, else its own."""
        return self._new.get(principal.lower(), principal)
