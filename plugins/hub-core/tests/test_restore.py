"""The Restore call of a native recovery, and what stands around it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from tests.asking import Desk
from tests.backing import HOUR, PASSWORD, PATH, back_up, pfx_of, set_up
from tests.flows.world import contents
from tests.serving import new_stamp, served
from tests.shares import pair

from restamp.simulator import Fault, Share, Stamp, deployment
from restamp.simulator.deployment import Source
from restamp.simulator.pep import Pep

from .conftest import Bench

RUNBOOK = {
    "groups/offers-rg.yaml": "kind: ResourceGroup\nname: offers-rg\n",
    "plans/gold.yaml": "kind: Plan\nname: gold\ngroup: offers-rg\ndisplayName: Gold\n",
    "offers/gold.yaml": "kind: Offer\nname: gold\ngroup: offers-rg\ndisplayName: Gold\n"
    "state: Public\nbasePlans: [gold]\n",
}


def lost_and_redeployed(stamp: Stamp, injected: Literal["call", "deployment"] = "call") -> str:
    """The id of the backup that a stamp was lost and deployed anew with, in recovery mode."""
    stamp.load(contents(stamp))
    set_up(Desk(stamp))
    backup = str(back_up(Desk(stamp))["backupId"])
    deployment.lose(stamp)
    source = Source(backup, pfx_of(pair("backup")), "sesame", injected=injected, settle=HOUR / 2)
    deployment.redeploy(stamp, deployment.baseline(stamp.state), source)
    return backup


@pytest.fixture
def native(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A stamp in recovery mode that waits for the Restore call, and the runbook of what it was."""
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_BACKUP_KEY_PASSWORD", "sesame")
    (tmp_path / "share" / "redmond").mkdir(parents=True)
    stamp = new_stamp(share=Share(tmp_path / "share"))
    before = stamp.admin
    backup = lost_and_redeployed(stamp)
    stamp.pep = Pep(stamp.state)
    stamp.admin = before
    with served(stamp) as server:
        bench = Bench(server, tmp_path / "runbook", document={"way": "native", "backupId": backup})
        bench.written(RUNBOOK)
        bench.sealed("backup-key", pfx_of(pair("backup")), monkeypatch)
        assert bench.ask("sign-in").status == "done"
        yield bench
    stamp.close()


def posted(bench: Bench) -> int:
    """How often the stamp took the call."""
    return sum(each.path.endswith("/restore") and each.status == 202 for each in bench.stamp.requests)


def test_the_call_is_posted_once_and_waited_for_until_the_stamp_has_settled(native: Bench) -> None:
    """By the stamp's own clock: restored, settled, tested; asked in between, nothing is posted again."""
    assert [native.ask("restore").message[:16] for _ in range(2)] == ["the Restore call", "the stamp restor"]
    native.stamp.clock.advance(180)
    native.facts["hub-core/restore"] = native.ask("restore").facts
    assert posted(native) == 1

    found = native.ask("settle")
    assert (found.status, found.progress is not None and found.progress < 0.1) == ("waiting", True)
    native.stamp.clock.advance(HOUR / 2)
    assert native.ask("settle", pauses=2).status == "waiting"
    native.stamp.clock.advance(HOUR / 2)
    assert native.ask("settle").status == "done"
    assert native.ask("test-after").status == "done"
    assert {"plans", "offers"} <= {body["id"].split("/")[-2] for body in native.stamp.objects() if "gold" in body["id"]}


def test_what_is_there_is_not_called_for(native: Bench) -> None:
    """On another machine, which remembers nothing; also while the last of it is still coming."""
    native.ask("restore")
    native.stamp.clock.advance(180 + HOUR)
    native.tokens.clear()
    found = native.ask("restore")

    assert (found.status, found.message) == ("done", "1 of 1 plans and 1 of 1 offers are there: restored (inferred)")
    assert "since" in found.facts
    assert posted(native) == 1


def test_what_came_with_the_deployment_is_not_called_for(native: Bench) -> None:
    """As the founding text has it: injected while the OEM deploys."""
    deployment.lose(native.stamp)
    source = Source(str(native.document["backupId"]), pfx_of(pair("backup")), "sesame", PATH, PASSWORD)
    deployment.redeploy(native.stamp, deployment.baseline(native.stamp.state), source)
    native.stamp.clock.advance(60)

    assert native.ask("restore").status == "done"
    assert posted(native) == 0


