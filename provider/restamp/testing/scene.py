"""A plugin on a stage: a runbook that uses it, a recovery that has begun, and the redeployed stamp, simulated."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from restamp import failpoints
from restamp.arm.client import Arm
from restamp.arm.settings import Settings
from restamp.kind import Kinds
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, RecoveryDocument, Stamp, Target, Use
from restamp.models.step import Step, StepResult
from restamp.plugins import Plugin, chosen, collected
from restamp.recovery import Begun, file_of
from restamp.runbook import Runbook, load, save
from restamp.runbook.model import in_order
from restamp.runbook.names import Names
from restamp.runbook.names import file_of as file_of_document
from restamp.runbook.save import document_text, own_file
from restamp.simulator import Stamp as Simulated
from restamp.simulator import serve
from restamp.simulator.baseline import USUAL
from restamp.simulator.server import Server
from restamp.steps import Plan, planned
from restamp.steps.run import Around, PluginRun
from restamp.steps.work import said

REGION, DOMAIN = "redmond", "ext.contoso.example"
_ASKED = 100  # times at most that a step is asked until it has to be done
_AGAIN = dt.timedelta(minutes=1)

Way = Literal["native", "rebuild"]


@dataclass
class Scene:
    """One try of a plugin. `folder` is a new one; what it says, remembers and answers is kept for a look afterwards."""

    folder: Path
    plugin: Plugin
    server: Server
    settings: Mapping[str, Any] = field(default_factory=dict)
    way: Way = "rebuild"
    documents: Iterable[Document] = ()
    signed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # step -> facts of its sign-off
    said: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    results: dict[str, StepResult] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)  # names of secrets and files that it asked for

    def __post_init__(self) -> None:
        """Write the runbook and its recovery."""
        kinds = collected([self.plugin])
        use = {self.plugin.name: Use(settings=dict(self.settings))}
        stamp = Stamp(region=REGION, domain=DOMAIN, identity="ADFS", plugins=use)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "stamp.yaml").write_text(own_file(stamp), "utf-8")
        self._write(Runbook(stamp, in_order(list(self.documents), kinds), kinds, self.folder))
        self.runbook = load(self.folder, kinds)
        document = RecoveryDocument(
            way=self.way, lost=("lost",), target=Target(deployment=self.stamp.state.deployment_id)
        )
        self.recovery = Begun("trial", document)
        file_of(self.folder, "trial").parent.mkdir(parents=True)
        file_of(self.folder, "trial").write_text(own_file(document), "utf-8")
        (self.used,) = chosen(self.runbook.stamp, self.runbook.captured, [self.plugin])

    @property
    def stamp(self) -> Simulated:
        """The redeployed stamp."""
        return self.server.stamp

    @property
    def kinds(self) -> Kinds:
        """Restamp's own kinds, and the plugin's."""
        return self.runbook.kinds

    def _write(self, runbook: Runbook) -> None:
        captured = Captured(
            on=dt.date(2026, 11, 1),
            restamp="0.1.0",
            deployment="lost",
            stamp_version=USUAL.version,
            oem_version=USUAL.oem_version,
            documents=0,
            subscriptions=0,
            plugins={self.plugin.name: self.plugin.version},
        )
        for document in runbook.documents:  # what people write, a capture never does
            if runbook.kinds.of(document).comes_from == "people":
                _written(runbook, document)
        save(runbook, captured)

    def steps(self) -> list[Step]:
        """What the plugin says it does."""
        return list(said([self.used], self.runbook, self.recovery))

    def plan(self) -> Plan:
        """The same, in order."""
        return planned(self.steps(), {kind.name: kind.gate for kind in self.kinds.on_the_stamp})

    @contextmanager
    def run(self, step: Step | None = None) -> Iterator[PluginRun]:
        """What a hook works with; each has a connection of its own, as a process has."""
        with Arm(settings_of(self.server)) as arm:
            around = Around(self.runbook, self.recovery, lambda: arm, self.said.append)
            facts = {name: self._facts(name) for name in (*step.needs, *step.after)} if step else {}
            token = self.tokens.get(step.id, "") if step else ""

            def keep(text: str) -> None:
                if step is not None:
                    self.tokens[step.id] = text

            yield PluginRun(around, self.used, step, facts, token, keep, wanted=self.wanted)

    def ask(self, step: Step) -> StepResult:
        """How a step stands, asked once."""
        with self.run(step) as run:
            result = self.plugin.call("run_step", StepResult, step=step, run=run)
        self.results[step.id] = result
        self.tokens[step.id] = result.token or self.tokens.get(step.id, "")
        return result

    def finish(self) -> None:
        """Ask each step that restamp does until it is done, on the stamp's own clock; what people do is signed off."""
        for placed in self.plan().steps:
            if placed.step.by == "restamp":
                self._finished(placed.step)

    def findings(self, hook: str) -> list[Finding]:
        """What `check` or `verify` says."""
        with self.run() as run:
            return self.plugin.all_of(hook, Finding, run=run)

    def captured(self) -> list[Document]:
        """What `capture` knows."""
        with self.run() as run:
            return self.plugin.all_of("capture", Document, run=run)

    @property
    def effects(self) -> Counter[str]:
        """How often each object of the stamp was written with effect, and each cmdlet and BMC changed something."""
        written = Counter(f"{record.method} {record.path.lower()}" for record in self.stamp.effects)
        return written + Counter(self.stamp.acts)

    def _finished(self, step: Step) -> None:
        for _ in range(_ASKED):
            result = self.ask(step)
            if result.status == "done":
                return
            if result.status == "failed":
                raise AssertionError(f"{step.id} failed: {result.message}")
            self.stamp.clock.advance((result.again or _AGAIN).total_seconds())
        raise AssertionError(f"{step.id} is not done after {_ASKED} questions: {self.results[step.id].message}")

    def _facts(self, step: str) -> Mapping[str, str]:
        return self.results[step].facts if step in self.results else self.signed.get(step, {})


