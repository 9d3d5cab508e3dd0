"""A recovery onto other machines: what stood there before is in git, what stands there now is compared over Redfish."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.flows.world import NAME, World

from restamp.simulator import Stamp, serve
from restamp.simulator.redfish import Nodes

FITS = "oem-redfish/hardware-fits"


@contextmanager
def rack(name: str, hardware: str) -> Iterator[tuple[Nodes, dict[str, str]]]:
    """Four machines beside any stamp, and the environment of who asks their BMCs."""
    made = Stamp(name, "bmc.example")
    made.nodes = Nodes(made.state, hardware, rack=name)
    with serve(made) as server:
        yield made.nodes, {"CONNECT": server.connect_to, "CA": str(server.ca), "KEY": made.nodes.administrator[1]}
    made.close()


class Site:
    """An operator whose runbook uses the plugin."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.ca = world, folder / "cas.pem"

    def restamp(self, reach: dict[str, str], *arguments: str, status: int | None = 0) -> str:
        """`restamp ...`, with the way to the stamp and to these machines."""
        cas = [self.world.server.ca, Path(reach["CA"])]
        self.ca.write_bytes(b"".join(path.read_bytes() for path in cas if path.exists()))
        env = {
            "RESTAMP_CA": str(self.ca),
            "RESTAMP_CONNECT_TO": f"{self.world.server.connect_to},{reach['CONNECT']}",
            "RESTAMP_SECRET_OEM_REDFISH_BMC": reach["KEY"],
            "RESTAMP_AGAIN": "0.1",
        }
        return self.world.restamp(*arguments, status=status, **env)

    def names(self, nodes: Nodes, *more: str) -> None:
        """Write into stamp.yaml which machines are meant."""
        file = self.world.runbook / "stamp.yaml"
        head = file.read_text().partition("plugins:")[0]
        lines = [f"    bmcs: [{', '.join(nodes.hosts)}]", f"    user: {nodes.administrator[0]}"]
        lines += [f"    {line}" for line in more]
        file.write_text(head + "plugins:\n  oem-redfish:\n   settings:\n" + "\n".join(lines) + "\n")


@pytest.fixture
def site(world: World, tmp_path: Path) -> Site:
    return Site(world, tmp_path)


def test_other_machines_are_looked_at_before_anything_is_deployed_on_them(site: Site) -> None:
    """Captured while they live; with firmware that is too old the recovery stops at them; power needs a sign-off."""
    world = site.world
    with rack("one", "contoso-g4") as (old, reach), world.stamp_of(1) as stamp:
        stamp.load([])
        site.restamp(reach, "capture", "--stamp", NAME)
        site.names(old)
        site.restamp(reach, "capture")
        found = {path: path.read_text() for path in (world.runbook / "hardware").iterdir()}
        assert len(found) == 4
        assert all("model: Contoso Rack Server R4" in text for text in found.values())
        assert reach["KEY"] not in "".join(found.values())
        site.restamp(reach, "capture")
        assert {path: path.read_text() for path in (world.runbook / "hardware").iterdir()} == found

    with rack("two", "fabrikam-g6") as (new, reach):
        site.names(new, "firmware: {BIOS: 1.14.2}", "power_off: 'true'")
        site.restamp(reach, "begin", "loss")
        new.change(2, "UpdateService/FirmwareInventory/Installed-BIOS", Version="1.9.0")
        told = site.restamp(reach, "up", status=4)
        assert f"{new.hosts[1]}: firmware BIOS: 1.9.0, and the others have 1.14.2" in told
        assert {node["Systems/System.Embedded.1"]["PowerState"] for node in map(new.resources, (1, 2, 3, 4))} == {"On"}

        new.change(2, "UpdateService/FirmwareInventory/Installed-BIOS", Version="1.14.2")
        told = site.restamp(reach, "up", status=3)
        assert "oem-redfish/power-off: waiting: for somebody's word, as it destroys" in told
        assert {node["Systems/System.Embedded.1"]["PowerState"] for node in map(new.resources, (1, 2, 3, 4))} == {"On"}
        site.restamp(reach, "signoff", "oem-redfish/power-off", "--by", "Ann")
        with world.stamp_of(2):
            site.restamp(reach, "begin", "loss")
            told = site.restamp(reach, "up", status=None)
        state = world.state()
        assert state[FITS]["message"].startswith("4 machines: Fabrikam, Inc. Fabrikam HyperNode 660"), told
        assert state["oem-redfish/power-off"]["message"] == "every machine is off"
        off = {node["Systems/System.Embedded.1"]["PowerState"] for node in map(new.resources, (1, 2, 3, 4))}
        assert off == {"Off"}
