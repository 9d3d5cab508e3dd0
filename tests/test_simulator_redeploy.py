"""A stamp is lost and another one deployed in its place: what comes back from the share alone, and what does not."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.asking import Desk
from tests.backing import HOUR, PATH, back_up, files_of, listed, pfx_of, place, restore, set_up
from tests.serving import new_stamp, served, settings_for
from tests.shares import pair

from restamp.arm.client import Arm
from restamp.cli import rack
from restamp.errors import RestampError
from restamp.simulator import Baseline, Share, Stamp, deployment
from restamp.simulator.backups.restoring import Unrecoverable
from restamp.simulator.deployment import Source
from restamp.simulator.population import population
from restamp.simulator.redfish import Nodes

OLD = Baseline(version="1.2301.2.58", oem="Contoso", model="R4", nodes=4)
NEW = Baseline(version="1.2306.0.10", oem_version="2.3.2306.1", oem="Fabrikam", model="660", nodes=8)
NEVER = ("microsoft.backup.admin", "microsoft.fabric.admin", "microsoft.update.admin")


@pytest.fixture(params=["ADFS", "AzureAD"])
def stamp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stamp]:
    """A stamp with tenants, vaults and all, whose backups go to a share."""
    made = new_stamp(identity=request.param, baseline=OLD, share=Share(tmp_path))
    (tmp_path / "redmond").mkdir()
    made.load(population(made, 4, contents=True, everywhere=made.admin))
    set_up(Desk(made))
    yield made
    made.close()


def source(backup: str, **more: Any) -> Source:
    return replace(Source(backup, pfx_of(pair("backup")), "sesame"), **more)


def kept(stamp: Stamp) -> dict[str, Any]:
    """Everything that cloud recovery is documented to bring back, as Resource Manager has it."""
    return {
        body["id"].lower(): body for body in stamp.objects() if not any(name in body["id"].lower() for name in NEVER)
    }


def secrets(stamp: Stamp) -> list[Any]:
    return [body for key, body in stamp.state.store.everything() if key.startswith("/vault/")]


def test_everything_documented_comes_back_from_the_share_alone(stamp: Stamp, tmp_path: Path) -> None:
    """On other machines, of another OEM, generation and number, one release newer; ids as they were, but the
    deployment's. Vaults have their secrets, people their roles."""
    was, hidden, client = kept(stamp), secrets(stamp), stamp.admin
    ids = (stamp.provider_subscription, stamp.deployment_id, stamp.cloud_id)
    backup = back_up(Desk(stamp))["backupId"]
    deployment.lose(stamp)
    deployment.redeploy(stamp, NEW, source(backup))
    again = Desk(stamp, client)

    assert {key: body for key, body in kept(stamp).items() if key in was} == was
    assert secrets(stamp) == hidden
    assert len(hidden) > 10
    assert stamp.provider_subscription == ids[0]
    assert not {stamp.deployment_id, stamp.cloud_id} & set(ids)
    assert again.ask("GET", f"{again.root}/providers/Microsoft.Subscriptions.Admin/plans").status == 200
    nodes = again.ask("GET", fabric(again, "scaleUnitNodes?api-version=2020-10-01")).body["value"]
    assert {(each["properties"]["vendor"], each["properties"]["model"]) for each in nodes} == {("Fabrikam", "660")}
    assert len(nodes) == 8


def fabric(desk: Desk, what: str) -> str:
    return f"resourceGroups/System.redmond/providers/Microsoft.Fabric.Admin/fabricLocations/redmond/{what}"


def test_nothing_else_comes_back(stamp: Stamp) -> None:
    """No settings of backups, no marketplace, no storage accounts, nothing of the privileged endpoint's."""
    root = f"/subscriptions/{stamp.provider_subscription}/providers"
    account = f"{root}/Microsoft.Storage.Admin/locations/redmond/storageAccounts/8a2f"
    image = f"{root}/Microsoft.Compute.Admin/locations/redmond/artifactTypes/platformImage"
    image += "/publishers/contoso/offers/linux/skus/9/versions/1.0.0"
    stamp.load([{"id": account, "properties": {}}, {"id": image, "properties": {}}])
    stamp.state.store.write_note("privileged endpoint", {"registration": "theirs"})
    backup = back_up(Desk(stamp))["backupId"]
    deployment.lose(stamp)
    deployment.redeploy(stamp, OLD, source(backup))
    desk = Desk(stamp)

    assert not {account.lower(), image.lower()} & set(kept(stamp))
    assert desk.ask("GET", place(desk)).status == 404
    assert stamp.state.store.note("privileged endpoint") is None
    assert [each["backupId"] for each in listed(desk)] == [backup]


