"""A server's databases and accounts -> a dump; whole under its name, or not there."""

import datetime as dt
import json
import os
from pathlib import Path

from restamp.errors import Refused
from restamp.hookspecs import Run
from restamp.models.finding import Finding
from restamp.models.step import StepResult, done
from restamp_databases.errors import Broken
from restamp_databases.manifest import Kept, Manifest, Saved, dumps_in, finish, kept, new_dump
from restamp_databases.product import Product, Server, shortened
from restamp_databases.work import Work

_ACCOUNTS = "accounts.json"


def saved(product: Product, name: str, run: Run) -> StepResult:
    """Dump what the document of a server asks for, one database after the other."""
    work = Work.named(product, name, run)
    made = dt.datetime.now(dt.UTC)
    try:
        with work.signed_in() as server, new_dump(work.shelf) as part:
            databases = _databases(work, server)
            accounts = _accounts(server, part)
            dumped = tuple(_dumped(work, server, part, *item) for item in sorted(databases.items()))
            told = Manifest(server=name, product=server.product, made=made, databases=dumped, accounts=accounts)
            dump = finish(part, told)
    except OSError as error:
        raise Broken(str(work.shelf), error.strerror or str(error)) from error
    size = sum(item.size for item in dumped)
    facts = {"dump": dump.folder.name, "databases": str(len(dumped)), "bytes": str(size)}
    broken = [f"{item.database}: {name}" for item in dumped for name in item.left_out]
    without = f", without what is broken there: {shortened(broken)}" if broken else ""
    return done(f"{len(dumped)} databases, {size:,} bytes in {dump.folder}{without}", facts=facts)


def _databases(work: Work, server: Server) -> dict[str, int]:
    """What is to be dumped; Refused where nothing is, though it was the last time or the document asks for it."""
    there = server.databases()
    found = {name: size for name, size in there.items() if work.wanted(name)}
    before = [item.database for dump in dumps_in(work.shelf)[-1:] for item in dump.manifest.databases]
    if not found and (before or work.document.databases):
        asked = shortened(before or list(work.document.databases))
        message, hint = f"has none of {asked}", "Is it the right server? An older dump stays the newest."
        raise Refused([Finding("no-database", "stop", str(work.document), message, hint)])
    return found


def _dumped(work: Work, server: Server, part: Path, database: str, size: int) -> Saved:
    return server.dump(database, part, work.ticking(f"{work.document.name}: {database}", size))


def _accounts(server: Server, part: Path) -> Kept:
    told = [{"name": item.name, "statements": item.statements} for item in server.accounts()]
    path = part / _ACCOUNTS
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(told, file, indent=1)
    return Kept.model_validate(kept(path))
