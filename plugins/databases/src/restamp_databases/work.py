"""One hosting server's part of a run: where its dumps are, which is meant, signing in, and telling how far it is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from restamp.errors import Refused
from restamp.hookspecs import Run, Runbook
from restamp.models.finding import Finding
from restamp_databases.errors import Stopped
from restamp_databases.manifest import Dump, dumps_in
from restamp_databases.models import HostingServer
from restamp_databases.product import Account, Product, Server, Tick, of

_MEGABYTE = 1 << 20


def shelf_of(document: HostingServer, runbook: Runbook) -> Path:
    """The folder of a server's dumps."""
    return runbook.folder / document.dumps / document.name


@dataclass(frozen=True)
class Work:
    """A hosting server, in a run."""

    product: Product
    document: HostingServer
    run: Run

    @classmethod
    def named(cls, product: Product, name: str, run: Run) -> "Work":
        """The server that a step is for; Refused where its document is gone."""
        for document in of(run.runbook.documents, product.kind):
            if document.name == name:
                return cls(product, document, run)
        about, hint = f"{product.kind.name} {name}", f"Write {product.kind.folder}/{name}.yaml again."
        raise Refused([Finding("no-document", "stop", about, "there is no such document", hint)])

    @property
    def shelf(self) -> Path:
        """The folder of its dumps."""
        return shelf_of(self.document, self.run.runbook)

    @property
    def recovery(self) -> str:
        """The id of the recovery; empty where there is none."""
        return self.run.recovery.id if self.run.recovery else ""

    @contextmanager
    def signed_in(self) -> Iterator[Server]:
        """The server; Silent or ShutOut where it does not let us in."""
        password = self.run.secret(self.document.secret)
        with self.product.connect(self.document, password, self.run.runbook.folder) as server:
            yield server

    def dump(self) -> Dump:
        """The dump that a recovery restores: the newest that was made before it began. Refused where there is none.

        A recovery says the second in which it began: a dump of that second was made before.
        """
        begun = self.run.recovery.document.begun if self.run.recovery else None
        found = [
            dump for dump in dumps_in(self.shelf) if begun is None or dump.manifest.made.replace(microsecond=0) <= begun
        ]
        if not found:
            hint = "Bring the folder back from a copy, or write into the server's document where it is."
            when = f" from before {begun:%Y-%m-%d %H:%M}" if begun else ""
            raise Refused([Finding("dump", "stop", str(self.shelf), f"there is no dump{when}", hint)])
        return found[-1]

    def wanted(self, database: str) -> bool:
        """Whether the document asks for a database."""
        return not self.document.databases or any(fnmatchcase(database, one) for one in self.document.databases)

    def ticking(self, what: str, total: int) -> Tick:
        """Says how far something is, once a hundredth; `total` in bytes."""
        said = -1

        def tick(size: int) -> None:
            nonlocal said
            if self.run.stopped():
                raise Stopped
            if (hundredth := min(100, 100 * size // max(total, 1))) > said:
                said = hundredth
                self.run.say(f"{what}: {size // _MEGABYTE:,} MB", hundredth / 100)

        return tick


def accounts_of(dump: Dump) -> list[Account]:
    """The accounts in a dump."""
    told = json.loads((dump.folder / dump.manifest.accounts.file).read_text("utf-8"))
    return [Account(item["name"], tuple(item["statements"])) for item in told]
