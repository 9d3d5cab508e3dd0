"""A stamp: its endpoints, signed in to at first use, every request through one limiter."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any

from azure.core.exceptions import AzureError

from restamp.arm.about import About, about, backups
from restamp.arm.beside import address, audience_at
from restamp.arm.directory import Directory
from restamp.arm.endpoint import Endpoint, Shared, SignIn
from restamp.arm.errors import translated
from restamp.arm.inside import Inside
from restamp.arm.limiter import Limiter
from restamp.arm.operations import Answer, Operation
from restamp.arm.settings import Settings, complete
from restamp.arm.signin import Endpoints, credential, endpoints, user
from restamp.arm.transport import Transport
from restamp.arm.vault import Vaults
from restamp.errors import Forbidden, RestampError
from restamp.kind import Place, Seals, Wire
from restamp.models.backup import Backups
from restamp.models.stamp import Backup

_SUBSCRIPTIONS = "2016-06-01"  # documented: profile 2020-09-01-hybrid
_PROVIDER_NAME = "Default Provider Subscription"  # documented
_ADMIN = "2015-11-01"  # recorded


class Arm:
    """The public face of `arm`: to the verbs of `objects` the admin endpoint; `inside` leads into subscriptions."""

    def __init__(
        self,
        settings: Settings,
        record: Callable[[Operation], None] = lambda _operation: None,
        seals: Seals | None = None,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Connect nothing yet.

        `record` is called with each long-running operation before it is polled, `say` while the stamp works on it.
        """
        self.settings = complete(settings)
        self.limiter = Limiter(settings.parallel)
        self._shared = Shared(self.settings, Transport(settings), self.limiter, record, say)
        self.admin = Endpoint(self.settings.admin, self._shared, lambda: self._signed_in(self.endpoints))
        self._tenants: dict[Settings, tuple[Endpoint, Vaults, Directory]] = {}
        self._users: dict[tuple[str, str], Endpoint] = {}
        self._lock = threading.Lock()
        self.seals = seals

    @cached_property
    def endpoints(self) -> Endpoints:
        """What the admin endpoint says of itself, asked once a process and without signing in."""
        return self._endpoints(self.settings.admin)

    @property
    def place(self) -> Place:
        """What ids contain: region and default provider subscription, found anew at every run."""
        return replace(self._place, seals=self.seals)

    @cached_property
    def _place(self) -> Place:
        seen = self.admin.list_all(self.admin.url("/subscriptions", _SUBSCRIPTIONS))
        named = [item for item in seen if item.get("displayName") == _PROVIDER_NAME]
        for item in named or seen:
            provider = str(item["subscriptionId"])
            path = f"/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin/locations"
            if self.list_or_none(path, _ADMIN) is not None:
                return Place(self.settings.region, provider)
        raise Forbidden("GET /subscriptions", 403, "", "the principal sees no default provider subscription")

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions the stamp itself names (recorded: always one)."""
        path = f"/subscriptions/{self.place.provider}/providers/Microsoft.Subscriptions.Admin/locations"
        return tuple(str(item.get("name", "")) for item in self.admin.list_all(self.admin.url(path, _ADMIN)))

    @cached_property
    def about(self) -> About:
        """What the stamp says of its deployment, asked once a process."""
        return about(self.place, self.list_or_none)

    @cached_property
    def address(self) -> str:
        """Where the admin endpoint is reached, such as 10.0.0.5:443; empty where nobody knows."""
        return address(self.settings)

    def another_at(self, place: str) -> bool:
        """Whether a stamp answers there under this one's name, and it is not the one that is reached."""
        if not place or place == self.address or not (found := audience_at(self.settings, place)):
            return False
        try:
            return self.endpoints.audience != found
        except RestampError:
            return True

    @cached_property
    def newest_backup(self) -> Backup | None:
        """The newest infrastructure backup; None where this principal may not ask, or there is none."""
        return self.backups.newest if self.backups else None

    @cached_property
    def backups(self) -> Backups | None:
        """What the stamp says of its infrastructure backups, asked once; None where this principal may not ask."""
        return backups(self.place, self.list_or_none)

    def get(self, resource_id: str, wire: Wire[Any]) -> dict[str, Any] | None:
        """The object, or None."""
        return self.admin.get(self.admin.url(resource_id, wire.api_version))

    def list_all(self, path: str, wire: Wire[Any]) -> list[dict[str, Any]]:
        """Every object of a list."""
        return self.admin.list_all(self.admin.url(path, wire.api_version))

    def list_or_none(self, path: str, api_version: str) -> list[dict[str, Any]] | None:
        """The list, or None where this principal may not see it or the stamp has no such list."""
        return self.admin.list_or_none(self.admin.url(path, api_version))

    def put(self, resource_id: str, wire: Wire[Any], body: dict[str, Any]) -> None:
        """Write one object, whole, or POST an action to it; Unanswered where nobody can say whether it was done."""
        action = f"/{wire.action}" if wire.action else ""
        self.admin.write("POST" if action else "PUT", self.admin.url(resource_id + action, wire.api_version), body)

    def delete(self, resource_id: str, wire: Wire[Any]) -> None:
        """Nothing is left of the object; absent is fine."""
        self.admin.write("DELETE", self.admin.url(resource_id, wire.api_version))

    def inside(self, subscription: str, directory: str = "") -> Inside:
        """The inside of a subscription, as its directory's principal sees it."""
        return Inside(self, subscription, directory)

    def tenant(self, directory: str) -> Endpoint:
        """The tenant Resource Manager, signed in to as the principal of a directory."""
        return self._of(directory)[0]

    def vaults(self, directory: str) -> Vaults:
        """Every vault, signed in to as the principal of a directory."""
        return self._of(directory)[1]

    def names(self, ids: Iterable[str], directory: str = "") -> dict[str, str] | None:
        """Names of whom a directory has, by object id in lower case; None where it cannot be asked."""
        return self._of(directory)[2].names(ids, directory)

    def as_recovery_user(self, subscription: str, directory: str) -> Inside:
        """The inside of a subscription as its directory's recovery user sees it, who has to be named."""
        named = self.settings.recovery_user(directory) or ("", "")
        return self.as_user(subscription, directory, named)

    def as_user(self, subscription: str, directory: str, named: tuple[str, str]) -> Inside:
        """The inside of a subscription as a user of its directory sees it, by name and password."""
        return Inside(self, subscription, directory, endpoint=self._user_of(directory, named))

    def as_administrator(self, name: str, password: str) -> "Arm":
        """The stamp as a user sees it at the admin endpoint: who owns it before restamp has a right there."""
        other = Arm(self.settings, seals=self.seals)

        def sign_in() -> SignIn:
            asked = other.endpoints
            identity = user(name, password, self.settings, asked, other._shared.transport)
            return SignIn(identity, _scope(asked.audience), name)

        other.admin = Endpoint(self.settings.admin, other._shared, sign_in)
        return other

    def subscriptions_of_test_user(self, directory: str) -> set[str]:
        """Ids, in lower case, of the subscriptions that a directory's test user sees, who has to be named."""
        endpoint = self._user_of(directory, self.settings.test_user(directory) or ("", ""))
        return {
            str(item["subscriptionId"]).lower()
            for item in endpoint.list_all(endpoint.url("/subscriptions", _SUBSCRIPTIONS))
        }

    def of_tenant(self, subscription: str, directory: str) -> Inside:
        """The inside of a subscription for a tenant's own principal: nothing is asked of the admin endpoint."""
        return Inside(self, subscription, directory, Place(self.settings.region, "", seals=self.seals))

    def resume(self, operation: Operation) -> Answer:
        """The result of an operation an earlier process began."""
        return self.admin.finished(operation)

    def close(self) -> None:
        """End every connection."""
        self._shared.transport.end()

    def __enter__(self) -> "Arm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _of(self, directory: str) -> tuple[Endpoint, Vaults, Directory]:
        settings = self.settings.of(directory)
        with self._lock:
            if settings not in self._tenants:
                base, shared = self.settings.management, self._shared_as(settings)
                asked = self._endpoints(base)

                def sign_in(audience: str = "") -> SignIn:
                    return self._signed_in(asked, settings, audience)

                self._tenants[settings] = (
                    Endpoint(base, shared, sign_in),
                    Vaults(settings.stamp, shared, sign_in),
                    Directory(asked, shared.transport, lambda: sign_in(asked.graph)),
                )
            return self._tenants[settings]

    def _user_of(self, directory: str, named: tuple[str, str]) -> Endpoint:
        """The tenant Resource Manager, signed in to as a user by name and password."""
        settings, base = self.settings.of(directory), self.settings.management
        with self._lock:
            if (directory, named[0]) not in self._users:
                asked = self._endpoints(base)
                identity = user(*named, settings, asked, self._shared.transport)
                who = SignIn(identity, _scope(asked.audience), named[0])
                self._users[directory, named[0]] = Endpoint(base, self._shared_as(settings), lambda: who)
            return self._users[directory, named[0]]

    def _shared_as(self, settings: Settings) -> Shared:
        return replace(self._shared, settings=settings)

    def _endpoints(self, base: str) -> Endpoints:
        try:
            return endpoints(base, self._shared.transport)
        except AzureError as error:
            raise translated(error, "GET", base, self.settings.client_id) from error

    def _signed_in(self, asked: Endpoints, settings: Settings | None = None, audience: str = "") -> SignIn:
        settings = settings or self.settings
        identity = credential(settings, asked, self._shared.transport)
        return SignIn(identity, _scope(audience or asked.audience), settings.client_id)


def _scope(audience: str) -> str:
    return audience.rstrip("/") + "/.default"
