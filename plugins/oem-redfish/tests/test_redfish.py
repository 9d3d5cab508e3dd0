"""The plugin against BMCs: those of a simulated stamp, over TLS, and a real emulator's process."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from restamp.arm.settings import Settings as Way
from restamp.errors import Unreachable
from restamp.models.step import Step, StepResult
from restamp.plugins import Used, all_kinds, installed
from restamp.runbook import load
from restamp.simulator import Fault, Stamp, serve
from restamp.simulator.certificates import authority, write
from restamp.simulator.redfish import HARDWARE, Nodes, tree
from restamp.simulator.redfish import write as write_tree
from restamp.simulator.server import Server
from restamp.steps.run import Around, PluginRun
from restamp_oem_redfish import FITS, NAME, OFF, START, capture, check, run_step, steps, verify
from restamp_oem_redfish.bmc import Login, NoEntry, NotRedfish, signed_in
from restamp_oem_redfish.machine import Machine
from restamp_oem_redfish.settings import Settings

STAMP = "kind: Stamp\nregion: redmond\ndomain: ext.contoso.example\nidentity: ADFS\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A stamp with four nodes, and the operator's environment."""
    stamp = Stamp("redmond", "ext.contoso.example")
    stamp.nodes = Nodes(stamp.state)
    with serve(stamp) as running:
        monkeypatch.setenv("RESTAMP_CA", str(running.ca))
        monkeypatch.setenv("RESTAMP_CONNECT_TO", running.connect_to)
        monkeypatch.setenv("RESTAMP_SECRET_OEM_REDFISH_BMC", stamp.nodes.administrator[1])
        yield running
    stamp.close()


class Operator:
    """A runbook with the plugin in it, and what the plugin says to each hook."""

    def __init__(self, nodes: Nodes, folder: Path) -> None:
        self.nodes, self.folder = nodes, folder
        self.said: list[str] = []
        (folder / "hardware").mkdir(parents=True)
        (folder / "stamp.yaml").write_text(STAMP)
        self.settings = {"bmcs": nodes.hosts, "user": nodes.administrator[0]}

    def run(self, **more: Any) -> PluginRun:
        """What a hook gets; of the plugin's settings these are others."""
        plugin = next(each for each in installed() if each.name == NAME)
        used = Used(plugin, Settings.model_validate(self.settings | more))
        around = Around(load(self.folder, all_kinds()), None, self._no_stamp, self.said.append)
        return PluginRun(around, used)

    def _no_stamp(self) -> Any:
        raise AssertionError("the stamp is lost, and nothing may ask it")

    def captured(self) -> list[Machine]:
        """What a capture finds, kept in the runbook."""
        found = list(capture(run=self.run()))
        for machine in found:
            (self.folder / "hardware" / f"{machine.name}.yaml").write_text(_yaml(machine))
        return found  # type: ignore[return-value]

    def checked(self, **more: Any) -> list[str]:
        return [f"{finding.level} {finding}" for finding in check(run=self.run(**more))]

    def ran(self, step: str, **more: Any) -> StepResult:
        """How a step stands, once it was asked."""
        found = {each.id: each for each in planned(self.settings | more)}
        return run_step(step=found[step], run=self.run(**more))


def planned(settings: dict[str, Any]) -> list[Step]:
    return list(steps(settings=Settings.model_validate(settings)))


def _yaml(machine: Machine) -> str:
    import yaml

    fields = machine.model_dump(by_alias=True, exclude_defaults=True)
    return yaml.safe_dump({"kind": "Machine"} | fields, sort_keys=False)


@pytest.fixture
def operator(server: Server, tmp_path: Path) -> Operator:
    assert server.stamp.nodes is not None
    return Operator(server.stamp.nodes, tmp_path / "runbook")


