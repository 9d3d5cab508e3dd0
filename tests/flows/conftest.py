"""Fixtures of the stories."""

from pathlib import Path

import pytest
from tests.flows.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An operator's machine with an empty project."""
    return World(tmp_path)
