"""The plugin holds to what restamp asks of every plugin (docs/plugins/contract.md of restamp)."""

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

import restamp_rp_example
from restamp_rp_example import API, ExampleQuota, restore

from restamp.testing import PluginContract, Scene


class TestExample(PluginContract):
    """Thirteen promises, each a test, on a simulated stamp whose steps are killed, throttled and asked twice."""

    plugin, name = restamp_rp_example, "rp-example"
    ids = ("rp-example/deploy", "rp-example/restore")
    serves: ClassVar[Sequence[str]] = (
        f"Example.Admin/locations/quotas@{API}",
        f"Example.Admin/locations/restores@{API}",
    )

    def documents(self) -> Sequence[ExampleQuota]:
        """As a runbook has them."""
        return [ExampleQuota(name="small", limit=5)]

    def damage(self, scene: Scene) -> None:
        """What `verify` has to see."""
        with scene.run() as run:
            assert run.recovery is not None
            run.arm.admin.write("DELETE", restore(run, run.recovery))

    def test_a_restore_that_failed_is_told(self) -> None:
        """Beyond the contract: what this plugin alone promises."""
        with self.scene("rebuild") as scene, scene.run() as run:
            assert run.recovery is not None
            path = urlsplit(restore(run, run.recovery)).path
            scene.stamp.load([{"id": path, "name": "trial", "properties": {"provisioningState": "Failed"}}])
            assert scene.ask(scene.steps()[-1]).status == "failed"
