"""The kind of document that people write: `sql/servers/<name>.yaml`."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from restamp.hookspecs import Runbook
from restamp.kind import Kind, Wire
from restamp.models.finding import Finding
from restamp_databases import HostingServer
from restamp_databases.models import Port


class SqlHostingServer(HostingServer):
    """A SQL Server on which the SQL resource provider keeps tenants' databases. It writes its backups itself."""

    port: Port = Field(1433)
    tls: Literal["verify", "off"] = Field(
        "verify", description="verify: its certificate, or who issued it, is in `ca`; its name is not compared"
    )
    server_folder: str = Field(min_length=1, description=r"the folder of `dumps` as the server sees it: \\files\sql")

    @model_validator(mode="after")
    def _can_be_verified(self) -> "SqlHostingServer":
        if self.tls == "verify" and not self.ca:
            raise ValueError("has no `ca` to verify the server by: name a file, or write `tls: off`")
        return self

    def at_server(self, *parts: str) -> str:
        r"""A file of the folder, as the server sees it: `\\files\sql\sql01\20261123T030000.123456Z\erp.bak`."""
        between = "/" if self.server_folder.startswith("/") else "\\"
        return between.join((self.server_folder.rstrip("/\\"), self.name, *parts))


HOSTING_SERVER = Kind(
    name="SqlHostingServer",
    folder="sql/servers",
    model=SqlHostingServer,
    wire=Wire.nowhere("{name}"),
    comes_from="people",
)


def share_on_the_stamp(runbook: Runbook) -> Iterator[Finding]:
    """Folders of backups that are lost with the stamp."""
    for document in (item for item in runbook.documents if isinstance(item, SqlHostingServer)):
        host = document.server_folder.replace("/", "\\").removeprefix("\\\\").partition("\\")[0]
        if f".{host.lower()}".endswith(f".{runbook.stamp.suffix}"):
            message = f"backs up to {document.server_folder}, under the stamp's own domain: lost with the stamp"
            yield Finding("own-domain", "stop", str(document), message, "Have it write to a share elsewhere.")
