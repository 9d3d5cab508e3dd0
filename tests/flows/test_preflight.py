"""The preflights of a recovery: everything that would stop it, at once, before the first step and the first write."""

from pathlib import Path

from tests.flows.world import World
from tests.outsiders import installed
from tests.shares import SUBSCRIPTIONS, backup_id, made, name_of

BACKUP = backup_id(1)
FACTS = f"""kind: Backups
backups:
- id: {BACKUP}
  status: Succeeded
  completelyUploaded: true
  cloudRecoveryReady: true
  created: 2026-11-22T21:00:00Z
  stampVersion: 1.2406.0.10
"""
PLUGIN = """
import os
from restamp.errors import RestampError
from restamp.hookspecs import hookimpl
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, done

@hookimpl
def plugin_card():
    return PluginCard(name="rp-lamps", role="rp", title="Lamps")

@hookimpl
def check(run):
    if os.environ.get("LAMPS") == "dark":
        yield Finding("lamps", "stop", "lamp 1", "does not shine", "Switch it on.")

@hookimpl
def steps():
    yield Step(id="rp-lamps/light", title="Light", phase="restore", secrets=("match",), files=("plan",),
               before=("backup-restored",))

@hookimpl
def run_step():
    return done("it shines")
"""


def decided(world: World, **said: str) -> None:
    """What people write into recovery.yaml."""
    file = world.runbook / "recoveries" / "loss" / "recovery.yaml"
    kept = [line for line in file.read_text().splitlines() if line.split(":")[0] not in said]
    file.write_text("\n".join([*kept, *(f"{name}: {value}" for name, value in said.items())]) + "\n")


def test_before_any_step_of_the_oem_everything_is_told_and_a_rebuild_is_proposed(world: World, tmp_path: Path) -> None:
    """The key is lost, the backup's chain broken and it was not uploaded, and the baseline is two releases too new.

    All at once, with the ways out; nobody begins.
    """
    share = made(tmp_path / "share", 2)
    share.path(name_of(SUBSCRIPTIONS, 0, "Full")).unlink()
    world.captured()
    (world.runbook / "backups.yaml").write_text(FACTS.replace("Uploaded: true", "Uploaded: false"))
    world.restamp("plugins", "use", "hub-core", "oem-generic")
    use = world.runbook / "stamp.yaml"
    use.write_text(use.read_text().replace("settings: {}", f"settings: {{share: {share.folder}}}", 1))  # hub-core's
    told = world.restamp("begin", "loss", "--way", "native")
    assert f"`backupId: {BACKUP}` is the newest that was captured, of 2026-11-22 21:00 UTC" in told
    before = (world.runbook / "recoveries" / "loss" / "recovery.yaml").read_text()
    decided(world, backupId=BACKUP, target="{version: 1.2501.0.21}")

    told = world.restamp("up", status=4)
    lost = f"backup {BACKUP}: no key here opens it: secrets/backup-key.yaml: there is no such file"
    for obstacle in (
        lost,
        f"backup {BACKUP}: asked at the last capture, the stamp said: it is not completely uploaded",
        f"{name_of(SUBSCRIPTIONS, 0, 'Full')}: its metadata is there, and its data is not",
        "What is left is a rebuild from the runbook, which is another deployment by the OEM",
        "baseline 1.2501.0.21: is 2 releases newer than the backup, of 2406: one is the most that is supported",
        "ask the OEM, in writing, for a baseline of 2406 or 2408, and update from there",
        "plugin hub-core: needs the secret backup-key, and it is not at hand",
    ):
        assert obstacle in told
    assert "Step oem-generic/hardware: blocked: waits for Preflight offline" in told
    assert "way: native" in before  # and still is: people decide
    assert "way: native" in (world.runbook / "recoveries" / "loss" / "recovery.yaml").read_text()


def test_once_a_stamp_answers_everything_is_told_again_before_the_first_write(world: World, tmp_path: Path) -> None:
    """Offline: a plugin, a secret and a file. Online: the plugin, and that what was deployed cannot take the backup.

    That the runbook is older than the backup keeps no step from restoring it: people are asked once there is something
    to compare, and until then no document is written.
    """
    lamps = {"PYTHONPATH": str(installed(tmp_path / "site", "rp-lamps", source=PLUGIN))}
    dark = lamps | {"LAMPS": "dark"}
    world.captured()
    world.restamp("plugins", "use", "rp-lamps", **lamps)
    with world.stamp_of(2) as stamp:
        (world.runbook / "backups.yaml").write_text(FACTS.replace("2406", "2108"))
        world.restamp("begin", "loss", "--way", "native", **lamps)
        decided(world, backupId=BACKUP)
        told = world.restamp("up", status=4, **dark)
        for obstacle in (
            "lamp 1: does not shine. Switch it on.",
            "plugin rp-lamps: needs the secret match, and it is not at hand",
            "file rp-lamps/plan: is needed, and nobody says where it is",
        ):
            assert obstacle in told
        assert "gates open: none" in told

        (tmp_path / "plan.txt").write_text("one lamp")
        use = world.runbook / "stamp.yaml"
        use.write_text(use.read_text().replace("files: {}", f"files: {{plan: {tmp_path / 'plan.txt'}}}"))
        lit = {"RESTAMP_SECRET_RP_LAMPS_MATCH": "a match"}
        world.restamp("accept", "Preflight offline", "--reason", "we know", **lamps)
        told = world.restamp("up", status=4, **dark, **lit)
        assert "gates open: stamp-ready" in told
        assert "Preflight online: failed: lamp 1: does not shine. Switch it on. and 1 more" in told
        assert "newer than the backup, of 2108: one is the most that is supported" in told
        assert "Step rp-lamps/light: blocked: waits for Preflight online" in told
        assert [record for record in stamp.writes if record.status < 400] == []

        (world.runbook / "backups.yaml").write_text(FACTS.replace("2406", "2206").replace("2026", "2999"))
        told = world.restamp("up", status=3, **lamps, **lit)
        assert "steps: 1 done" in told
        assert "Decision decision: waiting: recovery loss: the runbook (" in told
        assert "next: restamp up: it compares, and says how a side is taken" in told
        assert [record for record in stamp.writes if record.status < 400] == []
        told = world.restamp("up", status=2, **lamps, **lit)
        assert "is older than the backup of the stamp (2999-11-22 21:00:00+00:00): 8 objects differ" in told
        assert "recovered" in world.restamp("up", "--take", "runbook", **lamps, **lit)
