"""The data plane of Key Vault: the secrets of any vault of a stamp, as if they were objects of Resource Manager.

Documented: REST API 2016-10-01. Nothing of it is recorded.
"""

import re
from collections.abc import Callable
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest

from restamp import failpoints, ids
from restamp.arm.endpoint import Endpoint, Shared, SignIn
from restamp.arm.errors import translated
from restamp.arm.operations import there
from restamp.errors import Rejected

ID = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}/secrets/{name}"
_VERSION = "2016-10-01"  # documented: profile 2020-09-01-hybrid
_PAGE = "&maxresults=25"  # the most a vault gives at once


class Vaults:
    """Every vault of a stamp: ids of Resource Manager in, secrets with their values out, where they may be read."""

    def __init__(self, stamp: str, shared: Shared, sign_in: Callable[[str], SignIn]) -> None:
        """`sign_in` is asked once, with what tokens for vaults are made for: the vault itself says it."""
        self._stamp, self._shared, self._sign_in = stamp, shared, sign_in
        self._endpoint: Endpoint | None = None

    def get(self, resource_id: str) -> dict[str, Any] | None:
        """A secret with its value; without one where nobody can read it, as it is disabled.

        What is so of an expired one is said in the same words: "Operation get is not allowed on a disabled secret."
        """
        values = ids.take(ID, resource_id) or {}
        url = self._url(values["vault"], f"/secrets/{values['name']}")
        try:
            bundle = self._at(url).get(url)
        except Rejected as error:
            if error.status != 403 or "not allowed on a" not in str(error):
                raise
            bundle = self._named(values["name"], self._at(url).list_all(self._secrets(values["vault"])))
        if bundle is None and self._named(values["name"], self._at(url).list_or_none(self._secrets(values["vault"]))):
            bundle = there(lambda: self._at(url).get(url))
        return None if bundle is None else self._as_object(resource_id, bundle)

    def list_all(self, path: str) -> list[dict[str, Any]]:
        """Every secret of the vault in `path`, without its value."""
        url = self._secrets(path.rpartition("/")[0].rpartition("/")[2])
        listed = self._at(url).list_all(url)
        return [self._as_object(f"{path}/{str(item['id']).rpartition('/')[2]}", item) for item in listed]

    def put(self, resource_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write a secret: a new version where the body has a value, else the attributes of the current one."""
        values = ids.take(ID, resource_id) or {}
        sent = {key: value for key, value in body.items() if key in ("value", "contentType", "attributes", "tags")}
        attributes = {key: sent["attributes"].get(key) for key in ("enabled", "nbf", "exp")}
        sent["attributes"] = {key: value for key, value in attributes.items() if value is not None}
        tail = f"/{body['version']}" if "value" not in sent and body["version"] else ""
        url = self._url(values["vault"], f"/secrets/{values['name']}{tail}")
        failpoints.reached("secret.before")
        answer = self._at(url).write("PUT" if "value" in sent else "PATCH", url, sent)
        failpoints.reached("secret.after")
        return self._as_object(resource_id, answer.body)

    def delete(self, resource_id: str) -> None:
        """Nothing is left of the secret."""
        values = ids.take(ID, resource_id) or {}
        url = self._url(values["vault"], f"/secrets/{values['name']}")
        self._at(url).write("DELETE", url)

    def unexportable(self, vault: str) -> tuple[str, ...] | None:
        """The keys and certificates of a vault, as `keys/<name>`; None where this principal may not list them.

        Documented: neither can be read with what is private in it, and a key of a certificate is told by it.
        """
        found: list[str] = []
        for kind in ("keys", "certificates"):
            url = self._url(vault, f"/{kind}") + _PAGE
            if (listed := self._at(url).list_or_none(url)) is None:
                return None
            own = (str(item.get("kid") or item.get("id")) for item in listed if not item.get("managed"))
            found += [f"{kind}/{name.rpartition('/')[2]}" for name in own]
        return tuple(found)

    def _secrets(self, vault: str) -> str:
        return self._url(vault, "/secrets") + _PAGE

    def _named(self, name: str, listed: list[dict[str, Any]] | None) -> dict[str, Any] | None:
        return next((item for item in listed or () if ids.same(str(item["id"]).rpartition("/")[2], name)), None)

    def _as_object(self, resource_id: str, bundle: dict[str, Any]) -> dict[str, Any]:
        """A secret under the id of Resource Manager; `version` is the current one's, which lists leave out."""
        version = str(bundle.get("id") or "").partition("/secrets/")[2].partition("/")[2]
        return {**bundle, "id": resource_id, "version": version}

    def _url(self, vault: str, path: str) -> str:
        return f"https://{vault}.vault.{self._stamp}{ids.path(path)}?api-version={_VERSION}"

    def _at(self, url: str) -> Endpoint:
        """The endpoint of all vaults, signed in for what the first one asks."""
        if self._endpoint is None:
            audience = self._challenged(url)
            self._endpoint = Endpoint(f"https://vault.{self._stamp}", self._shared, lambda: self._sign_in(audience))
        return self._endpoint

    def _challenged(self, url: str) -> str:
        """What a token for a vault is made for: the challenge of an unsigned request says it (documented)."""
        try:
            with Pipeline(self._shared.transport, [RetryPolicy(retry_total=6)]) as pipeline:
                answer = pipeline.run(HttpRequest("GET", url)).http_response
        except AzureError as error:
            raise translated(error, "GET", url, self._shared.settings.client_id) from error
        found = re.search(r'resource="?([^",\s]+)', answer.headers.get("www-authenticate", ""))
        answer.close()
        return found[1] if found else f"https://vault.{self._stamp}"
