"""What a simulated stamp answers without a recording, a swagger or a document to show for it."""

import importlib
import pkgutil

from restamp import simulator

from .tables import RULES


def listed() -> list[str]:
    """Return one sentence for each assumption: those of modules, in the order of their names, then those of rules."""
    modules = pkgutil.walk_packages(simulator.__path__, f"{simulator.__name__}.")
    general = (getattr(importlib.import_module(module.name), "ASSUMED", ()) for module in modules)
    return [sentence for each in (*general, *(rule.assumed for rule in RULES)) for sentence in each]
