"""`restamp kit`: a recovery on a bare machine without a network, from one folder."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from tests.bare import Bare
from tests.flows.world import NAME, World
from tests.outsiders import installed

OPERATOR = {f"GIT_{who}_{what}": f"ann@{NAME}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

# A plugin whose step loads a library of its own, when it runs.
MACHINES = f"""\
plugins:
  oem-redfish:
    settings:
      bmcs: [{", ".join(f"azs-node0{number}-bmc.{NAME}" for number in range(1, 5))}]
      user: bmcadmin"""


def committed(world: World, message: str) -> None:
    """Everything in git."""
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", message]):
        world.run("git", *arguments, **OPERATOR)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An operator's machine with a recovery that is done, and a kit made from it."""
    world = World(tmp_path_factory.mktemp("kit"))
    world.captured()
    with world.stamp_of(2):
        world.restamp("begin", "loss")
        world.restamp("up")
        stamp = world.runbook / "stamp.yaml"
        stamp.write_text(stamp.read_text().replace("plugins: {}", MACHINES))
        committed(world, "Recovered")
        world.restamp("kit", "--to", str(place(world)))
    return world


def place(world: World) -> Path:
    """Where its kit is."""
    return world.folder.parent / "kit"


def copied(world: World, to: Path) -> Path:
    """The kit on another medium; files are to be replaced there, never written into."""
    return Path(shutil.copytree(place(world), to, copy_function=os.link))


def started(kit: Path, *arguments: str, path: str = "/usr/bin:/bin") -> tuple[int, str]:
    """How `./restamp` ends, and what it says, for somebody with an empty home."""
    env = {"PATH": path, "HOME": str(kit.parent)}
    done = subprocess.run([kit / "restamp", *arguments], env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


STORY = """
cd /kit
mkfifo /stamp
./restamp simulator --deployment 2 --nodes 4 --folder /ways >/stamp 2>/dev/null &
exec 3</stamp
while read -r line <&3; do case $line in ready*) break ;; esac; done
. /ways/env.sh
for verb in plugins status 'status --all' diff up verify; do
  echo "== $verb"
  ./restamp $verb
  echo "ended with $?"
done
echo "== network"
python/bin/python3 -c 'import socket; socket.create_connection(("192.0.2.1", 443))' 2>&1 | tail -n 1
"""


def test_a_kit_recovers_a_stamp_on_a_bare_machine_without_a_network(world: World, tmp_path: Path) -> None:
    """No Python, no library but glibc, no git, no route; `up` goes on where that was left, with a plugin's step."""
    machine = Bare(tmp_path / "root")
    copied(world, machine.root / "kit")

    said = dict(part.partition("\n")[::2] for part in machine.run(STORY).split("== "))
    assert "oem-redfish 0.1.0: used" in said["plugins"]
    assert "14 of 14 objects done" in said["status"]
    assert "oem-redfish/hardware-fits" in said["status --all"]
    assert "+ Plan offers-rg/gold" in said["diff"]
    assert "taking over the Pulumi state in /kit/state.json" in said["up"]
    assert "oem-redfish/hardware-fits: 4 machines: Contoso Ltd. Contoso Rack Server R4" in said["up"]
    assert "this run: 8 created" in said["up"]
    assert "0 differences, 0 unexpected" in said["verify"]
    assert [said[verb].splitlines()[-1] for verb in ("diff", "up", "verify")] == ["ended with 0"] * 3
    assert "Network is unreachable" in said["network"]


def test_where_there_is_git_people_work_in_a_clone(world: World, tmp_path: Path) -> None:
    """What they decide goes into the runbook's own history; the kit itself stays as it was made."""
    kit = copied(world, tmp_path / "kit")
    assert len((kit / "README").read_text().splitlines()) == 5
    assert (kit / "docs" / "operator" / "first-recovery.md").is_file()
    plugins = {path.name.removeprefix("restamp_") for path in (kit / "site").glob("restamp_*") if path.is_dir()}
    assert plugins >= {"hub_core", "oem_generic", "oem_redfish", "rp_appservice", "rp_eventhubs", "rp_mysql", "rp_sql"}

    status, told = started(kit, "begin", "again")
    assert status == 0, told
    clone = kit / "work" / "repository"
    assert (clone / "stacks" / "runbooks" / "redmond" / "recoveries" / "again" / "recovery.yaml").exists()
    log = subprocess.run(["git", "-C", clone, "log", "--format=%s"], capture_output=True, text=True, check=True).stdout
    assert log == "Recovered\n"
    checked = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=kit, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout

    told = world.restamp("kit", "--to", str(kit), status=2)
    assert f"{kit}: was used: its work folder has a journal" in told


def test_a_damaged_kit_says_which_files_are(world: World, tmp_path: Path) -> None:
    """Before its first use, all of them, and it does nothing."""
    kit = copied(world, tmp_path / "kit")
    engine = kit / "engine" / "pulumi"
    content = engine.read_bytes()
    engine.unlink()
    engine.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    (kit / "state.json").unlink()

    status, told = started(kit, "status")
    assert status == 2
    assert "  engine/pulumi: FAILED\n  state.json: FAILED open or read\nkit: damaged files: 2" in told
    assert not (kit / "work").exists()


def test_a_machine_that_is_too_old_is_told_so(world: World, tmp_path: Path) -> None:
    """Before anything is started that would not run there."""
    kit = copied(world, tmp_path / "kit")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "getconf").write_text("#!/bin/sh\necho glibc 2.5\n")
    (tmp_path / "bin" / "getconf").chmod(0o755)

    status, told = started(kit, "status", path=f"{tmp_path}/bin:/usr/bin:/bin")
    assert status == 2
    assert re.search(
        r"kit: it needs glibc 2\.\d+ or newer, and this machine has glibc 2\.5: take a newer machine", told
    )


