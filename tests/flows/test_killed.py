"""kill -9 at every named point, then `up` again: nothing is written twice, nothing is missing.

Every point that a provider comes to is tried with a provider alone, in a process of its own, which brings the runbook
back object after object: a second a case. What only a run with an engine comes to, and a few points more, is tried with
the real engine, in the three ways of ending it.
"""

from pathlib import Path

import pytest
from tests.soak import provider
from tests.soak.story import Story, Undisturbed, effects, left, undisturbed

from restamp import failpoints


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One runbook for all kills."""
    return Story(tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def whole(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with story.new_stamp() as stamp:
        assert provider.bring(story.runbook, story.env(RESTAMP_HOME=str(folder)), seen=str(folder / "seen")) == 0
        return undisturbed(stamp, folder / "seen")


ENGINES = (
    "up",
    "host",
    "target",
    "gate",
    "step",
    "token",
    "kit",
)  # parts of a run that no provider comes to without an engine
PROVIDERS = [name for name in failpoints.NAMES if name.partition(".")[0] not in ENGINES]
LAST = ("result.after", "vault.left", "filled", "disabled.before", "disabled.after", "holder.end")


@pytest.mark.parametrize(("name", "last"), [(name, False) for name in PROVIDERS] + [(name, True) for name in LAST])
def test_a_provider_killed_at_a_point_is_taken_up_by_the_next(
    story: Story, whole: Undisturbed, tmp_path: Path, name: str, last: bool
) -> None:
    """Killed the middle time it comes to a point, or the last."""
    with story.new_stamp() as stamp:
        env = story.env(RESTAMP_HOME=str(tmp_path))
        count = whole.passed[name] if last else (whole.passed[name] + 1) // 2
        if name.startswith("resume"):  # there is something to wait for where a run before was killed
            assert provider.bring(story.runbook, env, "operation.recorded") == provider.KILLED
        assert provider.bring(story.runbook, env, f"{name}#{max(count, 1)}") == provider.KILLED
        assert provider.bring(story.runbook, env) == 0

        assert whole.unlike(stamp) == []


CHAINS = {
    "the provider": "host.started#1 target.known#1 host.create.begin#9 write.answered#4 secret.after#1 gate.asked#1",
    "the engine": "target.asked#1 gate.opened#1 host.create.answered#9 vault.entered#1 disabled.after#2",
    "everything": "up.begin#1 up.engine.before#1 object.after#4 up.takes-up#1 holder.end#2 up.engine.after#1 up.told#1",
}
WAYS = {"the provider": "itself", "the engine": "engine", "everything": "everything"}
STEPS = ("step.begin", "step.look", "token.before", "token.after", "step.end")  # tests/flows/test_steps.py
KITS = ("kit.written", "kit.between")  # tests/flows/test_kit.py
REPAIR = ("host.read.answered#9:itself", "host.update.answered#1:engine")


def test_every_point_is_one_of_these() -> None:
    """None is dead: a provider comes to it, or a run with an engine; each test sees that it does."""
    tried = {point.partition("#")[0] for chain in CHAINS.values() for point in chain.split()}
    assert set(failpoints.NAMES) == {*PROVIDERS, *tried, *STEPS, *KITS, *(point.partition("#")[0] for point in REPAIR)}


@pytest.mark.parametrize("victim", CHAINS)
def test_a_run_killed_again_and_again_gets_there(story: Story, whole: Undisturbed, tmp_path: Path, victim: str) -> None:
    """The provider, the engine alone, or all of `restamp up`, killed at one point after the other; then `up` once."""
    with story.new_stamp() as stamp:
        home = story.at_home_in(tmp_path)
        for point in CHAINS[victim].split():
            was_killed, told = story.killed(f"{point}:{WAYS[victim]}", home)
            assert was_killed, told
        assert "next: restamp verify" in story.restamp("up", **home)

        assert whole.unlike(stamp) == []


def test_a_repair_that_is_killed_is_written_once(story: Story, whole: Undisturbed, tmp_path: Path) -> None:
    """Drift found by a refresh, the run killed while it reads and after it wrote: the tags are put back once."""
    with story.new_stamp() as stamp:
        home = story.at_home_in(tmp_path)
        story.restamp("up", **home)
        group = next(body for body in stamp.objects() if body["id"].endswith("0/resourceGroups/app"))
        stamp.load([group | {"tags": {}}])
        for point in REPAIR:
            was_killed, told = story.killed(point, home)
            assert was_killed, told
        assert "next: restamp verify" in story.restamp("up", **home)

        assert effects(stamp) - whole.effects == {f"PUT tenant{group['id'].lower()}": 1}
        assert left(stamp) == whole.left


def test_another_machine_takes_a_killed_run_up(story: Story, whole: Undisturbed, tmp_path: Path) -> None:
    """Without the journal nobody knows what is in a vault that lets nobody in: it is looked at, and nothing sent."""
    with story.new_stamp() as stamp:
        for home, at, status in (("one", "holder.end#3", provider.KILLED), ("two", "", 0)):
            (tmp_path / home).mkdir()
            assert provider.bring(story.runbook, story.env(RESTAMP_HOME=str(tmp_path / home)), at) == status

        more = effects(stamp) - whole.effects  # opened, entered, left, closed
        assert sorted((path.rpartition("/")[2], count) for path, count in more.items()) == [
            ("c66cb1bf-3d5e-4a44-9f0a-000000000001", 2),
            ("kv-shut", 2),
        ]
        assert left(stamp) == whole.left
