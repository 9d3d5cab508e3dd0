"""`restamp backups open` and `copy`: the quotas inside a backup, and all of it in another place."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from restamp.backup.catalogue import catalogue
from restamp.backup.chains import Whole, whole
from restamp.backup.copy import copy, files_of
from restamp.backup.share import Folder
from restamp.errors import NotCopied, Refused
from restamp.sums import SUMS

from .shares import QUOTAS, REPOSITORIES, Made, backup_id, made, name_of, pair, quotas, sealed, zipped
from .test_backup_cases import state
from .test_backups import restamp

NEWEST = backup_id(2)


@pytest.fixture
def share(tmp_path: Path) -> Made:
    """A share with three backups, and the key to them beside it."""
    pair("backup").pfx(tmp_path / "backup.pfx")
    return made(tmp_path / "share", 3)


def opened(share: Made, *arguments: str) -> subprocess.CompletedProcess[str]:
    key = str(share.folder.parent / "backup.pfx")
    return restamp("open", str(share.folder), NEWEST, "--key", key, *arguments, RESTAMP_OPENER_PASSWORD="sesame")


def of(share: Made, backup: str = NEWEST) -> tuple[Whole, list[str]]:
    found = catalogue(Folder(share.folder))
    parts = whole(found, backup)
    assert parts is not None
    return parts, [entry.path for entry in files_of(found, parts)]


def copied(share: Made, to: Path, backup: str = NEWEST) -> subprocess.CompletedProcess[str]:
    return restamp("copy", str(share.folder), backup, "--to", str(to))


def test_the_quotas_of_three_services_are_shown_as_a_runbook_has_them(share: Made) -> None:
    """By kind and name, with the fields of documents; those of storage out of a zip in the zip."""
    done = opened(share)

    assert (done.returncode, done.stderr) == (0, "")
    assert "StorageQuota small  # SRP;SRP;-;-\n  capacityInGb: 2048\n  numberOfStorageAccounts: 20\n" in done.stdout
    assert "NetworkQuota Default Quota  # NRP;Microsoft.Network.Admin;-;Quota\n" in done.stdout
    assert done.stdout.endswith("6 quotas\n")


def test_the_quotas_as_files_and_for_programs(share: Made, tmp_path: Path) -> None:
    """As they are in the backup; a file that says something else is not overwritten, and then none is written."""
    told = json.loads(opened(share, "--to", str(tmp_path / "quotas"), "--json").stdout)["quotas"]
    files = {path.name: json.loads(path.read_text()) for path in (tmp_path / "quotas").iterdir()}

    assert {item["file"]: item["items"] for item in told} == files
    assert files == {file: quotas(repository) for repository, file in QUOTAS.items()}
    assert opened(share, "--to", str(tmp_path / "quotas")).returncode == 0
    (tmp_path / "quotas" / "CRP-Microsoft.Compute.Admin.json").write_text("[]")
    (tmp_path / "quotas" / "SRP-Microsoft.Storage.Admin.json").unlink()
    refused = opened(share, "--to", str(tmp_path / "quotas"))
    assert refused.returncode == 2
    assert "CRP-Microsoft.Compute.Admin.json: is there, and says something else" in refused.stderr
    assert not (tmp_path / "quotas" / "SRP-Microsoft.Storage.Admin.json").exists()


def test_one_that_does_not_open_leaves_the_others(share: Made) -> None:
    """It is named, and the exit status says that something is missing."""
    path = share.path(name_of("CRP;Microsoft.Compute.Admin;-;Quota", 2, "Full"))
    path.write_bytes(path.read_bytes()[:-16])
    done = opened(share)

    assert done.returncode == 4
    assert "its MAC is not right" in done.stderr
    assert done.stdout.endswith("4 quotas\n")


def test_without_a_key_nothing_opens(share: Made) -> None:
    """And the certificate whose key is needed is named."""
    done = restamp("open", str(share.folder), NEWEST)

    assert done.returncode == 4
    assert done.stderr.count("what is encrypted for it opens with its private key alone, and at hand: none") == 1
    assert f"certificate {pair('backup').thumbprint}" in done.stderr


def test_a_backup_that_is_not_there(share: Made) -> None:
    """The newest that is there is named."""
    done = restamp("open", str(share.folder), backup_id(7))

    assert done.returncode == 2
    assert f"backup {backup_id(7)}: the share has no snapshot of it" in done.stderr
    assert f"The newest is {NEWEST}" in done.stderr


def test_a_zip_that_would_be_huge_is_not_unpacked(share: Made) -> None:
    """64 MiB of quotas are nobody's: a small file that would become a large one stays shut."""
    import zipfile

    bomb = zipped({"CRP-Microsoft.Compute.Admin.json": b"0" * 70_000_000}, zipfile.ZIP_DEFLATED)
    share.snapshot("CRP;Microsoft.Compute.Admin;-;Quota", 2, data=bomb)
    done = opened(share)

    assert "CRP-Microsoft.Compute.Admin.json in it would have 70,000,000 bytes" in done.stderr


