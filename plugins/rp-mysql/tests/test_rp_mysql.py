"""Databases of a real MariaDB: dumped, lost, brought back on another one, compared."""

import datetime as dt
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import restamp_rp_mysql as plugin
from restamp.errors import Refused, RestampError
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
    stops_after: int | None = None  # people ask the run to end once it was asked so often

    @property
    def runbook(self) -> Runbook:
        stamp = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS")
        return Runbook(stamp, (self.server,), all_kinds(), self.folder)

    def run(self, step: Step | None = None) -> PluginRun:
        asked = count()
        stopped = lambda: self.stops_after is not None and next(asked) >= self.stops_after  # noqa: E731
        around = Around(self.runbook, self.recovery, lambda: pytest.fail("asks the stamp"), stopped=stopped)
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


def test_a_view_of_what_is_gone_stops_no_dump(site: Site, old: MariaDb, new: MariaDb) -> None:
    """A tenant's mistake: MySQL's own program would make no dump at all. It is told, and everything else is saved."""
    old.say("CREATE VIEW erp.lost AS SELECT * FROM erp.nothing", "DROP TABLE erp.nothing")

    assert site.asked("backup").message.endswith(", without what is broken there: erp: lost")
    assert site.on(new).restored().status == "done"
    assert ("open_orders",) in new.say("SHOW TABLES FROM erp")


def test_a_dump_that_fails_leaves_the_one_before(site: Site, old: MariaDb) -> None:
    """Half a dump has no name: the newest is the last that was whole."""
    site.asked("backup")
    before = site.dump
    old.say("REVOKE ALL ON *.* FROM adm@'%'", "GRANT SELECT, SHOW VIEW ON erp.* TO adm@'%'")

    with pytest.raises(RestampError, match="sql01"):
        site.asked("backup")
    assert site.dump == before
    assert not (site.folder / "dumps" / "sql01" / ".part").exists()


def test_a_folder_that_takes_no_dump_is_named(site: Site) -> None:
    """A file in its place, a full disk, a share that is gone: what the system says, of which folder."""
    (site.folder / "dumps").write_text("no folder")

    with pytest.raises(RestampError, match=r"dumps/sql01: (Not a directory|File exists)"):
        site.asked("backup")


def test_a_server_that_lost_everything_makes_no_dump(site: Site, new: MariaDb) -> None:
    """An empty dump would be the newest, and be restored: an empty server is the wrong one, or was lost."""
    site.asked("backup")

    with pytest.raises(Refused, match=r"has none of crm-2.ö, erp"):
        replace(site.on(new), recovery=None).asked("backup")
    assert site.dump.exists()


def test_the_dump_from_before_the_recovery_is_meant(site: Site, old: MariaDb, new: MariaDb) -> None:
    """What is saved while a recovery is under way is not what was lost."""
    early = Begun("loss", RecoveryDocument(begun=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)))
    site.asked("backup")

    with pytest.raises(Refused, match="there is no dump from before"):
        replace(site.on(new), recovery=early).asked("restore")


def test_a_restore_that_was_cut_off_is_begun_anew(site: Site, old: MariaDb, new: MariaDb) -> None:
    """Half a database is this recovery's own: it goes, and comes back whole; others stay as they are."""
    old.say("INSERT INTO erp.orders (what) SELECT REPEAT('x', 70) FROM seq_1_to_60000", "COMMIT", database="mysql")
    site.asked("backup")
    asked_to_end = replace(site.on(new), stops_after=2)
    told = [asked_to_end.asked("restore") for _ in range(2)][-1]
    assert (told.status, told.message) == ("waiting", "stopped, and nothing half is left that counts")
    assert new.say("SELECT name, finished IS NULL FROM restamp_recovery.restored") == [("crm-2.ö", 0), ("erp", 1)]

    lost = site.on(new)
    assert lost.restored().status == "done"
    assert new.say("SELECT COUNT(*) FROM erp.orders") == old.say("SELECT COUNT(*) FROM erp.orders")


def test_another_recovery_finds_nothing_half(site: Site, new: MariaDb) -> None:
    """What another recovery began is somebody's, as anything else is."""
    site.asked("backup")
    replace(site.on(new, "first"), stops_after=0).asked("restore")
    new.say("CREATE TABLE IF NOT EXISTS `crm-2.ö`.half (id INT)")

    with pytest.raises(Refused, match="is left as it is"):
        site.on(new, "second").restored()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "cannot be read: No such file or directory"),
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "is not what was written: has"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"), "is not what was written: has another hash"),
    ],
    ids=["gone", "cut off", "changed"],
)
def test_a_damaged_dump_is_found_by_check_and_never_restored(
    site: Site, new: MariaDb, damage: Callable[[Path], object], message: str
) -> None:
    """Before the first statement."""
    site.asked("backup")
    damage(site.dump / "erp.sql.gz")

    (found,) = site.found(plugin.check)
    assert (found.level, found.about) == ("stop", str(site.dump / "erp.sql.gz"))
    assert message in found.message
    with pytest.raises(Refused, match=message.partition(":")[0]):
        site.on(new).restored()
    assert ("erp",) not in new.say("SHOW DATABASES")