def test_the_payload_has_metadata_of_accounts_and_no_one_restores_it(stamp: Stamp, tmp_path: Path) -> None:
    """Storage accounts are listed as backed up, and are not usable afterwards (documented)."""
    from tests.backing import opened, unzipped

    account = f"/subscriptions/{stamp.provider_subscription}/providers/Microsoft.Storage.Admin/locations/redmond"
    stamp.load([{"id": f"{account}/storageAccounts/8a2f", "properties": {}}])
    backup = back_up(Desk(stamp))["backupId"]
    (file,) = [file for file in files_of(tmp_path / "redmond", backup) if file.parent.name == "SRP;SRP;-;-"]
    inside = unzipped(opened(file, pair("backup"))["SRP;StorageAccount;-;SRP/StorageAccount.zip"])

    assert [each["id"].rpartition("/")[2] for each in json.loads(inside["Account.json"])] == ["8a2f"]


def test_a_lost_stamp_answers_nobody_and_another_one_under_the_same_names_does(tmp_path: Path) -> None:
    """Over HTTPS: connections end without an answer; afterwards restamp signs in with what it had."""
    stamp = new_stamp(share=Share(tmp_path))
    (tmp_path / "redmond").mkdir()
    set_up(Desk(stamp))
    backup = back_up(Desk(stamp))["backupId"]
    with served(stamp) as server:
        settings = settings_for(server)
        with Arm(settings) as arm:
            before = arm.place.provider
            deployment.lose(stamp)
            with pytest.raises(RestampError):
                _ = Arm(settings).place
            deployment.redeploy(stamp, OLD, source(backup))
            with Arm(settings) as there:
                assert there.place.provider == before
    stamp.close()


def test_a_clean_install_is_another_cloud(stamp: Stamp) -> None:
    """New ids all over, nothing but what is built in, and restamp's own principal has no way in: on AD FS it is gone,
    on Entra it has no role. Users and groups are the customer's."""
    client, before = stamp.admin, stamp.provider_subscription
    people = {each.object_id: each.kind for each in stamp.principals}
    deployment.lose(stamp)
    admin = deployment.redeploy(stamp, OLD)
    desk = Desk(stamp, admin)
    left = {each.object_id for each in stamp.principals}

    assert stamp.provider_subscription != before
    assert {part for body in stamp.objects() for part in [body["id"].lower().split("/")[2]]} == {
        stamp.provider_subscription.lower()
    }
    assert {key for key, kind in people.items() if kind != "Application"} <= left
    assert (client.object_id in left) is (stamp.identity == "AzureAD")
    assert not any("Microsoft.Subscriptions.Admin/plans" in body["id"] for body in stamp.objects())
    assert desk.ask("GET", "resourcegroups").status == 200
    refused = Desk(stamp, client).ask("GET", "resourcegroups").status
    assert refused == (403 if stamp.identity == "AzureAD" else 401)


