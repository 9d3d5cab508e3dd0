"""`restamp check`: everything that would stop a recovery today, at once."""

import datetime as dt
import json
from pathlib import Path

from tests.flows.world import World
from tests.outsiders import installed
from tests.shares import SUBSCRIPTIONS, backup_id, made, name_of, pair
from tests.test_backup_cases import facts
from tests.test_check import certificate

from restamp.models.backup import Backups
from restamp.runbook.save import own_file

PLUGIN = """
import datetime
import os
from restamp.hookspecs import hookimpl
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step

@hookimpl
def plugin_card():
    return PluginCard(name="oem-racks", role="oem", title="Racks")

@hookimpl
def check(run):
    yield Finding("racks", "stop", "racks", "there is none on the shelf", "Order one.")
    if os.environ.get("RACKS") == "asked":
        yield Finding("racks", "note", "racks", f"are for deployment {run.arm.about.deployment}")
    if run.recovery:
        yield Finding("racks", "warn", "racks", f"{run.recovery.id} waits for one")

@hookimpl
def steps():
    yield Step(id="oem-racks/build", title="Build", phase="redeploy", by="oem", how="Build it.", files=("sheet",),
               needs=("rp-gone/rack",) if os.environ.get("RACKS") == "late" else (),
               secrets=("tray",), lead=datetime.timedelta(days=30))
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
        "stop: backups: nobody says where their share is: none is proven",
        "warn: plugin oem-racks: needs the secret tray, and it is not at hand",
        "note: stamp: could not be asked",
        "inside covered: ",
    ):
        assert sentence in told
    data = json.loads(world.restamp("check", "--json", status=4, **env).partition("\n{")[2].join(["{", ""]))
    assert {item["code"] for item in data["findings"]} >= {"racks", "artefact", "no-remote", "no-share"}

    assert "loss waits for one" not in told
    world.restamp("begin", "loss", **env)
    assert "warn: racks: loss waits for one" in world.restamp("check", status=4, **env)


def test_plugins_reach_the_stamp_the_way_that_options_name(world: World, tmp_path: Path) -> None:
    """As the command itself does."""
    env = {"PYTHONPATH": str(installed(tmp_path / "site", "oem-racks", source=PLUGIN)), "RACKS": "asked"}
    world.captured()
    world.restamp("plugins", "use", "oem-racks", **env)
    with world.stamp_of(2) as stamp:
        way = (
            "--connect-to",
            world.server.connect_to,
            "--ca",
            str(world.server.ca),
            "--client-id",
            stamp.admin.client_id,
        )
        nowhere = {"RESTAMP_CONNECT_TO": "", "RESTAMP_CA": "", "RESTAMP_CLIENT_ID": ""}
        assert "note: racks: are for deployment " in world.restamp("check", *way, status=4, **env, **nowhere)


def test_one_plugin_that_is_missing_hides_nothing_that_others_say(world: World, tmp_path: Path) -> None:
    """Files, secrets, sign-offs, and how long certificates have to last: from the plugins that are there."""
    env = {"PYTHONPATH": str(installed(tmp_path / "site", "oem-racks", source=PLUGIN))}
    world.captured()
    world.restamp("plugins", "use", "oem-racks", **env)
    certificate(tmp_path / "portal.pem", dt.datetime.now(dt.UTC) + dt.timedelta(days=20))
    stamp = world.runbook / "stamp.yaml"
    named = stamp.read_text().replace("plugins:\n", "plugins:\n  rp-gone: {}\n")
    stamp.write_text(named.replace("certificates: []", f"certificates: [{tmp_path / 'portal.pem'}]"))

    told = world.restamp("check", status=4, **env, RACKS="late")
    for sentence in (
        "stop: oem-racks/build: needs rp-gone/rack, and no plugin in use has such a step",
        "stop: plugin rp-gone: is named in stamp.yaml and not installed here",
        "stop: racks: there is none on the shelf",
        "stop: file oem-racks/sheet: is needed, and nobody says where it is",
        "sooner than the 30 days that a recovery may have to wait",
    ):
        assert sentence in told


def test_the_exit_status_says_whether_a_backup_is_proven(world: World, tmp_path: Path) -> None:
    """0 with the share, its key and the stamp's word; 3 where nobody says a word against it; 4 where one does."""
    share, word = made(tmp_path / "share", 3), world.runbook / "backups.yaml"
    key = {"RESTAMP_OPENERS": str(pair("backup").pfx(tmp_path / "backup.pfx")), "RESTAMP_OPENER_PASSWORD": "sesame"}
    asked = ("check", "--share", str(share.folder))
    world.captured()
    word.write_text(own_file(Backups(backups=(facts(0), facts(1), facts(2, thumbprint=None)))))
    assert "0 of" in world.restamp(*asked, **key)

    word.unlink()
    assert f"warn: backup {backup_id(2)}: is not proven" in world.restamp(*asked, status=3, **key)
    told = world.restamp(*asked, status=4)
    assert f"stop: certificate {pair('backup').thumbprint}: encrypts the backups, and no private key" in told

    captured = world.runbook / "captured.yaml"
    lines = captured.read_text().splitlines()
    captured.write_text("\n".join("at: 2026-10-20T00:00:00Z" if line.startswith("at:") else line for line in lines))
    assert "warn: runbook: is of 2026-10-20 00:00 UTC, and the newest backup of" in world.restamp(
        *asked, status=3, **key
    )

    world.restamp("begin", "loss", "--way", "native")
    file = world.runbook / "recoveries" / "loss" / "recovery.yaml"
    file.write_text(f"{file.read_text()}backupId: {backup_id(1)}\n")
    assert f"warn: backup {backup_id(1)}: is not proven" in world.restamp(*asked, status=3, **key)
    share.path(name_of(SUBSCRIPTIONS, 0, "Full")).unlink()
    assert f"stop: backup {backup_id(1)}: is not recoverable" in world.restamp(*asked, status=4, **key)
