"""The contract that plugins hold to: a good plugin passes it, and each way to break a promise is seen."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.outsiders import SOURCES

GOOD = """
import rp_bytes
from restamp.simulator.pep import Pep
from restamp.testing import PluginContract, Scene

class TestBytes(PluginContract):
    plugin, name = rp_bytes, "rp-bytes"
    ids = ("rp-bytes/fill",)
    secrets = {"key": "Tr0ub4dor-and-3", "lock": "that it has no business with"}

    def prepare(self, scene: Scene) -> None:
        scene.stamp.pep = Pep(scene.stamp.state)

    def documents(self):
        return [rp_bytes.BytesQuota(name="small", bytes=5)]

    def damage(self, scene: Scene) -> None:
        with scene.run() as run:
            run.arm.admin.write("DELETE", rp_bytes.groups(run)[1][0])
"""
SETS = """from restamp.remoting import privileged_endpoint
{0}with privileged_endpoint(run.arm.settings) as pep:
{0}    pep.run("Set-TLSPolicy", Version="TLS_1.2")
{0}"""
BROKEN = {
    "its own name": ('name="rp-bytes", role', 'name="rp-byte", role', "test_its_card_is_valid"),
    "another id": ('"rp-bytes/fill"', '"rp-bytes/filled"', "test_ids_of_its_steps_are_stable"),
    "a need of others": ('phase="restore"', 'phase="restore", needs=("a/b",)', "test_its_plan_can_be"),
    "a clock in its plan": (
        "    yield Step(",
        "    import time; time.time()\n    yield Step(",
        "test_planning_is_pure_and_deterministic",
    ),
    "a name by chance": (
        "    yield Step(",
        "    import uuid; uuid.uuid4()\n    yield Step(",
        "test_planning_is_pure_and_deterministic",
    ),
    "the day in its plan": (
        'title="Groups of the service"',
        'title=str(__import__("datetime").datetime.now())',
        "test_planning_is_pure_and_deterministic",
    ),
    "a duration from nowhere": ('phase="restore"', 'phase="restore", lead="P1D"', "test_people_are_told_what_to_do"),
    "a look that writes": (
        'yield Finding("bytes", "stop"',
        'run.arm.admin.write("PUT", url, {"location": "redmond"}); yield Finding("bytes", "stop"',
        "test_looking_never_writes",
    ),
    "a look that sets something over the privileged endpoint": (
        'yield Finding("bytes", "stop"',
        SETS.format(" " * 12) + 'yield Finding("bytes", "stop"',
        "test_looking_never_writes",
    ),
    "a cmdlet run each time": (
        "return done(",
        SETS.format(" " * 4) + "return done(",
        "test_its_steps_get_done_and_stay_done",
    ),
    "a step that acts each time": (
        "if not there:\n            run.arm",
        "if True:\n            run.arm",
        "test_its_steps_get_done_and_stay_done",
    ),
    "a step that cannot go on": (
        "    return done(",
        '    if run.token: raise ValueError("again")\n    run.remember("x")\n    run.arm.regions\n    return done(',
        "test_a_step_that_is_killed_after_any_answer_goes_on",
    ),
    "damage unseen": ('yield Finding("bytes", "stop"', 'yield Finding("bytes", "note"', "test_verify_sees_damage"),
    "a secret told": ("{len(run.secret('key'))} letters", "{run.secret('key')}", "test_no_secret_leaks"),
    "a secret undeclared": (', secrets=("key",)', "", "test_it_asks_for_nothing_that_it_does_not_declare"),
    "a secret for a look alone": (
        "    for url, there in groups(run):\n        if not there:\n            yield",
        "    run.secret('lock')\n    for url, there in groups(run):\n        if not there:\n            yield",
        "test_it_asks_for_nothing_that_it_does_not_declare",
    ),
}


def tried(folder: Path, source: str, promise: str = "") -> str:
    """What pytest says of a plugin under the contract, or under one promise of it."""
    (folder / "rp_bytes.py").write_text(source)
    (folder / "test_it.py").write_text(GOOD)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:schemathesis",
        "--tb=line",
        "test_it.py",
        "-k",
        promise,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False).stdout


def test_a_plugin_of_a_third_party_holds_the_contract(tmp_path: Path) -> None:
    """Both ways, every promise."""
    told = tried(tmp_path, (SOURCES / "rp_bytes.py").read_text())

    assert " passed" in told.splitlines()[-1]
    assert "failed" not in told


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_promise_is_seen(tmp_path: Path, case: str) -> None:
    """By the promise that was broken."""
    old, new, promise = BROKEN[case]
    source = (SOURCES / "rp_bytes.py").read_text()
    assert old in source

    told = tried(tmp_path, source.replace(old, new, 1), promise)
    assert any(promise in line for line in told.splitlines() if line.startswith("FAILED")), told
