"""Whether a stamp can be recovered from a backup: the envelope, the verdict's edges, and `restamp backups check`."""

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from hypothesis import given
from hypothesis import strategies as st

from restamp.backup.catalogue import catalogue
from restamp.backup.envelope import Keys, Plain, envelope, prove
from restamp.backup.proof import Proof
from restamp.backup.share import Folder
from restamp.backup.verdict import newest, too_old
from restamp.models.backup import Backups
from restamp.releases import fits, takes, ways
from restamp.runbook.save import own_file

from .shares import FIRST, Made, backup_id, made, name_of, pair, sealed, wrapped
from .test_backup_cases import facts, held
from .test_backups import restamp

DATA, KEYS = os.urandom(3_000_000), os.urandom(64)
STAMP_YAML = "kind: Stamp\nformat: 1\nregion: redmond\ndomain: ext.contoso.example\nidentity: ADFS\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Envelopes of several sizes, by their names."""
    found = tmp_path_factory.mktemp("envelopes")
    for size in (0, 1, 15, 16, 17, 1024 * 1024, 3_000_000):
        (found / str(size)).write_bytes(sealed(DATA[:size], KEYS))
    return found


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1024 * 1024, 3_000_000])
def test_what_is_inside_an_envelope_is_what_was_put_there(folder: Path, size: int) -> None:
    """Whatever its size; and the MAC is over every byte of the ciphertext, once."""
    share, heard = Folder(folder), list[int]()
    with share.open(str(size)) as file:
        around = envelope(file, "x", share.stat(str(size)).size)
        prove(file, around, Keys(KEYS[:32], KEYS[32:]), heard.append)
        plain = Plain(file, around, Keys(KEYS[:32], KEYS[32:])).readall()

    assert plain == DATA[:size]
    assert sum(heard) == around.size


@given(at=st.integers(0, 3_000_100), size=st.integers(0, 2_000_000))
def test_an_envelope_can_be_read_from_anywhere(folder: Path, at: int, size: int) -> None:
    """A zip is read from its end: CBC can be begun at every block."""
    share = Folder(folder)
    with share.open("3000000") as file:
        around = envelope(file, "x", share.stat("3000000").size)
        plain = Plain(file, around, Keys(KEYS[:32], KEYS[32:]))
        plain.seek(at)

        assert plain.read(size) == DATA[at : at + min(size, 1024 * 1024)]


def test_older_stamps_wrapped_keys_with_sha_1(tmp_path: Path) -> None:
    """Which Microsoft's own decryptor tries, too."""
    share = made(tmp_path, 1)
    name, keys = name_of("ECE;EceService;-;Deployment", 0, "Full"), os.urandom(64)
    share.path(name).write_bytes(sealed(b"PK\x03\x04 and so on", keys))
    text = share.path(name, ".xml").read_text()
    begin, end = (text.index(f"{mark}EncryptedBackupEncryptionKey>") for mark in ("<", "</"))
    share.path(name, ".xml").write_text(f"{text[:begin]}<{_KEY}>{wrapped(keys, pair('backup'), SHA1())}{text[end:]}")
    proof, found = Proof(Folder(tmp_path), held(("backup",), "sesame")), catalogue(Folder(tmp_path))

    assert [proof.of(snapshot) for snapshot in found.snapshots] == [()] * 6


NOWHERE = "*.redmond.ext.contoso.example:443=127.0.0.1:1"
_KEY = "EncryptedBackupEncryptionKey"


def test_a_newer_backup_that_is_ruled_out_leads_to_the_one_before(tmp_path: Path) -> None:
    """The question is what a stamp can be recovered from; and what two backups share is read once."""
    share = made(tmp_path, 4)
    share.path(name_of("SRP;SRP;-;-", 3, "Full")).write_bytes(b"")
    here, heard = Folder(tmp_path), list[int]()
    found = catalogue(here)
    verdicts = list(newest(found, [], Proof(here, held(("backup",), "sesame"), heard.append)))

    assert [(item.backup, item.word) for item in verdicts] == [
        (backup_id(3), "not recoverable"),
        (backup_id(2), "not proven"),
    ]
    read = {link.name: link.size - 90 for item in verdicts if item.whole for link in item.whole.links if link.size}
    assert sum(heard) == sum(read.values())


