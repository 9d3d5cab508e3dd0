"""Fabric and updates of a stamp, through its own front door."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.asking import Desk
from tests.serving import new_stamp

from restamp.simulator import Baseline

HOUR = 3600


@pytest.fixture
def desk() -> Iterator[Desk]:
    baseline = Baseline(version="1.2301.2.58", oem="Fabrikam", model="F740", nodes=8)
    stamp = new_stamp(baseline=baseline)
    yield Desk(stamp)
    stamp.close()


def fabric(desk: Desk, what: str) -> str:
    return f"resourceGroups/System.redmond/providers/Microsoft.Fabric.Admin/fabricLocations/redmond/{what}"


def update(desk: Desk, what: str = "") -> Any:
    place = f"resourceGroups/System.redmond/providers/Microsoft.Update.Admin/updateLocations/redmond{what}"
    return desk.ask("GET", place).body


def test_a_stamp_shows_the_machines_it_was_deployed_on(desk: Desk) -> None:
    """As many nodes as there are, of one vendor and model; the scale unit names each, and adds up what they have."""
    version = "?api-version=2020-10-01"
    nodes = desk.ask("GET", fabric(desk, f"scaleUnitNodes{version}")).body["value"]
    (unit,) = desk.ask("GET", fabric(desk, f"scaleUnits{version}")).body["value"]

    assert len(nodes) == 8
    assert {(node["properties"]["vendor"], node["properties"]["model"]) for node in nodes} == {("Fabrikam", "F740")}
    assert len({node["properties"]["serialNumber"] for node in nodes}) == 8
    assert [name.lower() for name in unit["properties"]["nodes"]] == [node["id"].lower() for node in nodes]
    assert unit["properties"]["totalCapacity"]["cores"] == sum(n["properties"]["capacity"]["cores"] for n in nodes)


def test_every_role_runs_on_machines_that_are_there(desk: Desk) -> None:
    """What a role says of its machines leads to them, the backup controller's among them (documented)."""
    roles = desk.ask("GET", fabric(desk, "infraRoles")).body["value"]
    named = {f"/{instance}" for role in roles for instance in role["properties"]["instances"]}

    assert "redmond/BackupController" in {role["name"] for role in roles}
    assert {desk.ask("GET", f"{each}?api-version=2016-05-01").status for each in named} == {200}


def test_a_node_goes_into_maintenance_and_out_again(desk: Desk) -> None:
    """An operation, polled at its Location (recorded); the node says its last one."""
    node = fabric(desk, "scaleUnitNodes/azs-node01")
    begun = desk.ask("POST", f"{node}/StartMaintenanceMode?api-version=2020-10-01")
    poll = "/" + begun.headers["location"].split("/", 3)[3]
    early = desk.ask("GET", poll)
    desk.stamp.clock.advance(60)
    late = desk.ask("GET", poll)
    shown = desk.ask("GET", f"{node}?api-version=2020-10-01").body["properties"]

    assert (begun.status, early.status, late.status) == (202, 202, 200)
    assert early.body == {"properties": {"provisioningState": "Running"}}
    assert (shown["scaleUnitNodeStatus"], shown["lastOperationName"]) == ("Maintenance", "StartMaintenanceMode")


def test_new_addresses_are_busy_until_they_are_there(desk: Desk) -> None:
    """A new pool shows itself while it is made; its state is a number (documented). Half a range is refused."""
    pool = fabric(desk, "ipPools/more")
    good = {"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.3.255"}
    begun = desk.ask("PUT", pool, {"properties": good})
    poll = "/" + begun.headers["location"].split("/", 3)[3]
    early = desk.ask("GET", poll)
    desk.stamp.clock.advance(60)

    assert (begun.status, begun.body["properties"]["provisioningState"]) == (202, 1)
    assert early.body["properties"]["provisioningState"] == 1
    assert desk.ask("GET", poll).body["properties"] == good | {
        "numberOfIpAddresses": 1023,
        "numberOfAllocatedIpAddresses": 0,
        "numberOfIpAddressesInTransition": 0,
        "provisioningState": 0,
    }
    assert desk.ask("PUT", pool, {"properties": {"startIpAddress": "10.0.0.9", "endIpAddress": "x"}}).status == 400
    assert desk.ask("PUT", pool, {"properties": good | {"endIpAddress": "10.0.0.0"}}).status == 400


def test_an_update_takes_its_hours_and_leads_to_the_next_release(desk: Desk) -> None:
    """One at a time; the location says what is going on, and offers the next one in the end."""
    (offered,) = update(desk, "/updates")["value"]
    apply = f"{offered['id']}/apply"
    begun = desk.ask("POST", apply)
    run = "/" + begun.headers["location"].split("/", 3)[3]
    too_early, again = desk.ask("GET", run), desk.ask("POST", apply)
    meanwhile = update(desk)["properties"]
    desk.stamp.clock.advance(HOUR)
    going_on = desk.ask("GET", run).body["properties"]["state"]
    desk.stamp.clock.advance(24 * HOUR)
    after = update(desk)["properties"]

    assert (begun.status, too_early.status, too_early.body, again.status) == (202, 404, None, 409)
    assert (meanwhile["state"], meanwhile["currentVersion"], going_on) == (
        "UpdateInProgress",
        "1.2301.2.58",
        "InProgress",
    )
    assert desk.ask("GET", run).body["properties"]["state"] == "Succeeded"
    assert after["state"] == "AppliedUpdateAvailableSuccessfully"
    assert after["currentVersion"].startswith("1.2306.")
    assert {package["version"] for package in after["packageVersions"]} == {after["currentVersion"], "2.2.2301.1"}
    assert {each["properties"]["state"] for each in update(desk, "/updates")["value"]} == {"Installed", "Ready"}
    assert desk.ask("POST", apply).status == 400
    assert update(desk, "/updateRuns")["value"] == [desk.ask("GET", run).body]


def test_the_newest_release_has_no_update() -> None:
    """Where nothing follows, nothing is offered."""
    stamp = new_stamp(baseline=Baseline(version="1.2506.0.15"))
    desk = Desk(stamp)

    assert update(desk, "/updates")["value"] == []
    assert update(desk)["properties"]["state"] == "AppliedSuccessfully"
    stamp.close()


def test_a_slash_in_a_name_parts_nothing(desk: Desk) -> None:
    """A name put back into an address, slash and all, names nothing: 404 without a body (recorded)."""
    raw = "resourceGroups/System.redmond/providers/Microsoft.Update.Admin/updateLocations/redmond/updates/redmond%2Fx"
    answer = desk.ask("POST", f"{raw}/updateRuns/y/rerun")

    assert (answer.status, answer.body) == (404, None)