def test_the_rest_comes_back_when_it_is_called_for_role_by_role(stamp: Stamp) -> None:
    """First what a deployment needs; then, by the Restore call, the rest within the hour that a stamp settles in."""
    was, client = kept(stamp), stamp.admin
    backup = back_up(Desk(stamp))["backupId"]
    deployment.lose(stamp)
    admin = deployment.redeploy(stamp, OLD, source(backup, injected="call", settle=HOUR))
    desk = Desk(stamp, admin)
    early = set(kept(stamp)) & set(was)
    known = client.object_id in {each.object_id for each in stamp.principals}
    locked_out = Desk(stamp, client).ask("GET", "resourcegroups").status
    begun = restore(desk, backup)
    stamp.clock.advance(180)
    ended = desk.follow(begun)
    stamp.clock.advance(HOUR * 0.7)
    some = set(kept(stamp)) & set(was)
    stamp.clock.advance(HOUR)

    assert known
    assert (begun.status, ended.status, ended.body, locked_out) == (202, 200, None, 403)
    assert len(early) < len(some) < len(was)
    assert {key: body for key, body in kept(stamp).items() if key in was} == was
    assert Desk(stamp, client).ask("GET", "resourcegroups").status == 200


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("1.2206.0.7", "VersionOlder"),
        ("1.2311.0.10", "VersionTooNew"),
        ("1.9999.0.1", "VersionUnknown"),
        ("1.2301.0.1", None),
        ("1.2306.0.10", None),
    ],
)
def test_a_backup_is_taken_by_its_own_release_and_the_next(stamp: Stamp, version: str, code: str | None) -> None:
    """Revisions do not count; a refusal leaves everything as it was."""
    backup = back_up(Desk(stamp))["backupId"]
    deployment.lose(stamp)
    if code is None:
        deployment.redeploy(stamp, replace(OLD, version=version), source(backup))
        assert not deployment.is_lost(stamp.state)
        return
    with pytest.raises(Unrecoverable) as refused:
        deployment.redeploy(stamp, replace(OLD, version=version), source(backup))

    assert refused.value.code == code
    assert "1.2301.2.58" in str(refused.value)
    assert deployment.is_lost(stamp.state)


def test_what_does_not_open_or_is_not_whole_is_refused(stamp: Stamp, tmp_path: Path) -> None:
    """Key, password, id, chain, role and share: each by its own name."""
    first, second = (back_up(Desk(stamp))["backupId"] for _ in range(2))
    gone = [file for file in files_of(tmp_path / "redmond", first) if file.parent.name.startswith("WAS")]

    def code(how: Source) -> str:
        with pytest.raises(Unrecoverable) as refused:
            deployment.redeploy(stamp, OLD, how)
        return refused.value.code

    assert code(source(second)) == "StampNotLost"
    deployment.lose(stamp)
    assert code(source(second, pfx=pfx_of(pair("another")))) == "DecryptionCertMismatch"
    assert code(source(second, password="wrong")) == "DecryptionCertInvalid"
    assert code(source("6253763c-81c5-4301-ab5e-4986f955603c")) == "BackupNotFound"
    assert code(source(second, path=PATH + r"\nowhere")).endswith("SharePathInvalidFault")
    gone[0].unlink()
    assert code(source(second)) == "BackupIncomplete"
    shutil.rmtree(gone[0].parent)
    assert code(source(second)) == "BackupIncomplete"
    shutil.rmtree(tmp_path / "redmond" / "MASBackup")
    assert code(source(second)) == "BackupNotFound"


def test_a_share_that_was_copied_elsewhere_will_do(stamp: Stamp, tmp_path: Path) -> None:
    """A chain was put in a safe place; the deployment is told where."""
    backup = back_up(Desk(stamp))["backupId"]
    shutil.copytree(tmp_path / "redmond", tmp_path / "safe")
    shutil.rmtree(tmp_path / "redmond")
    deployment.lose(stamp)
    deployment.redeploy(stamp, OLD, source(backup, path=r"\\other\backups\safe"))

    assert stamp.provider_subscription.lower() in next(iter(kept(stamp)))


def test_backups_begin_anew_after_a_recovery(stamp: Stamp, tmp_path: Path) -> None:
    """Enabled again to a new folder: a chain of the new deployment's own, from which it could be recovered again."""
    first = back_up(Desk(stamp))["backupId"]
    deployment.lose(stamp)
    deployment.redeploy(stamp, NEW, source(first))
    (tmp_path / "anew").mkdir()
    desk = Desk(stamp)
    set_up(desk, path=r"\\nas.contoso.example\backups\anew")
    info = back_up(desk)

    assert (info["isCloudRecoveryReady"], info["deploymentID"]) == (True, stamp.deployment_id)
    assert {file.stem.split("_")[2] for file in files_of(tmp_path / "anew", info["backupId"])} == {"Full"}
    deployment.lose(stamp)
    deployment.redeploy(stamp, NEW, source(info["backupId"]))
    assert len({first, info["backupId"], *(each["backupId"] for each in listed(Desk(stamp)))}) == 2


