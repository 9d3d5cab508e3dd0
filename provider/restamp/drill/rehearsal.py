"""A rehearsal from bare hardware to a verified stamp: a simulated one is lost, and the real commands bring it back."""

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from restamp.drill import artefacts, comparison, hands
from restamp.errors import NotTheSame, Refused
from restamp.models.finding import Finding

REGION, DOMAIN = "redmond", "ext.contoso.example"
NAME = f"{REGION}.{DOMAIN}"
RECOVERY = "drill"
_GONE = "principal-gone"  # how verify calls what nobody can bring back
_TRIES = 1  # runs of `up` that come no further, before it is no use to run another
_IN_A_STORM = 6  # the same: a cmdlet is dozens of requests, so that many fail
_STANDS = re.compile(r"^(?:steps: |[\d,]+ of [\d,]+ objects done).*", re.MULTILINE)
_ROUNDS = 20  # runs of `up` at most; each goes on where the one before had to wait


@dataclass(frozen=True)
class Asked:
    """What is rehearsed: which way, how large a stamp, on which machines it comes back."""

    way: str = "native"
    subscriptions: int = 60
    hardware: str = "contoso-g4"
    nodes: int = 4
    plugins: Sequence[str] = ()
    faults: int | None = None  # the seed of a storm
    version: str = ""  # the build that it comes back on; empty: the one that was lost
    serves: Sequence[str] = ()  # types of others' resource providers, as of `restamp simulator`


@dataclass
class Stage:
    """A stretch of the drill, and how long it took here."""

    title: str
    seconds: float = 0.0


