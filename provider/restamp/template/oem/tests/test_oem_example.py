"""The plugin holds to what restamp asks of every plugin (docs/plugins/contract.md of restamp)."""

from collections.abc import Sequence

import restamp_oem_example
from restamp_oem_example import ExampleMachine

from restamp.testing import PluginContract


class TestExample(PluginContract):
    """Thirteen promises, each a test, on a simulated stamp whose steps are killed, throttled and asked twice."""

    plugin, name = restamp_oem_example, "oem-example"
    ids = ("oem-example/rack", "oem-example/machines")

    def documents(self) -> Sequence[ExampleMachine]:
        """As a runbook has them."""
        return [ExampleMachine(name=f"node{number}", model="X1", serial=f"S{number}") for number in range(1, 5)]