def test_age_counts_from_when_a_backup_began(tmp_path: Path) -> None:
    """What happened while it was made is not in it: completion less duration, by the stamp's word if there is one."""
    made(tmp_path, 1)
    here = Folder(tmp_path)
    verdict = next(newest(catalogue(here), [], Proof(here, ())))
    now = FIRST + dt.timedelta(hours=10)

    assert verdict.begun == FIRST + dt.timedelta(minutes=4, seconds=29, microseconds=623456)
    assert list(too_old(verdict, dt.timedelta(hours=10), now)) == []
    late = next(too_old(verdict, dt.timedelta(hours=9, minutes=50), now))
    state = "2026-10-20 03:04 UTC (by the share alone: inferred)"
    assert late.message == f"has the stamp's state of {state}, 9 h 55 min ago"


@pytest.mark.parametrize(
    ("version", "taken"),
    [
        ("1.2501.1.47", ("2501", "2506")),
        ("1.2408.0.19", ("2408", "2501")),
        ("1.2506.0.15", ("2506",)),  # nothing newer is known
        ("1.2209.0.53", ("2209",)),  # in no list
        ("1.1908.4.33", ("1908", "1910")),
        ("seven", ()),
    ],
)
def test_the_baselines_that_take_a_backup(version: str, taken: tuple[str, ...]) -> None:
    """The backup's own release, or one newer (documented)."""
    assert takes(version) == taken
    assert all(finding.level == "note" for release in taken for finding in fits(version, f"1.{release}.0.1"))


OLDER = "is older than the backup, of 2501: nothing documents that it takes it"
ANOTHER = "is of the backup's release, and another build than 1.2501.1.47: what is documented counts releases"
UNHEARD = "is of 2512, and the backup of 2501: how far apart they are stands in no list that restamp has"


@pytest.mark.parametrize(
    ("baseline", "level", "told"),
    [
        ("1.2408.0.19", "stop", OLDER),
        ("1.2501.0.21", "note", ANOTHER),
        ("1.2512.0.1", "warn", UNHEARD),
        ("latest", "stop", "is no build of Azure Stack Hub"),
    ],
)
def test_what_is_said_against_a_baseline(baseline: str, level: str, told: str) -> None:
    """Older is refused as undocumented, unknown is said to be so, and each asks for the OEM's word."""
    (finding,) = fits("1.2501.1.47", baseline)

    assert (finding.level, finding.message) == (level, told)
    assert "OEM" in finding.hint or baseline == "latest"


@pytest.mark.parametrize("baseline", ["1.2501.1.47", "1.2506.0.15", "1.2506.2.24"])
def test_a_baseline_that_takes_it_is_not_talked_about(baseline: str) -> None:
    """The backup's own build, and any of the next release."""
    assert list(fits("1.2501.1.47", baseline)) == []


def test_a_baseline_two_releases_newer_is_refused() -> None:
    """With the way out: an older one, and updates from there."""
    finding = next(iter(fits("1.2311.1.22", "1.2408.0.19")))

    assert (
        str(finding)
        == "baseline 1.2408.0.19: is 2 releases newer than the backup, of 2311: one is the most that is supported"
    )
    asked = "ask the OEM, in writing, for a baseline of 2311 or 2406, and update from there."
    assert finding.hint == f"That releases are what counts is inferred: {asked}"


def test_the_way_from_a_baseline_to_the_newest_release() -> None:
    """How many updates, how many hours by nodes, what each needs, and when media on the shelf stop fitting."""
    first, second = ways("1.2406.1.23", 8)

    assert (first.baseline, first.hops, first.hours, first.fits_until) == (
        "2406",
        ("2408", "2501", "2506"),
        (33, 90),
        "2408",
    )
    assert first.needs == ("1.2406.1.23", "1.2408.1.50", "1.2501.1.47")
    assert str(second) == "2408: 2 updates to 2506, 22 to 60 hours; media of it fit until the stamp is updated to 2501"
    assert ways("1.2406.1.23", 5)[0].hours == (33, 90)
    assert ways("1.2406.1.23", 16)[0].hours == (51, 120)