@pytest.mark.parametrize("hardware", HARDWARE)
def test_the_inventory_is_captured(server: Server, tmp_path: Path, hardware: str) -> None:
    """One document a machine; captured again it is the same, and the runbook loads with it."""
    server.stamp.nodes = Nodes(server.stamp.state, hardware)
    operator = Operator(server.stamp.nodes, tmp_path / "runbook")
    found = operator.captured()

    assert len(found) == 4
    assert {machine.model for machine in found} == {
        {"contoso-g4": "Contoso Rack Server R4", "fabrikam-g6": "Fabrikam HyperNode 660"}[hardware]
    }
    assert {len(machine.disks) for machine in found} == {{"contoso-g4": 7, "fabrikam-g6": 10}[hardware]}
    assert all(machine.firmware and machine.bios and machine.nics and machine.memory_gib for machine in found)
    assert sorted(load(operator.folder, all_kinds()).documents, key=lambda each: each.name) == found  # type: ignore[attr-defined]
    assert list(capture(run=operator.run())) == found
    assert operator.checked() == []
    assert "azs-node0" in operator.said[0]
    assert operator.said[3].startswith("100% ")


def test_a_capture_forgets_no_machine(operator: Operator) -> None:
    """One BMC that does not answer, and nothing is captured: what is known stays."""
    missing = (*operator.nodes.hosts[:3], "azs-node09-bmc.redmond.ext.contoso.example")

    with pytest.raises(NotRedfish, match="azs-node09-bmc"):
        list(capture(run=operator.run(bmcs=missing)))
    assert list(capture(run=operator.run(bmcs=()))) == []