def test_a_copy_has_everything_of_one_backup_and_nothing_of_another(share: Made, tmp_path: Path) -> None:
    """Whole chains of all repositories; the copy is a share, and `sha256sum` knows it without restamp."""
    before = state(share.folder)
    done = copied(share, tmp_path / "copy")
    again = restamp("list", str(tmp_path / "copy"))
    sums = subprocess.run(["sha256sum", "-c", "--quiet", SUMS], cwd=tmp_path / "copy", capture_output=True, check=False)
    _, wanted = of(share)

    assert done.returncode == 0
    assert done.stdout.startswith(f"{len(wanted)} of {len(wanted)} files")
    files = [
        path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if path.is_file()
    ]
    assert sorted(files) == sorted([*wanted, SUMS])
    assert not any(backup_id(1) in name for name in wanted if "WAS" not in name and "BackupInfo" not in name)
    assert f"{NEWEST}  2026-10-21 03:04        6 of 6" in again.stdout
    assert (sums.returncode, sums.stdout) == (0, b"")
    assert state(share.folder) == before


def test_a_second_copy_of_the_same_reads_nothing_of_the_share(share: Made, tmp_path: Path) -> None:
    """What was finished is known by its digest; a later backup takes only what is new."""
    copied(share, tmp_path / "copy", backup_id(1))
    kept = len(of(share, backup_id(1))[1])
    done = copied(share, tmp_path / "copy")
    wanted = of(share)[1]
    shared = len(set(wanted) & set(of(share, backup_id(1))[1]))

    assert f"{shared} of them by an earlier run" in done.stdout
    assert copied(share, tmp_path / "copy", backup_id(1)).stdout.startswith(f"{kept} of {kept} files")


def test_a_copy_that_was_killed_goes_on(share: Made, tmp_path: Path) -> None:
    """Kill -9 in the middle of a file: what has its name is whole, and the next run makes the rest."""
    program = f"""\
        import os, signal
        from pathlib import Path
        from restamp.backup.catalogue import catalogue
        from restamp.backup.chains import whole
        from restamp.backup.copy import copy, files_of
        from restamp.backup.share import Folder
        share = Folder(Path({str(share.folder)!r}))
        found = catalogue(share)
        heard = []
        def step(size):
            heard.append(size)
            if len(heard) == 8:
                os.kill(os.getpid(), signal.SIGKILL)
        copy(share, files_of(found, whole(found, {NEWEST!r})), Path({str(tmp_path / "copy")!r}), step)
        """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, check=False)
    there = [path.name for path in (tmp_path / "copy").rglob("*") if path.suffix in (".zip", ".xml", ".part")]
    again = copied(share, tmp_path / "copy")

    assert done.returncode == -9
    assert sum(name.endswith(".part") for name in there) == 1
    assert len(there) == 8
    assert again.returncode == 0
    assert "7 of them by an earlier run" in again.stdout
    assert not list((tmp_path / "copy").rglob("*.part"))


def test_what_is_there_and_different_is_never_overwritten(share: Made, tmp_path: Path) -> None:
    """By size it is refused before anything is written; by content it is left, named, and the rest copied."""
    parts, wanted = of(share)
    other = tmp_path / "copy" / next(name for name in wanted if name.endswith(".zip"))
    other.parent.mkdir(parents=True)
    other.write_bytes(b"mine")
    refused = copied(share, tmp_path / "copy")
    other.write_bytes(b"x" * parts.links[0].size)
    left = copied(share, tmp_path / "copy")

    assert refused.returncode == 2
    assert f"{other}: is there, and is not what the share has" in refused.stderr
    assert left.returncode == 4
    assert f"{other}: is there, and is not what the share has" in left.stderr
    assert other.read_bytes() == b"x" * parts.links[0].size
    assert left.stdout.startswith(f"{len(wanted) - 1} of {len(wanted)} files")


