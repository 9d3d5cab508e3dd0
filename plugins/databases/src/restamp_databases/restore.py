"""A dump -> a server: what is not there comes back, what somebody has there is never written to."""

import datetime as dt
from collections.abc import Iterator

from restamp.errors import Refused, RestampError
from restamp.hookspecs import Run
from restamp.models.finding import Finding, Level
from restamp.models.step import Step, StepResult, done, waiting
from restamp_databases.backup import saved
from restamp_databases.errors import Silent, Stopped
from restamp_databases.manifest import Dump, Saved, damage
from restamp_databases.product import Product, Server, Standing, of, shortened
from restamp_databases.work import Work, accounts_of

_AT_ONCE = dt.timedelta()


def ran(product: Product, step: Step, run: Run) -> StepResult:
    """How a step of a plugin of databases stands: `<plugin>/backup/<server>`, `.../server/...`, `.../restore/...`."""
    _, what, name = step.id.split("/")
    try:
        if what == "backup":
            return saved(product, name, run)
        work = Work.named(product, name, run)
        return _empty(work) if what == "server" else _restored(work)
    except Stopped as stopped:
        return waiting(str(stopped))


def _empty(work: Work) -> StepResult:
    """The server answers, lets us in, and has nothing of somebody's in the places of what is to come back."""
    try:
        with work.signed_in() as server:
            there = f"{server.product}, {len(server.databases())} databases"
            if work.document.survived != work.recovery:
                _standings(work, server, work.dump())
    except Silent as silent:
        return waiting(f"{silent}. {silent.hint}")
    return done(f"{work.document} answers: {there}")


def _restored(work: Work) -> StepResult:
    """One more database is back, or everything is."""
    dump = work.dump()
    with work.signed_in() as server:
        standings = _standings(work, server, dump)
        left = [item for item in _wanted(work, dump) if standings[item.database] in ("absent", "begun")]
        try:
            for one in left[:1]:
                _restore(work, server, dump, one)
        except Stopped as stopped:
            return waiting(str(stopped), token=left[0].database)
        ready = len(standings) - len(left[1:])
        if left[1:]:
            told = f"{ready} of {len(standings)} databases are back on {work.document.name}"
            return waiting(told, progress=ready / len(standings), again=_AT_ONCE)
        _bring_back_accounts(work, server, dump)
    facts = {"dump": dump.folder.name, "databases": str(ready)}
    return done(f"{ready} databases of {dump} are on {work.document}", facts=facts)


def _wanted(work: Work, dump: Dump) -> list[Saved]:
    """What the document asks for now, of what was dumped."""
    return [item for item in dump.manifest.databases if work.wanted(item.database)]


def _standings(work: Work, server: Server, dump: Dump) -> dict[str, Standing]:
    """How each database of the dump stands; Refused where some are somebody's, naming all."""
    found = {item.database: server.standing(item, work.recovery, work.run.token) for item in _wanted(work, dump)}
    if others := [_others(work, dump, name) for name, standing in found.items() if standing == "other"]:
        raise Refused(others)
    return found


def _others(work: Work, dump: Dump, name: str) -> Finding:
    survived = f"`survived: {work.recovery}` in {work.product.kind.folder}/{work.document.name}.yaml"
    hint = (
        f"If the server was not lost, write {survived}: all on it stays. If this can go: "
        f"{work.product.drop.format(name=name)} Or point the document at an empty server."
    )
    message = f"is there, and is not what {dump} has: it is left as it is"
    return Finding("not-empty", "stop", f"{work.document.name} {name}", message, hint)


def _restore(work: Work, server: Server, dump: Dump, one: Saved) -> None:
    """Bring one database back; Refused where its file is not what was written."""
    if broken := list(damage(dump, iter([one]))):
        raise Refused(broken)
    work.run.remember(one.database)
    tick = work.ticking(f"{work.document.name}: {one.database}", one.size)
    server.restore(one, dump.folder, work.recovery, tick)


def _bring_back_accounts(work: Work, server: Server, dump: Dump) -> None:
    if broken := list(damage(dump, iter([dump.manifest.accounts]))):
        raise Refused(broken)
    if others := server.restore_accounts(accounts_of(dump), work.recovery):
        message = f"{shortened(others)} may sign in there, and not as in {dump}: nobody's account was changed"
        hint = "Take them away there, or make them what they were; then restamp up."
        raise Refused([Finding("not-empty", "stop", str(work.document), message, hint)])


def compared(product: Product, run: Run) -> Iterator[Finding]:
    """What of each server is not as its dump has it; what cannot be seen is said. Without a recovery nothing was."""
    if run.recovery is None:
        return
    for document in of(run.runbook.documents, product.kind):
        work = Work(product, document, run)
        if document.survived == work.recovery:
            yield Finding("databases", "note", str(document), "was not lost, its document says: not compared")
            continue
        try:
            with work.signed_in() as server:
                yield from _differences(work, server, work.dump())
        except RestampError as error:
            yield Finding("databases", "warn", str(document), f"not verified: {error}", error.hint)


def _differences(work: Work, server: Server, dump: Dump) -> Iterator[Finding]:
    there, equal = server.databases(), 0
    for item in _wanted(work, dump):
        about = f"{work.document.name} {item.database}"
        if item.database not in there:
            yield Finding("databases", "stop", about, "is not there", f"{dump} has it: restamp up")
        elif found := server.differences(item):
            level: Level = "stop" if found.missing else "warn"
            hint = "Was it damaged?" if found.missing else "Tenants may have written since."
            yield Finding("databases", level, about, str(found), hint)
        else:
            equal += 1
    yield from _shut_out(work, server, dump)
    yield Finding("databases", "note", str(work.document), f"{equal} databases are as in {dump}")


def _shut_out(work: Work, server: Server, dump: Dump) -> Iterator[Finding]:
    """Who could sign in when it was dumped, and cannot now, or not in the same way."""
    there = {account.name: account for account in server.accounts()}
    wanted = accounts_of(dump)
    if gone := [account.name for account in wanted if account.name not in there]:
        yield Finding("databases", "stop", str(work.document), f"{shortened(gone)} cannot sign in", "restamp up")
    if other := [account.name for account in wanted if there.get(account.name, account) != account]:
        message, hint = f"{shortened(other)} may do other things than when it was dumped", "Was that meant?"
        yield Finding("databases", "warn", str(work.document), message, hint)
