"""tools/setup, tools/run and what starts our host: which interpreter they find, and what a new user reads."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOST = ROOT / "provider" / "host" / "pulumi-resource-pulumi-python"
POSIX = ["sh", "cat", "cksum", "cp", "cut", "date", "dirname", "env", "flock", "mkdir", "rm", "sed", "sleep"]

PYTHON = """
case "$*" in
*version_info*3,\\ 11*) [ {minor} -ge 11 ] ;;
-V) echo Python 3.{minor}.1 ;;
*ensurepip*) {ensurepip} ;;
*print*) echo python3.{minor}-venv ;;
*-m\\ venv*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
*install*) echo "pip $*" >>"$CALLS" ;;
esac
"""
UV = """
case "$1" in
venv) for last; do :; done; mkdir -p "$last/bin"; cp "$5" "$last/bin/python" ;;
pip) echo "uv $*" >>"$CALLS"; sleep 0.2 ;;
esac
"""


class Checkout:
    """What tools/setup reads of a checkout, and a PATH with POSIX and what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a checkout"
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.folder / "tools" / "pulumi").mkdir(parents=True)
        for name in ("setup", "run"):
            shutil.copy(ROOT / "tools" / name, self.folder / "tools")
        (self.folder / "requirements.lock").write_text("hatchling==1.27\n")
        (self.folder / "pyproject.toml").touch()
        for name in POSIX:
            (self.bin / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is not there"))
        self.calls = folder / "calls"
        self.calls.touch()
        self.env = {"PATH": str(self.bin), "CALLS": str(self.calls)}

    def has(self, name: str, script: str, folder: Path | None = None) -> None:
        path = (folder or self.bin) / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def has_python(self, minor: int, name: str = "python3", ensurepip: str = "true") -> None:
        self.has(name, PYTHON.format(minor=minor, ensurepip=ensurepip))

    def start(self, command: str = "setup", *args: str, **env: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = str(self.folder / "tools" / command)
        return subprocess.Popen([command, *args], env=self.env | env, stdout=pipe, stderr=pipe, text=True)

    def setup(self, **env: str) -> tuple[int, str]:
        """Exit status and words; nothing goes to stdout."""
        with self.start(**env) as process:
            out, err = process.communicate(timeout=60)
            assert out == ""
            return process.returncode, err

    @property
    def installs(self) -> list[str]:
        return [line.replace(str(self.folder), "") for line in self.calls.read_text().splitlines()]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_with_pip_only_what_the_lock_names_comes_in(checkout: Checkout) -> None:
    """Hashes are required, and the build tool is not fetched by the side of the lock."""
    checkout.has_python(12)
    status, said = checkout.setup()
    assert status == 0
    assert "setup: making .venv with Python 3.12.1 and pip, which takes a minute or two\n" in said
    quiet = "pip -m pip install --quiet --disable-pip-version-check --no-input"
    assert checkout.installs == [
        f"{quiet} --require-hashes -r requirements.lock",
        f"{quiet} --no-deps --no-build-isolation -e ./.",
    ]


def test_with_uv_too_and_plugins_come_in_as_well(checkout: Checkout) -> None:
    checkout.has_python(11, ensurepip="false")
    checkout.has("uv", UV)
    plugin = checkout.folder / "plugins" / "oem-acme"
    plugin.mkdir(parents=True)
    (plugin / "pyproject.toml").touch()
    assert checkout.setup()[0] == 0
    quiet = "uv pip install --quiet --compile-bytecode --python /.venv"
    assert checkout.installs == [
        f"{quiet} --require-hashes -r requirements.lock",
        f"{quiet} --no-deps --no-build-isolation -e ./. -e ./plugins/oem-acme",
    ]


def test_a_second_run_does_nothing_until_the_lock_the_project_or_the_place_changes(checkout: Checkout) -> None:
    checkout.has_python(11)
    checkout.has("uv", UV)
    checkout.setup()
    assert checkout.setup() == (0, "")
    assert len(checkout.installs) == 2
    (checkout.folder / "requirements.lock").write_text("hatchling==1.28\n")
    assert checkout.setup()[1].endswith(" s\n")
    assert len(checkout.installs) == 4
    left_over = checkout.folder / ".venv" / "bin" / "names-the-old-place"
    left_over.touch()
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved"))
    assert checkout.setup()[0] == 0
    assert len(checkout.installs) == 6
    assert not (checkout.folder / ".venv" / "bin" / left_over.name).exists()


def test_two_at_once_make_one_environment(checkout: Checkout) -> None:
    checkout.has_python(11)
    checkout.has("uv", UV)
    with checkout.start() as one, checkout.start() as two:
        said = [process.communicate(timeout=60)[1] for process in (one, two)]
    assert (one.returncode, two.returncode, len(checkout.installs)) == (0, 0, 2)
    assert "" in said


def test_a_failed_install_is_tried_again(checkout: Checkout) -> None:
    checkout.has_python(11)
    checkout.has("uv", UV.replace("sleep 0.2", "exit 7"))
    assert checkout.setup()[0] == 7
    checkout.has("uv", UV)
    assert checkout.setup()[0] == 0


def test_the_newest_known_python_is_taken_and_one_that_does_not_start_is_not(checkout: Checkout) -> None:
    checkout.has_python(11)
    checkout.has_python(12, "python3.12")
    checkout.has("python3.13", "exit 127")
    assert "with Python 3.12.1" in checkout.setup()[1]


@pytest.mark.parametrize("minor", [None, 9])
def test_without_a_python_that_fits_one_line_says_what_was_found(checkout: Checkout, minor: int | None) -> None:
    if minor:
        checkout.has_python(minor)
    found = f"Python 3.{minor}.1" if minor else "none"
    assert checkout.setup() == (
        2,
        f"setup: restamp needs Python 3.11 or newer (found: {found}): "
        "install one, or name one, as in PYTHON=/opt/python3.12/bin/python3\n",
    )


def test_without_the_venv_module_the_package_is_named(checkout: Checkout) -> None:
    """Debian's python3 has venv, and no ensurepip."""
    checkout.has_python(11, ensurepip="false")
    assert checkout.setup() == (
        2,
        "setup: python3 cannot make an environment, as its venv or ensurepip module is missing: "
        "on Debian and Ubuntu, apt install python3.11-venv\n",
    )


def test_run_puts_environment_and_engine_first_and_takes_ambient_settings_away(checkout: Checkout) -> None:
    checkout.has_python(11)
    checkout.has("engine", "echo /opt/engine", checkout.folder / "tools" / "pulumi")
    ambient = {
        "PULUMI_BACKEND_URL": "s3://theirs",
        "PULUMI_ACCESS_TOKEN": "theirs",
        "PYTHONPATH": "/theirs",
        "MINE": "a b",
    }
    with checkout.start("run", "env", **ambient) as process:
        out, _ = process.communicate(timeout=60)
    env = dict(line.split("=", 1) for line in out.splitlines())
    assert env["PATH"] == f"{checkout.folder}/.venv/bin:/opt/engine:{checkout.bin}"
    assert env["MINE"] == "a b"
    assert not [name for name in env if name.startswith("PULUMI_") or name == "PYTHONPATH"]


class TestHost:
    """provider/host/pulumi-resource-pulumi-python"""

    def start(self, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
        return subprocess.run(
            [HOST, "127.0.0.1:1", "a b"],
            cwd=folder / "stacks",
            env={"PATH": path, **env},
            capture_output=True,
            text=True,
        )

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        for place in ("bin", "stacks", ".venv/bin"):
            (tmp_path / place).mkdir(parents=True)
        (tmp_path / "Pulumi.yaml").touch()
        for place, name in (("bin", "python3"), (".venv/bin", "python")):
            path = tmp_path / place / name
            path.write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n')
            path.chmod(0o755)
        return tmp_path

    RUNS = ("-u", "-m", "restamp.host", "127.0.0.1:1", "a b")

    def test_the_python_of_an_activated_environment_runs_it(self, project: Path) -> None:
        done = self.start(project)
        assert done.stdout.splitlines() == [f"{project}/bin/python3", *self.RUNS]

    @pytest.mark.parametrize("option", [".venv", ".venv/", "{}/.venv"])
    def test_the_virtualenv_option_starts_where_pulumi_yaml_is(self, project: Path, option: str) -> None:
        """As for the program itself; the stock script looks in the program's folder."""
        done = self.start(project, PULUMI_RUNTIME_VIRTUALENV=option.format(project))
        assert done.stdout.splitlines() == [f"{project}/.venv/bin/python", *self.RUNS]

    def test_a_missing_one_is_told_and_stdout_stays_the_protocols(self, project: Path) -> None:
        done = self.start(project, PULUMI_RUNTIME_VIRTUALENV="elsewhere")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"restamp: {project}/elsewhere/bin/python, which Pulumi.yaml's virtualenv or PATH names, is not there: "
            "run tools/setup and activate .venv\n"
        )
