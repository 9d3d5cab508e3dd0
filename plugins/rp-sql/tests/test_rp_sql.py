"""What is said to a SQL Server, said by the real client to a stand-in that speaks TDS; no SQL Server could be had."""

import datetime as dt
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
import trustme
from pydantic import ValidationError

import restamp_rp_sql as plugin
from restamp.errors import Refused, RestampError
from restamp.models.document import Document
from restamp.models.stamp import RecoveryDocument, Stamp
from restamp.models.step import Step, StepResult
from restamp.plugins import Plugin, Used, all_kinds
from restamp.recovery import Begun
from restamp.runbook import Runbook
from restamp.steps.run import Around, PluginRun
from restamp.testing import PluginContract, Scene
from restamp_databases import Settings
from restamp_rp_sql import statements
from restamp_rp_sql.kind import SqlHostingServer

from .stand_in import ADMIN, PASSWORD, Database, StandIn, running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Who issued the server's certificate, and the server's side of TLS."""
    ca, folder = trustme.CA(), tmp_path_factory.mktemp("ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    return folder / "ca.pem", context


@pytest.fixture
def server(tmp_path: Path, authority: tuple[Path, ssl.SSLContext]) -> Iterator[StandIn]:
    """A server with two databases and two logins of tenants."""
    seen = tmp_path / "share"
    seen.mkdir()
    with running(StandIn(seen), authority[1]) as made:
        yield populated(made)


def populated(server: StandIn) -> StandIn:
    """What tenants have."""
    server.databases = {"erp": Database({"dbo.orders": 3, "dbo.lines": 7}), "crm ]ö": Database({"sales.people": 1})}
    server.logins = {"erp-app": ("0x0A1B", "0x0200AB", "erp", 0), "o'hara": ("0x0C", "0x0200CD", "master", 1)}
    server.roles = [("dbcreator", "erp-app"), ("sysadmin", "sa")]
    return server


@dataclass(frozen=True)
class Site:
    """An operator's runbook with one hosting server."""

    folder: Path
    document: SqlHostingServer
    recovery: Begun | None = None
    token: str = ""
    stops: bool = False

    @property
    def runbook(self) -> Runbook:
        stamp = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS")
        return Runbook(stamp, (self.document,), all_kinds(), self.folder)

    def run(self, step: Step | None = None) -> PluginRun:
        asked = count()
        around = Around(
            self.runbook,
            self.recovery,
            lambda: pytest.fail("asks the stamp"),
            stopped=lambda: self.stops and next(asked) >= 0,
        )
        return PluginRun(around, Used(Plugin("rp-sql", "1.0", plugin), Settings()), step, token=self.token)

    def asked(self, what: str) -> StepResult:
        begun = self.recovery or Begun("", RecoveryDocument())
        (step,) = (step for step in plugin.steps(self.runbook, begun) if step.id == f"rp-sql/{what}/sql01")
        return plugin.run_step(step, self.run(step))

    def restored(self) -> StepResult:
        for _ in range(9):
            if (result := self.asked("restore")).status != "waiting":
                return result
        raise AssertionError("never done")

    @property
    def lost(self) -> "Site":
        """The same runbook in a recovery."""
        return replace(self, recovery=Begun("loss", RecoveryDocument(begun=dt.datetime.now(dt.UTC) + dt.timedelta(1))))


