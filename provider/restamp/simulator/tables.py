"""All tables together: namespace and type -> rule."""

from . import compute
from .rules import Rule

RULES: tuple[Rule, ...] = (*compute.RULES,)
BY_TYPE: dict[tuple[str, str], Rule] = {rule.key: rule for rule in RULES}
NAMESPACES = frozenset(rule.namespace.lower() for rule in RULES)
