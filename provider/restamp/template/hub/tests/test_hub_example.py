"""The plugin holds to what restamp asks of every plugin (docs/plugins/contract.md of restamp)."""

from collections.abc import Sequence

import restamp_hub_example
from restamp_hub_example import ExampleContact

from restamp.testing import PluginContract


class TestExample(PluginContract):
    """Thirteen promises, each a test, on a simulated stamp whose steps are killed, throttled and asked twice."""

    plugin, name = restamp_hub_example, "hub-example"
    ids = ("hub-example/build", "hub-example/tell/service-desk")

    def documents(self) -> Sequence[ExampleContact]:
        """As a runbook has them."""
        return [ExampleContact(name="service-desk", phone="+49 30 1234")]
