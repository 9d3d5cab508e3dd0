"""What a new stamp has before anybody wrote to it.

Names and limits of the built-in quotas: recorded (Compute, Storage, Key Vault, Container Registry, Subscriptions);
Network's limits are the swagger's example, its name is assumed.
"""

from collections.abc import Iterator

from . import baseline, compute, keyvault, network, registry, storage, subscriptions
from .baseline import USUAL, Baseline
from .state import State, guid
from .store import Wire
from .tables import BY_TYPE

QUOTAS = (compute, network, storage, keyvault, registry, subscriptions)
ASSUMED = ("A new stamp: which built-in quotas it has and their limits, the group `system.<region>`, its versions.",)


def objects(state: State, deployed: Baseline = USUAL) -> Iterator[Wire]:
    """Yield the built-in objects of a stamp."""
    for service in QUOTAS:
        kind, name, properties = service.BUILT_IN
        rule = BY_TYPE[service.NAMESPACE.lower(), f"locations/{kind}"]
        yield (
            _located(state, service.NAMESPACE, kind, name)
            | _body(service.NAMESPACE, properties)
            | ({"type": rule.shown_type, "name": f"{state.region}/{name}" if rule.name == "located" else name})
        )
    yield from _registry(state)
    yield from _places(state)
    yield from baseline.objects(state, deployed)


def _located(state: State, namespace: str, kind: str, name: str) -> Wire:
    where = f"{state.root}/providers/{namespace}/locations/{state.region}"
    body = {"id": f"{where}/{kind}/{name}", "name": f"{state.region}/{name}", "type": f"{namespace}/locations/{kind}"}
    return body if namespace.startswith("Microsoft.ContainerRegistry") else body | {"location": state.region}


def _body(namespace: str, properties: Wire | None) -> Wire:
    if namespace == keyvault.NAMESPACE:
        return dict.fromkeys(keyvault.NULLS)
    etag = {"etag": f'W/"{guid()}"'} if namespace == network.NAMESPACE else {}
    return etag | {"properties": dict(properties or {})}


def _registry(state: State) -> Iterator[Wire]:
    for kind, properties in (
        ("capacities", {"maximumCapacityInGiB": 0, "registriesConsumptionInGiB": 0.0, "allowPush": False}),
        ("configurations", {"maximumCapacityInGiB": 0}),
    ):
        yield _located(state, registry.NAMESPACE, kind, "Default") | {"properties": properties}
    yield _located(state, registry.SETUP, "setup", "value") | {"properties": {"status": "ReadyToSetup"}}


def _places(state: State) -> Iterator[Wire]:
    region = state.region
    yield {
        "id": f"{state.root}/providers/{subscriptions.NAMESPACE}/locations/{region}",
        "name": region,
        "displayName": region,
        "latitude": "",
        "longitude": "",
    }
    yield {
        "id": f"{state.root}/resourceGroups/system.{region}",
        "name": f"system.{region}",
        "location": region,
        "properties": {"provisioningState": "Succeeded"},
    }