@dataclass
class Drill:
    """One rehearsal in a folder of its own; `tell` hears each line that people see."""

    asked: Asked
    folder: Path
    project: Path  # the folder with the Pulumi.yaml that recoveries of this operator use
    tell: Callable[[str], None]
    stages: list[Stage] = field(default_factory=list)
    declared: list[dict[str, Any]] = field(default_factory=list)  # the steps, as planned before anything ran
    name: str = NAME
    region: str = REGION
    recovery: str = RECOVERY
    before: str = "contoso-g4"  # the machines that are lost
    _env: dict[str, str] = field(default_factory=dict)
    _stamp: "subprocess.Popen[bytes] | None" = None

    def run(self) -> None:
        """All of it; NotTheSame where the stamp that came back differs from the one that was lost."""
        self._made()
        try:
            with self.stage("a living stamp, and its runbook in git"):
                artefacts.keys(self)
                self._started()
                self.restamp("capture", "--stamp", NAME, shown=r"documents in")
                self._use_plugins()
                artefacts.backed_up(self)
                self.restamp("capture", "--commit", "-r", str(self.runbook), shown="documents in|committed")
                self.restamp("check", "--share", str(self.share / REGION), status=None, shown="findings|^stop")
            with self.stage("the stamp is lost"):
                self.restamp("simulator", "lose", shown="^lost")
                artefacts.signs_in(self)
                self.restamp("begin", RECOVERY, "--way", self.asked.way, "--drill", shown="lost|answers")
                artefacts.decided(self)
                self.restamp("status", "--all", status=None, shown=r"^\[|^critical|^done")
                self.declared = self.steps()
            with self.stage("people redeploy it"):
                self.restamp("up", status=3, shown="steps:|waiting|next")
                hands.redeployed(self)
            with self.stage("restamp up, until nobody is waited for"):
                self._rounds()
            with self.stage("is it the same?"):
                found = self._verified()
                self.restamp("capture", "--new-deployment", self.target, shown="documents in")
                again = self.restamp("up", shown="this run|gates")
            self._judged(found, again)
        finally:
            self._ended()

    @property
    def runbook(self) -> Path:
        """The runbook's folder."""
        return self.folder / "contoso" / "stacks" / "runbooks" / REGION

    @property
    def share(self) -> Path:
        """The share of the infrastructure backups, which outlives the stamp."""
        return self.folder / "share"

    @property
    def env(self) -> dict[str, str]:
        """The operator's environment, as the stamp that stands now wants it."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI", "RESTAMP"))}
        return kept | self._settings() | self._env

    def export(self, **values: str) -> None:
        """From now on these are set, whatever the stamp's own file says."""
        self._env |= values

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """A stretch, told before and timed."""
        self.tell(f"\n== {title}")
        begun = time.monotonic()
        self.stages.append(Stage(title))
        try:
            yield
        finally:
            self.stages[-1].seconds = time.monotonic() - begun

    def restamp(self, *arguments: str, status: int | None = 0, shown: str = "") -> str:
        """What a command printed; lines that fit `shown` are told. Refused where its exit status is another."""
        quoted = " ".join(shlex.quote(argument) for argument in arguments if str(self.folder) not in argument)
        self.tell(f"$ restamp {quoted}")
        command = [sys.executable, "-m", "restamp", *arguments]
        done = subprocess.run(
            command, cwd=self.runbook.parents[2], env=self.env, capture_output=True, text=True, check=False
        )
        told = done.stdout + done.stderr
        if status is not None and done.returncode != status:
            raise Refused(
                [Finding("drill", "stop", f"restamp {quoted}", f"ended with {done.returncode}:\n{told[-4000:]}")]
            )
        for line in told.splitlines() if shown else ():
            if re.search(shown, line):
                self.tell(f"  {line.strip()[:150]}")
        return told

    def steps(self) -> list[dict[str, Any]]:
        """Every step in its order, as `status --all` tells it."""
        told = self.restamp("status", "--all", "--format", "json", status=None)
        if "}" not in told:  # such as where there is no Pulumi
            raise Refused([Finding("drill", "stop", "restamp status --all", f"tells no steps:\n{told[-4000:]}")])
        found: list[dict[str, Any]] = json.loads(told[: told.rindex("}") + 1])["steps"]
        return found

    @property
    def backup(self) -> str:
        """The backup that the recovery comes out of."""
        return str(self._decided()["backupId"])

    @property
    def target(self) -> str:
        """The deployment that was brought back."""
        return str(self._decided()["target"]["deployment"])

    def _decided(self) -> dict[str, Any]:
        file = self.runbook / "recoveries" / RECOVERY / "recovery.yaml"
        found: dict[str, Any] = yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - texts alone
        return found

    def _rounds(self) -> None:
        """`up` again and again, while people do what it waits for."""
        tries = _TRIES if self.asked.faults is None else _IN_A_STORM
        stuck, before = 0, list[str]()
        for _ in range(_ROUNDS):
            with hands.hurried(self):
                done = self.restamp("up", status=None, shown="this run|steps:|: failed|next:")
            if "next: restamp verify" in done or "next: restamp capture" in done:
                return
            steps = self.steps()
            waiting = [step for step in steps if step["status"] not in ("done", "blocked", "not run")]
            helped = [hands.done(self, steps), hands.exported(self, waiting)]
            stands = _STANDS.findall(done)
            stuck = 0 if any([hands.let_in(self, done), *helped, stands != before]) else stuck + 1
            before = stands
            if stuck > tries:  # what failed is tried again, as anybody does
                break
        raise Refused([Finding("drill", "stop", "restamp up", f"cannot go on:\n{done[-4000:]}")])

    def _verified(self) -> dict[str, Any]:
        """What verify finds, as it tells programs."""
        found: dict[str, Any] = json.JSONDecoder().raw_decode(self.restamp("verify", "--json", status=None))[0]
        self.tell(f"  {len(found['differences'])} differences; {found['equal']} of {found['compared']} objects equal")
        return found

    def _judged(self, found: Mapping[str, Any], again: str) -> None:
        """NotTheSame where something differs; roles of whom verify calls gone may be missing."""
        named = [each["about"].lower() for each in found["findings"] if each["code"] == _GONE]
        gone = {name[1] for name in (re.search(r"([0-9a-f-]{36}) in ", each) for each in named) if name}
        wrong = [f"{each['kind']} {each['label']}: {each['action']}" for each in found["differences"]]
        wrong += comparison.changed(self.runbook, gone)
        wrong += [line.strip() for line in again.splitlines() if re.search(r"this run:.* (created|updated)", line)]
        if wrong:
            raise NotTheSame(wrong)

    def _made(self) -> None:
        """A repository as an operator has it."""
        home = self.folder / "contoso"
        (home / "provider").mkdir(parents=True)
        (home / "stacks").mkdir()
        shutil.copy(self.project / "Pulumi.yaml", home)
        shutil.copy(self.project / "stacks" / "__main__.py", home / "stacks")
        shutil.copytree(self.project / "provider" / "host", home / "provider" / "host")
        for folder in (REGION, "again"):
            (self.share / folder).mkdir(parents=True)
        git = {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "drill",
            "GIT_AUTHOR_EMAIL": "drill@contoso.example",
        }
        git |= {"GIT_COMMITTER_NAME": "drill", "GIT_COMMITTER_EMAIL": "drill@contoso.example"}
        self.export(**git, RESTAMP_HOME=str(self.folder / "home"), RESTAMP_AGAIN="0.2")
        for command in (
            ["init", "-q", "-b", "main"],
            ["add", "-A"],
            ["commit", "-q", "-m", "A project for recoveries"],
        ):
            subprocess.run(["git", *command], check=True, env=self.env, cwd=home)

    def _started(self) -> None:
        asked, log = self.asked, self.folder / "stamp.log"
        command = [
            sys.executable,
            "-m",
            "restamp",
            "simulator",
            "--stamp",
            NAME,
            "--folder",
            str(self.folder / "stamp"),
        ]
        command += ["--share", str(self.share), "--pep", "--hurried", "--nodes", "4", "--hardware", self.before]
        command += ["--population", str(asked.subscriptions), "--contents"]
        command += [] if asked.faults is None else ["--faults", str(asked.faults)]
        command += [word for kind in asked.serves for word in ("--serves", kind)]
        with log.open("wb") as file:
            self._stamp = subprocess.Popen(command, stdout=file, stderr=file, cwd=self.folder, env=self.env)
        until = time.monotonic() + 120
        while "ready" not in log.read_text("utf-8", "replace"):
            if self._stamp.poll() is not None or time.monotonic() > until:
                raise Refused([Finding("drill", "stop", "the simulator", log.read_text("utf-8", "replace")[-2000:])])
            time.sleep(0.1)
        self.export(RESTAMP_SIMULATOR=str(self.folder / "stamp"))
        self.tell(f"  {asked.subscriptions} subscriptions on 4 machines of {self.before}, simulated: docs/limits.md")

    def _ended(self) -> None:
        if self._stamp is not None:
            self._stamp.terminate()
            self._stamp.wait(10)

    def _settings(self) -> dict[str, str]:
        """What the stamp's folder says of the way to it; the last word counts."""
        file, found = self.folder / "stamp" / "env.sh", dict[str, str]()
        for line in file.read_text("utf-8").splitlines() if file.exists() else ():
            name, sign, value = line.removeprefix("export ").partition("=")
            if sign:
                found[name] = "".join(shlex.split(value))
        return found

    def _use_plugins(self) -> None:
        names = self.asked.plugins
        if not names:
            return
        self.restamp("plugins", "use", *names, "-r", str(self.runbook), shown="uses")
        file = self.runbook / "stamp.yaml"
        document = yaml.safe_load(file.read_text("utf-8"))
        for name in names:
            document["plugins"][name] = artefacts.used(self, name)
        file.write_text(_yaml(document), "utf-8")


def _yaml(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True)