def test_check_says_what_is_missing_for_a_comparison(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """BMCs in the settings, a capture, the password: each with the way to it."""
    assert operator.checked(bmcs=()) == ["warn plugin oem-redfish: no BMC is named, so nothing is known of any machine"]
    assert operator.checked()[0] == "warn plugin oem-redfish: no machine was captured, so none can be compared"
    monkeypatch.delenv("RESTAMP_SECRET_OEM_REDFISH_BMC")
    assert operator.checked()[1] == "stop plugin oem-redfish: needs the secret bmc, and it is not at hand"


def test_check_tells_of_machines_that_are_unwell_or_silent(operator: Operator) -> None:
    """By their names; what cannot be seen is said, never passed over."""
    operator.captured()
    operator.nodes.change(2, "Systems/1/Storage/hba/Drives/3", Status={"Health": "Critical"})
    first, second = operator.nodes.hosts[:2]

    assert operator.checked() == [f"warn {second}: hba/3 is Critical"]
    told = operator.checked(bmcs=(first, "azs-node09-bmc.redmond.ext.contoso.example"))
    assert len(told) == 1
    assert told[0].startswith("warn azs-node09-bmc.redmond.ext.contoso.example: is not seen: ")


def test_new_machines_are_compared_before_they_are_deployed(operator: Operator, server: Server) -> None:
    """Another vendor and generation will do, and what differs is told; one with older firmware will not."""
    operator.captured()
    server.stamp.nodes = new = Nodes(server.stamp.state, "fabrikam-g6", rack="2")
    asked = {"firmware": {"BIOS": "1.14.2"}}

    fit = operator.ran(FITS, **asked)
    assert (fit.status, fit.facts) == ("done", {"machines": "4", "model": "Fabrikam, Inc. Fabrikam HyperNode 660"})
    assert "model: was Contoso Ltd. Contoso Rack Server R4, and is Fabrikam, Inc. Fabrikam HyperNode 660" in (
        fit.evidence.values()
    )

    new.change(3, "UpdateService/FirmwareInventory/Installed-BIOS", Version="1.9.0")
    unfit = operator.ran(FITS, **asked)
    assert unfit.status == "failed"
    assert unfit.message.startswith(f"{new.hosts[2]}: firmware BIOS: 1.9.0, and the others have 1.14.2")
    assert unfit.message.endswith(" and 1 more: restamp check")
    assert operator.ran(FITS, bmcs=new.hosts[:3]).message.startswith("machines: there are 3")


def test_machines_that_are_still_on_their_way_are_waited_for(operator: Operator) -> None:
    """Weeks may go by until a rack answers: that is no failure."""
    waits = operator.ran(FITS, bmcs=(*operator.nodes.hosts, "azs-node09-bmc.redmond.ext.contoso.example"))

    assert waits.status == "waiting"
    assert waits.message == "4 machines answer; not yet: azs-node09-bmc.redmond.ext.contoso.example"


def test_nothing_is_written_unless_the_runbook_asks(operator: Operator, server: Server) -> None:
    """Reading is all there is; power and boot are steps that destroy, behind a sign-off."""
    assert [(step.id, step.destructive) for step in planned(operator.settings)] == [(FITS, False)]
    assert planned({}) == []
    both = planned(operator.settings | {"boot_from_network": "true"})
    assert [(step.id, step.destructive, step.needs) for step in both[1:]] == [
        (OFF, True, (FITS,)),
        (START, True, (OFF,)),
    ]
    assert all(step.signed for step in both[1:])

    operator.captured()
    operator.ran(FITS)
    list(verify(run=operator.run()))
    assert {record.method for record in server.stamp.requests if record.plane == "redfish"} == {"GET"}


def test_machines_are_switched_off_and_started_once(operator: Operator, server: Server) -> None:
    """Each step looks first: asked again, or killed anywhere, it does nothing a second time."""
    asked = {"boot_from_network": "true"}
    host = operator.nodes.hosts[3]
    first = operator.ran(OFF, **asked)
    assert (first.status, host in first.message) == ("waiting", True)
    assert operator.ran(OFF, **asked).message == "every machine is off"

    server.stamp.faults.append(Fault(r"POST /redfish/v1/Systems/1/Actions", after=2, status=503))
    busy = operator.ran(START, **asked)
    assert (busy.status, "503" in busy.message) == ("waiting", True)
    again = operator.ran(START, **asked)
    assert (again.status, again.message.count("azs-node")) == ("waiting", 1)
    assert operator.ran(START, **asked).message == "every machine was started"
    started = [record for record in server.stamp.requests if record.method == "POST" and record.status == 204]
    assert len(started) == 4 + 4


def test_verify_tells_how_the_machines_differ(operator: Operator) -> None:
    """And what it cannot see."""
    operator.captured()
    operator.nodes.change(1, "Systems/1", MemorySummary={"TotalSystemMemoryGiB": 256})
    assert list(verify(run=operator.run())) == []  # most are as before

    for node in (2, 3):
        operator.nodes.change(node, "Systems/1", MemorySummary={"TotalSystemMemoryGiB": 256})
    found = verify(run=operator.run(bmcs=(*operator.nodes.hosts, "azs-node09-bmc.redmond.ext.contoso.example")))
    assert [f"{each.level} {each.about}" for each in found] == [
        "warn azs-node09-bmc.redmond.ext.contoso.example",
        "note memory",
    ]
    assert list(verify(run=operator.run(bmcs=()))) == []


def login(operator: Operator, **more: str) -> Login:
    way = Way(ca=os.environ["RESTAMP_CA"], connect_to=os.environ["RESTAMP_CONNECT_TO"])
    user, password = operator.nodes.administrator
    return Login(**{"user": user, "password": password} | more, way=way)  # type: ignore[arg-type]


def test_each_way_not_to_be_let_in_has_its_words(operator: Operator, server: Server) -> None:
    """A wrong password, nobody there, something else there."""
    host = operator.nodes.hosts[0]
    with (
        pytest.raises(NoEntry, match="user name or password of bmcadmin is wrong"),
        signed_in(host, login(operator, password="wrong")) as bmc,
    ):
        bmc.machine()
    with (
        pytest.raises(Unreachable, match="its name does not resolve"),
        signed_in("bmc.nowhere.invalid", login(operator)),
    ):
        pass
    server.stamp.faults.append(Fault("/redfish", times=None, status=200, body=["hello"]))
    with pytest.raises(NotRedfish, match=host), signed_in(host, login(operator)):
        pass


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def over_a_tree(folder: Path, port: int, chain: Path, key: Path) -> list[str]:
    """OpenStack's server of mock-ups, over the tree of a machine."""
    write_tree(tree("contoso-g4", "azs-node01", "rack/1"), folder / "tree")
    where = ["-i", "127.0.0.1", "-p", str(port), "-m", str(folder / "tree"), "-c", str(chain), "-k", str(key)]
    return [sys.executable, "-u", "-m", "sushy_tools.static.main", *where]


def with_machines_of_its_own(folder: Path, port: int, chain: Path, key: Path) -> list[str]:
    """OpenStack's emulator, whose BMCs tell less."""
    (folder / "conf.py").write_text(
        f"SUSHY_EMULATOR_SSL_CERT = {str(chain)!r}\nSUSHY_EMULATOR_SSL_KEY = {str(key)!r}\n"
        f"SUSHY_EMULATOR_STATE_DIR = {str(folder)!r}\n"
    )
    where = ["-i", "127.0.0.1", "-p", str(port), "--config", str(folder / "conf.py")]
    return [sys.executable, "-m", "sushy_tools.emulator.main", "--fake", *where]


@pytest.fixture(params=[over_a_tree])
def emulator(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real Redfish emulator, a process of its own: the name of a BMC that leads there."""
    files = write(authority(), "redmond", "ext.contoso.example", tmp_path / "tls")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = request.param(tmp_path, port, files.chain, files.key)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    monkeypatch.setenv("RESTAMP_CA", str(files.ca))
    monkeypatch.setenv("RESTAMP_CONNECT_TO", f"*:443=127.0.0.1:{port}")
    try:
        while not listens(port):
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"the emulator ended with {process.wait(0.05)}")
        yield "azs-node01-bmc.redmond.ext.contoso.example"
    finally:
        process.terminate()
        process.wait(10)


def test_a_real_emulator_is_read_alike(operator: Operator, emulator: str) -> None:
    """The inventory of a Redfish service that we did not write."""
    with signed_in(emulator, login(operator)) as bmc:
        machine = bmc.machine()

        assert (machine.manufacturer, machine.firmware["System BIOS"]) == ("Contoso Ltd.", "2.8.4")
        assert (len(machine.disks), len(machine.nics), machine.memory_gib) == (7, 3, 384)
        assert bmc.troubles() == []
        assert bmc.is_on


@pytest.mark.parametrize("emulator", [with_machines_of_its_own], indirect=True)
def test_a_bmc_that_fails_is_not_read_as_a_machine_without_disks(operator: Operator, emulator: str) -> None:
    """This emulator answers 500 about storage: that is told. What it knows of power can be read all the same."""
    with signed_in(emulator, login(operator)) as bmc:
        assert not bmc.is_on
    with pytest.raises(NotRedfish, match="/Storage returned code 500"), signed_in(emulator, login(operator)) as bmc:
        bmc.machine()


def test_a_part_that_a_bmc_does_not_have_is_none(operator: Operator, server: Server) -> None:
    """No firmware inventory, no storage: then a machine has none that anybody knows of, and approval stops at it."""
    server.stamp.faults.append(Fault("(FirmwareInventory|Storage)$", times=None, status=404))
    machines = list(capture(run=operator.run()))

    assert {(len(machine.firmware), len(machine.disks)) for machine in machines} == {(0, 0)}  # type: ignore[attr-defined]
    told = operator.checked(firmware={"BMC": "2.31"})
    assert f"stop {operator.nodes.hosts[0]}: firmware BMC is not there, and 2.31 is approved" in told