class Killed(BaseException):
    """A process ends here, as by a power cut: nobody catches it."""


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """How often each failpoint is reached within this."""
    seen: Counter[str] = Counter()

    def reached(name: str) -> None:
        seen[name] += 1

    with failpoints.watched(reached):
        yield seen


@contextmanager
def killed_after(answers: int) -> Iterator[None]:
    """Within this, our side ends when it has this many answers of the stamp; it may have ended well before."""
    left = [answers]

    def reached(name: str) -> None:
        left[0] -= name == "answer.received"
        if not left[0]:
            left[0] = -1
            raise Killed

    try:
        with failpoints.watched(reached):
            yield
    except Killed:
        pass


def settings_of(server: Server) -> Settings:
    """The settings that reach a simulated stamp under its true names, as its admin; its privileged endpoint too."""
    admin, suffix = server.stamp.admin, f"{server.stamp.region}.{server.stamp.domain}"
    known = Settings(
        stamp=suffix,
        tenant=admin.tenant,
        client_id=admin.client_id,
        client_secret=admin.secret,
        ca=str(server.ca),
        connect_to=server.connect_to,
    )
    if (pep := server.stamp.pep) is None:
        return known
    user, password = pep.cloud_admin
    hosts = ",".join(f"https://{host}" for host in pep.hosts)
    return replace(known, pep=hosts, pep_user=user, pep_password=password, pep_auth="basic")


@contextmanager
def redeployed(seed: int = 2) -> Iterator[Server]:
    """A stamp that was just deployed, behind HTTPS."""
    stamp = Simulated(region=REGION, domain=DOMAIN, identity="ADFS", seed=seed)
    try:
        with serve(stamp) as server:
            yield server
    finally:
        stamp.close()


def _written(runbook: Runbook, document: Document) -> None:
    kind, names = runbook.kinds.of(document), Names(runbook.documents, runbook.kinds)
    path = runbook.folder / file_of_document(document, kind, names)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document_text(document, kind, names, "", runbook), "utf-8")
