"""The backup copied away first, and backups again in the end."""

import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.asking import Desk
from tests.backing import PASSWORD, PATH, back_up, listed, set_up
from tests.serving import new_stamp
from tests.shares import pair

from restamp.simulator import Fault, Share, Stamp
from restamp.simulator.pep import Pep

from .conftest import Bench

NEW = r"\\nas.contoso.example\backups\again"
CERTIFICATE = b64encode(pair("backup").certificate.public_bytes(Encoding.DER)).decode()
LOCATION = f"""kind: BackupLocation
name: redmond
path: '{PATH}'
userName: contoso\\backup
frequency: 8
retention: 9
certificate: {CERTIFICATE}
"""


@pytest.fixture
def stamp(tmp_path: Path) -> Iterator[Stamp]:
    """A stamp with AD FS, its privileged endpoint, and a share with folders for backups."""
    for folder in ("redmond", "again"):
        (tmp_path / "share" / folder).mkdir(parents=True)
    made = new_stamp(share=Share(tmp_path / "share"))
    made.pep = Pep(made.state)
    yield made
    made.close()


@pytest.fixture
def again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A recovery whose backups are to go to a new folder."""
    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_BACKUP_PASSWORD", PASSWORD)
    bench.written({"backup/redmond.yaml": LOCATION})
    bench.settings = {"backupPath": NEW}
    return bench


@pytest.fixture
def backed_up(bench: Bench, tmp_path: Path) -> Bench:
    """A native recovery from a backup on the share."""
    set_up(Desk(bench.stamp))
    bench.document = {"way": "native", "backupId": back_up(Desk(bench.stamp))["backupId"]}
    bench.settings = {"share": str(tmp_path / "share" / "redmond"), "copyTo": str(tmp_path / "safe")}
    bench.patient = True
    return bench


def test_the_backup_is_copied_before_anything_else(backed_up: Bench, tmp_path: Path) -> None:
    """Everything it is made of, read back; again it goes on where it stopped, and finds all there."""
    assert backed_up.steps["copy-backup"].before == ("redeploy",)
    first, second = backed_up.ask("copy-backup"), backed_up.ask("copy-backup")
    copies = [path for path in (tmp_path / "safe").rglob("*") if path.suffix == ".zip"]

    assert (first.status, first.message) == (second.status, second.message)
    assert first.message.endswith(f"files are in {tmp_path / 'safe'}, and were read back")
    assert len(copies) == len(list((tmp_path / "share").rglob("*.zip")))


def test_a_copy_that_was_stopped_goes_on(backed_up: Bench, tmp_path: Path) -> None:
    """Whoever ends a run loses none of it."""
    backed_up.patient = False
    assert backed_up.ask("copy-backup").message == "the copy goes on where it stopped"
    backed_up.patient = True
    assert backed_up.ask("copy-backup").status == "done"


def test_what_cannot_be_copied_is_told(backed_up: Bench, tmp_path: Path) -> None:
    """No such backup, no share, a file that is another one, nobody who says which."""
    known = backed_up.document
    backed_up.document = known | {"backupId": "0f5b1b1e-54c5-4f4f-9d3e-1b0f0d5c1f11"}
    assert "the share has no snapshot of it" in backed_up.ask("copy-backup").message
    backed_up.document = {"way": "native"}
    assert backed_up.ask("copy-backup").message.startswith("nobody says which backup")

    backed_up.document = known
    backed_up.ask("copy-backup")
    file = next((tmp_path / "safe").rglob("*.zip"))
    file.write_bytes(bytes(file.stat().st_size))
    assert (
        backed_up.ask("copy-backup").status,
        "is not what the share has" in backed_up.ask("copy-backup").message,
    ) == (
        "failed",
        True,
    )
    shutil.rmtree(tmp_path / "share" / "redmond")
    assert backed_up.ask("copy-backup").status == "failed"


def test_without_a_share_people_copy_it(backed_up: Bench) -> None:
    """With the commands, and the backup's id in them."""
    backed_up.settings = {}
    step = backed_up.steps["copy-backup"]

    assert step.by == "operator"
    assert f"restamp backups copy <share> {backed_up.document['backupId']} --to <folder>" in step.how


