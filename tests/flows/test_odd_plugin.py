"""A plugin that crashes, exits, hangs, answers garbage, asks for more than it declared, or lies: it fails, alone."""

from pathlib import Path

from tests.flows.world import World
from tests.outsiders import installed

PLUGIN = """
import datetime as dt
import os
import sys
import threading

from restamp.hookspecs import hookimpl
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, done

ODD = os.environ.get("ODD", "")
if ODD == "import":
    sys.exit(0)

@hookimpl
def plugin_card():
    return PluginCard(name="rp-odd", role="rp", title="Odd")

@hookimpl
def steps():
    if ODD == "steps":
        raise ZeroDivisionError("no steps")
    for name in ("crashes", "exits", "hangs", "answers", "asks", "lies"):
        yield Step(id=f"rp-odd/{name}", title=name, phase="restore", patience=dt.timedelta(seconds=1))

@hookimpl
def run_step(step, run):
    if ODD == "everywhere":
        match step.id:
            case "rp-odd/crashes":
                raise KeyError("bolts")
            case "rp-odd/exits":
                sys.exit(0)
            case "rp-odd/hangs":
                threading.Event().wait()
            case "rp-odd/answers":
                return {"status": "done"}
            case "rp-odd/asks":
                return done(run.secret("the operator's"))
    return done("of course")

@hookimpl
def check():
    if ODD == "check":
        sys.exit(0)

@hookimpl
def verify():
    if ODD != "honest":
        yield Finding("odd", "stop", "rp-odd/lies", "said that it is done, and nothing is there", "Do it.")
"""


def test_a_plugin_that_misbehaves_fails_by_its_name_and_harms_nothing_else(world: World, tmp_path: Path) -> None:
    """Each of its steps says what was wrong, the others run; a step that lied is found out by the verification."""
    env = {"PYTHONPATH": str(installed(tmp_path / "site", "rp-odd", source=PLUGIN))}
    world.captured()
    world.restamp("plugins", "use", "rp-odd", **env)
    with world.stamp_of(2) as stamp:
        told = world.restamp("check", status=4, **env, ODD="check")
        assert "plugin rp-odd, check: SystemExit: it calls sys.exit(0) (" in told
        told = world.restamp("plugins", **env, ODD="import")
        assert "it calls sys.exit(0)" in told
        world.restamp("begin", **env)
        told = world.restamp("up", status=4, **env, ODD="steps")
        assert "plugin rp-odd, steps: ZeroDivisionError: no steps (" in told
        assert "Traceback" not in told

        told = world.restamp("up", status=4, **env, ODD="everywhere")
        for failure in (
            "Step rp-odd/crashes: failed: plugin rp-odd, run_step: KeyError: 'bolts' (",
            "Step rp-odd/exits: failed: plugin rp-odd, run_step: SystemExit: it calls sys.exit(0) (",
            "Step rp-odd/hangs: failed: the plugin rp-odd has not answered for 1 s",
            "Step rp-odd/answers: failed: plugin rp-odd, run_step: answered dict, and not StepResult",
            'Step rp-odd/asks: failed: plugin rp-odd, rp-odd/asks: asks for "the operator\'s", which the step does not',
            "steps: 1 done, 5 failed",
        ):
            assert failure in told
        assert "Traceback" not in told
        assert stamp.writes == []

        told = world.restamp("up", status=4, **env)
        assert "steps: 6 done" in told
        assert "Verification verification: failed: rp-odd/lies: said that it is done, and nothing is there" in told
        assert "gates open: stamp-ready, stamp-checked, control-plane-restored\n" in told
        assert "recovered" in world.restamp("up", **env, ODD="honest")