def test_a_call_that_nobody_heard_the_answer_of_is_not_posted_again_unasked(native: Bench) -> None:
    """It may be on its way: once something of it is there, that is so; and people may ask for another."""
    native.stamp.faults.append(Fault("/restore$", lose_answer=True))
    assert "it may have been done" in native.ask("restore").message
    found = native.ask("restore", pauses=3)
    assert (found.status, posted(native)) == ("waiting", 1)
    assert "was posted, and nobody heard the answer, so it may be on its way" in found.message
    assert "restoreAttempts: 2 under plugins: hub-core: settings in stamp.yaml" in found.message

    native.settings = {"restoreAttempts": "2"}
    assert native.ask("restore").message.endswith("was posted")
    assert posted(native) == 2
    native.tokens["restore"] = "2 posting"
    native.stamp.clock.advance(180 + HOUR)
    assert native.ask("restore").status == "done"


def test_a_call_that_was_refused_began_nothing(native: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password is told without it, and the right one posts."""
    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_BACKUP_KEY_PASSWORD", "not-the-word")
    found = native.ask("restore")
    assert found.status == "failed"
    assert "The decryption certificate cannot be opened" in found.message
    assert "not-the-word" not in found.message
    assert posted(native) == 0

    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_BACKUP_KEY_PASSWORD", "sesame")
    assert native.ask("restore").status == "waiting"


def test_a_call_that_failed_is_for_people_to_look_at(native: Bench) -> None:
    """With the stamp's reason; never posted again by itself."""
    native.ask("restore")
    error = {"error": {"code": "RestoreFailed", "message": "The share is gone."}}
    native.stamp.faults.append(Fault("operationResults", status=400, body=error))

    found = native.ask("restore")
    assert found.message.startswith("the Restore call failed: 400 RestoreFailed The share is gone.")
    assert "restoreAttempts: 2" in native.ask("restore").message
    assert posted(native) == 1


def test_a_share_that_is_lost_in_between_is_told_and_its_copy_takes_its_place(native: Bench, tmp_path: Path) -> None:
    """The stamp says that the share is gone, and nothing is begun; people bring the copy there, and it goes on."""
    share = tmp_path / "share" / "redmond"
    native.settings, native.patient = {"share": str(share), "copyTo": str(tmp_path / "safe")}, True
    assert native.ask("copy-backup").status == "done"
    shutil.rmtree(share)
    native.patient = False
    lost = [native.ask("restore") for _ in range(2)]
    assert [found.status for found in lost] == ["failed", "failed"]
    assert f"BackupFailedSharePathInvalidFault: The path '{PATH}' does not exist." in lost[1].message
    assert posted(native) == 0

    shutil.copytree(tmp_path / "safe", share)
    assert native.ask("restore").status == "waiting"
    native.stamp.clock.advance(180 + HOUR)
    assert native.ask("restore").status == "done"
    assert posted(native) == 1


def test_nothing_is_restored_that_nobody_named(native: Bench) -> None:
    """Which backup is people's decision, written down."""
    native.document = {"way": "native"}
    found = native.ask("restore")

    assert found.message == "nobody says which backup: backupId in recoveries/loss/recovery.yaml"
    assert posted(native) == 0


def test_a_rebuild_has_nothing_to_restore(native: Bench) -> None:
    """Nor to settle, to test again, or to update."""
    native.document = {"way": "rebuild"}

    assert not {"restore", "settle", "test-after", "update"} & set(native.steps)


def test_the_stamp_is_updated_release_by_release_and_each_asked_for_once(native: Bench) -> None:
    """For days, by many runs; whichever answer is lost, no update is begun twice."""
    native.stamp.faults.append(Fault("/apply$", times=None, lose_answer=True))
    said = []
    while not said or said[-1].status != "done":
        said.append(native.ask("update"))
        native.stamp.clock.advance(0.3 * HOUR if said[-1].status == "failed" else 15 * HOUR)
        assert len(said) < 30
    applied = [each.path for each in native.stamp.requests if each.path.endswith("/apply") and each.status == 202]

    assert said[1].message == "AzS Update - 1.2306.0.10 is being installed"
    assert said[-1].message == "1.2506.0.15 is the newest that the stamp is offered"
    assert len(applied) == len(set(applied)) > 3
