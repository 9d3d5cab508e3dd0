"""A stamp that backs itself up, and restamp that reads the share: what the one writes the other proves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from restamp.simulator import Share, Stamp
from restamp.simulator.population import population

from .asking import Line
from .backing import HOUR, back_up, set_up
from .serving import Server, new_stamp, served
from .shares import pair
from .test_backups import restamp as backups

NAME = "redmond.ext.contoso.example"


class World:
    """A served stamp that was backed up twice, its runbook, its share and the key to it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder, self.runbook = server, folder, folder / "runbook"
        self.env = {
            "RESTAMP_CLIENT_ID": server.stamp.admin.client_id,
            "RESTAMP_CLIENT_SECRET": server.stamp.admin.secret,
            "RESTAMP_CA": str(server.ca),
            "RESTAMP_CONNECT_TO": server.connect_to,
            "RESTAMP_HOME": str(folder / "home"),
            "RESTAMP_OPENERS": str(pair("backup").pfx(folder / "backup.pfx")),
            "RESTAMP_OPENER_PASSWORD": "sesame",
        }

    def capture(self) -> None:
        done = backups("--stamp", NAME, "--runbook", str(self.runbook), group="capture", **self.env)
        assert done.returncode == 0, done.stderr

    def check(self, *arguments: str, **env: str) -> Any:
        share = str(self.folder / "share" / "redmond")
        done = backups("check", share, *arguments, "--runbook", str(self.runbook), "--json", **self.env | env)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A stamp with three tenants and two backups, the second of which builds on the first."""
    (tmp_path / "share" / "redmond").mkdir(parents=True)
    stamp: Stamp = new_stamp(share=Share(tmp_path / "share"))
    stamp.load(population(stamp, 3))
    with served(stamp) as server:
        line = Line(server)
        set_up(line)
        for _ in range(2):
            back_up(line)
            stamp.clock.advance(12 * HOUR)
        line.close()
        yield World(server, tmp_path)
    stamp.close()


def test_what_a_stamp_wrote_and_says_is_recoverable(world: World) -> None:
    """Asked now; once it is lost, by what the last capture recorded; and without a capture it is not proven."""
    unknown = world.runbook
    world.capture()
    status, told = world.check()
    verdict = told["verdicts"][0]

    assert (status, verdict["verdict"], verdict["findings"], told["findings"]) == (0, "recoverable", [], [])
    assert len(verdict["repositories"]) == 10
    nowhere = world.server.connect_to.rpartition(":")[0] + ":1"
    status, told = world.check(RESTAMP_CONNECT_TO=nowhere)
    assert (status, told["verdicts"][0]["verdict"]) == (0, "recoverable")
    assert [finding["code"] for finding in told["findings"]] == ["not-asked"]
    (unknown / "backups.yaml").unlink()
    status, told = world.check(RESTAMP_CONNECT_TO=nowhere)
    assert (status, told["verdicts"][0]["verdict"]) == (3, "not proven")


def test_a_capture_records_backups_and_another_one_changes_nothing(world: World) -> None:
    """No clock stands in the file: the same backups, the same bytes."""
    world.capture()
    first = {path.name: path.read_bytes() for path in world.runbook.rglob("*.yaml")}
    world.capture()

    assert {path.name: path.read_bytes() for path in world.runbook.rglob("*.yaml")} == first
    assert first["backups.yaml"].count(b"- id: ") == 2
    assert b"took: PT6M" in first["backups.yaml"]


def test_a_backup_that_runs_leads_to_the_one_before(world: World) -> None:
    """The stamp lists it, and nothing of it is on the share yet: it is no backup to look at."""
    world.capture()
    line = Line(world.server)
    begun = line.ask("POST", _create(line))
    line.close()
    running = begun.headers["location"].partition("?")[0].rpartition("/")[2]
    status, told = world.check()
    asked, by_id = world.check(running)

    assert (status, told["verdicts"][0]["verdict"]) == (0, "recoverable")
    assert asked == 4
    assert {finding["code"] for finding in by_id["verdicts"][0]["findings"]} == {"not-ready", "not-there"}


def test_a_check_of_everything_asks_the_stamp_and_reads_its_share(world: World) -> None:
    """A newer backup than the runbook, a scheduler that is off, a plugin that is gone: said; what is well is not."""
    world.capture()
    line = Line(world.server)
    back_up(line)
    line.close()
    stamp = world.runbook / "stamp.yaml"
    stamp.write_text(stamp.read_text().replace("plugins: {}", "plugins:\n  oem-lost: {}"))
    share = ("--share", str(world.folder / "share" / "redmond"), "--runbook", str(world.runbook), "--json")
    done = backups(*share, group="check", **world.env)

    found = {(item["code"], item["level"]) for item in json.loads(done.stdout)["findings"]}
    assert done.returncode == 4
    assert found >= {("scheduler-off", "stop"), ("older-runbook", "warn"), ("plugins", "stop")}
    assert not {code for code, _ in found} & {"no-recoverable-backup", "key-not-held", "not-asked", "no-share"}


def _create(line: Line) -> str:
    region = line.stamp.region
    return f"resourceGroups/system.{region}/providers/Microsoft.Backup.Admin/backupLocations/{region}/createBackup"
