"""The SQL resource provider: its hosting servers' databases and logins are backed up, and brought back.

Never tried against a SQL Server, as none could be had: docs/limits.md of restamp says what that means.
"""

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
from restamp_rp_sql.kind import HOSTING_SERVER, SqlHostingServer, share_on_the_stamp

_DEPLOYED = """\
Deploy the SQL resource provider as Microsoft describes it for the stamp as it is now: 2.0.13.x for stamps of 2206 to
2311, 2.0.6.x for 2108 and 2206. The stamp has to be registered, and the provider's items downloaded from the
marketplace. Version 2, a marketplace item: install its prerequisites, import its secrets, install it. Version 1 is
deployed by DeploySqlProvider.ps1, in up to 75 minutes. Then make the SKUs of its hosting servers.
"""


def _connected(document: SqlHostingServer, password: str, runbook: Path) -> AbstractContextManager[Server]:
    from restamp_rp_sql.server import connected  # python-tds is for runs that dial one

    return connected(document, password, runbook)


_PRODUCT = Product(
    plugin="rp-sql",
    title="SQL",
    kind=HOSTING_SERVER,
    connect=_connected,
    needs=list,
    deployed=_DEPLOYED,
    drop="DROP DATABASE [{name}];",
)


@hookimpl
def plugin_card() -> PluginCard:
    """What this plugin is."""
    title = "SQL resource provider: databases of its hosting servers"
    return PluginCard(name="rp-sql", role="rp", title=title, settings=Settings)


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """Hosting servers, which people write down."""
    yield HOSTING_SERVER


@hookimpl
def check(run: Run) -> Iterable[Finding]:
    """Backups that are missing, old or damaged, and shares that are lost with the stamp."""
    yield from databases.checked(_PRODUCT, run)
    yield from share_on_the_stamp(run.runbook)


@hookimpl
def steps(runbook: Runbook, recovery: Recovery) -> Iterable[Step]:
    """Backups while the stamp lives; afterwards the resource provider anew, and its databases back."""
    return databases.planned(_PRODUCT, runbook, recovery)


@hookimpl
def run_step(step: Step, run: Run) -> StepResult:
    """How a step stands."""
    return databases.ran(_PRODUCT, step, run)


@hookimpl
def verify(run: Run) -> Iterable[Finding]:
    """What is not as it was backed up."""
    return databases.compared(_PRODUCT, run)
