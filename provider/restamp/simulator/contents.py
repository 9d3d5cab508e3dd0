"""The made-up inside of subscriptions: about 25 objects in each, with the oddities one could meet.

Wire objects as `Stamp.load` takes them. The same subscriptions and seed give the same objects, secrets included.
"""

import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .principals import Principal, PrincipalKind, entry
from .rights import BY_NAME
from .stamp import Stamp
from .store import Wire

_MADE = "2023-11-14T22:13:20.0000000Z"
_SECONDS = 1_700_000_000  # the same moment
_NAMESPACES = ("Compute", "KeyVault", "Network", "Storage", "Web")
_GROUPS: dict[str, Wire] = {"app": {"env": "prod", "cost centre": "4711"}, "data": {"env": "prod"}, "Größe-(lab)": {}}
_SECRETS = ("db-password", "api-key", "tls-pass", "Old-Token")
_AUTHORIZATION = "Microsoft.Authorization"


def contents(
    stamp: Stamp, subscriptions: Iterable[Wire], seed: int = 0, everywhere: Principal | None = None
) -> list[Wire]:
    """Return what is inside these user subscriptions, and the people it names.

    `everywhere` is made an Owner of each subscription, and may do everything with secrets in each vault; on Entra it
    is in each directory, with the same client id and secret.
    """
    found: dict[str, Wire] = {}
    for body in subscriptions:
        made = _Inside(stamp, body, random.Random(f"{seed}/{body['subscriptionId']}"), everywhere)
        found |= {each["id"].lower(): each for each in made.objects()}
    return list(found.values())


