"""The share over a real Samba: encrypted or not at all, told apart where it fails, and never in a stamp's way."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import smbclient

from restamp.backup import smb
from restamp.backup.address import Address, opened
from restamp.backup.catalogue import catalogue
from restamp.backup.proof import Proof
from restamp.backup.share import Folder, Share, chunks
from restamp.backup.verdict import judge
from restamp.errors import ShareLost, Unreadable

from .samba import PASSWORD, SHARE, SMBD, Samba, samba
from .shares import Made, backup_id, made, name_of, pair
from .test_backup_cases import held, state
from .test_backups import restamp

pytestmark = pytest.mark.skipif(SMBD is None, reason="there is no smbd: apt install samba (tools/servers)")
NEWEST = backup_id(1)
NAME = name_of("ECE;EceService;-;Deployment", 1, "Full")


@pytest.fixture
def made_share(tmp_path: Path) -> Made:
    """A share with two backups, on the disk of its server."""
    return made(tmp_path / "share" / "redmond", 2, size=5_000_000)


@pytest.fixture
def server(made_share: Made) -> Iterator[Samba]:
    """The server of that share."""
    with samba(made_share.folder.parent) as running:
        yield running


@pytest.fixture
def share(server: Samba) -> Iterator[Share]:
    """restamp's way to it."""
    with opened(f"{server.address}/redmond", credentials) as here:
        yield here


def credentials(address: Address) -> tuple[str, str]:
    return address.user, PASSWORD


def another(server: Samba) -> dict[str, object]:
    """A session of somebody else, such as the stamp."""
    cache: dict[str, object] = {}
    how = {"port": server.port, "connection_cache": cache}
    smbclient.register_session("127.0.0.1", server.user, PASSWORD, encrypt=True, **how)
    return how


def on_server(name: str) -> str:
    path = "redmond\\MASBackup\\progressivebackup\\1.2501.1.47\\" + name.replace("/", "\\")
    return f"\\\\127.0.0.1\\{SHARE}\\{path}.zip"


def test_a_share_over_smb_is_the_share(share: Share, made_share: Made) -> None:
    """The same catalogue, the same verdict, the same bytes, and nothing changed on it."""
    before, here = state(made_share.folder), Folder(made_share.folder)
    found = catalogue(share)
    verdict = judge(NEWEST, found, [], Proof(share, held(("backup",), "sesame")))

    assert found == catalogue(here)
    assert verdict == judge(NEWEST, found, [], Proof(here, held(("backup",), "sesame")))
    assert (verdict.word, [finding.code for finding in verdict.findings]) == ("not proven", ["share-alone"])
    assert share.stat("MASBackup").is_folder
    assert state(made_share.folder) == before


def test_the_commands_over_smb(server: Samba, made_share: Made, tmp_path: Path) -> None:
    """As an operator types them: the user in the address, the password in the environment."""
    pair("backup").pfx(tmp_path / "backup.pfx")
    own = {"RESTAMP_SHARE_PASSWORD": PASSWORD, "RESTAMP_OPENERS": str(tmp_path / "backup.pfx")}
    env = own | {"RESTAMP_OPENER_PASSWORD": "sesame"}
    where = f"{server.address}/redmond"
    listed, checked = restamp("list", where, **env), restamp("check", where, NEWEST, **env)
    opened_, copied = (
        restamp("open", where, NEWEST, **env),
        restamp("copy", where, NEWEST, "--to", str(tmp_path / "c"), **env),
    )
    again = restamp("check", str(tmp_path / "c"), NEWEST, **env)

    told = [
        (done.returncode, done.stderr if done.returncode == 4 else "") for done in (listed, checked, opened_, copied)
    ]
    assert told == [(0, ""), (3, ""), (0, ""), (0, "")]
    assert again.returncode == 3
    assert f"{NEWEST}  2026-10-20 15:04        6 of 6" in listed.stdout
    assert opened_.stdout.endswith("6 quotas\n")
    told = "".join(done.stdout + done.stderr for done in (listed, checked, opened_, copied, again))
    assert PASSWORD not in told


