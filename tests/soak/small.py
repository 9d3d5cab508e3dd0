"""Small stamps with what a kill could spoil, on the wire, as a stamp lists it: of everything, or much of a little."""

from typing import Any

from tests.flows.world import REGION, contents

from restamp.simulator import Stamp

Wire = dict[str, Any]
OWNER, OPERATORS, READERS = "erp@contoso.example", "hub operators", "those who read on the stamp that is lost"
OPEN, SHUT = "kv-open", "kv-shut"  # the vault that restamp may read in, and the one it has to enter
SECRETS = {OPEN: {"db-password": "correct horse", "api-key": "battery staple"}, SHUT: {"till-pin": "0815"}}
_AUTHORIZATION = "Microsoft.Authorization"


def deployed(stamp: Stamp, *groups: str) -> Stamp:
    """The stamp with the people who survive its loss, and an admin who may write in every subscription."""
    stamp.add_user(OWNER, "its own")
    found = [stamp.add_group(name).object_id for name in (OPERATORS, *groups)]
    stamp.add_principal(stamp.admin.name, "Owner", scope="/", groups=found)
    return stamp


def lost(stamp: Stamp) -> Stamp:
    """The stamp as it was: one subscription with everything, one disabled with a vault, one with nothing inside."""
    deployed(stamp, READERS)
    objects = contents(stamp)
    offer = next(body for body in objects if body["id"].endswith("/offers/gold"))
    plan = next(body for body in objects if body["id"].endswith("/plans/gold"))
    extra = plan | {"id": plan["id"].replace("gold", "extra"), "name": "extra"}
    extra["properties"] = plan["properties"] | {"name": "extra", "displayName": "Extra", "subscriptionCount": 0}
    offer["properties"]["addonPlans"] = [{"planId": extra["id"], "maxAcquisitionCount": 2}]
    tenants = [body for body in objects if "subscriptionId" in body]
    tenants[1]["state"] = "Disabled"
    stamp.load([*objects, extra, _network(stamp)])
    first, second, _ = (_Inside(stamp, body) for body in tenants)
    stamp.load([*first.everything(extra["id"]), *second.little()])
    return stamp


def many_lost(stamp: Stamp) -> Stamp:
    """A stamp with enough of what is written slowly that each kill finds more: operations, and vaults to be entered."""
    deployed(stamp, READERS)
    objects = contents(stamp, 12)
    tenants = [body for body in objects if "subscriptionId" in body]
    for body in tenants:
        body["state"] = "Disabled"
    stamp.load([*objects, *(_network(stamp, f"small-{number}") for number in range(12))])
    for number, body in enumerate(tenants):
        stamp.load(_Inside(stamp, body).little(f"{SHUT}-{number}"))
    return stamp


def _network(stamp: Stamp, name: str = "small") -> Wire:
    """An object whose PUT is an operation that has to be polled."""
    names = ("PublicIps", "Vnets", "LoadBalancers", "Nics", "SecurityGroups", "VirtualNetworkGateways")
    limits = dict.fromkeys((f"max{name}PerSubscription" for name in names), 5)
    limits |= {"maxVirtualNetworkGatewayConnectionsPerSubscription": 2}
    place = f"/subscriptions/{stamp.provider_subscription}/providers/Microsoft.Network.Admin/locations/{REGION}/quotas"
    states = {"provisioningState": "Succeeded", "migrationPhase": "None"}
    body = {"id": f"{place}/{name}", "name": f"{REGION}/{name}", "type": "Microsoft.Network.Admin/quotas"}
    return body | {"location": REGION, "etag": 'W/"1"', "properties": limits | states}