class World:
    """A share, a runbook beside it, and a key."""

    def __init__(self, folder: Path) -> None:
        self.share: Made = made(folder / "share", 3)
        self.key = pair("backup").pfx(folder / "backup.pfx")
        self.runbook = folder / "runbook"
        self.runbook.mkdir()
        (self.runbook / "stamp.yaml").write_text(STAMP_YAML)

    def check(self, *arguments: str, **env: str) -> Any:
        own = ("check", str(self.share.folder), *arguments, "--key", str(self.key), "--runbook", str(self.runbook))
        return restamp(*own, RESTAMP_OPENER_PASSWORD="sesame", **env)

    def told(self, *numbers: int, **other: Any) -> None:
        """The last capture asked the stamp."""
        backups = Backups(backups=tuple(facts(number, **other) for number in numbers))
        (self.runbook / "backups.yaml").write_text(own_file(backups))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A share with three sound backups."""
    return World(tmp_path)


def test_a_recoverable_backup_ends_with_0(world: World) -> None:
    """The newest, by what the stamp said at the last capture."""
    world.told(0, 1, 2)
    done = world.check()

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == [
        f"backup {backup_id(2)}: recoverable",
        "  the stamp's state of 2026-10-21 03:04 UTC",
    ]
    assert "baseline builds that take it: 2501 and 2506 (documented: its own release, or one newer; " in done.stdout


def test_what_is_not_known_ends_with_3(world: World) -> None:
    """Nothing is wrong, and people have something to find out."""
    done = world.check()

    assert done.returncode == 3
    assert f"backup {backup_id(2)}: not proven" in done.stdout
    assert "the share alone was read: whether it succeeded" in done.stderr


def test_what_is_ruled_out_ends_with_4(world: World) -> None:
    """Even where an older one is recoverable, if that one was asked for; else the older one counts."""
    world.told(0, 1)
    world.share.path(name_of("SRP;SRP;-;-", 2, "Full")).unlink()
    asked, any_ = world.check(backup_id(2)), world.check()

    assert asked.returncode == 4
    assert any_.returncode == 0
    assert f"backup {backup_id(2)}: not recoverable" in any_.stdout
    assert f"backup {backup_id(1)}: recoverable" in any_.stdout


def test_too_old_a_backup_and_a_baseline_that_does_not_take_it_end_with_4(world: World) -> None:
    """It is recoverable all the same."""
    world.told(0, 1, 2)
    old, baseline = world.check("--rpo", "1h"), world.check("--baseline", "1.2408.0.19", "--rpo", "9000d")

    assert (old.returncode, baseline.returncode) == (4, 4)
    assert "At most 1 h 0 min may be lost" in old.stderr
    assert "is older than the backup, of 2501" in baseline.stderr
    assert f"backup {backup_id(2)}: recoverable" in old.stdout


def test_a_check_for_programs(world: World) -> None:
    """Everything, and the same exit status."""
    world.told(0, 1, 2, cloud_recovery_ready=False)
    done = world.check(backup_id(2), "--json", "--nodes", "4")
    verdict = json.loads(done.stdout)["verdicts"][0]

    assert done.returncode == 4
    assert (verdict["verdict"], verdict["snapshots"], verdict["takenBy"]) == ("not recoverable", 8, ["2501", "2506"])
    assert verdict["ways"][0] == {
        "baseline": "2501",
        "updates": ["2506"],
        "needs": ["1.2501.1.47"],
        "hours": [8, 28],
        "fitsUntil": "2506",
    }
    assert [finding["code"] for finding in verdict["findings"]] == ["not-ready"]


def test_a_stamp_that_does_not_answer_leaves_what_was_recorded(world: World) -> None:
    """After a loss that is all there is."""
    world.told(0, 1, 2)
    done = world.check(RESTAMP_CLIENT_ID="x", RESTAMP_CLIENT_SECRET="y", RESTAMP_CONNECT_TO=NOWHERE)

    assert done.returncode == 0
    assert (
        "note: stamp runbook: could not be asked: cannot reach adminmanagement.redmond.ext.contoso.example"
        in done.stderr
    )


@pytest.mark.parametrize("text", ["24", "soon", "0h", "1.5h"])
def test_a_time_that_is_none(world: World, text: str) -> None:
    """Says how one is written."""
    done = world.check("--rpo", text)

    assert done.returncode == 2
    assert f"--rpo {text}: is no time" in done.stderr


def test_a_password_is_never_told(world: World) -> None:
    """Neither the right one nor a wrong one."""
    world.told(0, 1, 2)
    wrong = restamp("check", str(world.share.folder), "--key", str(world.key), RESTAMP_OPENER_PASSWORD="correct-horse")

    assert wrong.returncode == 2
    assert "backup.pfx: the password is wrong, or the file holds no private key" in wrong.stderr
    assert "correct-horse" not in wrong.stderr + wrong.stdout
    assert "sesame" not in (done := world.check()).stderr + done.stdout


def test_what_a_capture_records_is_read_again(world: World) -> None:
    """As the stamp said it, to the microsecond."""
    from restamp.runbook.read import recorded_backups

    world.told(0, 2)

    assert recorded_backups(world.runbook) == Backups(backups=(facts(0), facts(2)))
