"""kill -9 at every named point, then `up` again: nothing is written twice, nothing is missing.

Every point that a provider comes to is tried with a provider alone, in a process of its own, which brings the runbook
back object after object: a second a case. The engine alone, and all of `restamp up`, are ended at every point of a run
with the real engine, and there a provider at all that it comes to with no other: AGAIN. ELSEWHERE and NEVER say what
is not.
"""

from collections.abc import Container
from pathlib import Path

import pytest
from tests.soak import provider
from tests.soak.story import MANY, Story, Undisturbed, effects, left, undisturbed

from restamp import failpoints


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One runbook for all kills."""
    return Story(tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def whole(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run that nobody disturbed."""
    return _undisturbed(story, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A runbook in which there is enough for many kills."""
    return Story(tmp_path_factory.mktemp("many"), MANY)


@pytest.fixture(scope="module")
def all_done(many: Story, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run of it that nobody disturbed."""
    return _undisturbed(many, tmp_path_factory.mktemp("undisturbed"))


def _undisturbed(story: Story, folder: Path) -> Undisturbed:
    with story.new_stamp() as stamp:
        assert provider.bring(story.runbook, story.env(RESTAMP_HOME=str(folder)), seen=str(folder / "seen")) == 0
        return undisturbed(stamp, folder / "seen")


ALONE = "up", "host", "target", "gate", "step", "token", "kit"  # parts of a run that no provider comes to by itself
PROVIDERS = [name for name in failpoints.NAMES if name.partition(".")[0] not in ALONE]
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


ELSEWHERE = {  # points that no first run of a runbook without plugins comes to, and where they are tried in each way
    "step": "tests/flows/test_steps.py, with a plugin",
    "token": "tests/flows/test_steps.py, with a plugin",
    "host.read.answered": "test_a_repair_that_is_killed_is_written_once: only what was done is read",
    "host.update.answered": "test_a_repair_that_is_killed_is_written_once: only what was done is updated",
}
NEVER = {  # points that can not be come to in that way, and why
    ("up", "engine"): "there is no engine yet, or no more",
    ("kit", "engine"): "a kit is made without an engine",
    ("kit", "everything"): "it is one process, killed in tests/flows/test_kit.py",
}
BEFORE = {  # what has to have happened in a run before
    "resume.before": "operation.recorded#1:everything",
    "resume.after": "operation.recorded#1:everything",
    "up.takes-up": "target.asked#1:everything",
}
COUNTS = {("request.before", "everything"): 10, ("answer.received", "everything"): 10}  # the first are none of a host's
AT_THE_END = ("host.over", "up.begin", "up.takes-up", "up.engine.before", "up.engine.after", "up.told")
SECTIONS = 5


def _part(name: str, table: Container[object], way: str = "") -> bool:
    """Whether a point, or the part of a run that it is of, is in a table."""
    return any(((key, way) if way else key) in table for key in (name, name.partition(".")[0]))


def chain(way: str) -> list[str]:
    """Every point that a run comes to, in the order of a run: what a run does last is killed last."""
    names = [name for name in failpoints.NAMES if not _part(name, ELSEWHERE) and not _part(name, NEVER, way)]
    return sorted(names, key=lambda name: (name in AT_THE_END, failpoints.NAMES.index(name)))


@pytest.mark.parametrize("section", range(SECTIONS))
@pytest.mark.parametrize("way", failpoints.WAYS[1:])
def test_a_run_killed_at_every_point_gets_there(
    many: Story, all_done: Undisturbed, tmp_path: Path, way: str, section: int
) -> None:
    """The engine alone, or all of `restamp up`, killed at one point after the other; then `up` once."""
    points, size = chain(way), -(-len(chain(way)) // SECTIONS)
    with many.new_stamp() as stamp:
        home = many.at_home_in(tmp_path)
        for name in points[section * size : (section + 1) * size]:
            before = [BEFORE[name]] if name in BEFORE else []
            for point in (*before, f"{name}#{COUNTS.get((name, way), 1)}:{way}"):
                was_killed, told = many.killed(point, home, "--", "--parallel", "1")  # one after another: some are left
                assert was_killed, f"{point}: {told}"
        assert "next: restamp verify" in many.restamp("up", **home)

        assert all_done.unlike(stamp) == []


AGAIN = (
    *("host.started#1:itself", "target.asked#1:itself", "target.known#1:itself", "gate.asked#1:itself"),
    *("gate.opened#1:itself", "host.create.begin#4:itself", "write.answered#4:itself"),
    *("host.create.begin#4:everything", "host.create.answered#2:everything", "object.after#4:everything"),
    *("secret.after#1:engine", "host.create.answered#1:itself", "host.over#1:itself"),
)


def test_a_run_killed_again_and_again_gets_there(story: Story, whole: Undisturbed, tmp_path: Path) -> None:
    """In all three ways, with much at once, and with a state that the engine saves all the time.

    The provider itself at each point that none comes to without an engine, which goes on without it.
    """
    itself = {point.partition("#")[0] for point in AGAIN if point.endswith(":itself")}
    with_an_engine = {name for name in failpoints.NAMES if name.startswith(("host.", "target.", "gate."))}
    assert with_an_engine - ELSEWHERE.keys() <= itself
    with story.new_stamp() as stamp:
        home = story.at_home_in(tmp_path) | {"PULUMI_SKIP_CHECKPOINTS": "false"}
        for point in AGAIN:
            was_killed, told = story.killed(point, home)
            assert was_killed, f"{point}: {told}"
        assert "next: restamp verify" in story.restamp("up", **home)

        assert whole.unlike(stamp) == []


def test_a_state_that_was_torn_by_a_kill_is_read(story: Story, tmp_path: Path) -> None:
    """The engine replaces its state at once, and a file beside it not: empty, it keeps everybody from the state."""
    with story.new_stamp():
        home = story.at_home_in(tmp_path)
        story.restamp("up", **home)
        (beside,) = (tmp_path / "pulumi" / ".pulumi" / "stacks").rglob("redmond.json.attrs")
        beside.write_bytes(b"")
        assert "next: restamp verify" in story.restamp("status", **home)
        beside.write_bytes(b"")
        assert "this run: nothing written" in story.restamp("up", **home)


@pytest.mark.parametrize("way", failpoints.WAYS)
def test_a_repair_that_is_killed_is_written_once(
    story: Story, whole: Undisturbed, tmp_path: Path, way: failpoints.Way
) -> None:
    """Drift found by a refresh, the run killed while it reads and after it wrote: the tags are put back once."""
    with story.new_stamp() as stamp:
        home = story.at_home_in(tmp_path)
        story.restamp("up", **home)
        group = next(body for body in stamp.objects() if body["id"].endswith("0/resourceGroups/app"))
        stamp.load([group | {"tags": {}}])
        for point in ("host.read.answered#9", "host.update.answered#1"):
            was_killed, told = story.killed(f"{point}:{way}", home)
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
