"""How to reach a stamp and who signs in: from options, the environment and Pulumi config. Nothing here connects."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatch

from restamp.errors import Refused
from restamp.models.finding import Finding


@dataclass(frozen=True)
class Settings:
    """One field per setting: `client_id` is `restamp:clientId` in Pulumi's config and `RESTAMP_CLIENT_ID` outside."""

    stamp: str = ""  # <region>.<external domain>
    tenant: str = ""  # directory of the sign-in; not needed with AD FS
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    client_certificate: str = ""  # a PEM or PFX file with the private key
    client_certificate_password: str = field(default="", repr=False)
    ca: str = ""  # PEM file of the CA that signed the stamp's endpoints, where the system does not know it
    connect_to: str = ""  # name:port=address:port, comma separated, wildcards allowed: for when DNS is down
    proxy: str = ""
    parallel: int = 16  # requests under way at once

    @property
    def admin(self) -> str:
        """The admin Resource Manager, `https://adminmanagement.<region>.<domain>`."""
        return f"https://adminmanagement.{self.stamp}"

    @property
    def region(self) -> str:
        """The region, which is the first label of the stamp's name."""
        return self.stamp.partition(".")[0]

    def where(self, host: str, port: int) -> tuple[str, int]:
        """The address to dial for a host: its own, or what `connect_to` maps it to; the first match wins."""
        for entry in filter(None, (part.strip() for part in self.connect_to.split(","))):
            name, _, address = entry.partition("=")
            pattern, _, pattern_port = name.rpartition(":")
            if fnmatch(host, pattern.lower()) and pattern_port in ("*", str(port)):
                to, _, to_port = address.rpartition(":")
                return to, int(to_port)
        return host, port


def _variable(name: str) -> str:
    return f"RESTAMP_{name.upper()}"


def _key(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def config_keys() -> list[str]:
    """The keys of Pulumi's config that are ours: `restamp:clientId` ..."""
    return [f"restamp:{_key(item.name)}" for item in fields(Settings)]


def read(given: Mapping[str, str] | None = None, config: Mapping[str, str] | None = None) -> Settings:
    """From what is given, then the environment, then Pulumi config (`restamp:<key>`); Refused with all that is wrong."""
    values: dict[str, str] = {}
    for name in (item.name for item in fields(Settings)):
        found = (
            (given or {}).get(name) or os.environ.get(_variable(name)) or (config or {}).get(f"restamp:{_key(name)}")
        )
        if found:
            values[name] = found
    problems = list(_problems(values))
    if problems:
        raise Refused(problems)
    return Settings(**{**values, "parallel": int(values.get("parallel", "16"))})  # type: ignore[arg-type]


def _problems(values: Mapping[str, str]) -> list[Finding]:
    found = []

    def wrong(name: str, message: str, hint: str) -> None:
        found.append(Finding("settings", "stop", f"{_variable(name)} (restamp:{_key(name)})", message, hint))

    if not values.get("parallel", "16").isdigit() or values.get("parallel") == "0":
        wrong("parallel", f"{values['parallel']!r} is not a number of requests", "Write a whole number from 1 up.")
    if values.get("proxy") and values.get("connect_to"):
        wrong("proxy", "a proxy and a connect-to map exclude each other", "Leave one of the two out.")
    for entry in filter(None, (part.strip() for part in values.get("connect_to", "").split(","))):
        name, _, address = entry.partition("=")
        if not all(
            part.rpartition(":")[0] and part.rpartition(":")[2].replace("*", "0").isdigit() for part in (name, address)
        ):
            wrong(
                "connect_to",
                f"{entry!r} is not of the form name:port=address:port",
                "Such as *.redmond.example.com:443=10.0.0.7:443",
            )
    for name in ("ca", "client_certificate"):
        if values.get(name) and not os.access(values[name], os.R_OK):
            wrong(name, f"the file {values[name]} cannot be read", "Name a file that is there and readable.")
    return found


def complete(settings: Settings) -> Settings:
    """The same settings, if they are enough to sign in; else Refused, naming each missing one."""
    needed = {"stamp": settings.stamp, "client_id": settings.client_id}
    needed["client_secret"] = settings.client_secret or settings.client_certificate
    missing = [name for name, value in needed.items() if not value]
    if missing:
        hint = "Set it in the environment, or with `pulumi config set` (secrets with --secret)."
        raise Refused(
            [Finding("settings", "stop", f"{_variable(n)} (restamp:{_key(n)})", "is not set", hint) for n in missing]
        )
    return settings
