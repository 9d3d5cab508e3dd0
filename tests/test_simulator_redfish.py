"""The BMCs of a simulated stamp's nodes: over HTTPS by an unmodified sushy, and in process."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sushy
from sushy.exceptions import AccessError

from restamp.simulator import Stamp, serve
from restamp.simulator.messages import Request, Response
from restamp.simulator.redfish import HARDWARE, Nodes
from restamp.simulator.server import Server


@pytest.fixture
def stamp() -> Iterator[Stamp]:
    made = Stamp("redmond", "ext.contoso.example")
    made.nodes = Nodes(made.state)
    yield made
    made.close()


@pytest.fixture
def server(stamp: Stamp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The stamp behind HTTPS; this test's DNS leads every name to it."""
    with serve(stamp) as running:
        resolve = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda _host, _port, *more, **named: resolve("127.0.0.1", running.port, *more)
        )
        yield running


@pytest.fixture
def signed_in(server: Server) -> Iterator[Callable[..., sushy.Sushy]]:
    """Makes unmodified clients at BMCs, which sign out in the end: by themselves they do so when nobody listens."""
    roots: list[sushy.Sushy] = []

    def made(node: int = 1, **more: str) -> sushy.Sushy:
        assert server.stamp.nodes is not None
        user, password = server.stamp.nodes.administrator
        where, who = f"https://{server.stamp.nodes.hosts[node - 1]}", {"username": user, "password": password} | more
        roots.append(sushy.Sushy(where, **who, verify=str(server.ca), server_side_retries=0))
        return roots[-1]

    yield made
    for root in roots:
        root._auth.close()
        root._auth = None


def inventory(root: sushy.Sushy) -> dict[str, Any]:
    """What a client reads of one node."""
    system = root.get_system()
    firmware = root.get_update_service().firmware_inventory.get_members()
    return {
        "model": (system.manufacturer, system.model, system.serial_number),
        "bios": (system.bios_version, system.bios.attributes["SecureBoot"]),
        "memory": system.memory_summary.size_gib,
        "power": system.power_state,
        "firmware": {each.name: each.version for each in firmware},
        "drives": sorted((d.model, d.capacity_bytes) for s in system.storage.get_members() for d in s.drives),
        "nics": [(each.mac_address, each.speed_mbps) for each in system.ethernet_interfaces.get_members()],
        "bmc": root.get_manager().firmware_version,
        "chassis": root.get_chassis().serial_number,
    }


@pytest.mark.parametrize("hardware", HARDWARE)
def test_an_unmodified_client_reads_the_inventory_of_a_node(server: Server, signed_in: Any, hardware: str) -> None:
    """Model, BIOS, firmware, disks, network, power: two vendors, two generations, each with its own names of things."""
    server.stamp.nodes = Nodes(server.stamp.state, hardware)
    found = inventory(signed_in())

    assert found["power"] == sushy.PowerState.ON
    assert found["firmware"].items() >= {("System BIOS", "2.8.4")} or found["firmware"]["BIOS"] == "1.14.2"
    assert found["bios"][1] == "Enabled"
    assert found["chassis"] == found["model"][2]
    assert len(found["drives"]) == {"contoso-g4": 7, "fabrikam-g6": 10}[hardware]
    assert all(speed in {1000, 25000} for _, speed in found["nics"])


def test_nodes_are_of_one_model_and_are_each_themselves(server: Server, signed_in: Any) -> None:
    """Serial numbers, addresses and ids differ; all else does not."""
    found = [inventory(signed_in(node)) for node in (1, 2, 3, 4)]

    assert len({each["model"][:2] for each in found}) == 1
    assert len({each["model"][2] for each in found}) == 4
    assert len({mac for each in found for mac, _ in each["nics"]}) == 12


