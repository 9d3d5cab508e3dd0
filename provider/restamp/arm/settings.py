"""How to reach a stamp and who signs in: from options, the environment and Pulumi config. Nothing here connects."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatch
from pathlib import Path

from restamp.arm import credentials
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
    credentials: str = ""  # a file with who signs in for which directory, and its recovery user
    ca: str = ""  # PEM file of the CA that signed the stamp's endpoints, where the system does not know it
    connect_to: str = ""  # name:port=address:port, comma separated, wildcards allowed: for when DNS is down
    proxy: str = ""
    parallel: int = 16  # requests under way at once
    pep: str = ""  # hosts of the privileged endpoint, comma separated: the next is tried where one does not answer
    pep_user: str = ""  # CloudAdmin, with its domain: contoso\CloudAdmin
    pep_password: str = field(default="", repr=False)
    pep_auth: str = "negotiate"  # or basic, over https alone
    patience: int = 240  # minutes an operation is waited for; the longest documented one, a restore, takes hours

    @property
    def admin(self) -> str:
        """The admin Resource Manager, `https://adminmanagement.<region>.<domain>`."""
        return f"https://adminmanagement.{self.stamp}"

    @property
    def management(self) -> str:
        """The tenant Resource Manager, `https://management.<region>.<domain>`."""
        return f"https://management.{self.stamp}"

    def of(self, directory: str) -> "Settings":
        """The settings of the principal that signs in for a directory: its own where one is named, else these."""
        own = credentials.credentials(self.credentials).get(directory.lower())
        if own is None:
            return self
        if not own.client_id:
            return replace(self, tenant=directory)
        return replace(
            self,
            tenant=directory,
            client_id=own.client_id,
            client_secret=own.client_secret,
            client_certificate=own.client_certificate,
            client_certificate_password=own.client_certificate_password,
        )

    def recovery_user(self, directory: str) -> tuple[str, str] | None:
        """Name and password of the user who owns subscriptions of a directory while they are filled."""
        own = credentials.credentials(self.credentials).get(directory.lower())
        return (own.recovery_user, own.recovery_password) if own and own.recovery_user else None

    def test_user(self, directory: str) -> tuple[str, str] | None:
        """Name and password of the user who signs in to a directory as tenants do, to see whether they can."""
        own = credentials.credentials(self.credentials).get(directory.lower())
        return (own.test_user, own.test_password) if own and own.test_user else None

    @property
    def test_users(self) -> dict[str, str]:
        """Names of the test users, by directory."""
        found = credentials.credentials(self.credentials).items()
        return {directory: own.test_user for directory, own in found if own.test_user}

    @property
    def region(self) -> str:
        """The region, which is the first label of the stamp's name."""
        return self.stamp.partition(".")[0]

    def where(self, host: str, port: int) -> tuple[str, int]:
        """The address to dial for a host: its own, or what `connect_to` maps it to; the first match wins."""
        for entry in _entries(self.connect_to):
            name, _, address = entry.partition("=")
            pattern, _, pattern_port = name.rpartition(":")
            if fnmatch(host, pattern.lower()) and pattern_port in ("*", str(port)):
                to, _, to_port = address.rpartition(":")
                return to.strip("[]"), int(to_port)
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
    """From what is given, else the environment, else Pulumi config `restamp:<key>`; Refused with all that is wrong."""
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
    for name in ("ca", "client_certificate", "credentials"):  # the provider runs in another folder than the command
        if name in values:
            values[name] = str(Path(values[name]).resolve())
    numbers = {name: int(values[name]) for name in ("parallel", "patience") if name in values}
    return Settings(**(values | numbers))  # type: ignore[arg-type]


def wrong(name: str, message: str, hint: str) -> Finding:
    """A finding about one setting, by both its names."""
    return Finding("settings", "stop", f"{_variable(name)} (restamp:{_key(name)})", message, hint)


_MAPPED = re.compile(r"[^:=\s]+:([0-9]+|\*)=(\[[0-9a-fA-F:.]+\]|[^:=\s]+):[0-9]+")
_HOST = r"(https://)?(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:[0-9]+)?"
_FORMS = {
    "stamp": (
        r"[a-z0-9-]+(\.[a-z0-9-]+){2,}",
        "is not a stamp's name",
        "Write <region>.<external domain> in lower case, such as redmond.azure.contoso.com.",
    ),
    "parallel": ("[1-9][0-9]{0,2}", "is not a number of requests", "Write a whole number from 1 to 999."),
    "patience": ("[1-9][0-9]{0,4}", "is not a number of minutes", "Write a whole number from 1 to 99999."),
    "pep": (
        rf"{_HOST}(\s*,\s*{_HOST})*",
        "are not hosts of the privileged endpoint",
        "Such as 10.0.0.24, 10.0.0.25, or https://azs-ercs01.redmond.azure.contoso.com.",
    ),
    "pep_auth": ("negotiate|basic", "is no way to sign in at the privileged endpoint", "Write negotiate or basic."),
    "proxy": (r"https?://[^\s/]+:[0-9]+/?", "is not a proxy's address", "Such as http://proxy.contoso.com:8080"),
}


def _problems(values: Mapping[str, str]) -> Iterator[Finding]:
    for name, (form, message, hint) in _FORMS.items():
        if name in values and not re.fullmatch(form, values[name]):
            yield wrong(name, f"{_without_password(values[name])!r} {message}", hint)
    if values.get("proxy") and values.get("connect_to"):
        yield wrong("proxy", "a proxy and a connect-to map exclude each other", "Leave one of the two out.")
    for entry in _entries(values.get("connect_to", "")):
        if not _MAPPED.fullmatch(entry):
            hint = "Such as *.redmond.example.com:443=10.0.0.7:443"
            yield wrong("connect_to", f"{entry!r} is not of the form name:port=address:port", hint)
    clear = [host for host in _entries(values.get("pep", "")) if not host.startswith("https://")]
    if values.get("pep_auth") == "basic" and clear:
        yield wrong(
            "pep_auth", "would show the password on the way: basic is for https alone", f"Write https://{clear[0]}"
        )
    for name in ("ca", "client_certificate"):
        if name in values and not (Path(values[name]).is_file() and os.access(values[name], os.R_OK)):
            hint = "Name a file that is there and readable."
            yield wrong(name, f"the file {values[name]} cannot be read", hint)
    if values.get("credentials"):
        yield from credentials.problems(values["credentials"])


def _without_password(address: str) -> str:
    return re.sub("[^/]*@", "***@", address)


def _entries(connect_to: str) -> list[str]:
    return [part.strip() for part in connect_to.split(",") if part.strip()]


_OR = {"client_secret": "A certificate does as well: RESTAMP_CLIENT_CERTIFICATE."}


def complete(settings: Settings) -> Settings:
    """The same settings, if they are enough to sign in; else Refused, naming each missing one."""
    needed = {"stamp": settings.stamp, "client_id": settings.client_id}
    needed["client_secret"] = settings.client_secret or settings.client_certificate
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise Refused([unset(name, _OR.get(name, "")) for name in missing])
    return settings


def unset(name: str, why: str = "") -> Finding:
    """The finding for a setting that is missing."""
    config = "Pulumi's config (`pulumi config set`, secrets with --secret) reaches only pulumi's own commands."
    return wrong(name, "is not set", f"{why} Set it in the environment. {config}".strip())
