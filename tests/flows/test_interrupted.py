"""Killed, cancelled, walked around, twice at once: the state stays whole and the stamp gets everything once."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.flows.world import REGION, World, contents

from restamp.simulator import Fault, Stamp


@pytest.fixture
def slow(world: World) -> World:
    """A runbook of thirty subscriptions; stories make their writes slow."""
    with world.stamp_of(1) as stamp:
        stamp.load(contents(stamp, 30))
        world.restamp("capture", "--stamp", f"{REGION}.ext.contoso.example")
    return world


def until(seen: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something the other process does."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def subscriptions(stamp: Stamp) -> int:
    return len([record for record in stamp.writes if "/subscriptions/c66cb1bf" in record.path])


def children_of(group: int, name: str) -> list[int]:
    """The processes of a session whose command line has `name` in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                session = int((entry / "stat").read_text().rpartition(")")[2].split()[3])
            except (OSError, ValueError):
                continue
            if session == group and name in command:
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("victims", ["everything", "the engine", "everything, with checkpoints"])
def test_killed_anywhere_and_taken_up_again(slow: World, victims: str) -> None:
    """kill -9 in the middle of writing; the next `up` says so, writes what is missing, and nothing twice."""
    with slow.stamp_of(2) as stamp:
        slow.restamp("begin")
        stamp.faults.append(Fault("PUT .*/subscriptions/c66cb1bf", times=None, delay=1.0))
        skip = "false" if "checkpoints" in victims else "true"
        running = slow.start("restamp", "up", "--", "--parallel", "4", PULUMI_SKIP_CHECKPOINTS=skip)
        until(lambda: subscriptions(stamp) >= 4)
        if victims == "the engine":
            for process in children_of(running.pid, "pulumi\0up"):
                os.kill(process, signal.SIGKILL)
        else:
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate(timeout=60)
        stamp.faults.clear()

        told = slow.restamp("up")
        assert "taking up a run that was killed (process" in told
        assert ("killed while it was writing" in told) is ("checkpoints" in victims)
        assert "0 differences" in slow.restamp("verify")
        accepted = [r.path for r in stamp.writes if "/subscriptions/c66cb1bf" in r.path]
        assert len(accepted) == len(set(accepted)) == 30


def test_ctrl_c_ends_at_once_and_the_next_up_goes_on(slow: World) -> None:
    """Ctrl-C lets running writes end, keeps what is done, prints no traceback; `up` again does the rest."""
    with slow.stamp_of(2) as stamp:
        slow.restamp("begin")
        stamp.faults.append(Fault("PUT .*/subscriptions/c66cb1bf", times=None, delay=0.5))
        running = slow.start("restamp", "up", "--", "--parallel", "4")
        until(lambda: subscriptions(stamp) >= 4)
        os.killpg(running.pid, signal.SIGINT)
        told, _ = running.communicate(timeout=60)
        assert running.returncode == 3
        assert "next: restamp up\n" in told
        assert "next: restamp up\n" in slow.restamp("status", status=3)
        assert "Traceback" not in told
        done = subscriptions(stamp)
        assert done < 30
        stamp.faults.clear()

        slow.restamp("up")
        assert "0 differences" in slow.restamp("verify")
        assert subscriptions(stamp) == 30


def test_two_at_once(slow: World, tmp_path: Path) -> None:
    """A second `up` is refused by the engine; a second writer from another project by restamp's own lock."""
    other = World(tmp_path / "other")
    with slow.stamp_of(2) as stamp:
        slow.restamp("begin")
        stamp.faults.append(Fault("PUT .*/subscriptions/c66cb1bf", times=None, delay=3.0))
        running = slow.start("restamp", "up", "--", "--parallel", "4")
        until(lambda: subscriptions(stamp) >= 2)
        told = slow.restamp("up", status=None)
        assert "locked" in told

        other.stamp, other.server = slow.stamp, slow.server
        import shutil

        shutil.copytree(slow.runbook, other.runbook)
        told = other.restamp(
            "up", status=None, RESTAMP_HOME=str(slow.home), PULUMI_BACKEND_URL=f"file://{other.folder}"
        )
        assert "another restamp is writing to redmond.ext.contoso.example: process" in told
        stamp.faults.clear()
        running.communicate(timeout=120)
        assert running.returncode == 0
        assert subscriptions(stamp) == 30


def test_no_way_around_a_gate(world: World) -> None:
    """--exclude of a member or of a gate, --target behind a closed one: refused, and the state stays valid."""
    world.captured()
    with world.stamp_of(2) as stamp:
        world.restamp("begin")
        prefix = f"urn:pulumi:{REGION}::restamp::restamp:index:Recovery$pulumi-python:dynamic/restamp:"
        told = world.restamp(
            "up", "--", "--exclude", f"{prefix}Subscription::c66cb1bf-3d5e-4a44-9f0a-000000000001", status=4
        )
        assert "control-plane-restored stays closed: 1 of" in told
        assert "not run" in told
        world.pulumi("stack", "export")

    world.captured()
    with world.stamp_of(3) as stamp:
        world.restamp("begin", "second")
        told = world.restamp("up", "--", "--exclude", f"{prefix}Gate::stamp-ready", status=None)
        assert stamp.writes == []
        stamp.faults.append(Fault("PUT", times=None, status=403))
        world.pulumi("stack", "export")
        told = world.restamp("up", "--", "--target", f"{prefix}ComputeQuota::compute/small", status=None)
        assert not [r for r in stamp.writes if r.status < 400], told
        stamp.faults.clear()
        world.restamp("up")
        assert "0 differences" in world.restamp("verify")
