"""The MySQL resource provider: its hosting servers' databases and accounts are dumped, and brought back."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import restamp_databases as databases
from restamp.hookspecs import Recovery, Run, Runbook, hookimpl
from restamp.kind import Kind
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult
from restamp_databases import Product, Server, Settings
from restamp_rp_mysql.client import missing
from restamp_rp_mysql.kind import HOSTING_SERVER, MySqlHostingServer

_DEPLOYED = """\
Deploy the MySQL resource provider as Microsoft describes it for the stamp as it is now. The stamp has to be registered,
and the provider's items downloaded from the marketplace. Version 2, a marketplace item: install its prerequisites,
import its secrets, install it. Microsoft's page of the SQL provider names 2.0.13.x for stamps of 2206 to 2311, and
2.0.6.x for 2108 and 2206; the MySQL provider's own page has the last word. Then make the SKUs of its hosting servers.
"""


def _connected(document: MySqlHostingServer, password: str, runbook: Path) -> AbstractContextManager[Server]:
    from restamp_rp_mysql.server import connected  # PyMySQL is for runs that dial one

    return connected(document, password, runbook)


_PRODUCT = Product(
    plugin="rp-mysql",
    title="MySQL",
    kind=HOSTING_SERVER,
    connect=_connected,
    needs=missing,
    deployed=_DEPLOYED,
    drop="DROP DATABASE `{name}`;",
)


@hookimpl
def plugin_card() -> PluginCard:
    """What this plugin is."""
    title = "MySQL resource provider: databases of its hosting servers"
    return PluginCard(name="rp-mysql", role="rp", title=title, settings=Settings)


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """Hosting servers, which people write down."""
    yield HOSTING_SERVER


@hookimpl
def check(run: Run) -> Iterable[Finding]:
    """Dumps that are missing, old or damaged."""
    return databases.checked(_PRODUCT, run)


@hookimpl
def steps(runbook: Runbook, recovery: Recovery) -> Iterable[Step]:
    """Dumps while the stamp lives; afterwards the resource provider anew, and its databases back."""
    return databases.planned(_PRODUCT, runbook, recovery)


@hookimpl
def run_step(step: Step, run: Run) -> StepResult:
    """How a step stands."""
    return databases.ran(_PRODUCT, step, run)


@hookimpl
def verify(run: Run) -> Iterable[Finding]:
    """What is not as it was dumped."""
    return databases.compared(_PRODUCT, run)
