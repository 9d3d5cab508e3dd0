"""What a simulated stamp answers without a recording, a swagger or a document to show for it."""

from . import builtin, gateway, guards, identity
from .tables import RULES


def listed() -> list[str]:
    """Return one sentence for each assumption, in a fixed order."""
    general = (*identity.ASSUMED, *gateway.ASSUMED, *guards.ASSUMED, *builtin.ASSUMED)
    return [*general, *(sentence for rule in RULES for sentence in rule.assumed)]
