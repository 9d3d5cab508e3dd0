"""What a simulated stamp answers without a recording, a swagger or a document to show for it."""

from . import budgets, builtin, deployment, gateway, guards, identity, paging
from .backups import controller, repositories, retention, writing
from .pep import endpoint
from .pep.tables import ALL
from .redfish import service
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
        *repositories.ASSUMED,
        *controller.ASSUMED,
        *writing.ASSUMED,
        *retention.ASSUMED,
        *deployment.ASSUMED,
    )
    rules = (sentence for rule in RULES for sentence in rule.assumed)
    cmdlets = (sentence for cmdlet in ALL for sentence in cmdlet.assumed)
    return [*general, *rules, *endpoint.ASSUMED, *cmdlets, *service.ASSUMED]
