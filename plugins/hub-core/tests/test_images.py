"""Images and extensions: captured as lists, brought back by people, missed where they are not."""

from hashlib import sha256
from typing import Any

import pytest
from tests.asking import Desk

from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp_hub_core.images import MachineExtension, PlatformImage

from .conftest import Bench

PLACE = "providers/Microsoft.Compute.Admin/locations/redmond/artifactTypes"
UBUNTU = "platformImage/publishers/Canonical/offers/UbuntuServer/skus/18.04/versions/1.0.0"
SCRIPT = "VMExtension/publishers/Microsoft/types/CustomScript/versions/1.9"
DOCUMENT = """kind: PlatformImage
publisher: Canonical
offer: UbuntuServer
sku: '18.04'
version: 1.0.0
os: Linux
source: //files/ubuntu.vhd
sha256: 9f2c
"""


def put(bench: Bench, what: str, **properties: Any) -> None:
    """Put an image or extension on the stamp."""
    url = f"{PLACE}/{what}?api-version=2015-12-01-preview"
    assert Desk(bench.stamp).ask("PUT", url, {"properties": properties}).status == 201


def test_a_capture_lists_what_the_stamp_has(bench: Bench) -> None:
    """By name and system; nothing is changed by it."""
    put(bench, UBUNTU, osDisk={"osType": "Linux", "uri": "https://files.contoso.example/ubuntu.vhd"})
    put(bench, SCRIPT, vmOsType="Linux", computeRole="IaaS", sourceBlob={"uri": "https://files.contoso.example/s.zip"})
    before = len(bench.stamp.effects)

    assert bench.called("capture", Document) == [
        PlatformImage(publisher="Canonical", offer="UbuntuServer", sku="18.04", version="1.0.0", os="Linux"),
        MachineExtension(publisher="Microsoft", type="CustomScript", version="1.9", os="Linux"),
    ]
    assert len(bench.stamp.effects) == before


def test_people_bring_back_what_is_listed_behind_the_registration(bench: Bench) -> None:
    """With the file and hash that they keep beside it; nothing listed, nothing to do."""
    assert "marketplace" not in bench.steps
    bench.written({"images/ubuntu.yaml": DOCUMENT})
    step = bench.steps["marketplace"]

    assert (step.by, step.needs) == ("operator", ("hub-core/registration",))
    line = "- PlatformImage Canonical/UbuntuServer/18.04/1.0.0 (Linux), kept at //files/ubuntu.vhd, sha256 9f2c"
    assert line in step.how
    bench.settings = {"registration": {"name": "redmond", "connected": "false"}}
    assert "with the marketplace syndication tool" in bench.steps["marketplace"].how


def test_what_is_not_there_in_the_end_is_said(bench: Bench) -> None:
    """By name, until it is."""
    bench.written({"images/ubuntu.yaml": DOCUMENT})
    about = "PlatformImage Canonical/UbuntuServer/18.04/1.0.0"
    assert about in [finding.about for finding in bench.called("verify", Finding)]

    put(bench, UBUNTU, osDisk={"osType": "Linux", "uri": "https://files.contoso.example/ubuntu.vhd"})
    assert about not in [finding.about for finding in bench.called("verify", Finding)]


@pytest.mark.parametrize(
    ("source", "sha256", "told"),
    [
        ("ubuntu.vhd", sha256(b"an image").hexdigest().upper(), []),
        ("ubuntu.vhd", "", ["nobody wrote down the hash of its file ubuntu.vhd, so any other would do"]),
        ("ubuntu.vhd", "9f2c", [f"its file ubuntu.vhd is another: sha256 {sha256(b'an image').hexdigest()}"]),
        ("gone.vhd", "9f2c", ["its file gone.vhd is not there"]),
        ("https://files.contoso.example/ubuntu.vhd", "9f2c", []),
        (r"\\files\ubuntu.vhd", "9f2c", []),
    ],
)
def test_files_that_images_are_to_come_from_are_looked_at_today(
    bench: Bench, source: str, sha256: str, told: list[str]
) -> None:
    """Where a document names one that this machine can read: there, and the same as its hash.

    In a recovery they are not read: that takes long, and stops nothing.
    """
    lines = [line for line in DOCUMENT.splitlines() if not line.startswith(("source", "sha256"))]
    bench.written({"images/ubuntu.yaml": "\n".join([*lines, f"source: '{source}'", f"sha256: '{sha256}'"])})
    bench.written({"ubuntu.vhd": "an image"})

    def said() -> list[str]:
        found = [item for item in bench.called("check", Finding) if item.code == "artefact"]
        assert {(item.level, item.about) for item in found} <= {
            ("warn", "PlatformImage Canonical/UbuntuServer/18.04/1.0.0")
        }
        return [item.message for item in found]

    bench.recovering = False
    assert said() == told
    bench.recovering = True
    assert said() == [message for message in told if "is another" not in message]


def test_what_hub_core_needs_and_lives_with_the_stamp_is_a_stop(bench: Bench) -> None:
    """Lost with it: where the backups are, their copy, and where the next ones go."""
    there = "files.redmond.ext.contoso.example"
    bench.settings = {"share": f"smb://{there}/b", "copyTo": f"/net/{there}", "backupPath": rf"\\{there}\again"}

    found = [item for item in bench.called("check", Finding) if item.code == "own-domain"]
    assert [item.about for item in found] == ["hub-core's share", "hub-core's copyTo", "hub-core's backupPath"]
    assert {item.level for item in found} == {"stop"}


def test_a_stamp_without_backups_is_said_to_have_none(bench: Bench) -> None:
    """The next loss would have nothing to recover from."""
    said = [finding.message for finding in bench.called("verify", Finding)]

    assert said == ["are not made on schedule", "none of this deployment can be recovered from"]


def test_what_nobody_could_say_any_more_is_said_today(bench: Bench) -> None:
    """All at once, each with the line for stamp.yaml; nothing once all is there."""
    found = bench.called("check", Finding)
    assert {finding.about for finding in found} == {"registration", "service admin", "federation", "sign-in", "backups"}
    assert all("stamp.yaml" in finding.hint for finding in found if finding.about != "sign-in")
    assert {finding.level for finding in found} == {"warn"}


def test_what_cannot_be_is_a_stop(bench: Bench) -> None:
    """The old folder for new backups, and Capacity without an agreement."""
    location = "kind: BackupLocation\nname: redmond\npath: '\\\\nas\\b'\nuserName: b\n"
    bench.written({"backup/redmond.yaml": location})
    bench.settings = {"backupPath": "\\\\NAS\\b\\", "registration": {"name": "redmond", "billing": "Capacity"}}

    stops = [finding.about for finding in bench.called("check", Finding) if finding.level == "stop"]
    assert stops == ["registration", "backups"]
