"""Values as cmdlets take and give them: plain ones, secrets, credentials, certificates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Secret:
    """Text that goes over the wire as a SecureString, under the session's own key."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class Credential:
    """A user's name and password, as a PSCredential."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Certificate:
    """A certificate (DER), as the X509Certificate2 that PowerShell makes of it."""

    der: bytes


def secrets_of(value: Any) -> Iterator[str]:
    """Every secret in a cmdlet's parameters: what must stand in no message."""
    if isinstance(value, Secret):
        yield value.text
    elif isinstance(value, Credential):
        yield value.password
    elif isinstance(value, Mapping):
        yield from (text for each in value.values() for text in secrets_of(each))
    elif isinstance(value, list | tuple):
        yield from (text for each in value for text in secrets_of(each))
