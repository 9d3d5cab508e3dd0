"""What many tests start from: a simulated stamp behind HTTPS, and restamp's own way to it."""

from collections.abc import Iterator

import pytest

from restamp.arm.client import Arm
from restamp.kind import Kinds
from restamp.plugins import all_kinds
from restamp.simulator import Stamp

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
