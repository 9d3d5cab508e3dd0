"""One stamp's identity and memory: what the tables of its services work on."""

import secrets
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from .backups.share import Share
from .clock import Clock
from .principals import Directory
from .store import Store, Wire

FOREST = "S-1-5-21-1402048822-409899687"  # the customer's, so that its users keep their ids on another deployment
Identity = Literal["ADFS", "AzureAD"]


@dataclass
class State:
    """Who this stamp is, and all it holds."""

    region: str
    domain: str
    identity: Identity
    provider_subscription: str
    deployment_id: str
    cloud_id: str
    tenant: str  # guid of the home directory
    store: Store
    check_owners: bool = False  # a subscription's owner has to exist
    soft_delete: bool = False  # deleted secrets can be brought back
    registering: float = 0.0  # seconds until a registered provider is there
    backup_takes: float = 395.0  # seconds (recorded: 5 to 7 minutes)
    settle: float = 0.0  # seconds from a restore to the last of what it brings back (documented: wait an hour)
    clock: Clock = field(default_factory=Clock)
    share: Share = field(default_factory=Share)

    _used: dict[tuple[str, int], int] = field(default_factory=dict)

    def remaining(self, allowance: str, limit: int) -> int:
        """Return what is left of a rate limit in this hour, and use one of it."""
        hour = allowance, int(self.clock.time() // 3600)
        used = self._used.get(hour, 0)
        self._used[hour] = used + 1
        return max(0, limit - used)

    @property
    def root(self) -> str:
        """The id of the default provider subscription."""
        return f"/subscriptions/{self.provider_subscription}"

    @property
    def home(self) -> str:
        """The host name part that all of this stamp's hosts share."""
        return f"{self.region}.{self.domain}"

    def host(self, plane: str) -> str:
        """Return the true host name of a plane: `adminmanagement`, `management`, `adfs`, `login` ..."""
        return f"{plane}.{self.home}"

    @cached_property
    def directory(self) -> Directory:
        """Who there is: users, groups and applications."""
        return Directory(self.store)

    def user_subscription(self, identifier: str) -> Wire | None:
        """Return the user subscription with this id (not that of its object), as the admin endpoint shows it."""
        return self.get(f"{self.root}/providers/Microsoft.Subscriptions.Admin/subscriptions/{identifier}")

    def object_id(self, what: str) -> str:
        """Return the id in the directory of somebody new: a SID on AD FS (documented), a guid on Entra."""
        made = uuid.UUID(derived(0, f"{what}/object"))
        if self.identity == "AzureAD":
            return str(made)
        return f"{FOREST}-{made.int % 2**32}-{1000 + (made.int >> 32) % 100_000}"

    def get(self, identifier: str) -> Wire | None:
        """Return the object with this id, whatever its case."""
        return self.store.get(identifier.lower())


def guid() -> str:
    """Return a fresh random id, for operations and requests."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def derived(seed: int, what: str) -> str:
    """Return the id that a stamp made from `seed` has for `what`."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"restamp-simulator/{seed}/{what}"))
