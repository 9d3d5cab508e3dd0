"""What plugins for resource providers of databases share: hosting servers that people write down, dumps, restores.

A plugin says what is its product's own (`Product`, `Server`): how to sign in, dump, restore and compare. Here is the
rest: dumps that are whole or not there, restores that overwrite nothing, checks, the steps, and what people do.
"""

from restamp_databases.backup import saved
from restamp_databases.check import checked
from restamp_databases.errors import Broken, ShutOut, Silent, Stopped, Unverified
from restamp_databases.manifest import Dump, Kept, Manifest, Saved, kept
from restamp_databases.models import HostingServer, Settings
from restamp_databases.product import Account, Differences, Product, Server, Standing, Tick
from restamp_databases.restore import compared, ran
from restamp_databases.steps import planned

__all__ = [
    "Account",
    "Broken",
    "Differences",
    "Dump",
    "HostingServer",
    "Kept",
    "Manifest",
    "Product",
    "Saved",
    "Server",
    "Settings",
    "ShutOut",
    "Silent",
    "Standing",
    "Stopped",
    "Tick",
    "Unverified",
    "checked",
    "compared",
    "kept",
    "planned",
    "ran",
    "saved",
]
