"""The kind of document that people write: `mysql/servers/<name>.yaml`."""

from pydantic import Field

from restamp.kind import Kind, Wire
from restamp_databases import HostingServer
from restamp_databases.models import Port


class MySqlHostingServer(HostingServer):
    """A MySQL or MariaDB server on which the MySQL resource provider keeps tenants' databases."""

    port: Port = Field(3306)


HOSTING_SERVER = Kind(
    name="MySqlHostingServer",
    folder="mysql/servers",
    model=MySqlHostingServer,
    wire=Wire.nowhere("{name}"),
    comes_from="people",
)
