"""Databases of a real MariaDB: dumped, lost, brought back on another one, compared."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import restamp_rp_mysql as plugin
from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp.models.stamp import RecoveryDocument, Stamp
from restamp.models.step import Step, StepResult
from restamp.plugins import Used, all_kinds, installed
from restamp.recovery import Begun
from restamp.runbook import Runbook
from restamp.steps.run import Around, PluginRun
from restamp_databases import Settings
from restamp_rp_mysql.kind import MySqlHostingServer

from .mariadb import ADMIN, PASSWORD, MariaDb


@dataclass(frozen=True)
class Site:
    """An operator's runbook with one hosting server, and steps that are asked there."""

    folder: Path
    server: MySqlHostingServer
    recovery: Begun | None = None
    stopped: bool = False

    @property
    def runbook(self) -> Runbook:
        stamp = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS")
        return Runbook(stamp, (self.server,), all_kinds(), self.folder)

    def run(self, step: Step | None = None) -> PluginRun:
        around = Around(
            self.runbook, self.recovery, lambda: pytest.fail("asks the stamp"), stopped=lambda: self.stopped
        )
        (mine,) = (each for each in installed() if each.name == "rp-mysql")
        return PluginRun(around, Used(mine, Settings()), step)

    def steps(self) -> dict[str, Step]:
        begun = self.recovery or Begun("", RecoveryDocument())
        return {step.id: step for step in plugin.steps(self.runbook, begun)}

    def asked(self, what: str) -> StepResult:
        step = self.steps()[f"rp-mysql/{what}/sql01"]
        return plugin.run_step(step, self.run(step))

    def restored(self) -> StepResult:
        """Asked until it is done or fails."""
        for _ in range(9):
            if (result := self.asked("restore")).status != "waiting":
                return result
        raise AssertionError("never done")

    def found(self, hook: Any) -> list[Finding]:
        return list(hook(self.run()))

    def on(self, server: MariaDb, recovery: str = "loss") -> "Site":
        """The same runbook in a recovery, the document pointed at another server."""
        document = self.server.model_copy(update={"port": server.port, "ca": str(server.ca)})
        begun = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
        return replace(self, server=document, recovery=Begun(recovery, RecoveryDocument(begun=begun)))

    @property
    def dump(self) -> Path:
        (folder,) = (path for path in (self.folder / "dumps" / "sql01").iterdir() if not path.name.startswith("."))
        return folder


@pytest.fixture
def site(tmp_path: Path, old: MariaDb, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The server of before, written down."""
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RESTAMP_SECRET_RP_MYSQL_SQL01_PASSWORD", PASSWORD)
    document = MySqlHostingServer(
        name="sql01", host="localhost", port=old.port, user=ADMIN, sku="standard", dumps="dumps", ca=str(old.ca)
    )
    return Site(tmp_path, document)


def test_everything_comes_back_as_it_was(site: Site, new: MariaDb) -> None:
    """Rows, odd bytes and names, views, routines, triggers, events, character sets, and who may sign in as whom."""
    saved = site.asked("backup")
    assert (saved.status, saved.facts["databases"]) == ("done", "2")

    lost = site.on(new)
    assert lost.asked("server").message.endswith("answers: MariaDB 10.11.19, 0 databases")
    assert lost.asked("restore").message == "1 of 2 databases are back on sql01"
    assert lost.restored().status == "done"

    rows = new.say("SELECT id, what, scan FROM erp.orders")
    assert rows == [(1, "bolts; \\! ls", b"\r\n\0\x1a\xff'\"\\"), (2, "nüts", None), (3, None, b"")]
    assert new.say("SELECT erp.twice(4)") == [(8,)]
    assert new.say("SELECT COUNT(*) FROM erp.open_orders") == [(2,)]
    assert [row[1] for row in new.say("SHOW EVENTS FROM erp")] == ["nightly"]
    assert [row[0] for row in new.say("SHOW TRIGGERS FROM erp")] == ["ordered"]
    assert "latin1" in new.say("SHOW CREATE DATABASE `crm-2.ö`")[0][1]
    assert new.say("SELECT name FROM `crm-2.ö`.people") == [("Zoë",)]
    assert "GRANT EXECUTE ON FUNCTION" in str(new.say("SHOW GRANTS FOR 'erp-app'@'%'"))
    assert new.say("SHOW CREATE USER 'o''hara'@'10.%'")
    assert [(item.level, item.message.partition(" are")[0]) for item in lost.found(plugin.verify)] == [
        ("note", "2 databases")
    ]


def test_a_finished_restore_stays_finished(site: Site, new: MariaDb) -> None:
    """Tenants write again; nothing of theirs is taken away by asking once more."""
    site.asked("backup")
    lost = site.on(new)
    lost.restored()
    new.say("INSERT INTO erp.orders (what) VALUES ('new')", "COMMIT")

    assert lost.asked("restore").status == "done"
    assert new.say("SELECT COUNT(*) FROM erp.orders") == [(4,)]
    (erp, _) = lost.found(plugin.verify)
    assert (erp.level, erp.message) == ("warn", "table log, table orders other than dumped")


def test_what_is_there_is_never_overwritten(site: Site, new: MariaDb) -> None:
    """Somebody's database of the same name: refused before anything is written, with the ways out."""
    site.asked("backup")
    new.say("CREATE DATABASE erp", "CREATE TABLE erp.mine (id INT)")
    lost = site.on(new)

    for what in ("server", "restore"):
        with pytest.raises(
            Refused, match=r"sql01 erp: is there, and is not what the dump .* has: it is left"
        ) as refused:
            lost.asked(what)
    assert "survived: loss" in refused.value.hint
    assert "DROP DATABASE `erp`;" in refused.value.hint
    assert [name for (name,) in new.say("SHOW TABLES FROM erp")] == ["mine"]
    assert ("crm-2.ö",) not in new.say("SHOW DATABASES")


def test_what_is_there_and_equal_is_adopted(site: Site) -> None:
    """The server itself survived, and nobody has written to it since: nothing is written."""
    site.asked("backup")
    lost = replace(site, recovery=Begun("loss", RecoveryDocument(begun=dt.datetime.now(dt.UTC))))

    assert lost.asked("restore").status == "done"
