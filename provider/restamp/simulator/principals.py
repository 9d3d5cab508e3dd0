"""Who may sign in, and what they may do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

READ = frozenset({"Reader", "Contributor", "Owner"})
WRITE = frozenset({"Contributor", "Owner"})
ROLES = READ


@dataclass(frozen=True)
class Principal:
    """An application that may sign in: `roles` are role names by scope (lower case; "/" is the whole stamp)."""

    client_id: str
    object_id: str
    name: str
    tenant: str
    secret: str = field(repr=False, default="")
    certificate: str | None = field(repr=False, default=None)
    roles: Mapping[str, str] = field(default_factory=dict)

    def may(self, allowed: frozenset[str], path: str) -> bool:
        """Return whether one of the roles held on `path` or above it is among `allowed`."""
        lowered = path.lower() + "/"
        return any(
            role in allowed and (scope == "/" or lowered.startswith(scope + "/")) for scope, role in self.roles.items()
        )

    def sees(self, subscription: str) -> bool:
        """Return whether any role is held in this subscription."""
        scope = f"/subscriptions/{subscription.lower()}"
        return any(held == "/" or re.match(re.escape(scope) + "(/|$)", held) for held in self.roles)
