"""Settings that are made after a deployment, and read back: one row for what sets a thing and what gets it."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from .cmdlet import Cmdlet, Failure, Invocation

ASSUMED = (
    "Settings of the privileged endpoint: a getter shows what was set, under the names of its parameters, and nothing"
    " before; a client certificate of syslog is kept as set or not; Set-Telemetry has no getter.",
)
SECRET = frozenset({"PfxBinary", "CertPassword"})  # kept as set or not


def _pair(what: str, parameters: tuple[str, ...] = (), *switches: str, **more: Any) -> tuple[Cmdlet, Cmdlet]:
    """Return the setter and the getter of a thing; `Remove` among the switches forgets it."""

    def put(call: Invocation) -> Iterator[Any]:
        for each in call.texts("IPAddress"):
            _check_address(each)
        shown = {name: _plain(name, call) for name in parameters}
        shown |= {name: call.is_set(name) for name in switches}
        call.keep(what, None if call.is_set("Remove") or call.is_set("RemoveCertificate") else shown)
        yield from ()

    def get(call: Invocation) -> Iterator[Any]:
        if (found := call.kept(what)) is not None:
            yield found

    return Cmdlet(f"Set-{what}", put, parameters, switches, **more), Cmdlet(f"Get-{what}", get)


def _plain(name: str, call: Invocation) -> Any:
    value = call.given.get(name)
    if name in SECRET:
        return value is not None
    return call.texts(name) if name == "IPAddress" else value


def _check_address(text: str) -> None:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        raise Failure("InvalidAddress", f"'{text}' is no IPv4 address.", "InvalidArgument", text) from None


CMDLETS = (
    *_pair(
        "SyslogServer",
        ("ServerName", "ServerPort"),
        *("NoEncryption", "SkipCertificateCheck", "SkipCNCheck", "UseUDP", "Remove"),
    ),
    *_pair("SyslogClient", ("PfxBinary", "CertPassword", "OutputSeverity"), "RemoveCertificate"),
    *_pair("AzSDnsForwarder", ("IPAddress",), mandatory=("IPAddress",)),
    *_pair("AzSDnsServerSettings", ("UseRootHint",)),
    *_pair("AzSLegalNotice", ("Caption", "Text"), mandatory=("Caption", "Text")),
    *_pair("TLSPolicy", ("Version",)),
    _pair("Telemetry", (), "Enable", "Disable")[0],
)
