"""The command line as people meet it: help, versions, schemas, the simulator, errors with a way out."""

import json
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.flows.world import NAME

from restamp.cli import app
from restamp.simulator import Stamp

HEAVY = ("azure", "pulumi", "pydantic", "yaml", "starlette", "rich", "requests", "grpc")
CLIENTS = ("azure", "requests", "pypsrp", "sushy", "pymysql", "pytds", "smbprotocol", "cryptography")


def test_help_imports_nothing_heavy() -> None:
    """`restamp --help` is answered at once: what a command needs is imported when it runs."""
    code = (
        "import sys\nfrom restamp.cli import main\nsys.argv = ['restamp', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "Exit status: 0 done, 2 refused" in done.stdout
    assert done.stderr.strip() == "[]"


def test_what_declares_a_recovery_has_not_what_it_works_with() -> None:
    """All processes of a run load every plugin: clients of stamps, servers and machines, and keys, are for use."""
    code = (
        "import sys, restamp.plugins, restamp.resources\nrestamp.plugins.all_kinds()\n"
        f"print([name for name in {CLIENTS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", [item.callback.__name__ for item in app.registered_commands if item.callback])
def test_every_command_explains_itself(command: str) -> None:
    """Each command's help says in a sentence what it does, and each option what it is for."""
    done = subprocess.run(
        [sys.executable, "-m", "restamp", command, "--help"], capture_output=True, text=True, check=True
    )

    assert len(done.stdout.splitlines()[2].strip()) > 10
    options = re.findall(r"^  (?:-\w, )?--[\w-]+(?: <?\w+>?| \[[^\]]+\])?(.*)$", done.stdout, re.MULTILINE)
    assert options


def test_version_and_schema(tmp_path: Path) -> None:
    """The version is one line; a kind's schema is JSON, a wrong kind is refused with the right one."""

    def restamp(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "restamp", *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
        )

    assert re.fullmatch(r"restamp \d+\.\d+\.\d+\n", restamp("--version").stdout)
    assert json.loads(restamp("schema", "Plan").stdout)["properties"]["kind"] == {"const": "Plan"}
    wrong = restamp("schema", "plan")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "stop: plan: there is no such kind\n  Did you mean Plan?\nrefused: 1 problem\n",
    )
    nowhere = restamp("verify")
    assert nowhere.returncode == 2
    assert "there is no runbook here" in nowhere.stderr


def test_the_simulator_from_a_shell(tmp_path: Path) -> None:
    """It says where it listens, writes what clients need, keeps its state in a file, and stops on Ctrl-C."""
    state, kept = tmp_path / "stamp.sqlite", tmp_path / "kept"

    def started(*options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "restamp", "simulator", "--folder", str(kept), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        told = []
        while not told or not told[-1].startswith("ready"):
            told.append(process.stdout.readline())
            assert told[-1], "".join(told)
        process.told = "".join(told)  # type: ignore[attr-defined]
        return process

    def stopped(process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=20)
        assert (process.returncode, told) == (0, "stopped\n")

    def env() -> dict[str, str]:
        lines = (kept / "env.sh").read_text().splitlines()
        return {
            name: value.strip("'") for name, _, value in (line.removeprefix("export ").partition("=") for line in lines)
        }

    folder = tmp_path / "runbook"
    first = started("--population", "5", "--soft-delete", "--state", str(state))
    command = [sys.executable, "-m", "restamp", "capture", "--runbook", str(folder), "--stamp", NAME]
    told = subprocess.run(command, env=env(), capture_output=True, text=True, check=True).stdout
    assert re.search(r"inside covered: 0 of \d+ subscriptions", told)
    stopped(first)

    with closing(Stamp(state=state)) as stored:
        assert stored.state.soft_delete
    again = started("--state", str(state))
    assert first.told.splitlines()[0] == again.told.splitlines()[0]  # type: ignore[attr-defined]
    command = [sys.executable, "-m", "restamp", "diff", "--runbook", str(folder), "--json"]
    found = json.loads(subprocess.run(command, env=env(), capture_output=True, text=True, check=True).stdout)
    assert found["differences"] == []
    stopped(again)

    seeded = started("--seed", str(folder), "--deployment", "9", "--pep", "--nodes", "4")
    assert "BMCs azs-node01-bmc.redmond." in seeded.told  # type: ignore[attr-defined]
    assert env()["RESTAMP_PEP"].startswith("azs-ercs01.redmond.")
    found = json.loads(subprocess.run(command, env=env(), capture_output=True, text=True, check=True).stdout)
    assert [item for item in found["differences"] if item["action"] != "unexpected"] == []
    stopped(seeded)

    nothing = subprocess.run(
        [sys.executable, "-m", "restamp", "simulator", "--seed", str(tmp_path / "kept")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert nothing.returncode == 2
    assert "Name the folder of a runbook" in nothing.stderr
    command = [sys.executable, "-m", "restamp", "simulator", "--nodes", "4", "--hardware", "toaster"]
    other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (other.returncode, other.stdout) == (2, "")
    assert "It is one of contoso-g4, fabrikam-g6." in other.stderr


def test_types_that_the_simulator_cannot_serve_are_refused_at_once() -> None:
    """Each with what is wrong: one is no type, the other one is the stamp's own."""
    types = ("Foo.Admin/quotas", "Microsoft.Compute.Admin/locations/quotas@2024-01-01")
    command = [sys.executable, "-m", "restamp", "simulator", *(word for kind in types for word in ("--serves", kind))]
    told = subprocess.run(command, capture_output=True, text=True, check=False)

    assert told.returncode == 2
    assert (
        "'Foo.Admin/quotas' is no type with its api-version, such as Foo.Admin/locations/quotas@2024-01-01"
        in told.stderr
    )
    assert "Microsoft.Compute.Admin is a service that the simulated stamp has of its own" in told.stderr
    assert told.stderr.endswith("refused: 2 problems\n")
