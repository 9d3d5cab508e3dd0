"""What a product of databases has to say of itself: MySQL, SQL Server."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from restamp.kind import Kind
from restamp.models.finding import Finding
from restamp_databases.manifest import Saved
from restamp_databases.models import HostingServer

# Called with the bytes that are done, of the database or of its file; raises Stopped where people asked the run to end.
Tick = Callable[[int], None]
Standing = Literal[
    "absent",  # not there, or there with nothing in it
    "begun",  # begun by this recovery, and cut off: nobody else's
    "restored",  # by this recovery; tenants may have written since
    "same",  # as it was dumped
    "other",  # somebody's: never written to
]


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in to a server, with the statements that make the account; its password as a hash."""

    name: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Differences:
    """What is not as it was dumped: what is not there at all, and what has other contents."""

    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed)

    def __str__(self) -> str:
        said = ((self.missing, "missing"), (self.changed, "other than dumped"))
        return ", ".join(f"{shortened(names)} {how}" for names, how in said if names)


class Server(Protocol):
    """A hosting server that let us in. Everything raises Silent or Broken where the server does not do it."""

    @property
    def product(self) -> str:
        """What it is, with its version: `MariaDB 10.11.19`."""

    def databases(self) -> Mapping[str, int]:
        """Every database of tenants: name -> bytes."""

    def dump(self, database: str, part: Path, tick: Tick) -> Saved:
        """A database, written into the folder of a dump."""

    def accounts(self) -> Sequence[Account]:
        """Everybody who may sign in, but for the server's own accounts and ours."""

    def standing(self, saved: Saved, recovery: str, token: str) -> Standing:
        """How a database stands that a recovery is to restore; `token` is the one that it remembered as begun."""

    def restore(self, saved: Saved, folder: Path, recovery: str, tick: Tick) -> None:
        """Bring back a database that is absent or begun; it is `restored` once this returns."""

    def restore_accounts(self, accounts: Sequence[Account], recovery: str) -> list[str]:
        """Bring back accounts, all or none: the names of those that are there and are others, where there are such."""

    def differences(self, saved: Saved) -> Differences:
        """What is not as it was dumped, of a database that is there."""


@dataclass(frozen=True)
class Product:
    """One resource provider's databases."""

    plugin: str  # also the beginning of its steps' ids
    title: str  # what people call the product: MySQL
    kind: Kind[Any]
    connect: Callable[[Any, str, Path], AbstractContextManager[Server]]  # document, password, the runbook's folder
    needs: Callable[[], Sequence[Finding]]  # what is missing on this machine
    deployed: str  # how people deploy the resource provider anew
    drop: str  # the statement that takes a database away, with {name}


def shortened(names: Sequence[str]) -> str:
    """Some names, for one line."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def of(documents: Sequence[Any], kind: Kind[Any]) -> list[HostingServer]:
    """The hosting servers among documents."""
    return [document for document in documents if isinstance(document, kind.model)]
