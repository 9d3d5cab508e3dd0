"""The plugin holds to what every plugin has to, with four machines and all of its steps."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

import restamp_oem_redfish
from restamp.models.document import Document
from restamp.simulator.redfish import Nodes
from restamp.simulator.state import derived
from restamp.testing import PluginContract, Scene
from restamp_oem_redfish.machine import Disk, Machine, Nic

HOME = "redmond.ext.contoso.example"


class TestContract(PluginContract):
    """Machines are looked at, switched off, and started from the network."""

    plugin = restamp_oem_redfish
    name = "oem-redfish"
    ids: ClassVar[Sequence[str]] = (
        "oem-redfish/hardware-fits",
        "oem-redfish/power-off",
        "oem-redfish/boot-from-network",
    )
    settings: ClassVar[Mapping[str, Any]] = {
        "bmcs": [f"azs-node0{number}-bmc.{HOME}" for number in (1, 2, 3, 4)],
        "user": "bmcadmin",
        "bootFromNetwork": "true",
    }
    secrets: ClassVar[Mapping[str, str]] = {"bmc": derived(0, f"bmc/{HOME}")}

    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def documents(self) -> Sequence[Document]:
        """A machine as it was captured, with all that one has."""
        return [
            Machine(
                name="bmc01.contoso.example",
                manufacturer="Contoso Ltd.",
                model="R3",
                serial="0815",
                processors=2,
                processor="Xeon",
                memory_gib=256,
                firmware={"BMC": "2.10"},
                bios={"SecureBoot": "Enabled"},
                disks={"hba/0": Disk(model="HDD", gb=4000, media="HDD", protocol="SAS", firmware="N1")},
                nics={"1": Nic(mac="02:00:00:00:00:01", mbps=10000)},
            )
        ]

    def prepare(self, scene: Scene) -> None:
        """Four machines, and the environment of who asks them."""
        scene.stamp.nodes = Nodes(scene.stamp.state)
        self.monkeypatch.setenv("RESTAMP_CA", str(scene.server.ca))
        self.monkeypatch.setenv("RESTAMP_CONNECT_TO", scene.server.connect_to)

    def damage(self, scene: Scene) -> None:
        """A disk of the second machine fails."""
        assert scene.stamp.nodes is not None
        scene.stamp.nodes.change(2, "Systems/1/Storage/hba/Drives/3", Status={"Health": "Critical"})


del PluginContract
