"""All tables together: namespace and type -> rule."""

from . import compute, fabric, keyvault, network, registry, resources, storage, subscriptions, tenant, update
from .rules import Rule

SERVICES = (compute, network, storage, keyvault, registry, subscriptions, tenant, resources, fabric, update)
RULES: tuple[Rule, ...] = tuple(rule for service in SERVICES for rule in service.RULES)
BY_TYPE: dict[tuple[str, str], Rule] = {rule.key: rule for rule in RULES}
NAMESPACES = frozenset(rule.namespace.lower() for rule in RULES)
