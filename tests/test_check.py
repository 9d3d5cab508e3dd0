"""What `restamp check` looks at, one by one; tests/flows/test_check.py has the command as a whole."""

import datetime as dt
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from restamp.backup.catalogue import catalogue
from restamp.backup.proof import Proof
from restamp.backup.share import Folder
from restamp.backup.verdict import Said
from restamp.check.backups import of_last, of_room, of_settings, of_share
from restamp.check.keys import of_backups, of_certificates
from restamp.check.places import of_places
from restamp.check.runbook import of_runbook, of_signoffs
from restamp.cli.today import Today
from restamp.kind import Kinds
from restamp.kinds.backup import BackupLocation
from restamp.models.backup import Backups
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, RecoveryDocument, Stamp, Use
from restamp.models.step import SignOff, Step
from restamp.recovery import Begun, file_of, sign
from restamp.runbook import Runbook
from restamp.runbook.save import own_file

from .shares import backup_id, made, name_of, pair
from .test_backup_cases import facts, held

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
LEAD = dt.timedelta(days=30)


def runbook(folder: Path, *certificates: str) -> Runbook:
    """An empty runbook that says where certificates are."""
    stamp = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS", certificates=certificates)
    return Runbook(stamp, (), Kinds({}), folder)


def certificate(path: Path, ends: dt.datetime) -> None:
    """A certificate until then."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, ends - dt.timedelta(days=400), ends)
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


@pytest.mark.parametrize(
    ("days", "level", "message"),
    [
        (-1, "stop", "expired on 2026-11-23"),
        (29, "warn", "expires on 2026-12-23, sooner than the 30 days that a recovery may have to wait"),
        (31, None, ""),
    ],
)
def test_certificates_have_to_outlive_the_longest_lead_time(
    tmp_path: Path, days: int, level: str | None, message: str
) -> None:
    """Hardware takes weeks, and the redeploy at their end asks for them."""
    certificate(tmp_path / "portal.pem", NOW + dt.timedelta(days=days))

    found = list(of_certificates(runbook(tmp_path, "portal.pem"), LEAD, NOW))
    assert [(item.level, item.message) for item in found] == ([(level, message)] if level else [])


def test_certificates_that_nobody_holds_are_said(tmp_path: Path) -> None:
    """Not named, not there, or shut."""
    (tmp_path / "portal.pfx").write_bytes(b"no container")
    messages = [item.message for item in of_certificates(runbook(tmp_path, "a.cer", "portal.pfx"), LEAD, NOW)]

    assert messages == ["is not there", "does not open with the password in RESTAMP_CERTIFICATES_PASSWORD"]
    assert [item.message for item in of_certificates(runbook(tmp_path), LEAD, NOW)] == [
        "nobody says where they are held"
    ]


@pytest.mark.parametrize(
    ("keys", "lead", "told"),
    [
        ((), 0, [("key-not-held", "stop")]),
        (("other",), 0, [("key-not-held", "stop")]),
        (("backup",), 0, []),
        (("backup",), 4000, [("key-expires", "warn")]),
    ],
)
def test_a_key_that_is_not_at_hand_stops_every_recovery_from_its_backups(
    keys: tuple[str, ...], lead: int, told: list[tuple[str, str]]
) -> None:
    """By the thumbprint that the stamp tells; one whose certificate ends before hardware may be there is said."""
    found = list(of_backups([pair("backup").thumbprint], held(keys, "sesame"), dt.timedelta(days=lead), NOW))

    assert [(item.code, item.level) for item in found] == told
    assert all(item.about == f"certificate {pair('backup').thumbprint}" for item in found)


def test_a_key_that_older_backups_alone_need_is_no_stop() -> None:
    """A certificate was changed: what a recovery begins with is of the new one."""
    found = list(of_backups([pair("other").thumbprint], held(("backup",), "sesame"), LEAD, NOW, "warn"))
    assert [(item.code, item.level) for item in found] == [("key-not-held", "warn")]


def told_by(share: Path, *said: Said, rpo: dt.timedelta | None = None, backup: str = "") -> list[tuple[str, str]]:
    """What is said of the newest backup on a share, or of one, with the key to it at hand."""
    here = Folder(share)
    found = of_share(catalogue(here), said, Proof(here, held(("backup",), "sesame")), rpo, backup)
    return [(item.code, item.level) for item in found]


def test_a_share_without_a_backup_to_recover_from_is_said(tmp_path: Path) -> None:
    """None that is recoverable, by the verdicts of `backups check`; and one that is too old."""
    share = made(tmp_path / "share", 2)
    asked = Said(Backups(backups=(facts(0), facts(1))), "now")

    assert told_by(share.folder, asked) == []
    assert told_by(share.folder, asked, rpo=dt.timedelta(hours=1)) == [("too-old", "warn")]
    assert told_by(share.folder) == [("not-proven", "warn")]  # not proven: nobody asked the stamp
    share.path(name_of("SRP;SRP;-;-", 1, "Full")).write_bytes(b"")
    assert told_by(share.folder, asked) == [("no-recoverable-backup", "warn")]  # the one before will do
    assert told_by(share.folder, asked, backup=backup_id(1)) == [
        ("no-recoverable-backup", "stop")
    ]  # unless it is meant
    share.path(name_of("SRP;SRP;-;-", 0, "Full")).write_bytes(b"")
    assert told_by(share.folder, asked) == [("no-recoverable-backup", "warn"), ("no-recoverable-backup", "stop")]


def test_a_last_backup_that_came_to_nothing_is_said() -> None:
    """Nothing of it need be on the share; one that runs says nothing yet."""
    right, wrong = facts(0), facts(1).model_copy(update={"status": "Failed"})
    (found,) = of_last(Backups(backups=(right, wrong)))
    assert (found.level, found.message) == ("warn", "the last one is none to recover from: its status is Failed")
    runs = wrong.model_copy(update={"status": "Running"})
    assert list(of_last(Backups(backups=(right, runs)))) == list(of_last(Backups())) == list(of_last(None)) == []


def test_a_scheduler_that_was_off_at_the_last_capture_is_said_without_a_stamp(tmp_path: Path) -> None:
    """Every night, and not only where somebody gives it credentials."""
    off = BackupLocation(name="redmond", path="/share", user_name="backup", scheduler=False)
    today = Today(replace(runbook(tmp_path), documents=(off,)), ("*:443=127.0.0.1:1", "", ""), "", (), ())
    said = [item.message for item in today.of_the_stamp() if item.code == "scheduler-off"]
    assert said == ["automatic backups are switched off, by the last capture"]
    on = replace(today.runbook, documents=(off.model_copy(update={"scheduler": True}),))
    assert [item.code for item in replace(today, runbook=on).of_the_stamp()] == ["not-asked"]


CAPTURED = Captured(on=NOW.date(), at=NOW, restamp="1", documents=1, subscriptions=3, inside_covered=3)


def of_the_runbook(folder: Path, captured: Captured | None, *backups: int) -> list[Finding]:
    """What is said of a runbook that was captured then, of a stamp that made these backups."""
    if captured is not None:
        (folder / "captured.yaml").write_text(own_file(captured))
    return list(of_runbook(runbook(folder), Backups(backups=tuple(facts(number) for number in backups))))


def test_a_runbook_that_is_older_than_the_newest_backup_is_said(tmp_path: Path) -> None:
    """What happened between the two is in the backup alone."""
    (found,) = of_the_runbook(tmp_path, CAPTURED.model_copy(update={"at": facts(0).created}), 0, 1)

    assert (found.code, found.level, found.hint) == (
        "older-runbook",
        "warn",
        "Capture after each backup: restamp capture --commit",
    )
    assert found.message == "is of 2026-10-20 03:30 UTC, and the newest backup of 2026-10-20 15:30"
    assert of_the_runbook(tmp_path, CAPTURED, 0, 1) == []


def test_insides_that_are_not_covered_are_said(tmp_path: Path) -> None:
    """A rebuild would lose them; and without any capture there is nothing to rebuild from."""
    (never,) = of_the_runbook(tmp_path, None)
    (found,) = of_the_runbook(tmp_path, CAPTURED.model_copy(update={"inside_covered": 1}))

    assert (never.code, never.level) == ("never-captured", "stop")
    assert (found.code, found.level) == ("not-covered", "warn")
    assert found.message == "inside covered: 1 of 3 subscriptions: a rebuild loses what is in 2"


def test_a_sign_off_for_another_text_is_said(tmp_path: Path) -> None:
    """What people did was for what they read then."""
    step = Step(id="oem/rack", title="Rack", phase="redeploy", by="oem", how="Put it there.")
    file_of(tmp_path, "loss").parent.mkdir(parents=True)
    sign(tmp_path, "loss", SignOff(step=step.id, by="Ann", at=NOW, digest=step.digest))

    def said(now: Step) -> list[str]:
        return [str(item) for item in of_signoffs(runbook(tmp_path), Begun("loss", RecoveryDocument()), [now])]

    assert said(step) == []
    message = "was signed off by Ann on 2026-11-24, for another text than it has now"
    assert said(step.model_copy(update={"how": "Put it elsewhere."})) == [f"step oem/rack: {message}"]


@pytest.mark.parametrize(
    ("scheduler", "capacity", "codes"),
    [
        (True, "0.99 TB", []),
        (False, "0.99 TB", ["scheduler-off"]),
        (True, "50 GB", ["share-almost-full"]),
        (None, None, []),
        (True, "plenty", []),
    ],
)
def test_backups_that_will_not_be_made_are_said(scheduler: bool | None, capacity: str | None, codes: list[str]) -> None:
    """A failover has been seen to switch the scheduler off (documented)."""
    assert [item.code for item in of_settings(scheduler, capacity)] == codes


def test_a_share_that_is_mounted_tells_its_room_itself() -> None:
    """Here one that has none at all; of one over SMB the stamp alone says it."""
    (found,) = of_room("/proc")
    assert (found.code, found.message) == ("share-almost-full", "the share has 0 GB left, less than 0.1 TB")
    assert list(of_room("smb://nas/backups")) == []


def test_what_lives_under_the_stamps_own_domain_is_lost_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git, the state, the share, keys, certificates and pinned files."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(
        ["git", "remote", "add", "origin", "https://git.redmond.ext.contoso.example/x"], cwd=tmp_path, check=True
    )
    monkeypatch.setenv("PULUMI_BACKEND_URL", "azblob://state?domain=redmond.ext.contoso.example")
    monkeypatch.setenv("RESTAMP_OPENERS", "/keys/a.pfx,/net/files.redmond.ext.contoso.example/b.pfx")

    there = runbook(tmp_path, "/net/Files.Redmond.ext.contoso.example/portal.pfx")
    there.stamp.plugins["oem-racks"] = Use(files={"sheet": "//files.redmond.ext.contoso.example/sheet.xml"})
    key = Path("/net/files.redmond.ext.contoso.example/backup.pfx")
    found = list(of_places(there, [r"\\files.redmond.ext.contoso.example\backups"], [key]))
    assert [item.about for item in found] == [
        *("git remote", "Pulumi backend", "share of the backups", "keys", "keys", "external certificates"),
        "file oem-racks/sheet",
    ]
    assert {item.level for item in found} == {"stop"}
