"""What would stop the databases of a resource provider from coming back today; asks no server, reads every dump."""

import datetime as dt
from collections.abc import Iterator

from restamp.errors import Refused
from restamp.hookspecs import Run, Runbook
from restamp.models.finding import Finding
from restamp_databases.manifest import damage, dumps_in
from restamp_databases.models import HostingServer
from restamp_databases.product import Product, of
from restamp_databases.work import shelf_of

_NOW_OR_LATER = "While the server lives: restamp capture --with-data"


def checked(product: Product, run: Run) -> Iterator[Finding]:
    """Servers nobody wrote down, dumps that are missing, old or damaged, what is under the stamp's own domain."""
    yield from product.needs()
    servers = of(run.runbook.documents, product.kind)
    if not servers:
        hint = f"Write one into {product.kind.folder}/<name>.yaml: restamp schema {product.kind.name}"
        yield Finding(
            "databases", "warn", product.plugin, f"no hosting server of {product.title} is written down", hint
        )
    for document in servers:
        run.say(f"reading the dumps of {document.name}")
        yield from _lost_with_the_stamp(document, run.runbook)
        yield from _dumps(document, run)


def _lost_with_the_stamp(document: HostingServer, runbook: Runbook) -> Iterator[Finding]:
    if f".{document.host.lower()}".endswith(f".{runbook.stamp.suffix}"):
        message = "is under the stamp's own domain: it is lost with the stamp"
        hint = "It has to be built anew before its databases come back; its dumps must be elsewhere."
        yield Finding("own-domain", "warn", str(document), message, hint)


def _dumps(document: HostingServer, run: Run) -> Iterator[Finding]:
    shelf = shelf_of(document, run.runbook)
    try:
        found = dumps_in(shelf)
    except Refused as refused:
        yield from refused.findings
        return
    if not found:
        yield Finding("dump", "stop", str(document), f"has no dump in {shelf}", _NOW_OR_LATER)
        return
    age = dt.datetime.now(dt.UTC) - found[-1].manifest.made
    hours, most = int(age.total_seconds() // 3600), run.settings.oldest_dump_in_hours
    if age > dt.timedelta(hours=most):
        yield Finding(
            "dump", "warn", str(document), f"{found[-1]} is {hours} hours old, more than {most}", _NOW_OR_LATER
        )
    yield from damage(found[-1])