def test_a_rebuild_has_no_backup_to_copy(bench: Bench) -> None:
    """That is why it is one."""
    assert "copy-backup" not in bench.steps


def test_backups_go_to_the_new_folder_whatever_answer_is_lost(again: Bench) -> None:
    """As often and as long as before; the old folder is asked for nothing."""
    for found in again.survives("enable-backup", "backupLocations|/wsman"):
        assert "own word" not in found.message
        assert again.ask("enable-backup").status == "done", found.message
        (location,) = (body for body in again.stamp.objects() if body["id"].endswith("/backupLocations/redmond"))
        said = location["properties"]["externalStoreDefault"]
        assert (said["path"], said["isBackupSchedulerEnabled"]) == (NEW, True)
        assert (said["backupFrequencyInHours"], said["backupRetentionPeriodInDays"]) == (8, 9)
        again.stamp.state.store.delete(location["id"].lower())


def test_what_is_not_there_for_backups_is_said(again: Bench) -> None:
    """No certificate, the old folder, a share that the stamp cannot use."""
    again.settings = {"backupPath": f"{PATH.upper()}\\"}
    assert "is the folder of the old backups" in again.ask("enable-backup").message
    again.settings = {"backupPath": NEW}
    again.written({"backup/redmond.yaml": LOCATION.partition("certificate")[0]})
    assert "has no certificate" in again.ask("enable-backup").message

    again.written({"backup/redmond.yaml": LOCATION})
    again.settings = {"backupPath": "not a share"}
    found = again.ask("enable-backup")
    assert (found.status, found.message[:16]) == ("failed", "the stamp cannot")
    assert again.stamp.effects == []


def test_a_password_that_is_sealed_is_opened(again: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """And asked of nobody."""
    again.sealed("something", b"else", monkeypatch)
    again.set_secret("BackupLocation redmond", "password", PASSWORD)
    monkeypatch.delenv("RESTAMP_SECRET_HUB_CORE_BACKUP_PASSWORD")

    assert again.steps["enable-backup"].secrets == ()
    assert [again.ask("enable-backup").status for _ in range(2)] == ["waiting", "done"]
    assert again.ask("first-backup").status == "waiting"
    again.stamp.clock.advance(600)
    assert again.ask("first-backup").status == "done"


def test_people_enable_backups_where_nobody_says_where_to(again: Bench) -> None:
    """With what was captured."""
    again.settings = {}
    step = again.steps["enable-backup"]

    assert step.by == "operator"
    assert rf"as contoso\backup, every 8 hours, kept 9 days; they went to {PATH}" in step.how


def test_one_first_backup_is_made_whatever_answer_is_lost(again: Bench) -> None:
    """It is found by the deployment's id, and waited for until it can be recovered from."""
    again.ask("enable-backup")
    again.stamp.faults.append(Fault("/createBackup$", lose_answer=True))
    said = [again.ask("first-backup").status for _ in range(3)]
    again.stamp.clock.advance(600)
    found = again.ask("first-backup")

    assert said == ["failed", "waiting", "waiting"]
    assert (found.status, again.ask("first-backup").status) == ("done", "done")
    (only,) = listed(Desk(again.stamp))
    assert found.facts == {"backup": only["backupId"]}


def test_a_backup_that_failed_is_told_once_and_then_another_is_made(again: Bench, tmp_path: Path) -> None:
    """The share was away; people brought it back."""
    again.ask("enable-backup")
    (tmp_path / "share" / "again").rename(tmp_path / "away")
    again.ask("first-backup")
    again.stamp.clock.advance(3600)
    failed = again.ask("first-backup")
    assert failed.status == "failed"
    assert "is Failed: the next run starts another" in failed.message

    (tmp_path / "away").rename(tmp_path / "share" / "again")
    assert again.ask("first-backup").message == "the first backup begins"
    again.stamp.clock.advance(3600)
    assert again.ask("first-backup").status == "done"


def test_the_old_backups_are_left_to_people(again: Bench) -> None:
    """Behind the first one that can be recovered from."""
    step = again.steps["old-backups"]

    assert (step.by, step.needs) == ("operator", ("hub-core/first-backup",))
    assert PATH in step.how
