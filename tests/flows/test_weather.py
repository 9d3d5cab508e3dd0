"""What a network and a clock do to a recovery: it takes longer, and the stamp gets everything once.

A provider in a process of its own brings the runbook back, as in test_killed; no engine runs.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.soak import provider
from tests.soak.story import Story, Undisturbed, undisturbed

from restamp.simulator import Fault, Stamp
from restamp.simulator.circumstances import put_under


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One runbook for all weathers."""
    return Story(tmp_path_factory.mktemp("weather"))


@pytest.fixture(scope="module")
def whole(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run in calm weather."""
    folder = tmp_path_factory.mktemp("calm")
    with story.new_stamp() as stamp:
        assert provider.bring(story.runbook, story.env(RESTAMP_HOME=str(folder)), seen=str(folder / "seen")) == 0
        return undisturbed(stamp, folder / "seen")


def once(belongs: Callable[[str], bool]) -> Callable[[str, str], bool]:
    """The first write of each object whose path belongs."""
    seen: set[tuple[str, str]] = set()
    lock = threading.Lock()

    def first(method: str, path: str) -> bool:
        with lock:
            new = method in ("PUT", "POST", "PATCH") and belongs(path.lower()) and (method, path) not in seen
            seen.add((method, path))
            return new

    return first


ENDPOINTS = {
    "admin": lambda path: ".admin/" in path and "/subscriptions/c66cb1bf" not in path,
    "subscriptions and acquired plans": lambda path: ".admin/" in path and "/subscriptions/c66cb1bf" in path,
    "tenant": lambda path: path.startswith("/subscriptions/c66cb1bf") and "/vaults/" not in path,
    "vaults": lambda path: "/vaults/" in path or path.startswith("/secrets/"),
}


@pytest.mark.parametrize("how", ["lose_answer", "halve_answer"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_answer_that_is_lost_costs_a_look(
    story: Story, whole: Undisturbed, tmp_path: Path, endpoint: str, how: str
) -> None:
    """The stamp wrote, and nobody heard it: each first write of an endpoint is looked at, and not sent again."""
    with story.new_stamp() as stamp:
        fault = Fault(once(ENDPOINTS[endpoint]), times=None, **{how: True})
        stamp.faults.insert(0, fault)
        assert provider.bring(story.runbook, story.env(RESTAMP_HOME=str(tmp_path))) == 0
        assert fault.hits > 2

        assert whole.unlike(stamp) == []


def test_what_was_made_and_is_not_found_yet_is_not_made_again(story: Story, whole: Undisturbed, tmp_path: Path) -> None:
    """201, then 404 for two seconds, for every object."""
    with story.new_stamp() as stamp:
        fault = Fault("PUT", times=None, forget_for=2.0)
        stamp.faults.append(fault)
        env = story.env(RESTAMP_HOME=str(tmp_path))
        assert provider.bring(story.runbook, env, "document.end#9") == provider.KILLED
        assert provider.bring(story.runbook, env, "holder.end#1") == provider.KILLED
        assert provider.bring(story.runbook, env) == 0
        assert fault.hits > 2
        assert hidden(stamp)

        assert whole.unlike(stamp) == []


def hidden(stamp: Stamp) -> set[str]:
    """What was asked for after it was made, and was not found."""
    made, found = set[str](), set[str]()
    for record in stamp.requests:
        path = record.path.lower()
        if record.method == "PUT" and record.status < 300:
            made.add(path)
        elif record.method == "GET" and record.status == 404 and path in made:
            found.add(path)
    return found


def test_tokens_that_end_while_it_runs(story: Story, whole: Undisturbed, tmp_path: Path) -> None:
    """Tokens good for a minute, and in the middle of all the stamp's clock is an hour further: signed in again."""
    with story.new_stamp() as stamp:
        put_under(stamp, token_lifetime=60)
        for match in ("PUT .*/offers/gold", "PUT /secrets"):
            stamp.faults.append(Fault(match, first=lambda: stamp.clock.advance(3600)))
        assert provider.bring(story.runbook, story.env(RESTAMP_HOME=str(tmp_path))) == 0
        refused = [(record.plane, record.method) for record in stamp.requests if record.status == 401]
        assert {("admin", "PUT"), ("vault", "PUT")} <= set(refused)

        assert whole.unlike(stamp) == []


@pytest.mark.parametrize("seconds", [300, -300])
def test_a_clock_that_is_five_minutes_off(story: Story, whole: Undisturbed, tmp_path: Path, seconds: int) -> None:
    """Ours or the stamp's; and it is set right in the middle of all."""
    with story.new_stamp() as stamp:
        stamp.clock.advance(seconds)
        set_right = Fault("PUT .*/offers/gold", first=lambda: stamp.clock.advance(-seconds))
        stamp.faults.append(set_right)
        assert provider.bring(story.runbook, story.env(RESTAMP_HOME=str(tmp_path))) == 0
        assert set_right.hits == 1

        assert whole.unlike(stamp) == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_half_an_answer_to_a_read_is_read_again(
    story: Story, whole: Undisturbed, tmp_path: Path, endpoint: str
) -> None:
    """Each first read of everything ends in the middle."""
    with story.new_stamp() as stamp:
        belongs, seen = ENDPOINTS[endpoint], set[str]()
        fault = Fault(
            lambda method, path: method == "GET" and belongs(path.lower()) and not (path in seen or seen.add(path)),
            times=None,
            halve_answer=True,
        )
        stamp.faults.append(fault)
        assert provider.bring(story.runbook, story.env(RESTAMP_HOME=str(tmp_path))) == 0
        assert fault.hits > 2

        assert whole.unlike(stamp) == []


def test_a_list_that_changes_between_its_pages_leaves_nothing_out(
    story: Story, whole: Undisturbed, tmp_path: Path
) -> None:
    """What is taken away from the first page moves all others forward, past the next one: nothing is written again."""
    with story.new_stamp() as stamp:
        env = story.env(RESTAMP_HOME=str(tmp_path))
        assert provider.bring(story.runbook, env) == 0
        written, store = len(stamp.writes), stamp.state.store
        stamp.page_size = 1
        groups = "/subscriptions/c66cb1bf-3d5e-4a44-9f0a-000000000000/resourcegroups/"
        first = {"id": f"{groups}another", "name": "another", "location": "redmond"}
        order = [first, *(body for _, body in list(store.of_type(("", "subscriptions/resourcegroups"), groups)))]
        for body in order:
            store.delete(body["id"].lower())
        stamp.load(order)
        fault = Fault(f"GET {groups[:-1]}$", after=1, first=lambda: store.delete(first["id"].lower()))
        stamp.faults.append(fault)
        assert provider.bring(story.runbook, env) == 0
        assert fault.hits == 1

        assert len(stamp.writes) == written
        assert whole.unlike(stamp) == []
