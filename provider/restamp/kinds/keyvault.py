"""Vaults and their secrets: Microsoft.KeyVault. Documented shapes; nothing of this service's traffic is recorded."""

import datetime as dt
import time
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from restamp import ids
from restamp.kind import AS_LEFT, OWN, Body, Kind, Place, Wire
from restamp.models.document import (
    Anew,
    Aside,
    Document,
    Gives,
    Immutable,
    Model,
    Name,
    Number,
    OnWire,
    Sealed,
    SetOf,
    Truth,
)
from restamp.models.sealed import SealedValue

_VERSION = "2016-10-01"  # documented: profiles 2019-03-01-hybrid and, by one of two pages, 2020-09-01-hybrid


class AccessPolicy(Model):
    """What one principal may do in a vault."""

    tenant: str | None = Field(None, description="its directory, where it is not the vault's")
    keys: Annotated[tuple[str, ...], SetOf] = ()
    secrets: Annotated[tuple[str, ...], SetOf] = ()
    certificates: Annotated[tuple[str, ...], SetOf] = ()
    storage: Annotated[tuple[str, ...], SetOf] = ()
    name: Annotated[str | None, Aside()] = Field(None, description="who it is, for readers")

    def __eq__(self, other: object) -> bool:
        """Whether it allows the same: what somebody is called is told beside it."""
        return isinstance(other, AccessPolicy) and self._allows() == other._allows()

    def __hash__(self) -> int:
        return hash(self._allows())

    def _allows(self) -> tuple[object, ...]:
        return self.tenant, self.keys, self.secrets, self.certificates, self.storage


def _may_more(wanted: AccessPolicy, found: AccessPolicy | None) -> Iterable[str]:
    there = found or AccessPolicy()
    for name in ("keys", "secrets", "certificates", "storage"):
        allowed = {verb.lower() for verb in getattr(there, name)}
        yield from (f"{name} {verb.lower()}" for verb in getattr(wanted, name) if verb.lower() not in allowed)


class Vault(Document):
    """A vault of a subscription. Its name is part of its address and unique on the stamp."""

    group: Name
    name: Name
    sku: str = "standard"
    tenant: Annotated[str, OnWire("tenantId"), Immutable()]
    enabled_for_deployment: Truth = False
    enabled_for_disk_encryption: Truth = False
    enabled_for_template_deployment: Truth = False
    access_policies: Annotated[dict[str, AccessPolicy], Gives(_may_more)] = Field(
        default_factory=dict, description="by object id (with AD FS a SID), or `restamp` for itself"
    )
    tags: dict[str, str] = Field(default_factory=dict)
    lost: Annotated[tuple[str, ...], SetOf, Aside()] = Field(
        (), description="keys and certificates, told by a capture: no API gives them out, so a rebuild loses them"
    )


class Secret(Document):
    """A secret of a vault, as its current version has it: versions before it are lost with the stamp."""

    group: Name
    vault: Name
    name: Name
    value: Annotated[SealedValue | None, Sealed()] = None
    content_type: str | None = None
    enabled: Truth = True
    # a vault changes its times, and clears none (documented: what an update leaves out stays)
    not_before: Annotated[Number | None, OnWire("nbf"), Anew()] = Field(None, description="seconds since 1970, UTC")
    expires: Annotated[Number | None, OnWire("exp"), Anew()] = Field(None, description="seconds since 1970, UTC")
    tags: dict[str, str] = Field(default_factory=dict)


def _vault_from_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    """Access policies are a list of who may what on the wire; sku is a pair whose other half is always A."""
    directory = str(fields.get("tenantId", ""))
    policies = {}
    for entry in fields.get("accessPolicies") or []:
        own = {kind: verbs for kind, verbs in (entry.get("permissions") or {}).items() if verbs}
        other = str(entry.get("tenantId") or directory)
        who = OWN if ids.same(entry["objectId"], place.own) else entry["objectId"]
        policies[who] = own | ({"tenant": other} if other.lower() != directory.lower() else {})
    return fields | {"accessPolicies": policies, "sku": (fields.get("sku") or {}).get("name")}


def _vault_to_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    policies = [
        {
            "objectId": place.own if who == OWN else who,
            "tenantId": policy.get("tenant") or fields["tenantId"],
            "permissions": {kind: policy.get(kind, []) for kind in ("keys", "secrets", "certificates", "storage")},
        }
        for who, policy in fields.get("accessPolicies", {}).items()
    ]
    return fields | {"accessPolicies": policies, "sku": {"family": "A", "name": fields.get("sku", "standard")}}


def _secret_from_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    return fields | (fields.get("attributes") or {})


def _secret_to_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    attributes = {key: fields[key] for key in ("enabled", "nbf", "exp") if key in fields}
    return {key: value for key, value in fields.items() if key not in attributes} | {"attributes": attributes}


def _expired(body: Body) -> str:
    """A vault gives out what has expired, too (documented); whoever uses it may not take it."""
    ends = (body.get("attributes") or {}).get("exp")
    if not isinstance(ends, int) or ends > time.time():
        return ""
    return f"expired on {dt.datetime.fromtimestamp(ends, dt.UTC):%Y-%m-%d}, and is captured and brought back as it is"


VAULT = Kind(
    name="Vault",
    folder="vaults",
    model=Vault,
    inside=("subscription",),
    wire=Wire(
        id="/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}",
        listed="/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults",
        api_version=_VERSION,
        source="documented",
        endpoint="tenant",
        located=True,
        computed=frozenset({"vaultUri", "provisioningState"}),
        outside=("tags",),
        decode=_vault_from_wire,
        encode=_vault_to_wire,
    ),
)

SECRET = Kind(
    name="Secret",
    folder="secrets",
    model=Secret,
    inside=("subscription",),
    wire=Wire(
        id="/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}/secrets/{name}",
        listed="/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}/secrets",
        api_version=_VERSION,
        source="documented",
        endpoint="vault",
        per="Vault",
        flat=True,
        computed=frozenset({"attributes", "version", "created", "updated", "recoveryLevel", "managed", "kid", AS_LEFT}),
        bound_to="{subscription}/{vault}/{name}",
        remark=_expired,
        decode=_secret_from_wire,
        encode=_secret_to_wire,
    ),
)
