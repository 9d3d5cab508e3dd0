"""All tables together: namespace and type -> rule."""

from collections.abc import Iterator
from contextlib import contextmanager

from . import (
    authorization,
    backup,
    compute,
    fabric,
    keyvault,
    locks,
    network,
    policies,
    registrations,
    registry,
    resources,
    storage,
    subscriptions,
    tenant,
    update,
    vaults,
)
from .rules import LIST, READ_WRITE, Rule

ADMIN = (compute, network, storage, keyvault, registry, subscriptions, tenant, resources, fabric, update, backup)
SERVICES = (*ADMIN, registrations, authorization, policies, locks, vaults)
OWN: tuple[Rule, ...] = tuple(rule for service in SERVICES for rule in service.RULES)
OPERATIONS: dict[str, Rule] = {
    rule.namespace: Rule(
        namespace=rule.namespace,
        types="operations",
        versions=tuple({v: None for other in OWN if other.namespace == rule.namespace for v in other.versions}),
        source="swagger",
        methods=frozenset({LIST}),
        headers=rule.headers,
        marks=rule.marks,
    )
    for rule in OWN
    if rule.namespace.endswith(".Admin")
}  # what each service can do: a list below no subscription, empty unless seeded
RULES: tuple[Rule, ...] = (*OWN, *OPERATIONS.values())
BY_TYPE: dict[tuple[str, str], Rule] = {rule.key: rule for rule in RULES}
NAMESPACES = {rule.namespace.lower() for rule in RULES}


def rule_of(text: str) -> Rule:
    """`Foo.Admin/locations/quotas@2024-01-01`, a type of somebody else's provider -> a rule (assumed).

    It keeps what is put there, shows and lists it, and forgets it; ValueError where the text is no such type.
    """
    kind, _, version = text.partition("@")
    namespace, _, types = kind.partition("/")
    if not (namespace and types and version):
        raise ValueError(f"{text!r} is no type with its api-version, such as Foo.Admin/locations/quotas@2024-01-01")
    if namespace.lower() in NAMESPACES:
        raise ValueError(f"{namespace} is a service that the simulated stamp has of its own")
    return Rule(namespace=namespace, types=types, versions=(version,), source="assumed", methods=READ_WRITE)


@contextmanager
def serving(*rules: Rule) -> Iterator[None]:
    """Within this, every stamp of this process has another provider's types too: for plugins and their tests."""
    BY_TYPE.update({rule.key: rule for rule in rules})
    NAMESPACES.update(rule.namespace.lower() for rule in rules)
    try:
        yield
    finally:
        for rule in rules:
            del BY_TYPE[rule.key]
            NAMESPACES.discard(rule.namespace.lower())
