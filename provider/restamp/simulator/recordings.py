"""Recorded traffic -> the state it starts from, worked out from the recording alone.

What a recording reads before writing it was there; what it writes first was not.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import fabric
from .addresses import Address, last, parse
from .backups.recorded import Shown, shown
from .exchanges import Exchange, exchanges
from .fabric import MACHINE
from .rules import Rule, spelled
from .state import derived
from .store import Wire
from .tables import BY_TYPE

SERVICE = "Microsoft.Subscriptions.Admin"
__all__ = ["Exchange", "Seed", "exchanges", "initial_state", "rebased"]
VENDORS = re.compile(r"has vendor: '([^']*)'.* is: '([^']*)'")
PLACE = re.compile(r"/(?:locations|fabricLocations|updateLocations|backupLocations)/([^/?\"]+)", re.IGNORECASE)


@dataclass
class Seed:
    """The state that a recording starts from."""

    region: str
    provider_subscription: str
    tenant: str | None
    objects: list[Wire] = field(default_factory=list)
    placed: list[tuple[str, Wire]] = field(default_factory=list)  # answers at paths that are no object's id
    known: set[tuple[str, str]] = field(default_factory=set)  # types that the recording itself shows
    underivable: list[str] = field(default_factory=list)  # ids that somebody else changed meanwhile
    backups: Shown = field(default_factory=Shown)


def initial_state(recorded: Iterable[Exchange]) -> Seed:
    """Return the state that recordings start from; several files are laid over the one that shows most objects."""
    files: dict[str, list[Exchange]] = {}
    for exchange in recorded:
        files.setdefault(exchange.source, []).append(exchange)
    seeds = [_File(each).seed() for each in files.values()]
    if not seeds:
        raise ValueError("nothing was recorded")
    seeds.sort(key=lambda seed: -len(seed.objects))
    whole = seeds[0]
    have = {body["id"].lower() for body in whole.objects}
    for seed in seeds[1:]:
        for body in seed.objects:
            moved = rebased(body, seed, whole)
            if moved["id"].lower() not in have:
                have.add(moved["id"].lower())
                whole.objects.append(moved)
        whole.known |= seed.known
    return whole


def rebased(value: Any, old: Seed, new: Seed) -> Any:
    """Return a wire value with region and provider subscription of another stamp."""
    if isinstance(value, dict):
        return {name: rebased(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [rebased(each, old, new) for each in value]
    if not isinstance(value, str):
        return value
    segments = value.split("/")
    for at, segment in enumerate(segments):
        before = segments[at - 1].lower() if at else ""
        if segment.lower() == old.provider_subscription.lower() and before in {"", "subscriptions"}:
            segments[at] = new.provider_subscription
        if segment == old.region and (before == "" or before.endswith("locations")):
            segments[at] = new.region
    return "/".join(segments)


class _File:
    """One recording on its way to a seed."""

    def __init__(self, recorded: list[Exchange]) -> None:
        self.recorded = recorded
        self.region = _region(recorded)
        self.provider = _provider(recorded)
        self.root = f"/subscriptions/{self.provider}"
        self.found: dict[str, Wire] = {}
        self.placed: dict[str, Wire] = {}
        self.written: set[str] = set()
        self.lists: list[tuple[tuple[str, str], str, set[str]]] = []
        self.known: set[tuple[str, str]] = set()
        self.lost: list[str] = []

    def seed(self) -> Seed:
        """Return what the recording starts from."""
        for exchange in self.recorded:
            address = parse(exchange.path)
            rule = BY_TYPE.get(address.type_key)
            if exchange.method == "GET" and exchange.status == 200:
                self._read(exchange, address, rule)
            elif exchange.method != "GET" and exchange.status < 300:
                self._write(exchange, address, rule)
            elif vendors := VENDORS.search(exchange.answered or ""):
                self._machines(*vendors.groups())
        groups = [self._group(name) for name in self._groups()]
        objects = [*groups, *(body for body in self.found.values() if self._is_mine(body))]
        tenant = self._tenant()
        placed = list(self.placed.items())
        backups = shown(self.recorded)
        return Seed(self.region, self.provider, tenant, objects, placed, self.known, self.lost, backups)

    def _read(self, exchange: Exchange, address: Address, rule: Rule | None) -> None:
        body = exchange.body
        if (
            rule is None
            or not isinstance(body, dict | list)
            or rule.types.endswith(("perations", "perationsStatus", "perationResults"))
        ):
            return
        items = body.get("value") if isinstance(body, dict) else body
        self.known.add(address.type_key)
        if isinstance(items, list):
            self._keep_list(exchange, address, rule, [item for item in items if isinstance(item, dict)])
        elif isinstance(body, dict):
            self._keep(address, rule, body, exchange.path)

    def _keep_list(self, exchange: Exchange, address: Address, rule: Rule, items: list[Wire]) -> None:
        """Seed what a list shows; things without ids only as the list they are in."""
        if any(not item.get("id") for item in items):
            self.placed.setdefault(address.key, exchange.body)
            return
        keys = {self._keep(address, rule, item) for item in items}
        if not set(exchange.query) - {"api-version", "summary"}:  # a whole list, not what somebody looked for
            self.lists.append((address.type_key, _parent(address), keys))

    def _keep(self, address: Address, rule: Rule, body: Wire, path: str = "") -> str:
        """Seed one object that was read, unless the recording wrote it or an earlier list lacks it; return its key."""
        if rule.plane != "admin":
            body = self._from_tenant(address, body)
            rule = BY_TYPE[parse(body["id"]).type_key]
        identifier = str(body.get("id") or "")
        kind = parse(identifier).type_key
        if rule.types == "delegatedProviders":
            marker = f"{self.root}/providers/{SERVICE}/delegatedProviders/{last(identifier)}"
            self.found.setdefault(marker.lower(), {"id": marker})
            rule = BY_TYPE[SERVICE.lower(), "subscriptions"]
        mine = identifier.lower().startswith(self.root.lower() + "/")
        fits = mine and (kind == rule.key or rule.types == "locations/artifactTypes")
        key = identifier.lower() if fits else (path or f"{address.path}/{last(identifier)}").lower()
        if key and key not in self.written and key not in self.found and key not in self.placed:
            if any(types == kind and key.startswith(below) and key not in keys for types, below, keys in self.lists):
                self.lost.append(identifier)
            elif fits:
                self.found[key] = body
            else:
                self.placed[key] = body
        return key

    def _write(self, exchange: Exchange, address: Address, rule: Rule | None) -> None:
        """Note what was written; what must have been there before is seeded as a bare stub."""
        action = exchange.method == "POST" and len(address.types) > 1 and not address.is_item
        target = parse(address.path.rpartition("/")[0]) if action else address
        rule = BY_TYPE.get(target.type_key) if action else rule
        if rule is None or not target.is_item or rule.plane != "admin":
            return
        known = target.key in self.written or target.key in self.found
        updated = exchange.method == "PUT" and exchange.status == rule.update != rule.create
        removed = exchange.method == "DELETE" and exchange.status in {200, 202}
        if not known and (updated or removed or action):
            self.found[target.key] = self._stub(target, rule)
        if rule.key == (SERVICE.lower(), "subscriptions") and exchange.method == "PUT":
            self._offer(exchange)
        self.written.add(target.key)

    def _machines(self, theirs: str, ours: str) -> None:
        """Seed the machines that were refused as another vendor's, and a node of the stamp's own vendor."""
        nodes = [node for exchange in self.recorded for node in exchange.request.get("nodeList") or []]
        for node in nodes:
            key = f"{MACHINE}{node.get('bmcIpv4Address')}".lower()
            self.placed[key] = {"id": key, "vendor": theirs}
        node = f"{self.root}/resourceGroups/System.{self.region}/providers/{fabric.NAMESPACE}"
        node += f"/fabricLocations/{self.region}/scaleUnitNodes/node01"
        self.known.add(fabric.NODES)
        self.found.setdefault(node.lower(), {"id": node, "properties": {"vendor": ours}})

    def _is_mine(self, body: Wire) -> bool:
        """Return whether a stamp with this provider subscription can hold an object; note those it cannot."""
        mine = str(body["id"]).lower().startswith(self.root.lower() + "/")
        if not mine:
            self.lost.append(str(body["id"]))
        return mine

    def _stub(self, target: Address, rule: Rule) -> Wire:
        body: Wire = {"id": spelled(target, rule, self.region, target.group)}
        if rule.flat:
            return body
        names = {"located": f"{self.region}/{target.name}", "joined": "/".join(target.names)}
        name = names.get(rule.name, target.name)
        return body | {"name": name, "type": rule.shown_type, "location": self.region, "properties": {}}

    def _offer(self, exchange: Exchange) -> None:
        """Seed the offer that an accepted subscription names, when nothing else shows it."""
        offer = exchange.request.get("offerId")
        if not isinstance(offer, str) or parse(offer).type_key != (SERVICE.lower(), "offers"):
            return
        here = offer.lower().startswith(self.root.lower() + "/")
        if here and offer.lower() not in self.found and offer.lower() not in self.written:
            self.found[offer.lower()] = self._stub(parse(offer), BY_TYPE[SERVICE.lower(), "offers"])

    def _from_tenant(self, address: Address, body: Wire) -> Wire:
        """Return the admin's object behind what a tenant sees."""
        offers = f"{self.root}/resourceGroups/offers/providers/{SERVICE}/offers"
        if address.types[-1].lower() == "offers":
            name = last(str(body.get("id", "")))
            provider = address.names[0] if address.names else "default"
            if provider.lower() != "default":
                offers = f"{self.root}/providers/{SERVICE}/delegatedProviders/{provider}/offers"
            properties = {"name": name, "state": "Public", "subscriptionCount": 0, "maxSubscriptionsPerAccount": 0}
            properties |= {"basePlanIds": [], "addonPlans": []}
            properties |= {key: body[key] for key in ("displayName", "description") if key in body}
            kind = f"{SERVICE}/offers"
            shown = {"name": name, "type": kind, "location": self.region, "properties": properties}
            self.known.add(parse(f"{offers}/x").type_key)
            return {"id": f"{offers}/{name}"} | shown
        kept = {key: value for key, value in body.items() if key not in {"subscriptionPolicies", "offerId", "id"}}
        identifier = f"{self.root}/providers/{SERVICE}/subscriptions/{body.get('subscriptionId')}"
        offer = f"{offers}/{last(str(body.get('offerId', '')))}"
        return {"id": identifier, "delegatedProviderSubscriptionId": self.provider, "offerId": offer} | kept

    def _groups(self) -> list[str]:
        """Return the names of all resource groups below the provider subscription that anything mentions."""
        pattern = re.compile(re.escape(self.root) + r"/resourcegroups/([^/?\"]+)/", re.IGNORECASE)
        names: dict[str, str] = {}
        for exchange in self.recorded:
            for text in (exchange.path, exchange.sent or "", exchange.answered or ""):
                for name in pattern.findall(text):
                    names.setdefault(name.lower(), name)
        if any("/resourcegroups/offers/" in key for key in self.found):
            names.setdefault("offers", "offers")
        return [name for name in names.values() if name.lower() != f"system.{self.region}".lower()]

    def _group(self, name: str) -> Wire:
        state = {"provisioningState": "Succeeded"}
        identifier = f"{self.root}/resourceGroups/{name}"
        return {"id": identifier, "name": name, "location": self.region, "properties": state}

    def _tenant(self) -> str | None:
        """Return the home directory: what the service filled in, or else what most subscriptions have."""
        for exchange in self.recorded:
            body = exchange.body
            answered = exchange.method == "PUT" and isinstance(body, dict) and body.get("tenantId")
            if answered and not exchange.request.get("tenantId"):
                return str(exchange.body["tenantId"])
        common = Counter(str(body["tenantId"]) for body in self.found.values() if body.get("tenantId"))
        return common.most_common(1)[0][0] if common else None


