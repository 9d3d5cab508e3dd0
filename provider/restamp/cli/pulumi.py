"""Run Pulumi for people without a backend of their own: environment, stack, killed runs, and what the state says."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restamp.arm.settings import Settings
from restamp.cli.here import project
from restamp.cli.output import capped
from restamp.errors import Refused
from restamp.journal import home
from restamp.models.finding import Finding

_TYPE = "pulumi-python:dynamic/restamp:"


@dataclass(frozen=True)
class Resource:
    """One resource of ours in the Pulumi state."""

    type: str
    name: str
    outputs: dict[str, Any]

    @property
    def status(self) -> str:
        """Its status; a gate is done when it is open."""
        if self.type == "Gate":
            return "done" if self.outputs.get("open") is True else "waiting"
        return str(self.outputs.get("status") or "failed")


@dataclass(frozen=True)
class Standing:
    """What a state says of a recovery: which of the runbook's documents are done."""

    resources: tuple[Resource, ...]
    missing: tuple[str, ...]  # documents of the runbook that no run has come to

    @property
    def documents(self) -> tuple[Resource, ...]:
        """The resources that are documents."""
        return tuple(item for item in self.resources if item.type not in ("Gate", "Target"))

    @property
    def exit_status(self) -> int:
        """0 done, 4 failed, 3 where nothing failed and something is still to be done."""
        found = {item.status for item in self.resources}
        if found & {"failed", "drifted"}:
            return 4
        return 0 if found == {"done"} and not self.missing else 3

    @property
    def next(self) -> str:
        """What an operator does now."""
        if self.exit_status == 0:
            return "restamp verify"
        return "restamp up" if not self.resources else "remove the cause, then restamp up: it goes on with these alone"

    def summary(self) -> str:
        """By outcome, what is not done, and what to do next."""
        outcomes = Counter(str(item.outputs.get("outcome")) for item in self.documents if item.status == "done")
        told = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())) or "none"
        total = len(self.documents) + len(self.missing)
        gates = [item.name for item in self.resources if item.type == "Gate" and item.status == "done"]
        undone = [item for item in self.documents if item.status != "done"]
        undone.sort(key=lambda item: (item.status == "blocked", item.type, item.name))
        lines = [f"  {item.type} {item.name}: {item.status}: {item.outputs.get('message')}" for item in undone]
        lines += [f"  {name}: not run" for name in self.missing]
        return "\n".join(
            (
                f"{sum(outcomes.values())} of {total} objects done: {told}",
                f"gates open: {', '.join(gates) or 'none'}",
                *capped(lines, "pulumi stack export", 20),
                f"next: {self.next}",
            )
        )


