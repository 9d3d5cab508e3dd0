"""Where PowerShell remoting is spoken, and as whom. Nothing here connects."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CONFIGURATION = "PrivilegedEndpoint"
DEFAULT = "Microsoft.PowerShell"  # that of every Windows
HTTP, HTTPS = 5985, 5986  # WinRM's ports
Say = Callable[[str], None]


def silent(_line: str) -> None:
    """Say nothing."""


def itself(host: str, port: int) -> tuple[str, int]:
    """The address of a host that resolves: its own."""
    return host, port


@dataclass(frozen=True)
class Host:
    """One host: its name, its port, and whether it is spoken to over TLS."""

    name: str
    port: int
    tls: bool


@dataclass(frozen=True)
class Endpoint:
    """Hosts that answer for each other, tried in turn, and who signs in there.

    A host is `name`, `name:port` or `https://name[:port]`. Without https messages go over WinRM's port 5985, as they do
    from Windows, and are encrypted by Negotiate; `auth` "basic" is for https alone.
    """

    hosts: tuple[str, ...]
    user: str
    password: str = field(repr=False)
    configuration: str = CONFIGURATION
    auth: str = "negotiate"
    ca: str = ""  # PEM file; empty: the CAs that the system knows
    where: Callable[[str, int], tuple[str, int]] = itself  # other addresses for names, as Settings.where
    consents: bool = False  # what a cmdlet asks is answered, by Yes or ENTER; else a cmdlet that asks has failed

    def each(self) -> tuple[Host, ...]:
        """The hosts, in the order in which they are tried."""
        return tuple(_host(text) for text in self.hosts)


def _host(text: str) -> Host:
    parts = urlsplit(text if "://" in text else f"http://{text}")
    tls = parts.scheme == "https"
    return Host(parts.hostname or "", parts.port or (HTTPS if tls else HTTP), tls)