def test_another_rack_of_the_same_hardware_is_other_machines(stamp: Stamp) -> None:
    """And the same rack is the same machines, on a stamp that was deployed anew as well."""
    assert stamp.nodes is not None
    first = stamp.nodes.resources(1)["Systems/1"]["SerialNumber"]
    stamp.nodes.change(1, "Systems/1", PowerState="Off")

    again = Stamp("redmond", "ext.contoso.example", seed=2)
    assert Nodes(again.state).resources(1)["Systems/1"]["SerialNumber"] == first
    assert Nodes(stamp.state).resources(1)["Systems/1"]["PowerState"] == "Off"
    other = Nodes(stamp.state, rack="2").resources(1)["Systems/1"]
    assert other["SerialNumber"] != first
    assert other["PowerState"] == "On"
    with pytest.raises(ValueError, match="'toaster' is none of contoso-g4, fabrikam-g6"):
        Nodes(stamp.state, "toaster")
    again.close()


def fabric(stamp: Stamp) -> list[tuple[str, str]]:
    """The nodes as the stamp itself shows them."""
    found = [body for body in stamp.objects() if "/scaleUnitNodes/" in body["id"]]
    return [(body["id"].rpartition("/")[2], body["properties"]["scaleUnitNodeStatus"]) for body in found]


def test_power_and_boot_are_changed(server: Server, signed_in: Any) -> None:
    """Off and on again, which the stamp notices; from the network once, and then as before."""
    system = signed_in().get_system()

    system.reset_system(sushy.ResetType.FORCE_OFF)
    system.refresh(force=True)
    assert system.power_state == sushy.PowerState.OFF
    assert [status for name, status in fabric(server.stamp) if name == "azs-node01"] == ["Stopped"]
    system.set_system_boot_options(sushy.BootSource.PXE, sushy.BootSourceOverrideEnabled.ONCE)
    system.refresh(force=True)
    assert (system.boot.target, system.boot.enabled) == (sushy.BootSource.PXE, sushy.BootSourceOverrideEnabled.ONCE)
    system.reset_system(sushy.ResetType.PUSH_POWER_BUTTON)
    system.refresh(force=True)
    assert system.power_state == sushy.PowerState.ON
    assert system.boot.enabled == sushy.BootSourceOverrideEnabled.DISABLED
    assert {status for _, status in fabric(server.stamp)} == {"Running"}
    other = signed_in(2).get_system()
    assert other.power_state == sushy.PowerState.ON
    reset = "POST /redfish/v1/Systems/1/Actions/ComputerSystem.Reset"
    assert server.stamp.acts == [reset, "PATCH /redfish/v1/Systems/1", reset]


def test_a_node_can_be_made_to_differ(server: Server, signed_in: Any) -> None:
    """Older firmware, a drive that fails, another model: what a comparison has to see."""
    nodes = server.stamp.nodes
    assert nodes is not None
    nodes.change(3, "UpdateService/FirmwareInventory/2", Version="2.10")
    nodes.change(3, "Systems/1/Storage/hba/Drives/2", Status={"Health": "Critical"})

    root = signed_in(3)
    storage = {each.identity: each for each in root.get_system().storage.get_members()}
    assert {each.name: each.version for each in root.get_update_service().firmware_inventory.get_members()}[
        "BMC"
    ] == "2.10"
    assert [drive.status.health for drive in storage["hba"].drives].count(sushy.Health.CRITICAL) == 1
    assert storage["hba"].drives[2].status.state == sushy.State.ENABLED


def asked(stamp: Stamp, method: str, path: str, body: Any = None, **headers: str) -> Response:
    """The answer of the first node's BMC, to its administrator where no headers say who asks."""
    assert stamp.nodes is not None
    secret = base64.b64encode(":".join(stamp.nodes.administrator).encode()).decode()
    who = headers or {"authorization": f"Basic {secret}"}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    names = {name.replace("_", "-"): value for name, value in who.items()}
    return stamp.handle(Request(method, stamp.nodes.hosts[0], path, {}, names, raw))


def test_only_the_administrator_gets_in(server: Server, signed_in: Any) -> None:
    """With a session or with Basic; the root alone is for anybody."""
    nodes = server.stamp.nodes
    assert nodes is not None
    with pytest.raises(AccessError):
        signed_in(password="wrong").get_system()

    basic = sushy.auth.BasicAuth(*nodes.administrator)
    assert sushy.Sushy(f"https://{nodes.hosts[0]}", auth=basic, verify=str(server.ca)).get_system().identity == "1"
    assert asked(server.stamp, "GET", "/redfish/v1", authorization="").status == 200
    assert asked(server.stamp, "GET", "/redfish/v1/Systems", authorization="Basic %").status == 401


