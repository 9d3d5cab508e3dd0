"""kill -9 at every named point, then `up` again: nothing is written twice, nothing is missing.

Every point that a provider comes to is tried with a provider alone, in a process of its own, which brings the runbook
back object after object: a second a case. What only a run with an engine comes to, and a few points more, is tried with
the real engine, in the three ways of ending it.
"""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.soak import provider
from tests.soak.small import SECRETS
from tests.soak.story import Story, effects, left, twice

from restamp import failpoints


class Undisturbed(NamedTuple):
    """A recovery that nobody disturbed: where it came by how often, what it wrote, what the stamp is then."""

    passed: Counter[str]
    effects: Counter[str]
    left: dict[str, Any]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One runbook for all kills."""
    return Story(tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def undisturbed(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What all others are compared with."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with story.new_stamp() as stamp:
        env = story.env(RESTAMP_HOME=str(folder))
        assert provider.bring(story.runbook, env, seen=str(folder / "seen")) == 0
        return Undisturbed(Counter((folder / "seen").read_text().split()), effects(stamp), left(stamp))


ENGINES = ("up", "host", "target", "gate")  # parts of a run that no provider comes to without an engine
PROVIDERS = [name for name in failpoints.NAMES if name.partition(".")[0] not in ENGINES]
LAST = ("result.after", "vault.left", "filled", "disabled.before", "disabled.after", "holder.end")


@pytest.mark.parametrize(("name", "last"), [(name, False) for name in PROVIDERS] + [(name, True) for name in LAST])
def test_a_provider_killed_at_a_point_is_taken_up_by_the_next(
    story: Story, undisturbed: Undisturbed, tmp_path: Path, name: str, last: bool
) -> None:
    """Killed the middle time it comes to a point, or the last."""
    with story.new_stamp() as stamp:
        env = story.env(RESTAMP_HOME=str(tmp_path))
        count = undisturbed.passed[name] if last else (undisturbed.passed[name] + 1) // 2
        if name.startswith("resume"):  # there is something to wait for where a run before was killed
            assert provider.bring(story.runbook, env, "operation.recorded") == provider.KILLED
        assert provider.bring(story.runbook, env, f"{name}#{max(count, 1)}") == provider.KILLED
        assert provider.bring(story.runbook, env) == 0

        assert twice(stamp, undisturbed.effects) == []
        assert left(stamp) == undisturbed.left
        assert {key: stamp.secret_versions(*key.split("/")) for key in SECRETS} == dict.fromkeys(SECRETS, 1)


RUNS = [
    ("up.begin", "everything"),
    ("up.engine.before", "itself"),
    ("host.started", "engine"),
    ("target.asked", "everything"),
    ("target.known", "itself"),
    ("gate.opened", "engine"),
    ("host.create.begin#9", "itself"),
    ("host.create.answered#9", "everything"),
    ("write.answered#9", "engine"),
    ("secret.after#2", "itself"),
    ("vault.entered", "engine"),
    ("vault.left", "everything"),
    ("disabled.after#2", "engine"),
    ("holder.end#3", "everything"),
    ("gate.asked#2", "itself"),
    ("up.engine.after", "itself"),
    ("up.told", "everything"),
]


@pytest.mark.parametrize(("point", "way"), RUNS)
def test_a_run_killed_at_a_point_is_taken_up_by_the_next(
    story: Story, undisturbed: Undisturbed, tmp_path: Path, point: str, way: str
) -> None:
    """The provider, the engine alone, or all of `restamp up`; `up` again until it is done, twice at most."""
    with story.new_stamp() as stamp:
        home = story.at_home_in(tmp_path)
        story.restamp("up", status=None, **home, RESTAMP_FAIL_AT=f"{point}{'' if '#' in point else '#1'}:{way}")
        told = [story.restamp("up", status=None, **home) for _ in range(2)]

        assert "14 of 14 objects done" in told[-1], "\n".join(told)
        assert twice(stamp, undisturbed.effects) == []
        assert left(stamp) == undisturbed.left
        assert {key: stamp.secret_versions(*key.split("/")) for key in SECRETS} == dict.fromkeys(SECRETS, 1)
