"""Whatever is sent: the tenant side answers, and breaks at nothing."""

import uuid
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.asking import Desk
from tests.tenant.asking import AUTHORIZATION, GROUP, POLICY, READER, S, Tenant

from restamp.simulator import Stamp
from restamp.simulator.messages import Request

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", READER, S, "[parameters('p')]", "deny"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["if", "value", "x"]), inner),
    max_leaves=6,
)
CUSTOM, SIMPLE = str(uuid.UUID(int=8)), {"field": "tags.env", "in": ["prod", "[parameters('p')]"]}
VALID: dict[str, dict[str, Any]] = {
    f"{S}/{AUTHORIZATION}/roleDefinitions/{CUSTOM}": {
        "roleName": "fuzzed",
        "assignableScopes": [S],
        "permissions": [{"actions": ["*/read"], "notActions": ["x"]}],
    },
    f"{GROUP}/{AUTHORIZATION}/roleAssignments/{uuid.UUID(int=7)}": {"roleDefinitionId": CUSTOM, "principalId": "one"},
    POLICY: {
        "policyRule": {"if": {"anyOf": [SIMPLE, {"not": SIMPLE}]}, "then": {"effect": "deny"}},
        "parameters": {"p": {"defaultValue": "x"}},
        "mode": "All",
    },
    f"{S}/{AUTHORIZATION}/policyAssignments/fuzzed": {
        "policyDefinitionId": POLICY,
        "parameters": {"p": {"value": "x"}},
        "notScopes": ["/x"],
    },
    f"{GROUP}/{AUTHORIZATION}/locks/fuzzed": {"level": "CanNotDelete", "notes": "n"},
    f"{GROUP}/providers/Microsoft.KeyVault/vaults/fuzzed": {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": "t",
        "accessPolicies": [{"tenantId": "t", "objectId": "one", "permissions": {"secrets": ["get"], "keys": []}}],
    },
}


@st.composite
def spoiled(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any) -> Any:
    """A valid body with something else here and there."""
    if draw(st.integers(0, 30)) == 7:
        return draw(JSON)
    if isinstance(value, dict):
        return {name: draw(spoiled(each)) for name, each in value.items() if draw(st.integers(0, 12))}
    return [draw(spoiled(each)) for each in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_sent_the_tenant_side_answers(data: st.DataObject) -> None:
    """Bodies spoiled anywhere are refused or taken; what was taken is listed, and nobody's next request fails."""
    stamp = Stamp("redmond", "ext.contoso.example")
    Desk(stamp).chain()
    owner = Tenant(stamp, stamp.add_user("erp@contoso.example", "x"))
    other = Tenant(stamp, stamp.add_user("one", "x", object_id="one"))
    owner.ask("PUT", GROUP, {"location": "redmond"})
    owner.ask("POST", f"{S}/providers/Microsoft.KeyVault/register")
    for path, properties in VALID.items():
        body = data.draw(spoiled({"properties": properties, "location": "redmond", "tags": {"a": "b"}}))
        written = owner.ask("PUT", path, body)
        others = [other.ask("GET", GROUP), owner.ask("PUT", GROUP, {"location": "redmond", "tags": {"env": "prod"}})]

        assert written.status in {200, 201, 400, 403, 404, 409}
        assert {answer.status for answer in others} <= {200, 403}
        names = owner.names(path.rpartition("/")[0])
        assert (path.rpartition("/")[2] in names) == (written.status == 201)
    vault_host = f"fuzzed.vault.{stamp.state.home}"
    token = stamp.identities.issue(stamp.principals[2], stamp.identities.audience("vault"))
    headers = {"authorization": f"Bearer {token}"}
    assert stamp.handle(Request("GET", vault_host, "/secrets", {"api-version": "7.0"}, headers)).status in {
        403,
        404,
        200,
    }
