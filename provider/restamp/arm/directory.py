"""Who is in a directory: names of object ids, from its Graph.

Documented for Azure: `getObjectsByObjectIds` of Azure AD Graph 1.6. That the Hub's own Graph answers so is assumed; a
directory that cannot be asked is no failure, for nothing but names depends on it.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest

from restamp.arm.endpoint import SignIn
from restamp.arm.signin import Endpoints
from restamp.arm.transport import Transport

_VERSION = "1.6"
_AT_ONCE = 1000  # ids in one question (documented)


class Directory:
    """The directory of one principal, asked as that principal; what it said is remembered. Thread-safe."""

    def __init__(self, asked: Endpoints, transport: Transport, sign_in: Callable[[], SignIn]) -> None:
        """Connect nothing yet."""
        self._asked_at, self._transport, self._sign_in = asked, transport, sign_in
        self._known: dict[str, str | None] = {}  # id in lower case -> name; None: nobody has it
        self._own = ""  # its id, once it was asked
        self._closed = False
        self._lock = threading.Lock()

    def names(self, ids: Iterable[str], directory: str = "") -> dict[str, str] | None:
        """The name of each id that somebody in `directory` has, by the id in lower case; None: cannot be asked.

        A user's name is the user principal name, everybody else's the display name. Another directory than the
        principal's own cannot be asked: everybody would seem to be gone.
        """
        wanted = sorted({each.lower() for each in ids})
        with self._lock:
            unknown = [each for each in wanted if each not in self._known]
            if unknown and not self._closed:
                self._ask(unknown)
            if self._closed or self._is_another(directory):
                return None
            return {each: name for each in wanted if (name := self._known.get(each)) is not None}

    def _is_another(self, directory: str) -> bool:
        """AD FS has only one, whatever documents call it."""
        several = self._asked_at.identity == "AzureAD" and directory and self._own
        return bool(several) and self._own.lower() != directory.lower()

    def _ask(self, ids: list[str]) -> None:
        try:
            found = {str(item["objectId"]).lower(): _name(item) for item in self._asked(ids)}
        except (AzureError, ValueError, KeyError, TypeError):
            self._closed = True
            return
        self._known |= {each: found.get(each) for each in ids}

    def _asked(self, ids: list[str]) -> Iterator[dict[str, Any]]:
        who = self._sign_in()
        if not self._asked_at.graph:
            raise ValueError("the stamp names no Graph")
        self._own = str(who.claims.get("tid") or "adfs")
        url = f"{self._asked_at.graph.rstrip('/')}/{self._own}/getObjectsByObjectIds?api-version={_VERSION}"
        policies = [RetryPolicy(retry_total=2, retry_connect=0), BearerTokenCredentialPolicy(who.credential, who.scope)]
        with Pipeline(self._transport, policies) as pipeline:
            for first in range(0, len(ids), _AT_ONCE):
                body = {"objectIds": ids[first : first + _AT_ONCE], "includeDirectoryObjectReferences": False}
                response = pipeline.run(HttpRequest("POST", url, json=body)).http_response
                response.read()
                if response.status_code != 200:
                    raise ValueError(response.status_code)
                yield from json.loads(response.text())["value"]


def _name(item: dict[str, Any]) -> str:
    return str(item.get("userPrincipalName") or item.get("displayName") or "")