@pytest.fixture
def site(
    tmp_path: Path, server: StandIn, authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> Site:
    """The server, written down."""
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RESTAMP_SECRET_RP_SQL_SQL01_PASSWORD", PASSWORD)
    return Site(tmp_path, document(server, authority[0]))


def document(server: StandIn, ca: Path) -> SqlHostingServer:
    return SqlHostingServer(
        name="sql01",
        host="localhost",
        port=server.port,
        user=ADMIN,
        sku="standard",
        dumps=str(server.seen),
        server_folder=server.folder,
        ca=str(ca),
    )


def test_databases_and_logins_come_back(site: Site, server: StandIn) -> None:
    """On a server with other folders; users know their logins by SID, so that is the same."""
    before = server.databases, server.logins
    saved = site.asked("backup")
    assert (saved.status, saved.facts["databases"]) == ("done", "2")
    server.emptied()

    lost = site.lost
    assert lost.asked("server").message.endswith("answers: SQL Server 15.0.2000.5, 0 databases")
    assert lost.restored().status == "done"
    assert {name: found.tables for name, found in server.databases.items()} == {
        name: found.tables for name, found in before[0].items()
    }
    assert server.logins == before[1]
    assert server.roles == [("dbcreator", "erp-app")]
    assert server.databases["erp"].files[1] == ("log", r"F:\log\erp_log.ldf", "L")
    assert lost.restored().status == "done"
    assert [finding.level for finding in plugin.verify(lost.run())] == ["note"]


def test_what_is_there_is_never_overwritten(site: Site, server: StandIn) -> None:
    """Nor what survived, nor what is being restored by somebody else; REPLACE is for our own restore alone."""
    site.asked("backup")
    with pytest.raises(Refused, match=r"sql01 crm \]ö: is there, and is not what the dump .* has"):
        site.lost.asked("restore")
    server.emptied()
    server.databases["erp"] = Database({}, state="RESTORING")
    with pytest.raises(Refused, match="sql01 erp: is there"):
        site.lost.restored()
    assert not [batch for batch in server.said if "REPLACE" in batch]


def test_a_restore_that_was_cut_off_is_begun_anew(site: Site, server: StandIn) -> None:
    """It is killed at the server; what it left is known by the token alone."""
    site.asked("backup")
    server.emptied().slow = True

    told = replace(site.lost, stops=True).asked("restore")
    assert told.status == "waiting"
    assert [found.state for found in server.databases.values()] == ["RESTORING"]
    server.slow = False
    (name,) = server.databases
    assert replace(site.lost, token=name).asked("restore").status == "waiting"  # one more to go
    assert server.databases[name].state == "ONLINE"
    assert any("CHECKSUM, REPLACE, MOVE" in batch for batch in server.said)


def test_a_backup_that_is_ended_is_killed_and_leaves_nothing(site: Site, server: StandIn) -> None:
    """Neither at the server nor in the folder."""
    server.slow = True

    assert replace(site, stops=True).asked("backup").status == "waiting"
    assert any(batch.startswith("KILL ") for batch in server.said)
    assert [path.name for path in (server.seen / "sql01").iterdir()] == [".lock"]


def test_folders_that_are_not_the_same_are_told(site: Site, server: StandIn, tmp_path: Path) -> None:
    """The server wrote it, and here is none."""
    (tmp_path / "elsewhere" / "sql01" / ".part").mkdir(parents=True)
    server.seen = tmp_path / "elsewhere"

    with pytest.raises(Refused, match=r"is not here, and the server wrote \\\\files") as refused:
        site.asked("backup")
    assert "serverFolder" in refused.value.hint


def test_a_server_is_verified_and_signed_in_to(site: Site, authority: tuple[Path, ssl.SSLContext]) -> None:
    """By the certificate that its document names; a wrong password is said, a server that is silent waited for."""
    other = site.folder / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    site.asked("backup")
    lost = site.lost

    stranger = replace(lost, document=lost.document.model_copy(update={"ca": str(other)}))
    with pytest.raises(RestampError, match=r"does not let itself be verified: .*certificate verify failed"):
        stranger.asked("server")
    nobody = replace(lost, document=lost.document.model_copy(update={"user": "nobody"}))
    with pytest.raises(RestampError, match="does not let nobody in: Login failed for user 'nobody'"):
        nobody.asked("server")
    nowhere = replace(lost, document=lost.document.model_copy(update={"port": 1}))
    assert nowhere.asked("server").status == "waiting"


def test_a_document_without_a_certificate_says_so() -> None:
    """python-tds verifies by a file or not at all; passwords without TLS are a decision."""
    told = {"name": "sql01", "host": "sql01", "user": "sa", "sku": "s", "dumps": "/d", "serverFolder": "D:\\b"}
    with pytest.raises(ValidationError, match="has no `ca` to verify the server by"):
        SqlHostingServer.model_validate(told)
    assert SqlHostingServer.model_validate(told | {"tls": "off"}).at_server("x", "a.bak") == r"D:\b\sql01\x\a.bak"
    unix = SqlHostingServer.model_validate(told | {"tls": "off", "serverFolder": "/var/opt/mssql/backup/"})
    assert unix.at_server("x", "a.bak") == "/var/opt/mssql/backup/sql01/x/a.bak"


def test_a_share_on_the_stamp_is_lost_with_it(site: Site) -> None:
    """However the server itself may survive."""
    site.asked("backup")
    assert list(plugin.check(site.run())) == []
    on_it = replace(
        site, document=site.document.model_copy(update={"server_folder": r"\\nas.redmond.ext.contoso.example\sql"})
    )

    (found,) = plugin.check(on_it.run())
    assert (found.level, found.code) == ("stop", "own-domain")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            statements.backup("a]b", r"\\f\o'x.bak", 4),
            r"BACKUP DATABASE [a]]b] TO DISK = N'\\f\o''x.bak' WITH COPY_ONLY, FORMAT, INIT, CHECKSUM",
        ),
        (
            statements.restore("a", "f", {"da'ta": r"E:\a"}, replace=True),
            r"RESTORE DATABASE [a] FROM DISK = N'f' WITH RECOVERY, CHECKSUM, REPLACE, MOVE N'da''ta' TO N'E:\a'",
        ),
        (
            statements.Login("o'h]", "0x1", "0x2", "m", True, ("r",)).statements()[0],
            "IF SUSER_ID(N'o''h]') IS NULL CREATE LOGIN [o'h]]] WITH PASSWORD = 0x2 HASHED, SID = 0x1,"
            " DEFAULT_DATABASE = [m], CHECK_POLICY = OFF",
        ),
    ],
    ids=["backup without compression", "restore", "login"],
)
def test_names_and_texts_are_quoted(said: str, wanted: str) -> None:
    """Whatever tenants call their databases."""
    assert said == wanted