def test_a_session_is_a_nodes_own_and_ends(stamp: Stamp) -> None:
    """When it is deleted, or nobody used it for half an hour of the stamp's clock."""
    nodes = stamp.nodes
    assert nodes is not None
    user, password = nodes.administrator
    opened = asked(stamp, "POST", "/redfish/v1/SessionService/Sessions", {"UserName": user, "Password": password})
    token = opened.headers["x-auth-token"]
    systems = "/redfish/v1/Systems"

    assert asked(stamp, "GET", systems, x_auth_token=token).status == 200
    elsewhere = Request("GET", nodes.hosts[1], systems, {}, {"x-auth-token": token})
    assert stamp.handle(elsewhere).status == 401
    stamp.clock.advance(1000)
    assert asked(stamp, "GET", systems, x_auth_token=token).status == 200
    stamp.clock.advance(1900)
    assert asked(stamp, "GET", systems, x_auth_token=token).status == 401

    opened = asked(stamp, "POST", "/redfish/v1/SessionService/Sessions", {"UserName": user, "Password": password})
    token, place = opened.headers["x-auth-token"], opened.headers["location"]
    assert [place] == [each["@odata.id"] for each in asked(stamp, "GET", place.rpartition("/")[0]).body["Members"]]
    assert asked(stamp, "DELETE", place, x_auth_token=token).status == 204
    assert asked(stamp, "GET", systems, x_auth_token=token).status == 401


ODD = {
    "no such resource": ("GET", "Systems/2", None, 404, "ResourceMissingAtURI"),
    "no such system": ("PATCH", "Systems/2", {}, 404, "ResourceMissingAtURI"),
    "no such action": ("POST", "Systems/1/Actions/ComputerSystem.Explode", {}, 404, "ResourceMissingAtURI"),
    "not a method": ("DELETE", "Systems/1", None, 405, "OperationNotAllowed"),
    "no JSON": ("PATCH", "Systems/1", b"{", 400, "MalformedJSON"),
    "no object": ("PATCH", "Systems/1", [], 400, "MalformedJSON"),
    "a version": ("PATCH", "Systems/1", {"BiosVersion": "1"}, 400, "PropertyNotWritable"),
    "boot as text": ("PATCH", "Systems/1", {"Boot": "Pxe"}, 400, "PropertyNotWritable"),
    "an odd boot source": (
        "PATCH",
        "Systems/1",
        {"Boot": {"BootSourceOverrideTarget": "Tape"}},
        400,
        "PropertyValueNotInList",
    ),
    "an odd reset": (
        "POST",
        "Systems/1/Actions/ComputerSystem.Reset",
        {"ResetType": "Nmi"},
        400,
        "ActionParameterNotSupported",
    ),
    "a wrong password": ("POST", "SessionService/Sessions", {"UserName": "bmcadmin"}, 401, "NoValidSession"),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_requests_are_refused_in_redfishs_form(stamp: Stamp, case: str) -> None:
    """With a message's id of the base registry, and nothing changed."""
    method, path, body, status, code = ODD[case]
    assert stamp.nodes is not None
    before = stamp.nodes.resources(1)

    answer = asked(stamp, method, f"/redfish/v1/{path}", body)
    assert (answer.status, answer.body["error"]["@Message.ExtendedInfo"][0]["MessageId"]) == (
        status,
        f"Base.1.8.{code}",
    )
    assert stamp.nodes.resources(1) == before


def test_what_is_no_node_does_not_answer(stamp: Stamp) -> None:
    """A fifth node; a stamp without any; a path that is not Redfish's."""
    assert asked(stamp, "GET", "/redfish").body == {"v1": "/redfish/v1/"}
    assert asked(stamp, "GET", "/hello").status == 404
    fifth = Request("GET", f"azs-node05-bmc.{stamp.state.home}", "/redfish/v1")
    assert stamp.handle(fifth).status == 404
    stamp.nodes = None
    assert stamp.handle(fifth).body["error"]["code"] == "HostNotFound"
