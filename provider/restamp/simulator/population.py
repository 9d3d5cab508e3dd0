"""A made-up population of a stamp: tenants with names one could meet, and every oddity a real stamp was seen to have.

The same number and seed give the same objects. No name or id in it comes from a recording.
"""

import random
import uuid
from collections import Counter
from collections.abc import Iterator

from .contents import contents as inside_of
from .principals import PREFIX, Principal
from .rights import BY_NAME
from .stamp import Stamp
from .store import Wire

_COMPANIES = (
    "Contoso",
    "Fabrikam",
    "Northwind",
    "Adventure Works",
    "Tailspin",
    "Litware",
    "Proseware",
    "Wingtip",
    "Alpine Ski",
)
_PURPOSES = (
    "ERP",
    "Web Shop",
    "Analytics",
    "Dev",
    "Test",
    "Payroll",
    "Archive",
    "IoT Gateway",
    "Café Till",
    "Intranet",
)
_SIZES = {"small": 1, "medium": 4, "large": 16, "Extra Large": 64}
_GROUPS = ("offers-rg", "partners-rg", "retired-rg")
_TIERS = {"bronze": "small", "silver": "medium", "gold": "large", "platinum": "Extra Large"}
_ADMIN = "Microsoft.Subscriptions.Admin"


def population(
    stamp: Stamp, subscriptions: int, seed: int = 0, *, contents: bool = False, everywhere: Principal | None = None
) -> list[Wire]:
    """Return the objects of `subscriptions` tenants and of what they subscribe to, as this stamp would list them.

    With `contents` also what is inside the subscriptions: about 25 objects in each, and the people they name.
    `everywhere` is then an Owner of each, and may do everything with secrets in each vault.
    """
    made = _Population(stamp, random.Random(seed))
    tenants = [made.subscription(number) for number in range(subscriptions)]
    taken = Counter(str(body["offerId"]).lower() for body in tenants)
    inside = inside_of(stamp, tenants, seed, everywhere) if contents else []
    return [*made.groups(), *made.quotas(), *made.plans(taken), *made.offers(taken), *tenants, *inside]


def people(stamp: Stamp, subscriptions: int, seed: int = 0) -> list[Wire]:
    """Return what is left of that population: the customer's directory survives, and each tenant lets us in again."""
    whole = population(stamp, subscriptions, seed, contents=True)
    known = [body for body in whole if body["id"].startswith(PREFIX)]
    return [*known, *(_owner(stamp, str(body["subscriptionId"])) for body in whole if "offerId" in body)]


def _owner(stamp: Stamp, subscription: str) -> Wire:
    """Return the role by which a tenant lets the service admin in."""
    root = f"/subscriptions/{subscription}"
    role = f"{root}/providers/Microsoft.Authorization/roleDefinitions/{BY_NAME['Owner']}"
    own = {"roleDefinitionId": role, "principalId": stamp.admin.object_id, "scope": root}
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"let in/{subscription}")
    place = f"{root}/providers/Microsoft.Authorization/roleAssignments/{name}"
    return {"id": place, "name": str(name), "type": "Microsoft.Authorization/roleAssignments", "properties": own}