class _Inside:
    def __init__(self, stamp: Stamp, body: Wire) -> None:
        self._stamp, self._tenant = stamp, body["tenantId"]
        self._own = body["subscriptionId"]
        self._root = f"/subscriptions/{self._own}"
        self._owner = stamp.add_user(OWNER, "its own").object_id

    def little(self, vault: str = SHUT) -> list[Wire]:
        return [self._registered("KeyVault"), self._group("app"), *self._vault(vault, READERS)]

    def everything(self, plan: str) -> list[Wire]:
        app = f"{self._root}/resourceGroups/app"
        role, rule = f"{self._own[:-4]}aaaa", {"if": {"field": "type", "equals": "x/y"}, "then": {"effect": "deny"}}
        keeper = {"roleName": "Keeper", "type": "CustomRole", "assignableScopes": [self._root], "description": "x"}
        keeper["permissions"] = [{"actions": ["*/read"], "notActions": []}]
        held = {"principalId": self._owner, "scope": app}
        policy = {"displayName": "No x", "policyType": "Custom", "mode": "All", "policyRule": rule, "parameters": {}}
        named = self._id(self._root, "policyDefinitions", "no-x")
        return [
            *(self._registered(name) for name in ("KeyVault", "Network")),
            self._acquired(plan),
            *(self._group(name, {"env": "prod"}) for name in ("app", "data")),
            self._object(self._root, "roleDefinitions", role, keeper),
            *self._vault(OPEN, OPERATORS),
            self._object(
                app,
                "roleAssignments",
                f"{self._own[:-4]}bbbb",
                held | {"roleDefinitionId": self._id(self._root, "roleDefinitions", role)},
            ),
            self._object(self._root, "policyDefinitions", "no-x", policy),
            self._object(
                app, "policyAssignments", "no-x", {"displayName": "No x", "policyDefinitionId": named, "scope": app}
            ),
            self._object(app, "locks", "keep", {"level": "CanNotDelete", "notes": "ask"}),
        ]

    def _registered(self, name: str) -> Wire:
        place = f"{self._root}/providers/Microsoft.{name}"
        return {"id": place, "namespace": f"Microsoft.{name}", "registrationState": "Registered"}

    def _acquired(self, plan: str) -> Wire:
        scope = f"/subscriptions/{self._stamp.provider_subscription}/providers/Microsoft.Subscriptions.Admin"
        name = f"{self._own[:-4]}cccc"
        body = {"id": f"{scope}/subscriptions/{self._own}/acquiredPlans/{name}", "acquisitionId": name, "planId": plan}
        return body | {"provisioningState": "Succeeded", "acquisitionTime": "2023-11-14T22:13:20.0000000Z"}

    def _group(self, name: str, tags: Wire | None = None) -> Wire:
        body: Wire = {"id": f"{self._root}/resourceGroups/{name}", "name": name, "location": REGION}
        return body | {"tags": tags or {}, "properties": {"provisioningState": "Succeeded"}}

    def _vault(self, name: str, readers: str) -> list[Wire]:
        """A vault that its owner and one group can read in."""
        given = {"keys": [], "secrets": ["get", "list", "set"], "certificates": []}
        who = [self._owner, self._stamp.add_group(readers).object_id]
        policies = [{"tenantId": self._tenant, "objectId": each, "permissions": given} for each in who]
        properties = {"sku": {"family": "A", "name": "standard"}, "tenantId": self._tenant, "accessPolicies": policies}
        place = f"{self._root}/resourceGroups/app/providers/Microsoft.KeyVault/vaults/{name}"
        body = {"id": place, "name": name, "type": "Microsoft.KeyVault/vaults", "location": REGION, "tags": {}}
        secrets = [secret(name, key, value) for key, value in SECRETS[OPEN if name == OPEN else SHUT].items()]
        return [body | {"properties": properties}, *secrets]

    def _object(self, scope: str, kind: str, name: str, properties: Wire) -> Wire:
        place = {"id": self._id(scope, kind, name), "type": f"{_AUTHORIZATION}/{kind}", "name": name}
        return place | {"properties": properties}

    def _id(self, scope: str, kind: str, name: str) -> str:
        return f"{scope}/providers/{_AUTHORIZATION}/{kind}/{name}"


def secret(vault: str, name: str, value: str) -> Wire:
    """A secret, as the simulated stamp keeps it."""
    times = {"enabled": True, "created": 1_700_000_000, "updated": 1_700_000_000, "recoveryLevel": "Purgeable"}
    version = {"version": f"{len(value):032x}", "value": value, "attributes": times, "contentType": "text/plain"}
    return {"id": f"/vault/{vault}/secrets/{name}", "versions": [version]}