def test_new_machines_answer_before_anything_is_deployed_on_them() -> None:
    """The old rack's BMCs are gone with it; those of the new one can be asked first, and stay."""
    from restamp.simulator.messages import Request

    stamp = new_stamp()
    stamp.nodes = Nodes(stamp.state, "contoso-g4", 4)
    ask = Request("GET", "azs-node01-bmc.redmond.ext.contoso.example", "/redfish/v1")
    deployment.lose(stamp)
    gone = stamp.handle(ask)
    stamp.nodes = Nodes(stamp.state, "fabrikam-g6", 6, "2")
    deployed = stamp.handle(ask).status
    deployment.redeploy(stamp, replace(OLD, nodes=6))

    assert (gone.closes, deployed, stamp.handle(ask).status) == (True, 200, 200)
    stamp.close()


def command(*arguments: object, **env: str) -> Any:
    """`restamp simulator ...`, in another process."""
    from subprocess import run
    from sys import executable

    parts = [executable, "-m", "restamp", "simulator", *map(str, arguments)]
    return run(parts, env={"PATH": "/usr/bin:/bin", **env}, capture_output=True, text=True, check=False, stdin=-3)


@pytest.mark.parametrize("running", [True, False])
def test_a_command_in_another_process_reaches_a_stamp_that_runs_or_was_stopped(tmp_path: Path, running: bool) -> None:
    """Lost, refused with the way out, deployed anew from the share, let in again; the clock is moved on."""
    (tmp_path / "share" / "redmond").mkdir(parents=True)
    folder, state = tmp_path / "kept", tmp_path / "state.db"
    key = pair("backup").pfx(tmp_path / "backup.pfx")
    stamp = new_stamp(state=state, share=Share(tmp_path / "share"))
    set_up(Desk(stamp))
    backup = back_up(Desk(stamp))["backupId"]
    with served(stamp, folder=folder) as server:
        rack.leave_word(server, folder, state)
        if running:
            _driven(folder, backup, key, stamp)
    stamp.close()
    if not running:
        _driven(folder, backup, key, None)


def _driven(folder: Path, backup: str, key: Path, stamp: Stamp | None) -> None:
    recover = ("redeploy", folder, "--recover", backup, "--pfx", key)
    early = command(*recover, RESTAMP_PFX_PASSWORD="sesame")
    lost = command("lose", folder)
    wrong = command(*recover, RESTAMP_PFX_PASSWORD="open it")
    machines = ("--nodes", 6, "--hardware", "fabrikam-g6")
    unknown = command(*recover, "--hardware", "tin", RESTAMP_PFX_PASSWORD="sesame")
    done = command(*recover, *machines, "--let-in", "restamp", RESTAMP_PFX_PASSWORD="sesame")
    moved = command("clock", folder, "--minutes", 90)

    assert (early.returncode, "restamp simulator lose" in early.stderr) == (2, True), early.stderr
    assert (lost.returncode, "lost: redmond.ext.contoso.example" in lost.stdout) == (0, True), lost.stderr
    assert (wrong.returncode, "--pfx" in wrong.stderr) == (2, True), wrong.stderr
    assert done.returncode == 0, done.stderr
    assert "6 nodes of Fabrikam, Inc." in done.stdout
    assert (unknown.returncode, "contoso-g4" in unknown.stderr) == (2, True)
    assert "sesame" not in done.stdout + done.stderr
    assert "RESTAMP_CLIENT_ID" in (folder / "env.sh").read_text()
    assert (folder / "service-admin.txt").stat().st_mode & 0o077 == 0
    assert moved.returncode == 0, moved.stderr
    if stamp is not None:
        assert stamp.nodes is not None
        assert len(stamp.nodes.hosts) == 6
        assert stamp.clock.offset > 89 * 60
        assert not deployment.is_lost(stamp.state)


def test_nobody_without_the_token_loses_a_stamp(tmp_path: Path) -> None:
    """The door from outside is open to whoever can read the folder alone."""
    from restamp.simulator.messages import Request

    stamp = new_stamp()
    host = "simulator.redmond.ext.contoso.example"
    answers = [stamp.handle(Request("POST", host, "/lose", headers=h)) for h in ({}, {"authorization": "Bearer x"})]

    assert [each.status for each in answers] == [401, 401]
    assert not deployment.is_lost(stamp.state)
    assert command("lose", tmp_path / "nothing").returncode == 2
    stamp.close()