class _Population:
    """The objects of one stamp; ids are made from its own region and default provider subscription."""

    def __init__(self, stamp: Stamp, chance: random.Random) -> None:
        self._stamp, self._chance = stamp, chance
        self._root = f"/subscriptions/{stamp.provider_subscription}"
        self._tenants = [self._guid() for _ in _COMPANIES]

    def groups(self) -> Iterator[Wire]:
        for name in _GROUPS:
            tags = {"owner": "hub team", "costCenter": "4711"} if name == "offers-rg" else {}
            properties = {"provisioningState": "Succeeded"}
            place = {"id": f"{self._root}/resourceGroups/{name}", "name": name, "location": self._stamp.region}
            yield place | {"tags": tags, "properties": properties}

    def quotas(self) -> Iterator[Wire]:
        for name, factor in _SIZES.items():
            yield self._quota("Compute", name, _compute(factor), type="Microsoft.Compute.Admin/quotas", name=name)
            network = _network(factor) | {"provisioningState": "Succeeded", "migrationPhase": "None"}
            etag = f'W/"{self._guid()}"'
            yield self._quota("Network", name, network, type="Microsoft.Network.Admin/quotas", etag=etag)
            storage = {"numberOfStorageAccounts": 10 * factor, "capacityInGb": 512 * factor}
            yield self._quota("Storage", name, storage)
            registry = {"capacityPerRegistryInGiB": 10 * factor, "numberOfRegistries": factor}
            yield {k: v for k, v in self._quota("ContainerRegistry", name, registry).items() if k != "location"}

    def plans(self, taken: Counter[str]) -> Iterator[Wire]:
        """Several groups, one name in two of them, built-in and dangling quotas, texts absent and empty."""
        services = ("Compute", "Network", "Storage", "ContainerRegistry")
        for tier, size in _TIERS.items():
            quotas = [self._quota_id(service, size) for service in services]
            yield self._plan(
                "offers-rg", tier, quotas, taken, description=f"{tier.title()} services", externalReferenceId=""
            )
        yield self._plan("partners-rg", "gold", [self._quota_id("Compute", "large")], taken)
        built_in = [self._quota_id("KeyVault", "Unlimited"), self._quota_id("Subscriptions", "delegatedProviderQuota")]
        built_in.append(self._quota_id("AzureStackResourceMonitor", "Unlimited"))
        yield self._plan("offers-rg", "platform", built_in, taken, description="")
        dangling = [self._quota_id("Storage", "small"), self._quota_id("Storage", "Gone in 2019")]
        yield self._plan("retired-rg", "legacy", dangling, taken, externalReferenceId="CR-0815")
        for name, service in (("extra cores", "Compute"), ("extra-storage", "Storage")):
            yield self._plan("offers-rg", name, [self._quota_id(service, "large")], taken)

    def offers(self, taken: Counter[str]) -> Iterator[Wire]:
        """Every state, one and two base plans, with and without add-on plans."""
        platform = self._id("offers-rg", "plans", "platform")
        addons = {self._id("offers-rg", "plans", "extra cores"): 3, self._id("offers-rg", "plans", "extra-storage"): 1}
        for tier in _TIERS:
            plans, extra = [self._id("offers-rg", "plans", tier), platform], {} if tier == "bronze" else addons
            yield self._offer(
                "offers-rg", tier, plans, taken, extra, description=f"{tier.title()}, with platform services"
            )
        yield self._offer("partners-rg", "gold", [self._id("partners-rg", "plans", "gold")], taken, state="Private")
        legacy = [self._id("retired-rg", "plans", "legacy")]
        yield self._offer("retired-rg", "legacy", legacy, taken, state="Decommissioned", externalReferenceId="")

    def subscription(self, number: int) -> Wire:
        """Ids not only of UUIDs, shared display names, a few disabled, one of a delegated provider."""
        chance, provider = self._chance, self._stamp.provider_subscription
        company = chance.randrange(len(_COMPANIES))
        own = self._guid() if number % 50 != 7 else f"{self._guid()[:24]}02g1h{chance.randrange(10**7):07d}"
        name = "My Subscription" if number % 20 == 3 else f"{_COMPANIES[company]} {chance.choice(_PURPOSES)}"
        group, offer = chance.choice(
            (*(("offers-rg", tier) for tier in _TIERS), ("partners-rg", "gold"), ("retired-rg", "legacy"))
        )
        owner = chance.choice(("erp", "it", "cloud.admin", "j.doe"))
        texts = ({}, {"externalReferenceId": ""}, {"externalReferenceId": f"PO-{number:05d}"})[number % 3]
        return {
            "id": f"{self._root}/providers/{_ADMIN}/subscriptions/{own}",
            "subscriptionId": own,
            "delegatedProviderSubscriptionId": self._guid() if number % 40 == 11 else provider,
            "displayName": name,
            **texts,
            "owner": f"{owner}@{_COMPANIES[company].replace(' ', '').lower()}.example",
            "tenantId": self._tenants[company],
            "routingResourceManagerType": "Default",
            "offerId": self._id(group, "offers", offer),
            "state": "Disabled" if number % 25 == 9 else "Enabled",
        }

    def _plan(self, group: str, name: str, quotas: list[str], taken: Counter[str], **texts: str) -> Wire:
        own = {
            "name": name,
            "displayName": name.title(),
            **texts,
            "subscriptionCount": self._through(group, name, taken),
        }
        return self._object(group, "plans", name, own | {"quotaIds": quotas})

    def _offer(
        self,
        group: str,
        name: str,
        plans: list[str],
        taken: Counter[str],
        addons: dict[str, int] | None = None,
        **texts: str,
    ) -> Wire:
        count = taken[self._id(group, "offers", name).lower()]
        own = {"name": name, "displayName": name.title(), "state": "Public", **texts, "subscriptionCount": count}
        pairs = [{"planId": plan, "maxAcquisitionCount": times} for plan, times in (addons or {}).items()]
        return self._object(
            group, "offers", name, own | {"maxSubscriptionsPerAccount": 0, "basePlanIds": plans, "addonPlans": pairs}
        )

    def _through(self, group: str, plan: str, taken: Counter[str]) -> int:
        """Return how many subscriptions have a plan as a base plan of their offer."""
        if plan == "platform":
            return sum(taken[self._id(group, "offers", tier).lower()] for tier in _TIERS)
        return taken[self._id(group, "offers", plan).lower()]

    def _object(self, group: str, kind: str, name: str, properties: Wire) -> Wire:
        place = {"id": self._id(group, kind, name), "name": name, "type": f"{_ADMIN}/{kind}"}
        return place | {"location": self._stamp.region, "properties": properties}

    def _quota(self, service: str, quota: str, properties: Wire, **odd: str) -> Wire:
        region, kind = self._stamp.region, f"Microsoft.{service}.Admin/locations/quotas"
        place = {"id": self._quota_id(service, quota), "name": f"{region}/{quota}", "type": kind, "location": region}
        return place | odd | {"properties": properties}

    def _quota_id(self, service: str, quota: str) -> str:
        return f"{self._root}/providers/Microsoft.{service}.Admin/locations/{self._stamp.region}/quotas/{quota}"

    def _id(self, group: str, kind: str, name: str) -> str:
        return f"{self._root}/resourceGroups/{group}/providers/{_ADMIN}/{kind}/{name}"

    def _guid(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))


def _compute(factor: int) -> Wire:
    counts = {"virtualMachineCount": 5, "coresLimit": 20, "availabilitySetCount": 5, "vmScaleSetCount": 1}
    disks = {f"maxAllocation{kind}ManagedDisksAndSnapshots": 256 for kind in ("Standard", "Premium")}
    scaled = {name: value * factor for name, value in (counts | disks).items()}
    return scaled | {"ddagpuCount": 0, "partitionedGPUCount": factor // 16}


def _network(factor: int) -> Wire:
    each = {"PublicIps": 5, "Vnets": 5, "LoadBalancers": 5, "Nics": 10, "SecurityGroups": 5}
    gateways = {"VirtualNetworkGateways": 1, "VirtualNetworkGatewayConnections": 2}
    return {f"max{name}PerSubscription": value * factor for name, value in (each | gateways).items()}
