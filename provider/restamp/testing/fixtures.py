"""pytest fixtures for tests of plugins: `pytest_plugins = ["restamp.testing.fixtures"]` in a conftest."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from restamp.arm.client import Arm
from restamp.models.stamp import Stamp as StampFile
from restamp.runbook.save import own_file
from restamp.simulator import Fault, Stamp
from restamp.simulator.clock import Clock
from restamp.simulator.server import Server
from restamp.testing.scene import DOMAIN, REGION, redeployed, settings_of


@pytest.fixture
def server() -> Iterator[Server]:
    """A redeployed stamp, `redmond.ext.contoso.example`, behind HTTPS."""
    with redeployed() as running:
        yield running


@pytest.fixture
def stamp(server: Server) -> Stamp:
    """The stamp itself: its objects, its log of requests and effects."""
    return server.stamp


@pytest.fixture
def arm(server: Server) -> Iterator[Arm]:
    """Restamp's way to the stamp, signed in as its admin."""
    with Arm(settings_of(server)) as made:
        yield made


@pytest.fixture
def clock(stamp: Stamp) -> Clock:
    """The stamp's own clock: moved forward at will."""
    return stamp.clock


@pytest.fixture
def faults(stamp: Stamp) -> list[Fault]:
    """What goes wrong on the stamp: append a `Fault`."""
    return stamp.faults


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """A folder for infrastructure backups."""
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


@pytest.fixture
def runbook(tmp_path: Path) -> Path:
    """The folder of a runbook that has nothing but its stamp.yaml."""
    folder = tmp_path / "runbook"
    folder.mkdir()
    (folder / "stamp.yaml").write_text(own_file(StampFile(region=REGION, domain=DOMAIN, identity="ADFS")), "utf-8")
    return folder
