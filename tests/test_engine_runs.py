"""The engine on PATH runs a Python program with the stock host for dynamic resources, and leaves nothing behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = """
import os, time
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult("1", {**props, "doubled": props["number"] * 2})

class Twice(Resource):
    doubled: pulumi.Output[float]
    def __init__(self, name, number):
        super().__init__(Provider(), name, {"number": number, "doubled": None})

pulumi.export("doubled", Twice("twice", 21).doubled)
if "SLOW" in os.environ:
    print("asleep", flush=True)
    time.sleep(60)
"""
UP = ("up", "--yes", "--skip-preview", "--non-interactive", "--color", "never")

ours = pytest.mark.skipif(
    ".engine" not in (shutil.which("pulumi") or ".engine"), reason="the way Pulumi's own language host ends a program"
)


class Project:
    """A stack of one resource on a file backend."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        (folder / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
        (folder / "__main__.py").write_text(PROGRAM)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")} | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        }
        self.pulumi("stack", "init", "dev")

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        out = subprocess.PIPE
        command = ["pulumi", *args]
        return subprocess.run(command, cwd=self.folder, env=self.env, stdout=out, stderr=out, text=True, timeout=120)

    def pulumi(self, *args: str) -> str:
        done = self.run(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def asleep(self) -> subprocess.Popen[str]:
        """An `up` whose program has begun to sleep for a minute."""
        pipe = subprocess.PIPE
        env = self.env | {"SLOW": "1"}
        up = subprocess.Popen(
            ["pulumi", *UP], cwd=self.folder, env=env, stdout=pipe, stderr=subprocess.STDOUT, text=True
        )
        assert up.stdout
        assert any("asleep" in line for line in up.stdout)
        return up

    def running(self) -> dict[str, int]:
        """What this project's environment still shows up in: by the name of its executable or script."""
        mark = f"PULUMI_HOME={self.folder}/home".encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():
                    words = (process / "cmdline").read_bytes().decode().split("\0")
                    found[next(Path(word).name for word in words if "pulumi" in Path(word).name)] = int(process.name)
            except OSError:
                continue  # it has just ended, or is another user's
        return found


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    if not shutil.which("pulumi"):
        pytest.fail("no pulumi on PATH: run `make test`, or `tools/run pytest ...`", pytrace=False)
    project = Project(tmp_path)
    yield project
    until(lambda: not project.running())


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "waited 10 s in vain"
        time.sleep(0.02)


def test_the_engine_tells_a_release(project: Project) -> None:
    """Unstamped, the SDK's and Pulumi.yaml's checks of the version misbehave."""
    major, minor, _ = project.pulumi("version").strip().removeprefix("v").split(".", 2)
    assert int(major) == 3
    assert int(minor) >= 250


def test_a_dynamic_resource_is_created_and_kept(project: Project) -> None:
    assert "+ 2 created" in project.pulumi(*UP)
    assert json.loads(project.pulumi("stack", "output", "--json")) == {"doubled": 42}
    assert "2 unchanged" in project.pulumi(*UP)


@ours
def test_ctrl_c_ends_a_slow_program_without_a_traceback(project: Project) -> None:
    with project.asleep() as up:
        up.send_signal(signal.SIGINT)
        said = up.communicate(timeout=20)[0]
    assert up.returncode == 1
    assert "error: update canceled" in said
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert "doubled" not in said
    assert "+ 2 created" in project.pulumi(*UP)  # nothing is locked, nothing pending


@ours
@pytest.mark.parametrize("killed", ["pulumi", "pulumi-language-python"])
def test_kill_minus_9_of_the_engine_or_the_language_host_leaves_no_program(project: Project, killed: str) -> None:
    with project.asleep() as up:
        assert {"pulumi", "pulumi-language-python", "pulumi-language-python-exec"} <= project.running().keys()
        os.kill(project.running()[killed], signal.SIGKILL)
        up.communicate(timeout=20)
    until(lambda: not project.running())


@ours
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("raise SystemExit(3)", "the program ended with exit status 3"),
        ("raise ValueError('no stamp')", "ValueError: no stamp"),
    ],
)
def test_a_program_that_fails_is_told_once(project: Project, line: str, words: str) -> None:
    (project.folder / "__main__.py").write_text(f"import pulumi\n{line}\n")
    up = project.run(*UP)
    assert up.returncode != 0
    assert up.stdout.split("Diagnostics:")[1].count(words) == 1


@ours
def test_an_unknown_toolchain_is_refused_and_pip_means_the_python_on_path(project: Project) -> None:
    """Without `toolchain: pip` a uv.lock beside the project would change the interpreter."""
    (project.folder / "uv.lock").touch()
    settings = "name: tiny\nruntime:\n  name: python\n  options:\n    toolchain: {}\n"
    (project.folder / "Pulumi.yaml").write_text(settings.format("pip"))
    assert sys.executable.rsplit("/", 1)[0] in project.pulumi("about")
    assert "+ 2 created" in project.pulumi(*UP)
    (project.folder / "Pulumi.yaml").write_text(settings.format("conda"))
    assert "unknown toolchain conda; known are pip, poetry and uv" in project.run(*UP).stdout
