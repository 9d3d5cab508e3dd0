"""Somebody who asks the tenant endpoint of a simulated stamp."""

import uuid
from typing import Any

from tests.asking import Desk

from restamp.simulator import Principal, Stamp
from restamp.simulator.messages import Response

OWNER, CONTRIBUTOR = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
S = "/subscriptions/tenant-1"
GROUP = f"{S}/resourceGroups/app"
AUTHORIZATION = "providers/Microsoft.Authorization"
POLICY = f"{S}/{AUTHORIZATION}/policyDefinitions/rule"
VERSIONS = {
    "roleassignments": "2015-07-01",
    "roledefinitions": "2015-07-01",
    "locks": "2016-09-01",
    "policydefinitions": "2016-12-01",
    "policyassignments": "2016-12-01",
    "vaults": "2016-10-01",
}


class Tenant(Desk):
    """Somebody who asks the tenant endpoint, each type in its own version."""

    def __init__(self, stamp: Stamp, principal: Principal, plane: str = "management") -> None:
        super().__init__(stamp, principal, plane)
        self.principal_id = principal.object_id

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        where, _, query = path.partition("?")
        kind = where.lower().rpartition("/providers/")[2].split("/")
        version = VERSIONS.get(kind[1] if len(kind) > 1 else "", "2018-05-01")
        return super().ask(method, f"{where}?api-version={version}" + (f"&{query}" if query else ""), body, **headers)

    def assign(self, scope: str, role: str, principal: str, name: str | None = None) -> Response:
        """Assign a role under a fresh name, or under the one given."""
        properties = {"roleDefinitionId": f"/{AUTHORIZATION}/roleDefinitions/{role}", "principalId": principal}
        path = f"{scope}/{AUTHORIZATION}/roleAssignments/{name or uuid.uuid4()}"
        return self.ask("PUT", path, {"properties": properties})

    def names(self, path: str) -> list[str]:
        """The names in a list."""
        return [body.get("name") or body["namespace"] for body in self.ask("GET", path).body["value"]]


def code(answer: Response) -> str:
    return str(answer.body["error"]["code"])


def vault(stamp: Stamp, *policies: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a vault."""
    properties = {"sku": {"family": "A", "name": "standard"}, "tenantId": stamp.state.tenant}
    return {"location": "redmond", "properties": properties | {"accessPolicies": list(policies)}} | more