@pytest.mark.parametrize(
    ("path", "password", "told"),
    [
        (f"{SHARE}/redmond", "wrong", "user or password was refused"),
        (f"{SHARE}/redmund", PASSWORD, "no such file or directory"),
        ("elsewhere", PASSWORD, "no such file or directory"),
    ],
)
def test_what_is_wrong_with_the_way_to_a_share(server: Samba, path: str, password: str, told: str) -> None:
    """Each is an error of the share, and says nothing of any backup."""
    where = server.address.replace(SHARE, path)
    done = restamp("list", where, RESTAMP_SHARE_PASSWORD=password)

    assert done.returncode == 4
    assert f"error: smb://127.0.0.1:{server.port}/{path}: {told}" in done.stderr
    assert "Is the file server up, is the share there, and may this user read it?" in done.stderr


def test_nobody_to_sign_in_as(server: Samba) -> None:
    """An address without a user, and none in the environment."""
    done = restamp("list", server.address.replace(f"{server.user}@", ""))

    assert done.returncode == 4
    assert "nobody was named to sign in as" in done.stderr


def test_a_server_that_is_not_there() -> None:
    """Nothing listens."""
    done = restamp("list", "smb://backup@127.0.0.1:1/backups", RESTAMP_SHARE_PASSWORD="x")

    assert done.returncode == 4
    assert "Failed to connect to '127.0.0.1:1'" in done.stderr


def test_a_server_that_does_not_encrypt_is_not_read(made_share: Made) -> None:
    """restamp insists, where a stamp would go on in clear."""
    settings = {"server smb encrypt": "off"}
    with (
        samba(made_share.folder.parent, **settings) as server,
        pytest.raises(ShareLost, match="encryption"),
        opened(server.address, credentials),
    ):
        pass


# the library has no way to close a handle on a server that is gone, and complains of the handle
@pytest.mark.filterwarnings("ignore:.*SMBRawIO.__del__:pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_dies_while_it_is_read(share: Share, server: Samba) -> None:
    """Nothing is said of the backup, for nothing is known."""

    def step(_size: int) -> None:
        server.connections[-1].kill()

    with pytest.raises(ShareLost, match="socket was closed"):
        judge(NEWEST, catalogue(share), [], Proof(share, held(("backup",), "sesame"), step))


def test_a_server_that_falls_silent(server: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps the connection and answers no more: after a while it counts as gone."""
    monkeypatch.setattr(smb, "PATIENCE", 1)
    with opened(f"{server.address}/redmond", credentials) as share:
        os.kill(server.connections[-1].pid, signal.SIGSTOP)
        with pytest.raises(ShareLost, match="Connection timeout of 1 seconds exceeded"):
            share.entries("")


def test_a_stamp_may_delete_and_write_what_is_being_read(share: Share, server: Samba, made_share: Made) -> None:
    """Its retention and its next backup go their way."""
    stamp = another(server)
    with share.open(f"MASBackup/progressivebackup/1.2501.1.47/{NAME}.zip") as file:
        pieces = chunks(file)
        first = bytes(next(pieces))
        smbclient.remove(on_server(NAME), **stamp)

        assert len(first) + sum(len(piece) for piece in pieces) > 5_000_000
    smbclient.reset_connection_cache(connection_cache=stamp["connection_cache"])
    assert not made_share.path(NAME).exists()


def test_a_file_that_a_stamp_still_writes(share: Share, server: Samba) -> None:
    """It is held for the stamp alone: that one file cannot be read, and the rest can."""
    stamp = another(server)
    with (
        smbclient.open_file(on_server(NAME), mode="ab", **stamp),
        pytest.raises(Unreadable, match="used by another process"),
    ):
        share.open(f"MASBackup/progressivebackup/1.2501.1.47/{NAME}.zip")
    smbclient.reset_connection_cache(connection_cache=stamp["connection_cache"])

    assert len(catalogue(share).snapshots) == 12
