"""Whether machines will do, and how they differ from those before: pure, so without any machine."""

from typing import Any

import pytest

from restamp.models.finding import Finding
from restamp_oem_redfish.compare import differences, needed, older
from restamp_oem_redfish.machine import Disk, Machine, Nic


def machine(number: int, **more: Any) -> Machine:
    """One machine of a rack, like the others but for its serial number and address."""
    common: dict[str, Any] = {
        "manufacturer": "Contoso Ltd.",
        "model": "R4",
        "serial": f"S{number}",
        "processors": 2,
        "processor": "Xeon",
        "memory_gib": 384,
        "firmware": {"BMC": "2.31", "System BIOS": "2.8.4"},
        "bios": {"SecureBoot": "Enabled"},
        "disks": {f"hba/{bay}": Disk(model="HDD 8000", gb=8000) for bay in range(4)},
        "nics": {"1": Nic(mac=f"02:00:00:00:00:0{number}", mbps=25000)},
    }
    return Machine(name=f"bmc{number}", **common | more)


def rack(count: int = 4, **more: Any) -> list[Machine]:
    return [machine(number, **more) for number in range(1, count + 1)]


def told(findings: list[Finding]) -> list[str]:
    return [f"{finding.level} {finding}" for finding in findings]


def test_four_machines_that_are_alike_will_do() -> None:
    """At or above the approved level, whatever else they are."""
    assert needed(rack(), 4, {"System BIOS": "2.8.4", "BMC": "2.4"}) == []


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (3, "stop machines: there are 3, and a deployment needs at least 4"),
        (0, "stop machines: there are 0, and a deployment needs at least 4"),
        (17, "stop machines: there are 17, and a deployment needs at most 16"),
    ],
)
def test_too_few_and_too_many_are_refused(count: int, expected: str) -> None:
    """A scale unit has 4 to 16 nodes."""
    assert told(needed(rack(count), 4, {})) == [expected]


UNLIKE: dict[str, tuple[dict[str, Any], str]] = {
    "model": ({"model": "R5"}, "stop bmc2: model: Contoso Ltd. R5, and the others have Contoso Ltd. R4"),
    "vendor": (
        {"manufacturer": "Fabrikam"},
        "stop bmc2: model: Fabrikam R4, and the others have Contoso Ltd. R4",
    ),
    "memory": ({"memory_gib": 256}, "stop bmc2: memory: 256 GiB, and the others have 384 GiB"),
    "processor": ({"processors": 1}, "stop bmc2: processors: 1 x Xeon, and the others have 2 x Xeon"),
    "disk missing": (
        {"disks": {f"hba/{bay}": Disk(model="HDD 8000", gb=8000) for bay in range(3)}},
        "stop bmc2: disks: 3 x HDD 8000 (8000 GB), and the others have 4 x HDD 8000 (8000 GB)",
    ),
    "no disks": ({"disks": {}}, "stop bmc2: disks: none, and the others have 4 x HDD 8000 (8000 GB)"),
    "a port without a link": (
        {"nics": {"1": Nic(mac="02", mbps=None)}},
        "stop bmc2: network ports: 1 x no link Mbit/s, and the others have 1 x 25000 Mbit/s",
    ),
    "firmware": (
        {"firmware": {"BMC": "2.30", "System BIOS": "2.8.4"}},
        "stop bmc2: firmware BMC: 2.30, and the others have 2.31",
    ),
    "firmware missing": (
        {"firmware": {"System BIOS": "2.8.4"}},
        "stop bmc2: firmware BMC: none, and the others have 2.31",
    ),
    "BIOS setting": (
        {"bios": {"SecureBoot": "Disabled"}},
        "warn bmc2: BIOS SecureBoot: Disabled, and the others have Enabled",
    ),
}


@pytest.mark.parametrize("case", UNLIKE)
def test_a_machine_unlike_the_others_is_named(case: str) -> None:
    """With what it has, and what the others have; a BIOS setting is for the OEM to judge."""
    changed, expected = UNLIKE[case]
    machines = rack()
    machines[1] = machine(2, **changed)

    assert told(needed(machines, 4, {})) == [expected]


def test_firmware_below_the_approved_level_is_told_for_each_machine() -> None:
    """Also where a BMC does not tell of it at all."""
    assert told(needed(rack(4, firmware={"BMC": "2.9"}), 4, {"BMC": "2.31", "NIC": "1"})) == [
        *(f"stop bmc{number}: firmware BMC is 2.9, and 2.31 is approved" for number in (1, 2, 3, 4)),
        *(f"stop bmc{number}: firmware NIC is not there, and 1 is approved" for number in (1, 2, 3, 4)),
    ]


@pytest.mark.parametrize(
    ("version", "than", "expected"),
    [
        ("2.9", "2.31", True),
        ("2.31", "2.9", False),
        ("2.31", "2.31", False),
        ("7.10.30.00", "7.10.50.00", True),
        ("14.23.1020", "16.17", True),
        ("2.8", "2.8.1", True),
        ("C104", "C105", True),
        ("A9", "C105", False),
        ("2.8.4-beta", "2.8.5", False),
        ("", "1.0", True),
    ],
)
def test_versions_are_compared_as_numbers(version: str, than: str, expected: bool) -> None:
    """Those with other words have no order."""
    assert older(version, than) is expected


def test_the_same_rack_does_not_differ() -> None:
    """Nor does one with other serial numbers; a part of the old machines is told."""
    others = [each.model_copy(update={"serial": f"T{each.serial}"}) for each in rack()]

    assert differences(rack(), rack()) == differences(rack(), others) == []
    assert told(differences(rack(), [*rack(2), *others[2:]])) == [
        "note machines: 2 of 4 are those of before, by their serial numbers"
    ]
    assert differences([], rack()) == differences(rack(), []) == []


def test_another_generation_is_told_part_by_part() -> None:
    """Notes, for none of it stops a recovery; older firmware under the same name is a warning."""
    new = rack(
        6,
        model="R5",
        memory_gib=512,
        firmware={"BMC": "2.30", "System BIOS": "3.0", "NIC": "1"},
        disks={"nvme/0": Disk(model="NVMe 7680", gb=7680)},
    )

    assert told(differences(rack(), new)) == [
        "note machines: there were 4, and there are 6",
        "note model: was Contoso Ltd. R4, and is Contoso Ltd. R5",
        "note memory: was 384 GiB, and is 512 GiB",
        "note disks: was 4 x HDD 8000 (8000 GB), and is 1 x NVMe 7680 (7680 GB)",
        "warn firmware BMC: is 2.30, older than the 2.31 of before",
        "note firmware System BIOS: was 2.8.4, and is 3.0",
        "note machines: 4 of 6 are those of before, by their serial numbers",
    ]