def test_what_stands_in_the_way_is_said_at_once(world: World, tmp_path: Path) -> None:
    """A folder that is no kit, one in the repository, and what is not committed; nothing is written."""
    note = world.runbook / "note.txt"
    note.write_text("call Ann")
    told = world.restamp("kit", "--to", str(world.runbook), status=2)
    note.unlink()

    assert f"{world.runbook}: lies in the runbook's repository" in told
    assert f"{world.runbook}: is there, and is no kit" in told
    assert "1 file is not committed, and would be missing in the kit: stacks/runbooks/redmond/note.txt" in told
    assert "refused: 3 problems" in told

    alone = World(tmp_path)
    with alone.stamp_of(1):
        alone.restamp("capture", "--stamp", NAME)
        assert "is not committed to a git repository" in alone.restamp("kit", "--to", str(tmp_path / "kit"), status=2)


BOLTS = """
from restamp.hookspecs import hookimpl
from restamp.models.step import PluginCard

@hookimpl
def plugin_card():
    return PluginCard(name="oem-bolts", role="oem", title="Bolts")

@hookimpl
def run_step():
    from bolts import tightened
    return tightened()
"""


def test_a_kit_lacks_nothing_that_a_plugin_imports_when_a_step_runs(world: World, tmp_path: Path) -> None:
    """A library that is here, and that the plugin's distribution does not require, would be missed on the day."""
    site = installed(tmp_path / "site", "oem-bolts", source=BOLTS)
    (site / "bolts.py").write_text("tightened = object\n")
    told = world.restamp("kit", "--to", str(tmp_path / "kit"), status=4, PYTHONPATH=str(site))

    assert "lacks what restamp or a plugin imports: from bolts import tightened in oem_bolts: No module named" in told
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_kit_is_replaced_once_the_new_one_is_whole(world: World, tmp_path: Path) -> None:
    """Killed before, or between the two renames: the old one is there, and the next run ends what was begun."""
    kit = copied(world, tmp_path / "kit")
    before = (kit / "kit.yaml").read_text()
    stamp = world.runbook / "stamp.yaml"
    stamp.write_text(stamp.read_text().replace("kits: []", f"kits: [{kit}, /media/none]"))
    committed(world, "Where the kit is")
    told = world.restamp("check", status=None)
    assert f"warn: kit {kit}: is of " in told
    assert "is older than the runbook: 1 of its files are others now: stamp.yaml" in told
    assert "warn: kit /media/none: is not there" in told

    world.restamp("kit", "--to", str(kit), status=-signal.SIGKILL, RESTAMP_FAIL_AT="kit.written")
    assert (kit / "kit.yaml").read_text() == before
    world.restamp("kit", "--to", str(kit), status=-signal.SIGKILL, RESTAMP_FAIL_AT="kit.between")
    assert (tmp_path / "kit.restamp-old" / "kit.yaml").read_text() == before
    world.restamp("kit", "--to", str(kit))
    assert [path.name for path in tmp_path.iterdir()] == ["kit"]
    assert (kit / "kit.yaml").read_text() != before
    assert f"kit {kit}" not in world.restamp("check", status=None)
