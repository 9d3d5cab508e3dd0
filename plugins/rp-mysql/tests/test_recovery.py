"""A stamp whose tenants have databases: saved, lost and brought back, through the real commands and the engine."""

import pytest
from tests.flows.world import World
from tests.keys import written

from .mariadb import ADMIN, PASSWORD, MariaDb

DOCUMENT = """\
# people's words: a capture leaves them alone
kind: MySqlHostingServer
name: sql01
host: localhost   # at the customer's
port: {port}
user: {user}
sku: standard
sizeInGb: 500
dumps: ../../../dumps
ca: {ca}
"""
DONE = [("crm-2.ö", 0), ("erp", 0)]


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An operator's machine with an empty project."""
    return World(tmp_path_factory.mktemp("world"))


def test_databases_come_back_in_a_recovery(world: World, old: MariaDb, new: MariaDb) -> None:
    """Dumped by a capture, restored with a sealed password although a run is killed, and added by people."""
    env = {"RESTAMP_SECRET_RP_MYSQL_SQL01_PASSWORD": PASSWORD, "RESTAMP_AGAIN": "0.1"}
    world.captured()
    written(world.runbook, "ann").rename(world.folder / "ann.pfx")
    (world.folder.parent / "word").write_text(f"{PASSWORD}\n")
    document = world.runbook / "mysql" / "servers" / "sql01.yaml"
    document.parent.mkdir(parents=True)
    document.write_text(DOCUMENT.format(port=old.port, user=ADMIN, ca=old.ca))
    as_written = document.read_bytes()
    world.restamp("plugins", "use", "rp-mysql", **env)
    with world.stamp_of(1) as stamp:
        from tests.flows.world import contents

        stamp.load(contents(stamp))
        told = world.restamp("capture", "--with-data", **env)
        assert "rp-mysql/backup/sql01: done: 2 databases, " in told
        assert "equal" in world.restamp("diff", status=None, **env)
    assert document.read_bytes() == as_written
    assert "MySqlHostingServer" in world.restamp("schema", **env)
    assert '"sizeInGb"' in world.restamp("schema", "MySqlHostingServer", **env)

    world.restamp("secrets", "add", "../word", "--name", "sql01-password", **env)
    (world.folder.parent / "word").unlink()
    env = {"RESTAMP_OPENERS": str(world.folder / "ann.pfx"), "RESTAMP_AGAIN": "0.1"}  # and nobody is asked
    document.write_text(DOCUMENT.format(port=new.port, user=ADMIN, ca=new.ca))
    with world.stamp_of(2):
        world.restamp("begin", "loss", **env)
        world.restamp("up", status=None, RESTAMP_FAIL_AT="token.after#2:itself", **env)  # ended amid the second one
        told = world.restamp("up", status=3, **env)
        assert "Step rp-mysql/deployed: waiting: for the operator" in told
        assert new.say("SELECT name, finished IS NULL FROM restamp_recovery.restored WHERE name > ''") == DONE
        assert "size: 500 GB" in world.restamp("status", "--all", status=3, **env)
        for step in ("rp-mysql/deployed", "rp-mysql/added/sql01"):
            world.restamp("signoff", step, "--by", "Ann", **env)
        world.restamp("up", **env)
        state = world.state()
        assert state["verification"]["status"] == "done"
        assert state["rp-mysql/restore/sql01"]["facts"]["databases"] == "2"
    assert not [
        path for path in world.folder.parent.rglob("*") if path.is_file() and b"w \xc3\xb6" in path.read_bytes()
    ]
