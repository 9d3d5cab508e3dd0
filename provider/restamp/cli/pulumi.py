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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from restamp import failpoints
from restamp.arm.settings import Settings
from restamp.cli.here import project
from restamp.cli.output import capped
from restamp.errors import Refused
from restamp.journal import home
from restamp.models.finding import Finding
from restamp.models.stamp import Acceptance

_TYPE = "pulumi-python:dynamic/restamp:"
_STEPS = ("Step", "Preflight", "Verification")  # what stands around the documents
_GIVEN = "RESTAMP_STATE"
_LATE = "/state"  # the second resource of a document that gets a field after its referrers


@dataclass(frozen=True)
class Resource:
    """One resource of ours in the Pulumi state; `subject` is the document it is about, `<kind> <reference>`."""

    type: str
    name: str
    outputs: dict[str, Any]
    subject: str

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
    missing: tuple[str, ...]  # what no run has come to
    cut: bool = False  # the run ended in an error of its own, which stands above
    accepted: Mapping[str, Acceptance] = field(default_factory=dict)  # subjects that people go on without

    @property
    def documents(self) -> tuple[Resource, ...]:
        """The resources that are documents; one that waits for its referrers has two."""
        return tuple(item for item in self.resources if item.type not in ("Gate", "Target", *_STEPS))

    @property
    def steps(self) -> tuple[Resource, ...]:
        """The steps of plugins, and the looks before and behind them."""
        return tuple(item for item in self.resources if item.type in _STEPS)

    @cached_property
    def undone(self) -> tuple[Resource, ...]:
        """What is neither done nor accepted, gates included."""
        return tuple(item for item in self.resources if item.status != "done" and item.subject not in self.accepted)

    @property
    def failed(self) -> bool:
        """Whether something failed that nobody accepted, or is not as it was left."""
        return any(item.status in ("failed", "drifted") for item in self.undone)

    @property
    def waits(self) -> bool:
        """Whether a step waits for somebody: that explains the closed gate, and that nothing behind it ran."""
        return any(item.type in _STEPS for item in self.undone)

    @property
    def exit_status(self) -> int:
        """0 done, 4 failed, 3 where nothing failed and something is still to be done."""
        if self.failed or (self.cut and (self.missing or not self.undone) and not self.waits):
            return 4
        return 3 if self.undone or self.missing or not self.resources else 0

    @property
    def next(self) -> str:
        """What an operator does now."""
        if self.exit_status == 0:
            return "restamp verify"
        if self.failed:
            return "remove the cause, then restamp up: it goes on with these alone"
        if any(item.type == "Step" and item.status == "waiting" for item in self.undone):
            return "what people have to do: restamp status --all. Once they did: restamp signoff STEP, then restamp up"
        return "mend what Pulumi says above, then restamp up" if self.exit_status == 4 else "restamp up"

    def summary(self, this_run: str = "") -> str:
        """By outcome, what is not done, and what to do next."""
        everything = (*self.steps, *self.documents)
        without = {item.subject for item in everything if item.status != "done"} & self.accepted.keys()
        undone = [item for item in self.undone if item.type not in ("Gate", "Target")]
        undone.sort(key=lambda item: (item.status == "blocked", item.type, item.name))
        missing = [name for name in self.missing if name.partition(" ")[0] not in _STEPS]
        open_still = {name for name in without if name.partition(" ")[0] not in _STEPS}
        open_still |= {item.subject for item in undone if item.type not in _STEPS}
        open_still |= {name.removesuffix(_LATE) for name in missing}
        done = {item.subject: item for item in reversed(self.documents) if item.subject not in open_still}
        outcomes = Counter(str(item.outputs.get("outcome")) for item in done.values())
        told = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())) or "none"
        gates = [item.name for item in self.resources if item.type == "Gate" and item.status == "done"]
        lines = [f"  {item.type} {item.name}: {item.status}: {item.outputs.get('message')}" for item in undone]
        behind = [f"  {len(self.missing)} more, behind a gate that is not open: not run"] if self.missing else []
        lines += behind if self.waits else [f"  {name}: not run" for name in self.missing]
        told_again = [f"  {self.accepted[subject]}" for subject in sorted(without)]
        inside: Counter[str] = Counter()
        for item in self.documents:
            inside.update(item.outputs.get("counts") or {})
            inside.subtract([str(item.outputs.get("outcome"))] if "counts" in item.outputs else [])
        held = ", ".join(f"{count:,} {name}" for name, count in sorted(inside.items()) if count)
        return "\n".join(
            (
                *([this_run] if this_run else []),
                f"{len(done)} of {len(done) + len(open_still)} objects done: {told}",
                *([f"inside subscriptions: {held}"] if held else []),
                *self._told_of_steps(),
                f"gates open: {', '.join(gates) or 'none'}",
                *capped(lines, "pulumi stack export", 20),
                *capped(told_again, "accepted.yaml", 20),
                f"next: {self.next}",
            )
        )

    def _told_of_steps(self) -> list[str]:
        steps = [item for item in self.steps if item.type == "Step"]
        missing = sum(1 for name in self.missing if name.startswith("Step "))
        counts = Counter("accepted" if item.subject in self.accepted else item.status for item in steps)
        counts["not run"] = missing
        said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()) if count)
        return [f"steps: {said}"] if said else []


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
        self._run("stack", "select", "--create", self.stack)
        self._take_over()
        killed = not self._env["PULUMI_BACKEND_URL"].startswith("file://")  # other backends show no locks: look anyway
        for owner in self._locks():
            if owner.get("hostname") == socket.gethostname() and _ended(int(owner.get("pid") or 0)):
                print(
                    f"taking up a run that was killed (process {owner.get('pid')}, {owner.get('timestamp')})",
                    file=sys.stderr,
                )
                failpoints.reached("up.takes-up")
                self._run("cancel", "--yes", "--stack", self.stack)
                killed = True
        if killed and self.state().get("deployment", {}).get("pending_operations"):
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

    def standing(self, recovery: str, expected: Iterable[str]) -> Standing:
        """What the state says of one recovery, of which the documents `<kind> <name>` are expected."""
        wanted = tuple(expected)
        known = set(wanted)
        mine = []
        for item in (self.state().get("deployment") or {}).get("resources") or []:
            outputs = item.get("outputs") or {}
            if item["type"].startswith(_TYPE) and not item.get("delete") and outputs.get("recovery") == recovery:
                kind, name = item["type"].removeprefix(_TYPE), item["urn"].rpartition("::")[2]
                whole, part = f"{kind} {name}", f"{kind} {name.removesuffix(_LATE)}"
                mine.append(Resource(kind, name, outputs, part if whole not in known and part in known else whole))
        there = {f"{item.type} {item.name}" for item in mine}
        late = [f"{item.type} {item.name}{_LATE}" for item in mine if item.outputs.get("later")]
        return Standing(tuple(mine), tuple(name for name in (*wanted, *late) if name not in there))

    def state(self) -> dict[str, Any]:
        """The whole state; without a stack yet that of RESTAMP_STATE, or none. Refused where nobody can say."""
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
