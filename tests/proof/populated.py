"""A stamp with something of every kind, as it lists it: the made-up population, and what that has none of."""

import json
from typing import Any

from restamp.simulator import Stamp
from restamp.simulator.population import people, population

Wire = dict[str, Any]
RESCUERS = "rescuers"  # a group of the customer's directory: it outlives the stamp, and so does what it may do
SOMEBODY = "somebody@contoso.example"
_ADDON = "extra-storage"
_READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def deployed(stamp: Stamp, subscriptions: int) -> Stamp:
    """The stamp with the people of the customer's directory, and an admin who is one of the rescuers."""
    group = stamp.add_group(RESCUERS)
    stamp.load(body for body in people(stamp, subscriptions) if body["id"].startswith("/directory/"))
    stamp.add_user(SOMEBODY, "its own")
    stamp.load([_feature(stamp, "TenantSubscriptionLevel", [])])
    stamp.add_principal(stamp.admin.name, "Owner", scope="/", groups=[group.object_id])
    return stamp


def everything(stamp: Stamp, subscriptions: int) -> list[Wire]:
    """Objects of every kind on a stamp that was `deployed`; whoever left the directory has no role in it."""
    made = population(stamp, subscriptions, contents=True, everywhere=stamp.add_group(RESCUERS))
    known = {each.object_id for each in stamp.principals} | {body.get("object_id") for body in made}
    made = [body for body in made if body.get("properties", {}).get("principalId", stamp.admin.object_id) in known]
    tenant = next(body for body in made if "subscriptionId" in body)
    base = next(body for body in made if body["id"] == tenant["offerId"])["properties"]["basePlanIds"][0]
    made += [_acquired(stamp, tenant, base), _acquired(stamp, tenant, _ADDON)]  # the offer's own is no add-on
    made += [*_delegation(stamp, tenant), *_of_the_provider(stamp), _built_in(tenant)]
    return [*made, *_settings(stamp), _feature(stamp, "Enabled", [str(tenant["subscriptionId"])])]


def by_others(stamp: Stamp, before: Stamp) -> None:
    """What a stamp that came back and its people do: plans of an offer are acquired, a delegate gives on its offers."""
    theirs = ("/delegatedproviders/", "/backuplocations/", "/acquiredplans/")
    for body in before.objects():
        if any(part in body["id"].lower() for part in theirs) and not str(body.get("planId")).endswith(_ADDON):
            told = json.dumps(body).replace(before.provider_subscription, stamp.provider_subscription)
            stamp.load([json.loads(told)])


def _settings(stamp: Stamp) -> list[Wire]:
    """Settings of a stamp's services, where each service keeps its own (recorded)."""
    root = f"/subscriptions/{stamp.provider_subscription}"
    kept = f"{root}/providers/Microsoft.Storage.Admin/locations/{stamp.region}/settings/value"
    size = f"{root}/providers/Microsoft.ContainerRegistry.Admin/locations/{stamp.region}/configurations/Default"
    share = f"{root}/resourceGroups/system.{stamp.region}/providers/Microsoft.Backup.Admin/backupLocations/"
    store = {"path": "\\\\nas\\backups", "userName": "contoso\\backup", "backupFrequencyInHours": 12}
    store |= {"backupRetentionPeriodInDays": 7, "isBackupSchedulerEnabled": True, "encryptionCertThumbprint": "AB12"}
    registry = _placed(stamp, size, {"maximumCapacityInGiB": 500}) | {"name": f"{stamp.region}/Default"}
    days = {"retentionPeriodForDeletedStorageAccountsInDays": 30}
    return [
        _placed(stamp, kept, days) | {"name": f"{stamp.region}/value"},
        {key: value for key, value in registry.items() if key != "location"},
        _placed(stamp, share + stamp.region, {"externalStoreDefault": store}),
    ]


def _feature(stamp: Stamp, state: str, enabled: list[str]) -> Wire:
    """A feature of the Compute service, which brings it along itself."""
    place = f"/subscriptions/{stamp.provider_subscription}/providers/Microsoft.Compute.Admin/locations/{stamp.region}"
    settings = {"globalFeatureSettings": {"globalFeatureState": state}, "enabledTenantSubscriptionIds": enabled}
    return _placed(stamp, f"{place}/features/imds", {"featureName": "imds"} | settings)


