"""`restamp check`: everything that would stop a recovery today, at once."""

import json
from pathlib import Path

from tests.flows.world import World
from tests.outsiders import installed

PLUGIN = """
from restamp.hookspecs import hookimpl
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step

@hookimpl
def plugin_card():
    return PluginCard(name="oem-racks", role="oem", title="Racks")

@hookimpl
def check(run):
    yield Finding("racks", "stop", "racks", "there is none on the shelf", "Order one.")
    if run.recovery:
        yield Finding("racks", "warn", "racks", f"{run.recovery.id} waits for one")

@hookimpl
def steps():
    yield Step(id="oem-racks/build", title="Build", phase="redeploy", by="oem", how="Build it.", files=("sheet",))
"""


def test_everything_is_said_at_once_and_the_exit_status_is_for_a_scheduler(world: World, tmp_path: Path) -> None:
    """The runbook, what plugins say, files, places and keys; as text, and as data."""
    env = {"PYTHONPATH": str(installed(tmp_path / "site", "oem-racks", source=PLUGIN))}
    world.captured()
    world.restamp("plugins", "use", "oem-racks", **env)

    told = world.restamp("check", status=4, **env)
    for sentence in (
        "stop: racks: there is none on the shelf",
        "stop: file oem-racks/sheet: is needed, and nobody says where it is",
        "warn: external certificates: nobody says where they are held",
        "warn: git remote: there is none: the runbook is on this machine alone",
        "warn: backups: nobody says where their share is: not looked at",
        "note: stamp: could not be asked",
        "inside covered: ",
    ):
        assert sentence in told
    data = json.loads(world.restamp("check", "--json", status=4, **env).partition("\n{")[2].join(["{", ""]))
    assert {item["code"] for item in data["findings"]} >= {"racks", "artefact", "no-remote", "no-share"}

    assert "loss waits for one" not in told
    world.restamp("begin", "loss", **env)
    assert "warn: racks: loss waits for one" in world.restamp("check", status=4, **env)

    stamp = world.runbook / "stamp.yaml"
    stamp.write_text(stamp.read_text().partition("plugins:")[0])
    assert "0 of" in world.restamp("check")
