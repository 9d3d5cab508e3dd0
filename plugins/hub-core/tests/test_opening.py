"""Whether the backup of a native recovery can be opened: said before the OEM begins, with what is left."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.shares import SUBSCRIPTIONS, Made, backup_id, made, name_of, pair
from tests.test_backup_cases import facts

from restamp.models.backup import Backups
from restamp.models.finding import Finding
from restamp.runbook.save import own_file

from .conftest import Bench

BACKUP = "015353df-58a2-4d5e-9f0e-6b8f6cb2b0a1"
FACTS = f"""kind: Backups
backups:
- id: {BACKUP}
  status: Succeeded
  completelyUploaded: true
  cloudRecoveryReady: true
  created: 2026-11-22T21:00:00Z
  thumbprint: {{thumbprint}}
"""


def said(bench: Bench) -> list[Finding]:
    """What would stop a recovery, and is about its backup."""
    return [found for found in bench.called("check", Finding) if found.level == "stop"]


@pytest.fixture
def native(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A native recovery of a backup that was made for `backup`, with its key."""
    bench.document = {"way": "native", "backupId": BACKUP}
    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_BACKUP_KEY_PASSWORD", "sesame")
    bench.sealed("backup-key", pair("backup").pfx(bench.folder.parent / "backup.pfx").read_bytes(), monkeypatch)
    bench.written({"backups.yaml": FACTS.format(thumbprint=pair("backup").thumbprint)})
    return bench


def test_a_backup_whose_key_is_held_is_no_obstacle(native: Bench) -> None:
    """It is sealed in the runbook, opens with its password, and is the backup's own."""
    assert said(native) == []


@pytest.mark.parametrize("lost", ["file", "password", "certificate", "recipient"])
def test_a_lost_key_ends_the_native_way_and_proposes_a_rebuild(
    native: Bench, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """Which is another deployment by the OEM, so nothing switches by itself."""
    match lost:
        case "file":
            (native.folder / "secrets" / "backup-key.yaml").unlink()
            why = "secrets/backup-key.yaml: there is no such file"
        case "password":
            monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_BACKUP_KEY_PASSWORD", "not-the-word")
            why = "backup-key is no .pfx, or does not open with its password"
        case "certificate":
            native.written({"backups.yaml": FACTS.format(thumbprint=pair("another").thumbprint)})
            own, other = pair("backup").thumbprint, pair("another").thumbprint
            why = f"backup-key is that of certificate {own}, and it was made for {other}"
        case _:
            monkeypatch.delenv("RESTAMP_OPENERS")
            why = "secrets/backup-key.yaml"
    (found,) = said(native)

    assert found.about == f"backup {BACKUP}"
    assert found.message.startswith(f"no key here opens it: {why}")
    assert "not-the-word" not in found.message
    assert "What is left is a rebuild from the runbook, which is another deployment by the OEM" in found.hint
    assert "people write `way: rebuild` into recoveries/loss/recovery.yaml" in found.hint


def test_a_key_that_nobody_has_sealed_is_said_before_there_is_any_recovery(native: Bench) -> None:
    """A scheduler hears it while somebody still has the file."""
    native.recovering = False
    assert said(native) == []
    (native.folder / "secrets" / "backup-key.yaml").unlink()
    assert [str(found) for found in said(native)] == [
        "secret backup-key: is not sealed in the runbook, and without it nothing comes out of the infrastructure backup"
    ]


def test_nobody_recovers_from_a_backup_that_is_not_named(native: Bench) -> None:
    """Which one is people's decision, and a rebuild needs none."""
    native.document = {"way": "native"}
    assert [str(found) for found in said(native)] == ["recovery loss: nobody says out of which backup"]
    native.document = {"way": "rebuild"}
    assert said(native) == []


def test_a_backup_that_the_stamp_itself_called_unfit_is_an_obstacle(native: Bench) -> None:
    """By what the last capture recorded, with no share to look at."""
    told = FACTS.replace("Succeeded", "Failed").replace("Ready: true", "Ready: false")
    native.written({"backups.yaml": told.format(thumbprint=pair("backup").thumbprint)})

    assert [found.message for found in said(native)] == [
        "asked at the last capture, the stamp said: its status is Failed",
        "asked at the last capture, the stamp said: it is not ready for cloud recovery",
    ]
    native.written({"backups.yaml": "kind: Backups\nbackups: []\n"})
    assert said(native) == []  # captured before it was made: nothing is known, and nothing speaks against it
    assert "nobody says on which share it is: not looked at" in [
        found.message for found in native.called("check", Finding)
    ]


@pytest.fixture
def shared(native: Bench, tmp_path: Path) -> Bench:
    """The same of a backup that is on a share, its chain back to a full one."""
    made(tmp_path / "share", 2)
    native.settings = {"share": str(tmp_path / "share")}
    native.document = {"way": "native", "backupId": backup_id(1)}
    native.written({"backups.yaml": own_file(Backups(backups=(facts(0), facts(1))))})
    return native


def test_a_backup_that_is_whole_on_its_share_is_no_obstacle(shared: Bench) -> None:
    """All its data is read: the key opens it, and every MAC is right."""
    assert said(shared) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("chain", "its metadata is there, and its data is not"),
        ("mac", "MAC"),
        ("share", "cannot be read"),
        ("stamp", "it is not completely uploaded"),
    ],
)
def test_a_backup_that_cannot_be_recovered_from_is_an_obstacle_before_the_oem_begins(
    shared: Bench, tmp_path: Path, damage: str, told: str
) -> None:
    """As `restamp backups check` says it of the named backup; once one is deployed, its share is read no more."""
    full = Made(tmp_path / "share").path(name_of(SUBSCRIPTIONS, 0, "Full"))
    match damage:
        case "chain":
            full.unlink()
        case "mac":
            full.write_bytes(full.read_bytes()[:-1] + b"x")
        case "share":
            shutil.rmtree(tmp_path / "share")
        case _:
            unfit: Any = {"completely_uploaded": False}
            shared.written({"backups.yaml": own_file(Backups(backups=(facts(0), facts(1, **unfit))))})
    found = said(shared)

    assert len(found) == 1
    assert told in found[0].message
    if damage != "stamp":
        shared.document |= {"target": {"deployment": "3f2f7c5c-0000-4000-8000-000000000001"}}
        assert said(shared) == []