def test_check_says_what_is_missing_old_or_lost_with_the_stamp(site: Site) -> None:
    """A dump that was never made, one of last week, and a server under the stamp's own domain."""
    assert [item.message for item in site.found(plugin.check)] == [f"has no dump in {site.folder / 'dumps' / 'sql01'}"]

    site.asked("backup")
    assert site.found(plugin.check) == []
    manifest = site.dump / "manifest.json"
    week = dt.datetime.now(dt.UTC) - dt.timedelta(days=7)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"made": week.isoformat()}))
    (found,) = site.found(plugin.check)
    assert found.level == "warn"
    assert "is 168 hours old, more than 26" in found.message
    manifest.write_text("{}")
    assert "manifest.json cannot be read" in site.found(plugin.check)[0].message

    on_it = replace(site, server=site.server.model_copy(update={"host": "sql.redmond.ext.contoso.example"}))
    assert "is under the stamp's own domain" in on_it.found(plugin.check)[0].message


def test_a_server_that_does_not_answer_is_waited_for(site: Site) -> None:
    """People are building it: that is no failure. A wrong password is."""
    site.asked("backup")
    lost = replace(site, recovery=Begun("loss", RecoveryDocument()))
    nowhere = replace(lost, server=site.server.model_copy(update={"port": 1}))

    told = nowhere.asked("server")
    assert told.status == "waiting"
    assert told.message.startswith("sql01 (localhost:1) does not answer: Can't connect")
    stranger = replace(lost, server=site.server.model_copy(update={"user": "nobody"}))
    with pytest.raises(RestampError, match="does not let nobody in: Access denied") as denied:
        stranger.asked("server")
    assert PASSWORD not in str(denied.value)


def test_a_server_is_who_it_says_or_shut_out(site: Site, new: MariaDb) -> None:
    """TLS by default, verified by the certificates that the document names."""
    unknown = replace(site, server=site.server.model_copy(update={"ca": str(new.ca)}))

    with pytest.raises(RestampError, match=r"does not let itself be verified: .*certificate verify failed"):
        unknown.asked("backup")
    assert replace(site, server=site.server.model_copy(update={"ca": None, "tls": "encrypt"})).asked("backup").status
    assert replace(site, server=site.server.model_copy(update={"ca": None, "tls": "off"})).asked("backup").status


def test_a_server_that_survived_is_left_as_it_is(site: Site) -> None:
    """People say so in its document, for one recovery: nothing is restored, and the provider is told of it again."""
    document = site.server.model_copy(update={"survived": "loss"})
    lost = Site(site.folder, document, Begun("loss", RecoveryDocument()))

    assert list(lost.steps()) == [
        "rp-mysql/deployed",
        *(f"rp-mysql/{name}/sql01" for name in ("backup", "server", "added")),
    ]
    assert lost.asked("server").status == "done"
    assert [item.level for item in lost.found(plugin.verify)] == ["note"]
    assert "rp-mysql/restore/sql01" in replace(lost, recovery=Begun("next", RecoveryDocument())).steps()


def test_verify_sees_damage(site: Site, new: MariaDb) -> None:
    """A table that is gone is more than one that was written to; a database that is gone is more than a table."""
    site.asked("backup")
    lost = site.on(new)
    lost.restored()
    new.say("DROP TABLE erp.nothing", "DROP DATABASE `crm-2.ö`", "DROP USER 'o''hara'@'10.%'")
    new.say("REVOKE ALL ON erp.* FROM 'erp-app'@'%'")

    found = {item.about: (item.level, item.message) for item in lost.found(plugin.verify)}
    told = [item.message for item in lost.found(plugin.verify)]
    assert "'o''hara'@'10.%' cannot sign in" in told
    assert "'erp-app'@'%' may do other things than when it was dumped" in told
    assert found["sql01 erp"] == ("stop", "table nothing missing, definitions other than dumped")
    assert found["sql01 crm-2.ö"] == ("stop", "is not there")


def test_somebodys_account_is_never_changed(site: Site, old: MariaDb, new: MariaDb) -> None:
    """One of the same name and another password: nobody's account is made or changed."""
    site.asked("backup")
    new.say("CREATE USER 'erp-app'@'%' IDENTIFIED BY 'another'")

    with pytest.raises(Refused, match="'erp-app'@'%' may sign in there, and not as in the dump"):
        site.on(new).restored()
    assert new.say('SELECT COUNT(*) FROM mysql.user WHERE user = "o\'hara"') == [(0,)]


def test_only_what_a_document_asks_for_is_dumped(site: Site) -> None:
    """By name; one that names nothing there is a mistake."""
    some = replace(site, server=site.server.model_copy(update={"databases": ("erp*",)}))
    assert some.asked("backup").facts["databases"] == "1"

    none = replace(site, server=site.server.model_copy(update={"databases": ("hr",)}))
    with pytest.raises(Refused, match="has none of"):
        none.asked("backup")


def test_only_what_a_document_asks_for_is_restored(site: Site, new: MariaDb) -> None:
    """Also where more was dumped."""
    site.asked("backup")
    some = site.on(new)
    some = replace(some, server=some.server.model_copy(update={"databases": ("erp",)}))

    assert some.restored().facts["databases"] == "1"
    assert ("crm-2.ö",) not in new.say("SHOW DATABASES")


def test_no_dump_and_no_command_line_tells_the_password(site: Site) -> None:
    """It goes through a pipe; hashes of tenants' passwords are for the owner of the files alone."""
    site.asked("backup")

    files = list(site.dump.iterdir())
    assert not [path for path in files if b'p"#' in path.read_bytes() or b'p"#' in gunzipped(path)]
    assert {path.stat().st_mode & 0o77 for path in files if path.name != "manifest.json"} == {0}


def gunzipped(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else b""
