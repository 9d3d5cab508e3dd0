"""Who there is: applications and users that may sign in, and the groups that users are in."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from .store import Store, Wire

KIND = ("", "directory")
PREFIX = "/directory/"  # kept beside the objects, never shown among them
PrincipalKind = Literal["Application", "User", "Group"]
ROLES = frozenset({"Reader", "Contributor", "Owner"})


@dataclass(frozen=True)
class Principal:
    """An application or a user that may sign in, or a group, which may not.

    `roles` are names of built-in roles by scope (lower case; "/" is the whole stamp): what somebody may do before any
    role was assigned. `groups` are object ids. A user's name is its UPN, and its secret its password.
    """

    client_id: str
    object_id: str
    name: str
    tenant: str
    secret: str = field(repr=False, default="")
    certificate: str | None = field(repr=False, default=None)
    roles: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    kind: PrincipalKind = "Application"

    @property
    def ids(self) -> frozenset[str]:
        """What role assignments and access policies may name it by: its own id and its groups', in lower case."""
        return frozenset(each.lower() for each in (self.object_id, *self.groups))


class Directory:
    """All principals of a stamp, its own and those of guest directories."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __iter__(self) -> Iterator[Principal]:
        return (_read(body) for _, body in self._store.of_type(KIND))

    def put(self, principal: Principal) -> None:
        """Keep a principal; one with the same object id is replaced."""
        self._store.put(PREFIX + principal.object_id.lower(), entry(principal))

    def get(self, object_id: str) -> Principal | None:
        """Return the principal with this object id."""
        body = self._store.get(PREFIX + object_id.lower())
        return _read(body) if body else None

    def named(self, term: str, tenant: str | None = None) -> Principal | None:
        """Return the user with this name or the application with this client id, of one directory or of any."""
        for _, body in self._store.by(KIND, term):
            found = _read(body)
            own = found.client_id if found.kind == "Application" else found.name
            if found.kind != "Group" and own.lower() == term.lower() and tenant in {None, found.tenant}:
                return found
        return None

    def has(self, tenant: str) -> bool:
        """Return whether anybody is in a directory."""
        return any(True for _ in self._store.by(KIND, tenant))

    def forget(self, object_id: str) -> None:
        """Let a principal vanish; what names it goes on naming it."""
        self._store.delete(PREFIX + object_id.lower())


def entry(principal: Principal) -> Wire:
    """Return what a stamp keeps of a principal."""
    return {"id": PREFIX + principal.object_id, **asdict(principal)}


def _read(body: Wire) -> Principal:
    fields = {name: value for name, value in body.items() if name != "id"}
    return Principal(**fields | {"groups": tuple(body["groups"])})
