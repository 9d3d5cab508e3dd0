"""Infrastructure backups of a stamp: settings, jobs, what is on the share, retention, and what comes back."""

import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.asking import Desk, Line
from tests.backing import (
    DAY,
    HOUR,
    PASSWORD,
    PATH,
    back_up,
    files_of,
    listed,
    opened,
    pfx_of,
    place,
    restore,
    set_up,
    unzipped,
)
from tests.serving import new_stamp, served, settings_for
from tests.shares import pair
from tests.test_backup_cases import held

from restamp.arm.client import Arm
from restamp.backup.catalogue import catalogue
from restamp.backup.chains import whole
from restamp.backup.proof import Proof
from restamp.backup.share import Folder
from restamp.backup.verdict import Said, judge
from restamp.simulator import Share
from restamp.simulator.circumstances import put_under
from restamp.simulator.population import population

SUBSCRIPTIONS = "WAS;WasService;-;Microsoft.AzureStack.Subscriptions"
ROLES = ["ECE", "Domain", "CertificateManagement", "ADFS", "CRP", "NRP", "SRP", "WAS"]
ROLES += ["KeyVaultControlPlane", "KeyVaultDataPlane"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The share; the stamp's own folder is in it."""
    (tmp_path / "redmond").mkdir()
    return tmp_path


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    stamp = new_stamp(share=Share(folder, password=PASSWORD))
    stamp.load(population(stamp, 3, contents=True, everywhere=stamp.admin))
    made = Desk(stamp)
    assert set_up(made).status == 202
    yield made
    stamp.close()


def code(answer: Any) -> tuple[int, str]:
    return answer.status, answer.body["error"]["code"]


def test_a_backup_over_https_ends_as_it_was_recorded(folder: Path) -> None:
    """202 with the future backup's id, polls with the same headers, then the backup; secrets in the result alone."""
    stamp = new_stamp(share=Share(folder))
    with served(stamp) as server:
        line = Line(server)
        set_up(line)
        begun = line.ask("POST", place(line, "/createBackup"))
        early = line.follow(begun)
        stamp.clock.advance(600)
        late = line.follow(begun)
        backup = late.body["properties"]["backupInfo"]["backupId"]
        shown = line.ask("GET", place(line, f"/backups/{backup}"))
        line.close()
    stamp.close()

    assert (begun.status, early.status, late.status, shown.status) == (202, 202, 200, 200)
    assert begun.headers["location"].partition("?")[0].endswith(f"/operationResults/{backup}")
    assert early.headers["location"] == begun.headers["location"]
    assert (early.headers["retry-after"], early.body) == ("60", None)
    assert late.body["properties"]["backupInfo"].keys() - shown.body["properties"]["backupInfo"].keys() == {
        "encryptedBackupEncryptionKey",
        "backupSizeInKb",
        "compressedBackupSizeInKb",
    }
    assert shown.body["properties"]["backupInfo"]["isCloudRecoveryReady"] is True
    assert files_of(folder / "redmond", backup)


def test_settings_hide_their_secrets_and_are_checked(desk: Desk) -> None:
    """Password and certificate read as null; limits and the certificate are those documented."""
    shown = desk.ask("GET", place(desk)).body["properties"]["externalStoreDefault"]
    key = pair("backup").key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    assert (shown["password"], shown["encryptionCertBase64"]) == (None, None)
    assert shown["encryptionCertThumbprint"] == pair("backup").thumbprint
    assert shown["availableCapacity"].endswith(" TB")
    for wrong in (
        {"backupFrequencyInHours": 3},
        {"backupFrequencyInHours": 13},
        {"backupRetentionPeriodInDays": 1},
        {"backupRetentionPeriodInDays": 15},
        {"encryptionCertBase64": "no base64"},
        {"encryptionCertBase64": b64encode(key).decode()},
        {"encryptionCertBase64": b64encode(pfx_of(pair("backup"))).decode()},
        {"password": ""},
    ):
        assert set_up(desk, **wrong).status == 400, wrong
    assert desk.ask("GET", place(desk)).body["properties"]["externalStoreDefault"] == shown


def test_what_is_on_the_share_opens_as_microsofts_own_tool_opens_it(desk: Desk, folder: Path) -> None:
    """Names and envelope are native, quotas JSON as the API lists them; all else says that it is the simulator's."""
    desk.chain()
    backup = back_up(desk)["backupId"]
    found = {file.parent.name: opened(file, pair("backup")) for file in files_of(folder / "redmond", backup)}
    quotas = desk.ask("GET", desk.quota("Compute", "x").rpartition("/")[0]).body["value"]
    storage = unzipped(found["SRP;SRP;-;-"]["SRP;Microsoft.Storage.Admin;-;Quota/Quota.zip"])

    compute = json.loads(found["CRP;Microsoft.Compute.Admin;-;Quota"]["CRP-Microsoft.Compute.Admin.json"])
    assert {each["id"]: each for each in compute} == {each["id"]: each for each in quotas}
    assert json.loads(storage["SRP-Microsoft.Storage.Admin.json"])[0]["properties"]["capacityInGb"] == 2048
    assert set(found[SUBSCRIPTIONS]) == {f"Microsoft.AzureStack.Subscriptions.{end}" for end in ("bak", "log")}
    native = {"CRP;Microsoft.Compute.Admin;-;Quota", "NRP;Microsoft.Network.Admin;-;Quota", "SRP;SRP;-;-"}
    assert native < set(found)
    assert all(
        content.startswith(b"restamp simulator 1: not what a stamp writes\n")
        for folder, files in found.items()
        if folder not in native
        for content in files.values()
    )
    assert not any(b"the share's own word" in content for files in found.values() for content in files.values())


def test_restamps_own_reader_finds_chains_whole(desk: Desk, folder: Path) -> None:
    """Full first, then what changed; quotas always in full. Reader and writer know nothing of each other."""
    first = back_up(desk)["backupId"]
    desk.chain()
    second = back_up(desk)["backupId"]
    found = catalogue(Folder(folder / "redmond"))
    newest = whole(found, second)

    assert found.findings == ()
    assert found.backups == (second, first)
    assert newest is not None
    assert newest.findings == ()
    assert {chain.repository.partition(";")[0] for chain in newest.chains} == set(ROLES)
    lengths = {chain.repository.partition(";")[0]: len(chain.links) for chain in newest.chains}
    assert {role for role, links in lengths.items() if links == 1} == {"CRP", "NRP", "SRP"}
    full, link = next(chain.links for chain in newest.chains if chain.repository == SUBSCRIPTIONS)
    assert (full.kind, link.kind, link.size < full.size / 4) == ("Full", "Progressive", True)
    assert (newest.one("thumbprint"), newest.one("stamp_version")) == (pair("backup").thumbprint, "1.2301.2.58")


def test_restamp_judges_a_simulated_backup_as_it_would_a_real_one(desk: Desk, folder: Path) -> None:
    """By the stamp's own word over HTTPS, chains, MACs and the key; and sees damage and another key."""
    first, second = back_up(desk)["backupId"], back_up(desk)["backupId"]
    with served(desk.stamp) as server, Arm(settings_for(server)) as arm:
        assert arm.backups is not None
        said = [Said(arm.backups, "now")]
    share = Folder(folder / "redmond")

    def word(backup: str, key: str = "backup") -> str:
        return judge(backup, catalogue(share), said, Proof(share, held((key,), "sesame"))).word

    assert [word(first), word(second)] == ["recoverable", "recoverable"]
    assert word(second, "another") == "not recoverable"
    quotas = next(each for each in files_of(share.folder, second) if each.parent.name.startswith("CRP"))
    read = Proof(share, held(("backup",), "sesame")).quotas(
        next(each for each in catalogue(share).of(second) if each.repository == quotas.parent.name)
    )
    assert {item["name"] for item in read.items} >= {"Default Quota"}
    quotas.write_bytes(quotas.read_bytes()[:-1])
    assert [word(first), word(second)] == ["recoverable", "not recoverable"]


def test_a_new_certificate_an_update_and_a_week_begin_chains_anew(desk: Desk, folder: Path) -> None:
    """The links of a chain are of one make; nothing grows for ever."""

    def kind() -> str:
        backup = back_up(desk)["backupId"]
        (file,) = [file for file in files_of(folder / "redmond", backup) if file.parent.name == SUBSCRIPTIONS]
        return file.stem.split("_")[2]

    kinds = [kind(), kind()]
    set_up(desk, pair("another"))
    kinds += [kind(), kind()]
    system = desk.ask("GET", "resourceGroups/System.redmond/providers/Microsoft.Update.Admin/updateLocations/redmond")
    (update,) = desk.ask("GET", f"{system.body['id']}/updates").body["value"]
    desk.ask("POST", f"{update['id']}/apply")
    desk.stamp.clock.advance(20 * HOUR)
    kinds += [kind(), kind()]
    desk.stamp.clock.advance(8 * DAY)
    kinds.append(kind())

    assert kinds == ["Full", "Progressive"] * 3 + ["Full"]


def test_there_is_one_job_at_a_time_and_none_while_updating(desk: Desk) -> None:
    """A second one is refused; the first one shows as running until it is done."""
    begun = desk.ask("POST", place(desk, "/createBackup"))
    assert code(desk.ask("POST", place(desk, "/createBackup"))) == (409, "BackupInProgress")
    assert [(each["status"], each["completelyUploaded"]) for each in listed(desk)] == [("Running", False)]
    desk.stamp.clock.advance(600)
    assert [each["status"] for each in listed(desk)] == ["Succeeded"]
    assert desk.follow(begun).status == 200

    desk.stamp.load(body | {"properties": body["properties"] | {"state": "UpdateInProgress"}} for body in updates(desk))
    assert code(desk.ask("POST", place(desk, "/createBackup"))) == (409, "UpdateInProgress")


def updates(desk: Desk) -> list[dict[str, Any]]:
    return [body for body in desk.stamp.objects() if body.get("type") == "Microsoft.Update.Admin/updateLocations"]


def test_the_scheduler_goes_on_while_it_is_off_and_a_manual_backup_does_not_move_it(desk: Desk) -> None:
    """Every twelve hours on the stamp's clock; nothing while it is switched off, or the last update failed."""
    set_up(desk, isBackupSchedulerEnabled=True)
    due = desk.ask("GET", place(desk)).body["properties"]["externalStoreDefault"]["nextBackupTime"]
    back_up(desk)
    assert desk.ask("GET", place(desk)).body["properties"]["externalStoreDefault"]["nextBackupTime"] == due
    desk.stamp.clock.advance(25 * HOUR)
    assert [each["isAutomaticBackup"] for each in listed(desk)] == [False, True, True]

    set_up(desk, isBackupSchedulerEnabled=False)
    desk.stamp.clock.advance(25 * HOUR)
    shown = desk.ask("GET", place(desk)).body["properties"]["externalStoreDefault"]
    assert (len(listed(desk)), shown["nextBackupTime"] > due) == (3, True)

    set_up(desk, isBackupSchedulerEnabled=True)
    desk.stamp.load(body | {"properties": body["properties"] | {"state": "UpdateFailed"}} for body in updates(desk))
    desk.stamp.clock.advance(25 * HOUR)
    assert len(listed(desk)) == 3


def test_old_backups_go_and_the_links_that_others_need_stay(desk: Desk, folder: Path) -> None:
    """Retention counts from a backup's end; what is left on the share is whole."""
    first = back_up(desk)["backupId"]
    desk.stamp.clock.advance(4 * DAY)
    second = back_up(desk)["backupId"]
    desk.stamp.clock.advance(4 * DAY)
    third = back_up(desk)["backupId"]
    found = catalogue(Folder(folder / "redmond"))
    kept = whole(found, second)

    assert [each["backupId"] for each in listed(desk)] == [second, third]
    assert (kept is not None and kept.findings, found.findings) == ((), ())
    assert {each.parent.name for each in files_of(folder / "redmond", first)} & {SUBSCRIPTIONS}
    set_up(desk, backupRetentionPeriodInDays=2)
    assert [each["backupId"] for each in listed(desk)] == [third]
    assert {link.backup for link in catalogue(Folder(folder / "redmond")).snapshots} == {third}


@pytest.mark.parametrize("wrong", ["path", "full", "password", "gone"])
def test_a_share_that_does_not_take_a_backup_lets_it_fail(desk: Desk, folder: Path, wrong: str) -> None:
    """The job ends as failed, which is not recoverable; the one before stays."""
    good = back_up(desk)["backupId"]
    if wrong == "path":
        set_up(desk, path=PATH + r"\nowhere")
    elif wrong == "password":
        set_up(desk, password="another")
    elif wrong == "full":
        desk.stamp.state.share.capacity = 1
    else:
        shutil.move(folder / "redmond", folder / "elsewhere")
    info = back_up(desk)

    assert (info["status"], info["completelyUploaded"], info["isCloudRecoveryReady"]) == ("Failed", False, False)
    assert [each["status"] for each in listed(desk)] == ["Succeeded", "Failed"]
    assert listed(desk)[0]["backupId"] == good


def test_pruning_tells_or_deletes_what_is_no_backup(desk: Desk, folder: Path) -> None:
    """A dry run tells alone; both headers lead to the result, in two forms (recorded)."""
    backup = back_up(desk)["backupId"]
    stray = folder / "redmond" / "MASBackup" / "progressivebackup" / "notes.txt"
    stray.write_text("mine")
    tried = desk.ask("POST", place(desk, "/pruneExternalStore"), {"operationType": "DryRun"})
    desk.stamp.clock.advance(HOUR)
    assert stray.exists()
    done = desk.ask("POST", place(desk, "/pruneExternalStore"), {})
    running = desk.follow(done, "azure-asyncoperation")
    desk.stamp.clock.advance(HOUR)

    paths = {"pathsToDelete": ["masbackup/progressivebackup/notes.txt"]}
    assert running.status == 202
    assert desk.follow(tried, "azure-asyncoperation").body["properties"] == paths
    assert desk.follow(done, "azure-asyncoperation").body["status"] == "Succeeded"
    assert desk.follow(done).body["properties"] == paths
    assert not stray.exists()
    assert files_of(folder / "redmond", backup)
    assert desk.ask("POST", place(desk, "/pruneExternalStore"), {"operationType": "All"}).status == 400


def test_a_restore_brings_back_what_was_lost_and_leaves_what_is_new(desk: Desk) -> None:
    """A new operation, empty at its end (recorded); what somebody made since is still there."""
    desk.chain()
    backup = back_up(desk)["backupId"]
    desk.ask("DELETE", desk.user("tenant-1"))
    desk.ask("PUT", "resourcegroups/new", {"location": "redmond"})
    begun = restore(desk, backup)
    missing = desk.ask("GET", desk.user("tenant-1")).status
    desk.stamp.clock.advance(600)
    ended = desk.follow(begun)

    assert (begun.status, missing, ended.status, ended.body) == (202, 404, 200, None)
    assert backup not in begun.headers["location"]
    assert desk.ask("GET", desk.user("tenant-1")).status == 200
    assert desk.ask("GET", "resourcegroups/new").status == 200


def test_one_role_comes_back_alone(desk: Desk) -> None:
    """`roleName` names it; an unknown one is refused."""
    desk.chain()
    backup = back_up(desk)["backupId"]
    desk.ask("DELETE", desk.user("tenant-1"))
    assert restore(desk, backup, roleName="NRP").status == 202
    desk.stamp.clock.advance(600)
    assert desk.ask("GET", desk.user("tenant-1")).status == 404
    assert restore(desk, backup, roleName="was").status == 202
    desk.stamp.clock.advance(600)

    assert desk.ask("GET", desk.user("tenant-1")).status == 200
    assert code(restore(desk, backup, roleName="XRP")) == (400, "RoleNotFound")


def test_a_restore_without_the_right_key_is_refused(desk: Desk) -> None:
    """Another certificate, another password, no .pfx at all; and a backup that nobody knows."""
    backup = back_up(desk)["backupId"]

    assert code(restore(desk, backup, pair("another"))) == (400, "DecryptionCertMismatch")
    assert code(restore(desk, backup, password="wrong")) == (400, "DecryptionCertInvalid")
    assert code(restore(desk, backup, decryptionCertBase64="eA==")) == (400, "DecryptionCertInvalid")
    assert restore(desk, "6253763c-81c5-4301-ab5e-4986f955603c").status == 404


@pytest.mark.parametrize("damage", ["link", "bit", "all"])
def test_a_backup_that_is_not_whole_is_refused(desk: Desk, folder: Path, damage: str) -> None:
    """A link that is missing, a bit that flipped, a share that is empty."""
    first, second = back_up(desk)["backupId"], back_up(desk)["backupId"]
    file = next(each for each in files_of(folder / "redmond", first) if each.parent.name == SUBSCRIPTIONS)
    if damage == "link":
        file.unlink()
    elif damage == "bit":
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    else:
        shutil.rmtree(folder / "redmond" / "MASBackup")
    codes = {"link": "BackupIncomplete", "bit": "BackupCorrupted", "all": "BackupNotFound"}

    assert code(restore(desk, second)) == (400, codes[damage])


def test_without_settings_there_are_no_backups() -> None:
    """Nothing to set out from: refused, and nothing is listed."""
    stamp = new_stamp()
    desk = Desk(stamp)

    assert desk.ask("POST", place(desk, "/createBackup")).status == 404
    assert listed(desk) == []
    stamp.close()


def test_on_a_hurried_stamp_waiting_costs_no_time(folder: Path) -> None:
    """restamp's own client polls as often as ever; it is the stamp's clock that moves on meanwhile."""
    stamp = new_stamp(share=Share(folder))
    put_under(stamp, token_lifetime=30 * DAY, hurried=True)
    desk = Desk(stamp)
    set_up(desk)
    before = stamp.clock.offset
    with served(stamp) as server, Arm(settings_for(server)) as arm:
        arm.admin.write("POST", arm.admin.url(f"{desk.root}/{place(desk, '/createBackup')}", "2018-09-01"))
    polls = [each.status for each in stamp.requests if "/operationResults/" in each.path]

    assert (polls, stamp.clock.offset - before) == ([202] * 6 + [200], 7 * 60)
    assert [each["status"] for each in listed(desk)] == ["Succeeded"]
    stamp.close()
