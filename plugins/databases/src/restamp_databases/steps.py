"""The steps around a resource provider's databases; from documents alone."""

import datetime as dt
from collections.abc import Iterator

from restamp.hookspecs import Recovery, Runbook
from restamp.models.step import Step
from restamp_databases.models import HostingServer
from restamp_databases.product import Product, of

_DAY = dt.timedelta(days=1)
_DEPLOYMENT = dt.timedelta(minutes=75)


def planned(product: Product, runbook: Runbook, recovery: Recovery) -> Iterator[Step]:
    """Of each server a dump; then the resource provider anew, each server empty, filled, and told to the provider."""
    deployed = f"{product.plugin}/deployed"
    yield Step(
        id=deployed,
        title=f"Deploy the {product.title} resource provider anew",
        phase="restore",
        by="operator",
        after=("registered",),
        how=product.deployed,
        takes=(dt.timedelta(), _DEPLOYMENT),
        source="documented: up to 75 minutes",
    )
    for document in of(runbook.documents, product.kind):
        yield from _of_a_server(product, document, deployed, survived=document.survived == recovery.id)


def _of_a_server(product: Product, document: HostingServer, deployed: str, *, survived: bool) -> Iterator[Step]:
    at, plugin, name, secrets = product.title, product.plugin, document.name, (document.secret,)
    dump = f"Dump the databases of {document}"
    yield Step(id=f"{plugin}/backup/{name}", title=dump, phase="backup", secrets=secrets, patience=_DAY)
    ready = f"{plugin}/server/{name}"
    yield Step(
        id=ready,
        title=f"{at} server {document} answers" + ("" if survived else ", and nothing is in the way"),
        phase="restore",
        after=("control-plane-restored",),
        before=("rps-restored",),
        secrets=secrets,
    )
    if not survived:
        restored = f"{plugin}/restore/{name}"
        yield Step(
            id=restored,
            title=f"Restore the databases of {document}",
            phase="restore",
            needs=(ready,),
            before=("rps-restored",),
            secrets=secrets,
            patience=_DAY,
        )
        ready = restored
    yield Step(
        id=f"{plugin}/added/{name}",
        title=f"Add {document} to the {at} resource provider",
        phase="restore",
        by="operator",
        needs=(deployed, ready),
        how=_added(product, document),
    )


def _added(product: Product, document: HostingServer) -> str:
    size = f"{document.size_in_gb} GB" if document.size_in_gb else "as large as it is now"
    return f"""\
In the administrator portal, {product.title} Hosting Servers, Add:
  name: {document.host}, port {document.port}
  administrator: {document.user}, with its password
  size: {size}
  SKU: {document.sku}; make it first if the new resource provider has none of this name
Then look whether the databases that were restored are shown for their subscriptions. Whether a new resource provider
knows them again is documented nowhere: if it does not, ask Microsoft's support before anybody makes new ones, and
change nothing on the server by hand, for the provider alone may.
"""
