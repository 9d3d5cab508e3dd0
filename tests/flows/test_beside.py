"""What a capture keeps that no stamp has: documents of plugins and of people, pinned files, and saved data."""

from hashlib import sha256
from pathlib import Path

import pytest
from tests.flows.world import World
from tests.outsiders import installed

PLUGIN = '''
"""Knows of racks, takes what people write of doors, and saves a database."""
import os
from pathlib import Path
from restamp.hookspecs import hookimpl
from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Name
from restamp.models.step import PluginCard, Step, done, failed

class Rack(Document):
    name: Name
    units: Count

class Door(Document):
    name: Name
    code: str

RACK = Kind("Rack", "racks", Rack, Wire.nowhere("{name}"), comes_from="plugin")
DOOR = Kind("Door", "doors", Door, Wire.nowhere("{name}"), comes_from="people")

@hookimpl
def plugin_card():
    return PluginCard(name="oem-racks", role="oem", title="Racks")

@hookimpl
def kinds():
    return [RACK, DOOR]

@hookimpl
def capture(run):
    for text in os.environ["RACKS"].split():
        name, units = text.split(":")
        yield Rack(name=name, units=int(units))

@hookimpl
def steps():
    yield Step(id="oem-racks/save", title="Save", phase="backup", secrets=("key",), patience="PT1S")
    yield Step(id="oem-racks/check", title="Check", phase="backup", needs=("oem-racks/save",))
    yield Step(id="oem-racks/look", title="Look", phase="backup", by="operator", how="Look at the racks.")

@hookimpl
def run_step(step, run):
    if step.id == "oem-racks/check":
        return done("seen " + run.facts["oem-racks/save"]["file"])
    if run.secret("key") == "wrong":
        return failed("no key of mine: " + run.secret("key"))
    return done("saved", facts={"file": "dump"})
'''


@pytest.fixture
def env(world: World, tmp_path: Path) -> dict[str, str]:
    """The plugin is there, and not used yet."""
    return {"PYTHONPATH": str(installed(tmp_path / "site", "oem-racks", source=PLUGIN)), "RACKS": "one:42 two:21"}


def test_plugins_capture_and_what_people_wrote_stays_byte_for_byte(world: World, env: dict[str, str]) -> None:
    """A rack that is gone goes; a door with its comment is people's alone; a plugin that fails takes nothing."""
    door = world.runbook / "doors" / "cage.yaml"
    text = "# the code is at the desk\nkind: Door\nname: cage\ncode:   '0815'\n"
    with world.stamp_of(1) as stamp:
        stamp.load([])
        world.restamp("capture", "--stamp", "redmond.ext.contoso.example", status=None, **env)
        world.restamp("plugins", "use", "oem-racks", **env)
        door.parent.mkdir()
        door.write_text(text)
        world.restamp("capture", **env)
        assert {path.name for path in (world.runbook / "racks").iterdir()} == {"one.yaml", "two.yaml"}
        world.restamp("capture", **env | {"RACKS": "two:20"})
        assert "units: 20" in (world.runbook / "racks" / "two.yaml").read_text()
        told = world.restamp("capture", **env | {"RACKS": "three"})
    assert "plugin oem-racks: not covered, kept as it was: plugin oem-racks, capture: ValueError" in told
    assert {path.name for path in (world.runbook / "racks").iterdir()} == {"two.yaml"}
    assert door.read_text() == text
    assert "oem-racks: '1.0'" in (world.runbook / "captured.yaml").read_text()


def test_files_are_pinned_and_data_is_saved(world: World, env: dict[str, str]) -> None:
    """The hash of a file is in git; a step that needs another gets its facts, and none tells a secret."""
    with world.stamp_of(1) as stamp:
        stamp.load([])
        world.restamp("capture", "--stamp", "redmond.ext.contoso.example", **env)
        world.restamp("plugins", "use", "oem-racks", **env)
        file = world.runbook / "stamp.yaml"
        file.write_text(file.read_text().replace("files: {}", "files: {sheet: sheet.xlsm, lost: lost.iso}"))
        (world.runbook / "sheet.xlsm").write_bytes(b"cells")
        told = world.restamp("capture", "--with-data", RESTAMP_SECRET_OEM_RACKS_KEY="right", **env)
        assert "oem-racks/save: done: saved\noem-racks/check: done: seen dump\n" in told.replace(
            "seen dump\noem", "seen dump\noem"
        )
        assert "file oem-racks/lost: lost.iso is not there" in told
        wrong = world.restamp("capture", "--with-data", status=4, RESTAMP_SECRET_OEM_RACKS_KEY="wrong", **env)
    assert "oem-racks/save: failed: no key of mine: ***" in wrong
    assert "oem-racks/check: waiting: waits for oem-racks/save" in wrong
    assert "1 step failed: this data was not saved" in wrong
    captured = (world.runbook / "captured.yaml").read_text()
    assert "oem-racks/sheet:" in captured
    assert f"sha256: {sha256(b'cells').hexdigest()}" in captured
