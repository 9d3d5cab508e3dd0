"""The plugin holds to what every plugin has to, with a real MariaDB."""

from collections.abc import Sequence
from typing import ClassVar

import pytest

import restamp_rp_mysql
from restamp.models.document import Document
from restamp.testing import PluginContract, Scene
from restamp_rp_mysql.kind import MySqlHostingServer

from .conftest import populated
from .mariadb import ADMIN, PASSWORD, MariaDb


class TestContract(PluginContract):
    """Databases are dumped, lost, and brought back on the same server."""

    plugin = restamp_rp_mysql
    name = "rp-mysql"
    ids: ClassVar[Sequence[str]] = (
        "rp-mysql/backup/sql01",
        "rp-mysql/deployed",
        "rp-mysql/server/sql01",
        "rp-mysql/restore/sql01",
        "rp-mysql/added/sql01",
    )
    secrets: ClassVar[dict[str, str]] = {"sql01-password": PASSWORD}

    @pytest.fixture(autouse=True)
    def _server(self, new: MariaDb) -> None:
        self.server = new

    def documents(self) -> Sequence[Document]:
        """One hosting server."""
        at = {"host": "localhost", "port": self.server.port, "ca": str(self.server.ca), "user": ADMIN}
        return [MySqlHostingServer(name="sql01", sku="standard", dumps="dumps", **at)]

    def prepare(self, scene: Scene) -> None:
        """What tenants had is dumped, and gone."""
        populated(self.server.emptied())
        (backup,) = (step for step in scene.steps() if step.phase == "backup")
        assert scene.ask(backup).status == "done"
        self.server.emptied()

    def damage(self, scene: Scene) -> None:
        """A table of a tenant is gone."""
        self.server.say("DROP TABLE erp.nothing")


del PluginContract
