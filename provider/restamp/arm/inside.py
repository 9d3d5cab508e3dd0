"""The inside of one subscription: what its own principals see at the tenant endpoint and in its vaults."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import tenacity

from restamp import failpoints
from restamp.arm.endpoint import Endpoint
from restamp.arm.operations import there
from restamp.arm.versions import Versions
from restamp.errors import Rejected, Unanswered
from restamp.kind import AS_LEFT, Place, Wire

if TYPE_CHECKING:
    from restamp.arm.client import Arm

_VAULTS = "2016-10-01"
_SECRETS = {"secrets": ["get", "list", "set"]}
_ROLES = "2015-07-01"  # documented: the same profile
_GROUPS = "2019-10-01"  # documented: profile 2020-09-01-hybrid


class Inside:
    """Objects of one subscription, for the verbs of `restamp.objects`; of the default provider's too."""

    def __init__(
        self,
        arm: "Arm",
        subscription: str,
        directory: str,
        place: Place | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        """Connect nothing yet; `directory` is the subscription's, whose own principal signs in where there is one.

        `endpoint` is the tenant Resource Manager as somebody else sees it; `place` a stamp seen without its admin side.
        """
        self._arm, self.directory = arm, directory
        self._subscription, self._place, self._given = subscription, place, endpoint
        self.versions = Versions()

    @cached_property
    def place(self) -> Place:
        """What ids contain here, and who we are here."""
        place = replace(self._place or self._arm.place, subscription=self._subscription)
        own = place.subscription == place.provider
        endpoint = self._given or (self._arm.admin if own else self._arm.tenant(self.directory))
        return replace(place, own=endpoint.principal)

    @property
    def covered(self) -> bool:
        """Whether this principal sees what is inside."""
        endpoint = self._endpoint()
        return endpoint.list_or_none(endpoint.url(f"{self._scope}/resourcegroups", _GROUPS)) is not None

    @property
    def principal(self) -> str:
        """The object id of who signs in here."""
        return self._endpoint().principal

    @property
    def principal_at_home(self) -> str | None:
        """The same, where it is of the subscription's own directory; AD FS has only one."""
        endpoint = self._endpoint()
        own = str(endpoint.claims.get("tid") or self.directory)
        adfs = endpoint.claims.get("tid") in (None, "adfs")
        return endpoint.principal if adfs or own.lower() == self.directory.lower() else None

    @cached_property
    def resources(self) -> frozenset[str] | None:
        """Ids of all that is in groups here, in lower case, but for what is nested in it; None where nobody may ask."""
        endpoint = self._endpoint()
        listed = endpoint.list_or_none(endpoint.url(f"{self._scope}/resources", _GROUPS))
        return None if listed is None else frozenset(str(item["id"]).lower() for item in listed)

    def names(self, ids: Iterable[str]) -> dict[str, str] | None:
        """Names of whom the subscription's directory has, by object id; None where it cannot be asked."""
        return self._arm.names(ids, self.directory)

    def role_names(self) -> dict[str, str]:
        """Names of all roles known here, built-in ones too, by their guid in lower case."""
        endpoint = self._endpoint()
        url = endpoint.url(f"{self._scope}/providers/Microsoft.Authorization/roleDefinitions", _ROLES)
        listed = endpoint.list_or_none(url) or []
        return {str(item["name"]).lower(): str((item.get("properties") or {}).get("roleName", "")) for item in listed}

    def unexportable(self, vault: str) -> tuple[str, ...] | None:
        """The keys and certificates of a vault, as `keys/<name>`; None where they may not be listed."""
        return self._arm.vaults(self.directory).unexportable(vault)

    def get(self, resource_id: str, wire: Wire[Any]) -> dict[str, Any] | None:
        """The object, or None."""
        if wire.endpoint == "vault":
            return self._secret(resource_id)
        endpoint = self._endpoint(wire)
        return endpoint.get(endpoint.url(resource_id, wire.api_version))

    def list_all(self, path: str, wire: Wire[Any]) -> list[dict[str, Any]]:
        """Every object of a list; of a vault that is as it was left, secrets without their values."""
        if wire.endpoint == "vault":
            return list(self._secrets(path))
        endpoint = self._endpoint(wire)
        return endpoint.list_all(endpoint.url(path, wire.api_version))

    def put(self, resource_id: str, wire: Wire[Any], body: dict[str, Any]) -> None:
        """Write one object, whole."""
        if wire.endpoint == "vault":
            self.versions.note(self._arm.vaults(self.directory).put(resource_id, body))
            return
        endpoint, action = self._endpoint(wire), f"/{wire.action}" if wire.action else ""
        url = endpoint.url(resource_id + action, wire.api_version)
        endpoint.write("POST" if action else "PUT", url, None if action else body)

    def delete(self, resource_id: str, wire: Wire[Any]) -> None:
        """Nothing is left of the object; absent is fine."""
        if wire.endpoint == "vault":
            self._arm.vaults(self.directory).delete(resource_id)
            return
        endpoint = self._endpoint(wire)
        endpoint.write("DELETE", endpoint.url(resource_id, wire.api_version))

    @contextmanager
    def entered(self, vault_id: str) -> Iterator[None]:
        """Within this, our principal may read and write the secrets of a vault; afterwards as little as before.

        An Owner may write a vault's access policies (documented). A process that is killed in between leaves ours
        behind: it is no policy of the runbook's, so the next run takes it away.
        """
        endpoint = self._endpoint()
        url = endpoint.url(vault_id, _VAULTS)
        before = there(lambda: endpoint.get(url))
        if before is None:
            raise Rejected(f"GET {url}", 404, "ResourceNotFound", "the vault that was just made is not found")
        properties = before.get("properties") or {}
        ours = {"objectId": endpoint.principal, "tenantId": properties.get("tenantId"), "permissions": _SECRETS}
        policies = [item for item in properties.get("accessPolicies") or [] if item["objectId"] != ours["objectId"]]
        body = before | {"properties": properties | {"accessPolicies": [*policies, ours]}}
        failpoints.reached("vault.entering")
        _written(endpoint, url, body)
        failpoints.reached("vault.entered")
        try:
            yield
        finally:
            failpoints.reached("vault.leaving")
            _written(endpoint, url, before)
            failpoints.reached("vault.left")

    def _secrets(self, path: str) -> Iterator[dict[str, Any]]:
        """The secrets of a vault, each asked for its value, if it is enabled and its vault not as it was left."""
        listed = self._arm.vaults(self.directory).list_all(path)
        for item in listed:
            self.versions.note(item)
        left = self.versions.as_left(path.rpartition("/")[0])
        for item in listed:
            if left or (item.get("attributes") or {}).get("enabled") is False:
                yield item | {AS_LEFT: left}
            elif (body := self._secret(str(item["id"]))) is not None:
                yield body

    def _secret(self, resource_id: str) -> dict[str, Any] | None:
        if (body := self._arm.vaults(self.directory).get(resource_id)) is not None:
            self.versions.note(body)
        return body

    @property
    def _scope(self) -> str:
        return f"/subscriptions/{self.place.subscription}"

    def _endpoint(self, wire: Wire[Any] | None = None) -> Endpoint:
        if self._given is not None:
            return self._given
        own = self.place.subscription == self.place.provider
        return self._arm.admin if own or (wire and wire.endpoint == "admin") else self._arm.tenant(self.directory)


def _written(endpoint: Endpoint, url: str, vault: dict[str, Any]) -> None:
    """Write a vault, whole; where the answer is lost, look who may do what in it before it is sent again."""
    for attempt in tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Unanswered),
        stop=tenacity.stop_after_attempt(4),
        wait=tenacity.wait_exponential(multiplier=0.5, max=10),
        reraise=True,
    ):
        with attempt:
            if attempt.retry_state.attempt_number == 1 or _policies(endpoint.get(url) or {}) != _policies(vault):
                endpoint.write("PUT", url, vault)


def _policies(vault: dict[str, Any]) -> dict[str, Any]:
    listed = (vault.get("properties") or {}).get("accessPolicies") or []
    return {str(item["objectId"]).lower(): item.get("permissions") for item in listed}