def _delegation(stamp: Stamp, tenant: Wire) -> list[Wire]:
    root = f"/subscriptions/{stamp.provider_subscription}"
    own, directory = str(tenant["subscriptionId"]), "f0a1cd07-0e2a-4b63-8a0b-25c1a9d6a6c1"
    system = f"{root}/resourceGroups/system.{stamp.region}/providers/Microsoft.Subscriptions.Admin"
    offer = f"{root}/resourceGroups/offers-rg/providers/Microsoft.Subscriptions.Admin/offers/gold"
    given = f"{root}/providers/Microsoft.Subscriptions.Admin/delegatedProviders/{own}/offers/theirs"
    return [
        _placed(stamp, f"{system}/directoryTenants/fabrikam", {"tenantId": directory}),
        _placed(stamp, f"{offer}/offerDelegations/to-contoso", {"subscriptionId": own}) | {"name": "gold/to-contoso"},
        _placed(stamp, given, {"displayName": "Theirs", "description": "for their own", "state": "Public"}),
    ]


def _placed(stamp: Stamp, place: str, properties: Wire) -> Wire:
    namespace, *rest = place.rpartition("/providers/")[2].split("/")
    kind = "/".join([namespace, *rest[::2]])
    body = {"id": place, "name": place.rpartition("/")[2], "type": kind, "location": stamp.region}
    return body | {"properties": properties}


def _acquired(stamp: Stamp, tenant: Wire, plan: str) -> Wire:
    """A plan that was acquired, in the form that was recorded: flat, with times, its plan without a group."""
    root, own = f"/subscriptions/{stamp.provider_subscription}", plan.rpartition("/")[2]
    name = f"d2f35a3c-4f0e-4a8f-8a7a-{sum(own.encode()):012x}"
    plan = f"{root}/providers/Microsoft.Subscriptions.Admin/plans/{own}"
    place = f"{root}/providers/Microsoft.Subscriptions.Admin/subscriptions/{tenant['subscriptionId']}"
    body = {"id": f"{place}/acquiredPlans/{name}", "acquisitionId": name, "planId": plan}
    body |= {"externalReferenceId": "PO-7", "acquisitionTime": "2023-11-14T22:13:20.0000000Z"}
    return body | {"provisioningState": "Succeeded"}


def _of_the_provider(stamp: Stamp) -> list[Wire]:
    """What the operators themselves put into the default provider subscription."""
    root = f"/subscriptions/{stamp.provider_subscription}"
    group = f"{root}/resourceGroups/offers-rg"
    authorization = "/providers/Microsoft.Authorization"
    role = f"{root}{authorization}/roleDefinitions/{_READER}"
    person = stamp.add_user(SOMEBODY, "its own").object_id
    held = {"roleDefinitionId": role, "principalId": person, "scope": root}
    place = f"{root}{authorization}/roleAssignments/5f6b1d0a-6a3e-4f0c-9a57-0f7d2b8a4c11"
    lock = {"level": "CanNotDelete", "notes": "the hub team's"}
    lab = {"roleName": "Lab", "type": "CustomRole", "assignableScopes": [group], "permissions": [{"actions": ["*"]}]}
    rule = {"if": {"field": "location", "equals": "nowhere"}, "then": {"effect": "deny"}}
    policy = {"displayName": "Nowhere", "policyType": "Custom", "mode": "All", "policyRule": rule}
    named = f"{root}{authorization}/policyDefinitions/nowhere"
    force = {"displayName": "Nowhere", "policyDefinitionId": named, "scope": root, "notScopes": [group]}
    return [
        _plain(f"{root}{authorization}/roleDefinitions/5f6b1d0a-6a3e-4f0c-9a57-0f7d2b8a4c12", lab),
        _plain(place, held),
        _plain(named, policy),
        _plain(f"{root}{authorization}/policyAssignments/nowhere", force),
        _plain(f"{group}{authorization}/locks/keep-offers", lock),
    ]


def _built_in(tenant: Wire) -> Wire:
    """A policy that comes with the stamp, in force in the whole subscription but for one group."""
    root = f"/subscriptions/{tenant['subscriptionId']}"
    policy = "/providers/Microsoft.Authorization/policyDefinitions/6c112d4e-5bc7-47ae-a041-ea2d9dccd749"
    assigned = {"displayName": "No web", "description": "asked for by audit", "policyDefinitionId": policy}
    assigned |= {"scope": root, "notScopes": [f"{root}/resourceGroups/app"], "metadata": {"by": "audit"}}
    assigned |= {"parameters": {"listOfResourceTypesNotAllowed": {"value": ["Microsoft.Web/sites"]}}}
    return _plain(f"{root}/providers/Microsoft.Authorization/policyAssignments/no-web", assigned)


def _plain(place: str, properties: Wire) -> Wire:
    kind = f"Microsoft.Authorization/{place.split('/')[-2]}"
    return {"properties": properties, "id": place, "type": kind, "name": place.rpartition("/")[2]}
