"""What every plugin has to hold to: subclass `PluginContract` in a test module, name the plugin, and run pytest."""

import builtins
import io
import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, NoReturn

import pytest

from restamp.models.document import Document
from restamp.models.step import Step
from restamp.plugins import Plugin
from restamp.runbook import load, save
from restamp.simulator import Fault
from restamp.simulator.tables import rule_of, serving
from restamp.steps.asked_for import variable
from restamp.testing.scene import Scene, Way, counted, killed_after, redeployed


class PluginContract:
    """Thirteen promises of a plugin, each a test. The class attributes say what it is tried with."""

    plugin: ClassVar[ModuleType]
    name: ClassVar[str]  # of its entry point
    ids: ClassVar[Sequence[str]]  # of all its steps: a file format, so a change here is a change for its users
    settings: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}  # name -> value
    signed: ClassVar[Mapping[str, Mapping[str, str]]] = {}  # facts of sign-offs that its steps need
    serves: ClassVar[Sequence[str]] = ()  # types of its own provider: `Foo.Admin/locations/quotas@2024-01-01`
    ways: ClassVar[Sequence[Way]] = ("native", "rebuild")

    def documents(self) -> Sequence[Document]:
        """Documents of its kinds, as a runbook has them."""
        return ()

    def prepare(self, scene: Scene) -> None:
        """Put on the redeployed stamp what its steps need to be done."""

    def damage(self, scene: Scene) -> None:
        """Take something away that `verify` has to see, after all steps are done."""
        raise NotImplementedError("a plugin with `verify` says here what it sees")

    @pytest.fixture(autouse=True)
    def _at_home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
        for name, value in self.secrets.items():
            monkeypatch.setenv(variable(self.name, name), value)
        self._folder, self._count = tmp_path, 0

    @contextmanager
    def scene(self, way: Way) -> Iterator[Scene]:
        """A new stage, prepared."""
        self._count += 1
        with serving(*map(rule_of, self.serves)), redeployed() as server:
            made = Scene(
                self._folder / f"scene{self._count}",
                Plugin(self.name, "1.0", self.plugin),
                server,
                self.settings,
                way,
                self.documents(),
                self.signed,
            )
            self.prepare(made)
            yield made

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each test that takes a way is tried in each that the plugin knows."""
        if "way" in metafunc.fixturenames:
            metafunc.parametrize("way", self.ways)

    def test_its_card_is_valid(self, way: Way) -> None:
        """It names itself as its entry point does, in one line for people; what stamp.yaml says is enough to use it."""
        with self.scene(way) as scene:  # which is made with the settings, or Refused
            assert scene.plugin.card.name == self.name
            assert "\n" not in scene.plugin.card.title

    def test_ids_of_its_steps_are_stable(self) -> None:
        """The state, sign-offs and acceptances of people name them."""
        found: set[str] = set()
        for way in self.ways:
            with self.scene(way) as scene:
                found |= {step.id for step in scene.steps()}

        assert found == set(self.ids)

    def test_its_plan_can_be(self, way: Way) -> None:
        """Alone, without any other plugin: what it needs of others it says with `after` and `before`."""
        with self.scene(way) as scene:
            assert {placed.id for placed in scene.plan().steps} <= set(self.ids)

    def test_planning_is_pure_and_deterministic(self, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same answer twice, without files, network, processes, clocks or dice."""
        with self.scene(way) as scene:
            first = scene.steps()
            with monkeypatch.context() as patched:
                for module, name in _OUTSIDE:
                    patched.setattr(module, name, _forbidden(name))
                second = scene.steps()

        assert first == second

    def test_people_are_told_what_to_do(self, way: Way) -> None:
        """Each step that people do says it in words, and how long it takes says where that is from."""
        with self.scene(way) as scene:
            silent = [step.id for step in scene.steps() if (step.takes or step.lead) and not step.source]

        assert silent == []

    def test_looking_never_writes(self, way: Way) -> None:
        """`capture`, `check` and `verify` leave the stamp and its BMCs as they are, before and after its steps."""
        with self.scene(way) as scene:
            before = scene.effects
            for _ in range(2):
                scene.captured()
                scene.findings("check")
                scene.findings("verify")
                assert scene.effects == before
                scene.finish()
                before = scene.effects

    def test_its_steps_get_done_and_stay_done(self, way: Way) -> None:
        """A finished step that is asked again says so, and does nothing; over the privileged endpoint too."""
        with self.scene(way) as scene:
            scene.finish()
            before = len(scene.stamp.writes), scene.effects
            asked = {step.id: scene.ask(step).status for step in _automatic(scene)}

            assert asked == dict.fromkeys(asked, "done")
            assert (len(scene.stamp.writes), scene.effects) == before

    def test_a_step_that_is_killed_after_any_answer_goes_on(self, way: Way) -> None:
        """Whatever the stamp answered last: the next run gets there, and writes nothing twice."""
        with self.scene(way) as scene:
            with counted() as seen:
                scene.finish()
            answers, undisturbed = seen["answer.received"], scene.effects
        for number in range(1, answers + 1):
            with self.scene(way) as scene:
                with killed_after(number):
                    scene.finish()
                scene.finish()
                assert scene.effects == undisturbed, f"killed after answer {number} of {answers}"

    def test_it_survives_throttling(self, way: Way) -> None:
        """Each request of its steps is refused once with 429; PowerShell remoting knows no such answer."""
        with self.scene(way) as scene:
            seen: set[str] = set()

            def first(method: str, path: str) -> bool:
                is_new = f"{method} {path}" not in seen and path != "/wsman"
                seen.add(f"{method} {path}")
                return is_new

            scene.stamp.faults.append(Fault(first, times=None, status=429, headers={"Retry-After": "0"}))
            scene.finish()

    def test_its_documents_come_back_as_they_were(self, way: Way) -> None:
        """Saved and loaded they are the same, and saved again they are the same bytes."""
        with self.scene(way) as scene:
            loaded = load(scene.folder, scene.kinds)
            captured = scene.runbook.captured
            assert captured is not None
            assert list(loaded.documents) == list(scene.runbook.documents)
            assert save(loaded, captured).changed == ()

    def test_verify_sees_damage(self, way: Way) -> None:
        """Nothing to say after its steps, and something once it was damaged."""
        with self.scene(way) as scene:
            if "verify" not in scene.plugin.hooks:
                return
            scene.finish()
            assert [finding for finding in scene.findings("verify") if finding.level == "stop"] == []
            self.damage(scene)
            assert [finding for finding in scene.findings("verify") if finding.level != "note"]

    def test_it_asks_for_nothing_that_it_does_not_declare(self) -> None:
        """Secrets and files are asked for once, before the first step: steps declare them, for every other hook too."""
        declared: set[str] = set()
        wanted: set[str] = set()
        for way in self.ways:
            with self.scene(way) as scene:
                declared |= {name for step in scene.steps() for name in (*step.secrets, *step.files)}
                scene.captured()
                scene.findings("check")
                scene.finish()
                scene.findings("verify")
                wanted |= scene.wanted

        assert wanted <= declared

    def test_no_secret_leaks(self, way: Way) -> None:
        """Neither in what it says, answers or remembers, nor in a file of its own."""
        with self.scene(way) as scene:
            scene.finish()
            told = [*scene.said, *scene.tokens.values()]
            told += [result.model_dump_json() for result in scene.results.values()]
            told += [str(finding) + finding.hint for hook in ("check", "verify") for finding in scene.findings(hook)]
            told += [path.read_bytes().decode("utf-8", "replace") for path in self._folder.rglob("*") if path.is_file()]

        leaks = [name for name, value in self.secrets.items() if any(value in text for text in told)]
        assert leaks == []


_OUTSIDE: tuple[tuple[Any, str], ...] = (
    (builtins, "open"),
    (io, "open"),
    (socket, "create_connection"),
    (subprocess, "Popen"),
    *((time, name) for name in ("time", "time_ns", "monotonic", "perf_counter")),
    (os, "urandom"),
    *((random, name) for name in ("random", "randint", "choice")),
)


def _forbidden(name: str) -> Any:
    def call(*_args: object, **_named: object) -> NoReturn:
        raise AssertionError(f"`steps` calls {name}: planning has to be pure")

    return call


def _automatic(scene: Scene) -> list[Step]:
    return [placed.step for placed in scene.plan().steps if placed.step.by == "restamp"]
