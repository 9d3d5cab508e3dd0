"""The infrastructure backup on its share: what `restamp backups` finds there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from restamp.backup.address import Address, parsed
from restamp.backup.catalogue import catalogue
from restamp.backup.chains import whole
from restamp.backup.share import Folder
from restamp.errors import Refused

from .shares import OEM, STAMP, backup_id, made, pair


def restamp(*arguments: str, group: str = "backups", **env: str) -> subprocess.CompletedProcess[str]:
    """`restamp backups ...`, without anything in the environment but what is given."""
    return subprocess.run(
        [sys.executable, "-m", "restamp", group, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(text: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        parsed(text)
    return str(refused.value), refused.value.hint


@pytest.mark.parametrize("legacy", [False, True])
def test_the_backups_of_both_layouts_are_found(tmp_path: Path, legacy: bool) -> None:
    """Newest first, each with all its repositories, and the files that are about all of a share."""
    made(tmp_path, 3, legacy=legacy)
    found = catalogue(Folder(tmp_path))
    newest = whole(found, backup_id(2).upper())

    assert found.backups == (backup_id(2), backup_id(1), backup_id(0))
    assert found.findings == ()
    assert len(found.of_store) == 3
    assert newest is not None
    assert newest.findings == ()
    assert len(newest.chains) == 6
    assert len(newest.links) == (6 if legacy else 8)  # the subscriptions build on two before
    assert f"{newest.begun:%Y-%m-%d %H:%M:%S}" == "2026-10-21 03:04:29"
    assert newest.one("thumbprint") == pair("backup").thumbprint


@pytest.mark.parametrize("legacy", [False, True])
def test_the_managed_folder_itself_will_do(tmp_path: Path, legacy: bool) -> None:
    """Somebody who names MASBackup means the same share."""
    share = made(tmp_path, 1, legacy=legacy)

    assert catalogue(Folder(share.managed)).backups == (backup_id(0),)


def test_a_folder_without_backups_says_where_some_are(tmp_path: Path) -> None:
    """Microsoft recommends a folder for the domain and one for the region: somebody may have named the one above."""
    made(tmp_path / "ext.contoso.example" / "redmond", 1)
    done = restamp("list", str(tmp_path))

    assert done.returncode == 2
    assert "there is no folder MASBackup in it" in done.stderr
    assert f"Name one of these: {tmp_path}/ext.contoso.example/redmond" in done.stderr


def test_a_share_that_is_not_there(tmp_path: Path) -> None:
    """It is an error of its own, for it says nothing of any backup."""
    done = restamp("list", str(tmp_path / "nowhere"))

    assert done.returncode == 4
    assert "nowhere: there is no such folder" in done.stderr


def test_what_a_list_shows(tmp_path: Path) -> None:
    """One line a backup for people, everything for programs."""
    made(tmp_path, 2)
    shown, told = restamp("list", str(tmp_path)), json.loads(restamp("list", str(tmp_path), "--json").stdout)
    newest = told["backups"][0]

    assert shown.returncode == 0
    assert f"{backup_id(1)}  2026-10-20 15:04        6 of 6" in shown.stdout
    assert shown.stdout.splitlines()[-1].startswith("2 backups, 12 snapshots, 0 of them between backups")
    assert newest["backup"] == backup_id(1)
    assert (newest["stampVersion"], newest["oemVersion"], newest["whole"]) == (STAMP, OEM, True)
    assert told["ofStore"][0].startswith("MASBackup/progressivebackup/")


def test_what_nobody_should_have_put_there_is_named(tmp_path: Path) -> None:
    """It is left alone, and takes nothing away from what is sound beside it."""
    share = made(tmp_path, 1)
    for odd in ("HLH/a.zip", "progressivebackup/1.2501/x.zip", "progressivebackup/readme.txt", "desktop.ini"):
        (share.managed / odd).parent.mkdir(parents=True, exist_ok=True)
        (share.managed / odd).write_bytes(b"x")
    share.path("SRP/a").parent.mkdir()
    share.path("SRP;SRP;-;-/copy of something").write_bytes(b"x")
    share.path(f"SRP;SRP;-;-/202613310000_{backup_id(0)}_Full_C").write_bytes(b"x")
    found = catalogue(Folder(tmp_path))

    assert sorted(finding.about.rpartition("/")[2] for finding in found.findings) == [
        "1.2501",
        f"202613310000_{backup_id(0)}_Full_C.zip",
        "HLH",
        "SRP",
        "copy of something.zip",
        "desktop.ini",
        "readme.txt",
    ]
    assert {finding.level for finding in found.findings} == {"note"}
    assert found.backups == (backup_id(0),)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("smb://nas/backups", Address("nas", "backups")),
        ("smb://nas.contoso.example:14445/backups/a/b/", Address("nas.contoso.example", "backups", "a/b", 14445)),
        ("SMB://CONTOSO;backup@10.0.0.7/b%20c", Address("10.0.0.7", "b c", "", 445, "CONTOSO\\backup")),
        ("smb://[fe80::1]:444/b", Address("fe80::1", "b", "", 444)),
        (r"\\nas\backups\ext.contoso.example\redmond", Address("nas", "backups", "ext.contoso.example/redmond")),
        ("/mnt/backups", Path("/mnt/backups")),
    ],
)
def test_addresses_of_shares(text: str, meant: Address | Path) -> None:
    """As people write them."""
    assert parsed(text) == meant


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("smb://nas", "smb://nas: names no share"),
        ("smb:///backups", "smb:///backups: names no host"),
        (r"\nas\backups", r"\nas\backups: has one backslash where two begin a share: the shell took the other"),
        ("https://nas/backups", "https://nas/backups: is no address that restamp knows"),
        ("smb://nas:70000/backups", "smb://nas:70000/backups: has a port that is none"),
    ],
)
def test_addresses_that_mean_nothing(text: str, message: str) -> None:
    """Each says what is wrong with it, and how they are written."""
    assert refusal(text) == (
        message,
        "A folder, smb://user@host[:port]/share/folder, or '\\\\host\\share\\folder' in single quotes.",
    )


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    """It would stand in the shell's history."""
    message, hint = refusal("smb://backup:hunter2@nas/backups")

    assert message == "smb://nas/backups: has a password in it"
    assert hint == "RESTAMP_SHARE_PASSWORD holds it."
