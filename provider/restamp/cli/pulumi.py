"""Run Pulumi for people without a backend of their own: environment, stack, and killed runs."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from restamp import failpoints
from restamp.arm.settings import Settings
from restamp.cli.here import project
from restamp.errors import Refused
from restamp.journal import home
from restamp.models.finding import Finding

_GIVEN = "RESTAMP_STATE"


class Pulumi:
    """The engine, for one stack: the stack is named after the runbook's folder."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        """Nothing is started yet."""
        self.project = project(folder)
        self.stack = folder.resolve().name
        self._env = _environment(self.project, settings)
        self._folder = folder.resolve()

    @property
    def engine(self) -> Path:
        """The folder that the engine is in."""
        return Path(shutil.which("pulumi", path=self._env["PATH"]) or "pulumi").resolve().parent

    def take_up(self) -> None:
        """Make ready after a run that was killed: a stale lock, creates that nobody knows the end of."""
        self._untorn()
        if not (self._files("stacks", f"{self.stack}.json") or self._files("stacks", f"{self.stack}.json.gz")):
            self._run("stack", "select", "--create", self.stack)
        self._take_over()
        killed = not self._env["PULUMI_BACKEND_URL"].startswith("file://")  # other backends show no locks: look anyway
        for path, owner in self._locks():
            if owner.get("hostname") == socket.gethostname() and _ended(int(owner.get("pid") or 0)):
                print(
                    f"taking up a run that was killed (process {owner.get('pid')}, {owner.get('timestamp')})",
                    file=sys.stderr,
                )
                failpoints.reached("up.takes-up")
                path.unlink(missing_ok=True)  # `pulumi cancel` would take the locks of living runs too
                killed = True
        if killed and self._pending():
            print("taking up a run that was killed while it was writing: looking at the stamp again", file=sys.stderr)
            self._run("refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--stack", self.stack)

    def up(self, recovery: str, arguments: list[str]) -> bool:
        """`pulumi up`, on this terminal; whether it ended well, or because people cancelled it."""
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
        with _left_alone() as cancelled:
            ended = subprocess.run(["pulumi", "up", *options, *arguments], cwd=self.project, env=env, check=False)
            return ended.returncode == 0 or bool(cancelled)

    def state(self) -> dict[str, Any]:
        """The whole state; without a stack yet that of RESTAMP_STATE, or none. Refused where nobody can say."""
        self._untorn()
        try:
            found: dict[str, Any] = json.loads(self._run("stack", "export", "--stack", self.stack).stdout)
        except Refused as refused:
            if f"no stack named '{self.stack}'" in str(refused):
                given = os.environ.get(_GIVEN)
                return json.loads(Path(given).read_text("utf-8")) if given else {}
            raise
        return found

    def _take_over(self) -> None:
        """A stack that has nothing yet begins with the state in RESTAMP_STATE, as another machine exported it."""
        if (given := os.environ.get(_GIVEN)) and not (self.state().get("deployment") or {}).get("resources"):
            print(f"taking over the Pulumi state in {given}", file=sys.stderr)
            self._run("stack", "import", "--file", str(Path(given).absolute()), "--stack", self.stack)

    def _untorn(self) -> None:
        """Take away what a killed engine began to write beside its state, and keeps everybody from it."""
        for path in self._files("stacks", f"{self.stack}.json*.attrs"):
            if not path.stat().st_size:
                path.unlink(missing_ok=True)

    def _pending(self) -> bool:
        """Whether the state has creates that nobody knows the end of; the engine is asked only where it may."""
        kept = self._files("stacks", f"{self.stack}.json")
        if kept and not any("pending_operations" in path.read_text("utf-8") for path in kept):
            return False
        return bool(self.state().get("deployment", {}).get("pending_operations"))

    def _locks(self) -> list[tuple[Path, dict[str, Any]]]:
        """Who holds the stack, in a backend of files; other backends tell when asked."""
        found = []
        for path in self._files("locks", f"{self.stack}/*.json"):
            with contextlib.suppress(OSError, ValueError):
                found.append((path, json.loads(path.read_text("utf-8"))))
        return found

    def _files(self, of: str, named: str) -> list[Path]:
        """What a backend of files keeps of the stack; of other backends, nothing."""
        backend = self._env["PULUMI_BACKEND_URL"]
        if not backend.startswith("file://"):
            return []
        return list((Path(backend.removeprefix("file://")) / ".pulumi" / of).glob(f"**/{named}"))

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
            hint = (
                "Which state is asked: PULUMI_BACKEND_URL, else files under RESTAMP_HOME (docs/operator/settings.md)."
            )
            raise Refused([Finding("pulumi", "stop", f"pulumi {' '.join(arguments[:2])}", reason, hint)])
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
def _left_alone() -> Iterator[list[int]]:
    """Leave Ctrl-C to Pulumi, which gets it too: it ends what runs, and we report. What is yielded counts them."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))  # Pulumi would inherit SIG_IGN
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