class Pulumi:
    """The engine, for one stack: the stack is named after the runbook's folder."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        """Nothing is started yet."""
        self.project = project(folder)
        self.stack = folder.resolve().name
        self._env = _environment(self.project, settings)
        self._folder = folder.resolve()

    def take_up(self) -> None:
        """Make ready after a run that was killed: a stale lock, creates that nobody knows the end of."""
        self._run("stack", "select", "--create", self.stack)
        killed = not self._env["PULUMI_BACKEND_URL"].startswith("file://")  # other backends show no locks: look anyway
        for owner in self._locks():
            if owner.get("hostname") == socket.gethostname() and _ended(int(owner.get("pid") or 0)):
                print(
                    f"taking up a run that was killed (process {owner.get('pid')}, {owner.get('timestamp')})",
                    file=sys.stderr,
                )
                self._run("cancel", "--yes", "--stack", self.stack)
                killed = True
        if killed and self._state().get("deployment", {}).get("pending_operations"):
            print("taking up a run that was killed while it was writing: looking at the stamp again", file=sys.stderr)
            self._run("refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--stack", self.stack)

    def up(self, recovery: str, arguments: list[str]) -> int:
        """`pulumi up`, on this terminal; Pulumi's exit status."""
        env = self._env | {"RESTAMP_RUNBOOK": str(self._folder), "RESTAMP_RECOVERY": recovery}
        options = [
            "--yes",
            "--skip-preview",
            "--refresh",
            "--parallel",
            "64",
            "--continue-on-error",
            "--stack",
            self.stack,
        ]
        with _left_alone():
            return subprocess.run(
                ["pulumi", "up", *options, *arguments], cwd=self.project, env=env, check=False
            ).returncode

    def standing(self, recovery: str, expected: Iterable[str]) -> Standing:
        """What the state says of one recovery, of which the documents `<kind> <name>` are expected."""
        resources = (self._state().get("deployment") or {}).get("resources") or []
        ours = [
            Resource(item["type"].removeprefix(_TYPE), item["urn"].rpartition("::")[2], item.get("outputs") or {})
            for item in resources
            if item["type"].startswith(_TYPE) and not item.get("delete")
        ]
        mine = tuple(item for item in ours if item.outputs.get("recovery") == recovery)
        there = {f"{item.type} {item.name}" for item in mine}
        return Standing(mine, tuple(name for name in expected if name not in there))

    def _state(self) -> dict[str, Any]:
        done = self._run("stack", "export", "--stack", self.stack, check=False)
        found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        return found

    def _locks(self) -> list[dict[str, Any]]:
        """Who holds the stack, in a backend of files; other backends tell when asked."""
        backend = self._env["PULUMI_BACKEND_URL"]
        if not backend.startswith("file://"):
            return []
        top = Path(backend.removeprefix("file://")) / ".pulumi" / "locks"
        found = []
        for path in top.glob(f"**/{self.stack}/*.json"):
            with contextlib.suppress(OSError, ValueError):
                found.append(json.loads(path.read_text("utf-8")))
        return found

    def _run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.project,
            env=self._env,
            check=False,
            capture_output=True,
            text=True,
        )
        if check and done.returncode:
            reason = (done.stderr or done.stdout).strip()
            raise Refused([Finding("pulumi", "stop", f"pulumi {' '.join(arguments[:2])}", reason)])
        return done


def _ended(process: int) -> bool:
    """Whether a process of this machine is gone; one that was just killed gets two seconds to be."""
    for _ in range(20):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":  # killed, and nobody has asked for its end yet
            return True
        time.sleep(0.1)
    return False


def _environment(folder: Path, settings: Settings | None) -> dict[str, str]:
    """What Pulumi and our provider need, where people have not set it themselves."""
    env = dict(os.environ)
    backend = home() / "pulumi"
    backend.mkdir(parents=True, exist_ok=True, mode=0o700)
    env.setdefault("PULUMI_BACKEND_URL", f"file://{backend}")
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in env:
        env.setdefault("PULUMI_CONFIG_PASSPHRASE", "")
    env |= {"PULUMI_SKIP_UPDATE_CHECK": "1", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1"}
    # one write of the state at the end: an interrupted run adopts what it had done, so nothing is lost (docs/decisions)
    env.setdefault("PULUMI_SKIP_CHECKPOINTS", "true")
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", "")])
    for name, value in vars(settings).items() if settings else ():
        if value and name != "stamp":
            env[f"RESTAMP_{name.upper()}"] = str(value)
    return env | {"PATH": _with_engine(folder, env["PATH"])}


def _with_engine(folder: Path, path: str) -> str:
    """The search path with a fitting Pulumi on it: the project's own choice where it has one."""
    chooser = folder / "tools" / "pulumi" / "engine"
    if chooser.exists():
        done = subprocess.run(
            [str(chooser)], env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode == 0:
            return os.pathsep.join([done.stdout.strip(), path])
    elif shutil.which("pulumi", path=path):
        return path
    hint = "Install Pulumi, or Go, with which `tools/pulumi/engine` builds it."
    raise Refused([Finding("no-pulumi", "stop", "pulumi", "there is no fitting `pulumi` on PATH", hint)])


@contextlib.contextmanager
def _left_alone() -> Any:
    """Leave Ctrl-C to Pulumi, which gets it too: it ends what runs, and we report."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which Pulumi would inherit
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
