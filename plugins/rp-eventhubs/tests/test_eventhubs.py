"""Event Hubs: the Restore call for one role, and everything else in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.asking import Desk
from tests.backing import back_up, pfx_of, set_up
from tests.flows.world import contents
from tests.keys import written
from tests.serving import new_stamp, served
from tests.shares import pair

import restamp_rp_eventhubs
from restamp.errors import Rejected, Unanswered
from restamp.models.backup import Backups
from restamp.models.step import Step, StepResult
from restamp.plugins import Plugin
from restamp.recovery import Begun
from restamp.runbook import text
from restamp.runbook.save import own_file
from restamp.secrets.at_hand import at_hand
from restamp.secrets.files import Sealing
from restamp.simulator import Fault, Share
from restamp.testing import PluginContract, Scene
from restamp.testing.scene import killed_after

PLUGIN = Plugin("rp-eventhubs", "1.0", restamp_rp_eventhubs)
PASSWORD = "sesame"


def seal(folder: Path) -> None:
    """Seal the key of the backups into a runbook."""
    written(folder, "ann").rename(folder.parent / "ann.pfx")
    file = folder.parent / "backup.pfx"
    file.write_bytes(pfx_of(pair("backup")))
    sealing = Sealing(folder, at_hand(folder), folder.parent / f"{folder.name}-keys", text)
    for name, data in sealing.added(file.read_bytes(), "backup-key").items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(data)


def recovered_from(scene: Scene, backup: str) -> None:
    """Say in recovery.yaml which backup it is."""
    scene.recovery = Begun("trial", scene.recovery.document.model_copy(update={"backup_id": backup}))


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of its own, with keys and passwords at hand."""
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RESTAMP_SECRET_RP_EVENTHUBS_BACKUP_KEY_PASSWORD", PASSWORD)
    monkeypatch.setenv("RESTAMP_OPENERS", str(tmp_path / "ann.pfx"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A stamp with a backup, whose Compute then lost a quota: a role that stands for that of Event Hubs."""
    (tmp_path / "share" / "redmond").mkdir(parents=True)
    stamp = new_stamp(share=Share(tmp_path / "share"))
    stamp.load(contents(stamp))
    set_up(Desk(stamp))
    backup = str(back_up(Desk(stamp))["backupId"])
    for name in quotas(stamp.objects()):
        stamp.state.store.delete(name.lower())
    with served(stamp) as server:
        made = Scene(tmp_path / "scene", PLUGIN, server, {"role": "CRP"}, "native")
        seal(made.folder)
        recovered_from(made, backup)
        yield made
    stamp.close()


def quotas(objects: Any) -> list[str]:
    """Ids of the quotas called small."""
    return [str(body["id"]) for body in objects if str(body["id"]).endswith("/quotas/small")]


def step(scene: Scene, name: str) -> Step:
    """A step by its name."""
    return next(each for each in scene.steps() if each.id == f"rp-eventhubs/{name}")


def ask(scene: Scene) -> StepResult:
    """How the Restore call stands."""
    return scene.ask(step(scene, "restore"))


def posted(scene: Scene) -> int:
    """How often the stamp took the call."""
    return sum(each.path.endswith("/restore") and each.status == 202 for each in scene.stamp.requests)


def test_one_role_is_restored_and_no_other(scene: Scene) -> None:
    """Posted once, waited for on the stamp's own clock, and nothing but its objects comes back."""
    scene.finish()
    scene.stamp.clock.advance(3600)

    assert posted(scene) == 1
    assert ["Microsoft.Compute.Admin" in name for name in quotas(scene.stamp.objects())] == [True]
    assert ask(scene).status == "done"
    assert posted(scene) == 1


def test_a_call_that_nobody_heard_the_answer_of_is_not_posted_again_unasked(scene: Scene) -> None:
    """Nothing shows whether Event Hubs is back: people look, and say whether it is posted again."""
    scene.stamp.faults.append(Fault("/restore$", lose_answer=True))
    with pytest.raises(Unanswered):
        ask(scene)
    found = ask(scene)
    assert (found.status, posted(scene)) == ("waiting", 1)
    assert "restoreAttempts: 2 under plugins: rp-eventhubs" in found.message


def test_a_call_that_was_refused_was_not_begun(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password is told without it, and the next run posts anew."""
    monkeypatch.setenv("RESTAMP_SECRET_RP_EVENTHUBS_BACKUP_KEY_PASSWORD", "open sesame")
    with pytest.raises(Rejected, match="DecryptionCertInvalid") as refused:
        ask(scene)
    assert "open sesame" not in str(refused.value)

    monkeypatch.setenv("RESTAMP_SECRET_RP_EVENTHUBS_BACKUP_KEY_PASSWORD", PASSWORD)
    assert ask(scene).message == "the Restore call of role CRP was posted"


def test_which_backup_is_for_people_to_say(scene: Scene) -> None:
    """Nothing is posted."""
    scene.recovery = Begun("trial", scene.recovery.document.model_copy(update={"backup_id": None}))

    assert "backupId in recoveries/trial/recovery.yaml" in ask(scene).message
    assert posted(scene) == 0


def test_it_needs_somebodys_word_and_says_why(scene: Scene) -> None:
    """What is not known is in the text that people allow."""
    call = step(scene, "restore")

    assert call.signed
    assert "documented nowhere" in call.how
    assert "unverified" in call.title


@pytest.mark.parametrize(("way", "role"), [("rebuild", "CRP"), ("native", "")])
def test_without_a_backup_or_a_role_people_do_it_all(scene: Scene, tmp_path: Path, way: Any, role: str) -> None:
    """And are told that tenants make their namespaces anew."""
    made = Scene(tmp_path / "other", PLUGIN, scene.server, {"role": role}, way)

    assert [placed.id for placed in made.plan().steps] == ["rp-eventhubs/deployed", "rp-eventhubs/looked-at"]
    assert "theirs to make anew" in " ".join(step(made, "looked-at").how.split())


CHECKS = {
    "no role": ("", {"CRP": "Succeeded"}, "warn Event Hubs: is restored by people alone"),
    "no role, nothing captured": ("", {}, "no capture knows the roles of a backup"),
    "another role": (
        "EventHub",
        {"CRP": "Succeeded"},
        "stop role EventHub: is in no backup: the newest backup has CRP",
    ),
    "its role": ("eventhub", {"EventHub": "Succeeded"}, ""),
    "nothing captured": ("EventHub", {}, ""),
}


@pytest.mark.parametrize("case", CHECKS)
def test_a_role_that_no_backup_has_is_said_while_the_stamp_lives(scene: Scene, tmp_path: Path, case: str) -> None:
    """With those that there are."""
    role, roles, wanted = CHECKS[case]
    made = Scene(tmp_path / "other", PLUGIN, scene.server, {"role": role}, "native")
    facts = {
        "id": "b",
        "status": "Succeeded",
        "completely_uploaded": True,
        "cloud_recovery_ready": True,
        "roles": roles,
    }
    backups = Backups.model_validate({"backups": [facts | {"created": "2026-11-01T03:00:00Z"}] if roles else []})
    (made.folder / "backups.yaml").write_text(own_file(backups))
    told = [f"{finding.level} {finding}" for finding in made.findings("check")]

    assert len(told) == bool(wanted)
    assert wanted in "".join(told)


class TestEventHubs(PluginContract):
    """What every plugin promises."""

    plugin, name = restamp_rp_eventhubs, "rp-eventhubs"
    ids = ("rp-eventhubs/deployed", "rp-eventhubs/restore", "rp-eventhubs/looked-at")
    settings: ClassVar = {"role": "CRP"}
    secrets: ClassVar = {"backup-key-password": PASSWORD}

    def prepare(self, scene: Scene) -> None:
        share = scene.folder.parent / "share" / "redmond"
        share.mkdir(parents=True, exist_ok=True)
        scene.stamp.state.share = Share(share.parent)
        set_up(Desk(scene.stamp))
        recovered_from(scene, str(back_up(Desk(scene.stamp))["backupId"]))
        seal(scene.folder)

    @pytest.mark.parametrize("answers", range(1, 8))
    def test_a_step_that_is_killed_after_any_answer_goes_on(self, answers: int) -> None:
        """Or waits for people, where nobody heard the answer to the call: it is posted once whatever happens."""
        with self.scene("native") as scene:
            with killed_after(answers):
                scene.finish()
            found = ask(scene)
            for _ in range(10):
                if found.status == "waiting" and "restoreAttempts" not in found.message:
                    scene.stamp.clock.advance(60)
                    found = ask(scene)
            assert found.status == "done" or "restoreAttempts: 2" in found.message
            assert posted(scene) == 1


del PluginContract
