"""What a simulated stamp answers without a recording, a swagger or a document to show for it."""

from . import budgets, builtin, gateway, guards, identity, paging
from .tables import RULES


def listed() -> list[str]:
    """Return one sentence for each assumption, in a fixed order."""
    general = (
        *identity.ASSUMED,
        *gateway.ASSUMED,
        *budgets.ASSUMED,
        *paging.ASSUMED,
        *guards.ASSUMED,
        *builtin.ASSUMED,
    )
    return [*general, *(sentence for rule in RULES for sentence in rule.assumed)]