class _Inside:
    """The objects of one subscription."""

    def __init__(self, stamp: Stamp, body: Wire, chance: random.Random, everywhere: Principal | None) -> None:
        self._stamp, self._chance = stamp, chance
        self._root = f"/subscriptions/{body['subscriptionId']}"
        self._tenant = "adfs" if stamp.identity == "ADFS" else str(body["tenantId"]).lower()
        self._directory = str(body["tenantId"])
        self._everywhere = everywhere and self._here(everywhere)
        self._owner = self._person("User", str(body["owner"]))
        domain = self._owner.name.partition("@")[2]
        self._team = self._person("Group", f"{domain} operators")
        self._auditor = self._person("User", f"audit@{domain}")
        self._app = self._person("Application", f"{domain} deployer")
        self._gone = stamp.state.object_id(f"gone/{body['subscriptionId']}")
        self._vaults = [f"kv-{self._hex(12)}" for _ in range(2)]

    def objects(self) -> Iterator[Wire]:
        people = (self._owner, self._team, self._auditor, self._app, self._everywhere)
        yield from (entry(each) for each in people if each is not None)
        yield from self._registrations()
        yield from self._groups()
        yield from self._roles()
        yield from self._policies()
        yield from self._locks()
        for number, name in enumerate(self._vaults):
            yield self._vault(name, number)
            yield from (self._secret(name, each) for each in _SECRETS[: 4 - 3 * number])

    def _registrations(self) -> Iterator[Wire]:
        for name in _NAMESPACES[: self._chance.randint(4, 5)]:
            place = f"{self._root}/providers/Microsoft.{name}"
            yield {"id": place, "namespace": f"Microsoft.{name}", "registrationState": "Registered"}

    def _groups(self) -> Iterator[Wire]:
        for name, tags in _GROUPS.items():
            place = {"id": f"{self._root}/resourceGroups/{name}", "name": name, "location": self._stamp.region}
            shown = {"tags": dict(tags)} if tags else {}
            yield place | shown | {"properties": {"provisioningState": "Succeeded"}}

    def _roles(self) -> Iterator[Wire]:
        custom = self._guid()
        permissions = [{"actions": ["Microsoft.KeyVault/vaults/*", "*/read"], "notActions": ["*/delete"]}]
        own: Wire = {
            "roleName": f"Vault keeper {self._hex(4)}",
            "type": "CustomRole",
            "description": "Vaults, and no delete.",
        }
        own |= {"assignableScopes": [self._root], "permissions": permissions}
        yield self._object(self._root, "roleDefinitions", custom, own | self._stamped())
        app, data = f"{self._root}/resourceGroups/app", f"{self._root}/resourceGroups/data"
        vault = f"{app}/providers/Microsoft.KeyVault/vaults/{self._vaults[0]}"
        held = [
            (self._root, BY_NAME["Contributor"], self._team.object_id),
            (self._root, BY_NAME["Reader"], self._auditor.object_id),
            (app, custom, self._app.object_id),
            (vault, BY_NAME["Reader"], self._app.object_id),
            (data, BY_NAME["Reader"], self._gone),  # somebody who left
        ]
        if self._everywhere is not None:
            held.append((self._root, BY_NAME["Owner"], self._everywhere.object_id))
        for scope, role, principal in held:
            place = f"{self._root}/providers/{_AUTHORIZATION}/roleDefinitions/{role}"
            properties = {"roleDefinitionId": place, "principalId": principal, "scope": scope} | self._stamped()
            yield self._object(scope, "roleAssignments", self._guid(), properties)

    def _policies(self) -> Iterator[Wire]:
        rule = {"if": {"field": "type", "in": "[parameters('types')]"}, "then": {"effect": "deny"}}
        own: Wire = {"displayName": "No public addresses", "policyType": "Custom", "mode": "All", "policyRule": rule}
        own |= {
            "parameters": {"types": {"type": "Array"}},
            "description": "CR-0815",
            "metadata": {"category": "Network"},
        }
        yield self._object(self._root, "policyDefinitions", "no-public-addresses", own)
        place = f"{self._root}/providers/{_AUTHORIZATION}/policyDefinitions/no-public-addresses"
        scope = f"{self._root}/resourceGroups/data"
        values = {"types": {"value": ["Microsoft.Network/publicIPAddresses"]}}
        assigned = {"displayName": "No public addresses", "policyDefinitionId": place, "scope": scope}
        yield self._object(scope, "policyAssignments", "no-public", assigned | {"parameters": values})

    def _locks(self) -> Iterator[Wire]:
        scope = f"{self._root}/resourceGroups/data"
        yield self._object(scope, "locks", "keep", {"level": "CanNotDelete", "notes": "ask the data team"})
        vault = f"{self._root}/resourceGroups/app/providers/Microsoft.KeyVault/vaults/{self._vaults[0]}"
        yield self._object(vault, "locks", "keep-vault", {"level": "CanNotDelete"})

    def _vault(self, name: str, number: int) -> Wire:
        group, state = ("app", "data")[number], self._stamp.state
        policies = [self._policy(self._owner, "get", "list", "set", "delete"), self._policy(self._app, "get")]
        if self._everywhere is not None:
            policies.append(self._policy(self._everywhere, "all"))
        flags = {"enabledForDeployment": bool(number), "enabledForDiskEncryption": False}
        properties: Wire = {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": self._directory,
            "accessPolicies": policies,
        }
        properties |= flags | {"enabledForTemplateDeployment": True, "vaultUri": f"https://{name}.vault.{state.home}/"}
        place = f"{self._root}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"
        body = {"id": place, "name": name, "type": "Microsoft.KeyVault/vaults", "location": self._stamp.region}
        return body | {"tags": {"keeper": "security"} if number else {}, "properties": properties}

    def _policy(self, principal: Principal, *secrets: str) -> Wire:
        permissions = {"keys": [], "secrets": list(secrets), "certificates": []}
        return {"tenantId": self._directory, "objectId": principal.object_id, "permissions": permissions}

    def _secret(self, vault: str, name: str) -> Wire:
        """Some with several versions, one disabled, one that ran out, one with a type and tags."""
        odd: Wire = {"exp": _SECONDS} if name == "tls-pass" else {"enabled": name != "Old-Token"}
        times = {"created": _SECONDS, "updated": _SECONDS, "recoveryLevel": "Purgeable"}
        attributes = {"enabled": True} | odd | times
        texts: Wire = {"contentType": "text/plain", "tags": {"rotated": "yearly"}} if name == "api-key" else {}
        count = self._chance.randint(1, 3)
        values = [{"version": self._hex(32), "value": self._hex(24), "attributes": attributes} for _ in range(count)]
        return {"id": f"/vault/{vault}/secrets/{name}", "versions": [each | texts for each in values]}

    def _object(self, scope: str, kind: str, name: str, properties: Wire) -> Wire:
        place = {"id": f"{scope}/providers/{_AUTHORIZATION}/{kind}/{name}", "type": f"{_AUTHORIZATION}/{kind}"}
        return {"properties": properties, **place, "name": name}

    def _stamped(self) -> Wire:
        times = {"createdOn": _MADE, "updatedOn": _MADE}
        return times | {"createdBy": self._owner.object_id, "updatedBy": self._owner.object_id}

    def _person(self, kind: PrincipalKind, name: str) -> Principal:
        """One that is there already stays as it is; others get the id that a stamp would give them."""
        identifier = self._stamp.state.object_id(f"{kind}/{name}".lower())
        known = self._stamp.state.directory.get(identifier)
        client = str(uuid.uuid5(uuid.NAMESPACE_URL, name)) if kind == "Application" else ""
        return known or Principal(client, identifier, name, self._tenant, f"{name}'s own", kind=kind)

    def _here(self, principal: Principal) -> Principal:
        """The same application in the directory of this subscription, as `Stamp.add_principal` would make it."""
        if principal.tenant == self._tenant:
            return principal
        identifier = self._stamp.state.object_id(f"{principal.client_id}/{self._tenant}")
        return replace(principal, tenant=self._tenant, object_id=identifier, roles={})

    def _hex(self, digits: int) -> str:
        return f"{self._chance.getrandbits(4 * digits):0{digits}x}"

    def _guid(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