def _parent(address: Address) -> str:
    if len(address.types) > 1 or not address.namespace:
        return address.key.rpartition("/")[0] + "/"
    return address.key.rpartition("/providers/")[0] + "/"


def _region(recorded: list[Exchange]) -> str:
    """Return the region: the place most often named by paths and ids of what succeeded, or by the routing header."""
    places: Counter[str] = Counter()
    for exchange in recorded:
        if exchange.status < 300:
            ids = re.findall(r'"(?:id|location)":\s*"([^"]*)"', exchange.answered or "")
            places.update(place for text in (exchange.path, *ids) for place in PLACE.findall(text))
    routed = [exchange.headers.get("x-ms-routing-request-id", "").partition(":")[0] for exchange in recorded]
    here = Counter(name.lower() for name in routed if name)
    mine = {place: many for place, many in places.items() if place.lower() in here}
    if mine:
        return max(mine, key=lambda place: mine[place])
    if here:
        return here.most_common(1)[0][0]
    return places.most_common(1)[0][0] if places else "local"


def _provider(recorded: list[Exchange]) -> str:
    """Return the subscription that most admin requests are below."""
    seen = Counter(
        address.subscription
        for address in (parse(exchange.path) for exchange in recorded)
        if address.subscription and address.namespace
    )
    return seen.most_common(1)[0][0] if seen else derived(0, "provider subscription")
