"""What many tests start from: a simulated stamp behind HTTPS, and restamp's own way to it."""

import os
from collections.abc import Iterator

import pytest

from restamp.arm.client import Arm
from restamp.kind import Kinds
from restamp.plugins import all_kinds
from restamp.simulator import Stamp

from .fresh import Fresh, made
from .serving import Server, new_stamp, served, settings_for


@pytest.fixture
def kinds() -> Kinds:
    """Every kind that comes with restamp."""
    return all_kinds()


@pytest.fixture
def stamp() -> Iterator[Stamp]:
    """An empty stamp, `redmond.ext.contoso.example`, with AD FS."""
    made = new_stamp()
    yield made
    made.close()


@pytest.fixture
def server(stamp: Stamp) -> Iterator[Server]:
    """The stamp behind HTTPS."""
    with served(stamp) as running:
        yield running


@pytest.fixture
def arm(server: Server) -> Iterator[Arm]:
    """restamp's way to the stamp, signed in as its admin."""
    with Arm(settings_for(server)) as made:
        yield made


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """An environment with wheels of restamp and of three new plugins, the same for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    return made((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "fresh")