def test_files_go_to_the_servers_own_folders() -> None:
    """Under names that no other database has; ends stay, and a folder of streams has none."""
    listed = [
        {"LogicalName": "data", "PhysicalName": r"D:\old\x.mdf", "Type": "D"},
        {"LogicalName": "log/1", "PhysicalName": r"L:\x.ldf", "Type": "L"},
        {"LogicalName": "docs", "PhysicalName": r"D:\old.d\streams", "Type": "S"},
    ]

    assert statements.moved("erp", listed, "E:\\", "F:\\") == {
        "data": r"E:\erp_data.mdf",
        "log/1": r"F:\erp_log_1.ldf",
        "docs": r"E:\erp_docs",
    }


class TestContract(PluginContract):
    """The promises of every plugin."""

    plugin = plugin
    name = "rp-sql"
    ids: ClassVar[Sequence[str]] = (
        "rp-sql/backup/sql01",
        "rp-sql/deployed",
        "rp-sql/server/sql01",
        "rp-sql/restore/sql01",
        "rp-sql/added/sql01",
    )
    secrets: ClassVar[dict[str, str]] = {"sql01-password": PASSWORD}

    @pytest.fixture(autouse=True)
    def _server(self, server: StandIn, authority: tuple[Path, ssl.SSLContext]) -> None:
        self.server, self.ca = server, authority[0]

    def documents(self) -> Sequence[Document]:
        """One hosting server."""
        return [document(self.server, self.ca)]

    def prepare(self, scene: Scene) -> None:
        """What tenants had is saved, and gone."""
        populated(self.server.emptied())
        (backup,) = (step for step in scene.steps() if step.phase == "backup")
        assert scene.ask(backup).status == "done"
        self.server.emptied()

    def damage(self, scene: Scene) -> None:
        """A table of a tenant is gone."""
        del self.server.databases["erp"].tables["dbo.lines"]


del PluginContract
