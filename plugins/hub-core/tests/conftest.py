"""A recovery on a bench: a simulated stamp with its privileged endpoint, a runbook, and steps asked one at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.serving import new_stamp, served, settings_for
from tests.shares import pair
from typer.testing import CliRunner

import restamp_hub_core
from restamp.arm.client import Arm
from restamp.arm.settings import Settings
from restamp.cli import app
from restamp.models.stamp import RecoveryDocument
from restamp.models.step import Step, StepResult
from restamp.plugins import Plugin, Used, all_kinds
from restamp.recovery import Begun
from restamp.remoting import Remote, privileged_endpoint
from restamp.runbook.outline import Outline, outline
from restamp.sealing import for_writing
from restamp.simulator import Fault, Stamp
from restamp.simulator.pep import Pep
from restamp.simulator.server import Server
from restamp.steps.asked_for import opened_file
from restamp.steps.run import Around, PluginRun, asked

T = TypeVar("T")


@dataclass
class Bench:
    """A stamp, a runbook of it, and a recovery; `ask` asks one step as `up` does."""

    server: Server
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)  # as in stamp.yaml
    document: dict[str, Any] = field(default_factory=dict)  # as in recovery.yaml
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    recovering: bool = True  # whether a recovery has begun, for `called`
    patient: bool = False  # whether nobody ends the run, however long a step takes
    way: Settings = field(init=False)  # how to get to the stamp

    def __post_init__(self) -> None:
        assert self.stamp.pep is not None
        user, password = self.stamp.pep.cloud_admin
        hosts = ",".join(f"https://{host}" for host in self.stamp.pep.hosts)
        known = settings_for(self.server)
        self.way = replace(known, pep=hosts, pep_user=user, pep_password=password, pep_auth="basic")

    @property
    def stamp(self) -> Stamp:
        return self.server.stamp

    @property
    def runbook(self) -> Outline:
        own = {name: getattr(self.stamp, name) for name in ("region", "domain", "identity")}
        if not (self.folder / "stamp.yaml").exists():
            self.written(
                {"stamp.yaml": "".join(f"{key}: {value}\n" for key, value in {"kind": "Stamp", **own}.items())}
            )
        return outline(self.folder, all_kinds())

    @property
    def begun(self) -> Begun:
        return Begun("loss", RecoveryDocument.model_validate(self.document))

    @property
    def used(self) -> Used:
        given = restamp_hub_core.Settings.model_validate(self.settings)
        return Used(Plugin("hub-core", "0", restamp_hub_core), given)

    @property
    def steps(self) -> dict[str, Step]:
        """The steps of the recovery, by what follows `hub-core/`."""
        said = self.used.plugin.all_of(
            "steps", Step, runbook=self.runbook, recovery=self.begun, settings=self.used.settings
        )
        return {step.id.partition("/")[2]: step for step in said}

    def written(self, files: dict[str, str]) -> None:
        """Write documents into the runbook."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def sealed(self, name: str, content: bytes, environment: pytest.MonkeyPatch) -> None:
        """Seal a file into the runbook, as people do, for whom its recipients are."""
        held, folder = pair("recipient"), self.runbook.folder
        (folder / "recipients").mkdir(exist_ok=True)
        (folder / "recipients" / "ann.cer").write_bytes(held.certificate.public_bytes(Encoding.DER))
        environment.setenv("RESTAMP_OPENERS", str(held.pfx(folder.parent / "ann.pfx", "ann's own word")))
        environment.setenv("RESTAMP_OPENER_PASSWORD", "ann's own word")
        (folder.parent / name).write_bytes(content)
        arguments = ["secrets", "add", str(folder.parent / name), "--name", name, "--runbook", str(folder)]
        assert CliRunner().invoke(app, arguments).exit_code == 0

    def set_secret(self, document: str, secret: str, value: str) -> None:
        """Seal a value into a document, as people do."""
        arguments = ["secrets", "set", document, secret, "--runbook", str(self.folder)]
        assert CliRunner().invoke(app, arguments, input=value).exit_code == 0

    def opened(self, name: str) -> bytes:
        """A file that is sealed in the runbook, as its recipients read it."""
        return opened_file(self.runbook, name)

    def endpoint(self) -> Remote:
        """The privileged endpoint, for whoever prepares the stamp."""
        return privileged_endpoint(self.way)

    def ask(self, name: str, pauses: int = 0) -> StepResult:
        """How a step stands; one that waits is asked again so many times."""
        step = self.steps[name]
        left = [pauses]

        def pause(_seconds: float) -> None:
            left[0] -= 1

        with Arm(self.way) as arm:
            arm.seals = for_writing(self.folder, self.runbook.stamp)
            around = Around(self.runbook, self.begun, lambda: arm, stopped=lambda: left[0] <= 0 and not self.patient)

            def keep(token: str) -> None:
                self.tokens[name] = token

            run = PluginRun(around, self.used, step, self.facts, self.tokens.get(name, ""), keep)
            result = asked(run, step, pause)
        if result.token:
            self.tokens[name] = result.token
        return result

    def called(self, hook: str, item: type[T]) -> list[T]:
        """What `capture`, `check` or `verify` says."""
        with Arm(self.way) as arm:
            run = PluginRun(Around(self.runbook, self.begun if self.recovering else None, lambda: arm), self.used)
            return self.used.plugin.all_of(hook, item, run=run)

    def survives(self, name: str, requests: str, *, at_most: int = 60) -> Iterator[StepResult]:
        """Ask a step with one answer lost, the first, the second, and so on, then once more: what that came to.

        Whoever iterates makes the stamp what it was before.
        """
        for number in range(at_most):
            fault = Fault(requests, after=number, lose_answer=True)
            self.stamp.faults[:] = [fault]
            self.ask(name)
            self.stamp.faults.clear()
            if not fault.hits:
                return
            yield self.ask(name)
        raise AssertionError(f"{name} sends more than {at_most} requests")


@pytest.fixture
def stamp() -> Iterator[Stamp]:
    """A redeployed stamp with AD FS and its privileged endpoint."""
    made = new_stamp()
    made.pep = Pep(made.state)
    yield made
    made.close()


@pytest.fixture
def bench(stamp: Stamp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The stamp behind HTTPS, and a recovery without settings."""
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
    with served(stamp) as server:
        yield Bench(server, tmp_path / "runbook")