def test_a_copy_that_rots_is_noticed(share: Made, tmp_path: Path) -> None:
    """A finished file that says something else than when it was read back."""
    copied(share, tmp_path / "copy")
    one = next((tmp_path / "copy").rglob("*.zip"))
    one.write_bytes(one.read_bytes()[:-1] + b"!")
    done = copied(share, tmp_path / "copy")

    assert done.returncode == 4
    assert f"{one}: is there, and is not what the share has" in done.stderr


def test_a_file_that_somebody_else_had_copied_counts(share: Made, tmp_path: Path) -> None:
    """It is compared with the share, byte by byte, and has its digest from then on."""
    name = of(share)[1][0]
    (tmp_path / "copy" / name).parent.mkdir(parents=True)
    (tmp_path / "copy" / name).write_bytes((share.folder / name).read_bytes())
    done = copied(share, tmp_path / "copy")

    assert done.returncode == 0
    assert f"  {name}\n" in (tmp_path / "copy" / SUMS).read_text()


def test_registrations_that_changed_are_left_as_they_were_copied(share: Made, tmp_path: Path) -> None:
    """The file is about all of a share, and the stamp writes it again and again."""
    (share.managed / "registrations.json").write_text("[]")
    copied(share, tmp_path / "copy")
    (share.managed / "registrations.json").write_text("[ ]")
    done = copied(share, tmp_path / "copy")

    assert done.returncode == 0
    assert (
        "registrations.json: is there from an earlier copy, and the share has another one: it was left" in done.stderr
    )


def test_a_copy_onto_the_share_itself_is_refused(share: Made) -> None:
    """Nothing is ever written there."""
    before = state(share.folder)
    done = copied(share, share.folder / "copies")

    assert done.returncode == 2
    assert "lies on the share itself, where restamp writes nothing" in done.stderr
    assert state(share.folder) == before


def test_a_folder_that_cannot_be_written_to(share: Made, tmp_path: Path) -> None:
    """An error with the way out, no traceback."""
    (tmp_path / "file").write_text("")
    done = copied(share, tmp_path / "file")

    assert done.returncode == 4
    assert f"error: {tmp_path}/file: file exists\n  Run it again" in done.stderr


def test_no_room_is_said_before_anything_is_copied(share: Made, tmp_path: Path) -> None:
    """A file of a terabyte, which takes no place where it is."""
    path = share.path(name_of(REPOSITORIES[-1], 2, "Full"))
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    parts, found = of(share)[0], catalogue(Folder(share.folder))
    with pytest.raises(Refused, match="bytes are to be copied, and"):
        copy(Folder(share.folder), files_of(found, parts), tmp_path / "copy", lambda _size: None)

    assert not (tmp_path / "copy").exists()


def test_what_is_broken_is_copied_and_said(share: Made, tmp_path: Path) -> None:
    """Retention may take the rest tomorrow: what is there is worth having, and is not called whole."""
    share.path(name_of("SRP;SRP;-;-", 2, "Full")).unlink()
    done = copied(share, tmp_path / "copy")

    assert done.returncode == 4
    assert "its metadata is there, and its data is not" in done.stderr
    assert "18 of 18 files" in done.stdout


def test_a_file_that_becomes_shorter_on_the_way_is_not_called_copied(share: Made, tmp_path: Path) -> None:
    """The stamp's retention, or somebody, cuts it while it is read."""
    found, (parts, _) = catalogue(Folder(share.folder)), of(share)
    path = share.path(name_of("WAS;WasService;-;Microsoft.AzureStack.Subscriptions", 2, "Progressive"))

    def step(_size: int) -> None:
        path.write_bytes(sealed(b"x", bytes(64)))

    with pytest.raises(NotCopied, match="was read to its end after"):
        copy(Folder(share.folder), files_of(found, parts), tmp_path / "copy", step)
