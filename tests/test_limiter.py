"""One limiter for the whole process: minutes of a throttling stamp in no time, on a clock of the tests' own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from tests.throttling import LEFT, World, Write

from restamp.arm.lanes import Lanes, asked, seconds
from restamp.arm.limiter import Limiter
from restamp.errors import Waits
from restamp.simulator.budgets import Budgets


class Hands:
    """One thread, on a clock that goes on when somebody waits."""

    def __init__(self, parallel: int = 4) -> None:
        self.now = 1000.0
        self.limiter = Limiter(parallel, clock=lambda: self.now, wait=self.wait)

    def wait(self, _event: threading.Event, duration: float | None) -> None:
        assert duration is not None, "one thread alone keeps the time itself"
        self.now += max(duration, 0.001)

    def ask(self, lane: str, status: int = 200, operation: str = "write", **headers: str) -> float:
        """Seconds that a request waited before it began."""
        arrived = self.now
        with self.limiter.slot(lane, operation) as ticket:  # type: ignore[arg-type]
            waited = self.now - arrived
            ticket.answered(status, {name.replace("_", "-"): value for name, value in headers.items()})
        return waited


@pytest.mark.parametrize("shown", [True, False], ids=["counts shown", "no counts"])
@pytest.mark.parametrize(
    ("subscriptions", "budgets", "allowed"),
    [
        (1, Budgets(writes_per_second=10), 10),
        (4, Budgets(writes_per_second=10), 40),
        (4, Budgets(writes_per_second=10, global_writes_per_second=30), 30),
        (8, Budgets(global_writes_per_second=40), 40),
        (20, Budgets(writes_per_second=10, global_writes_per_second=50), 50),
        (4, Budgets(writes_per_second=50), 200),
    ],
    ids=["one", "each its own", "own and shared", "shared", "many", "fast"],
)
def test_what_a_stamp_allows_is_used_and_seldom_refused(
    subscriptions: int, budgets: Budgets, allowed: int, shown: bool
) -> None:
    """From a cold start, in two minutes: at least 95 % used, at most 1 % answered 429, equal shares."""
    world = World(Budgets(**options(budgets)), subscriptions, shown).run(120)
    used = world.done.total()

    assert used >= 0.95 * allowed * 120
    assert world.refused <= 0.01 * (used + world.refused)
    assert min(world.done.values()) >= 0.85 * used / subscriptions


def options(budgets: Budgets) -> dict[str, float]:
    """What a budget was made with: full buckets for each test."""
    names = ("writes_per_second", "global_writes_per_second")
    return {name: value for name in names if (value := getattr(budgets, name)) is not None}


@pytest.mark.parametrize("shown", [True, False], ids=["counts shown", "no counts"])
@pytest.mark.parametrize("shared", [None, 40.0], ids=["own budgets", "a shared one too"])
def test_subscriptions_that_come_later_get_their_own_budget(shown: bool, shared: float | None) -> None:
    """Two alone are at their limits together, which looks like one limit for both; six more are not held to it."""
    budgets = Budgets(writes_per_second=10, global_writes_per_second=shared)
    world = World(budgets, 8, shown, active=lambda number, now: number < 2 or now > 40).run(120)
    allowed = 40 * 20 + 80 * (shared or 80)

    assert world.done.total() >= 0.9 * allowed
    assert world.refused <= 0.01 * world.done.total()


@pytest.mark.parametrize("shown", [True, False], ids=["counts shown", "no counts"])
def test_slow_budgets_are_learned_too(shown: bool) -> None:
    """1,200 an hour, and 120 at once, in each of four subscriptions: all is used, refused once a minute."""
    world = World(Budgets(writes_per_second=1 / 3, burst=360), 4, shown).run(3600)

    assert world.done.total() >= 0.95 * 4 * 1200
    assert world.refused <= 70
    assert min(world.done.values()) >= 1200


def test_a_count_that_is_not_true_is_not_believed() -> None:
    """A stamp that says that nothing is left, and takes all the same, is soon asked as fast as it answers."""
    hands = Hands()
    for left in (5, 2, 0, 0, 0, 0, 0):
        hands.ask("a", **{LEFT: str(left)})

    assert sum(hands.ask("a", **{LEFT: "0"}) for _ in range(50)) < 2.5


def test_a_budget_that_nobody_uses_up_is_not_noticed() -> None:
    """Without a budget sixteen requests are always under way, and nothing waits for a pace after some seconds."""
    world = World(Budgets(), 4).run(8)
    before = world.done.total()
    world.run(10)

    assert world.done.total() - before >= 0.9 * 2 * 16 / 0.055
    assert world.refused == 0


def test_a_large_subscription_does_not_hold_up_the_others() -> None:
    """With ten thousand in line in one lane, two that come later are next but one each."""
    lanes = Lanes(1)
    large, small, other = (lanes.lane(name, "read") for name in ("large", "small", "other"))
    for lane, number in ((large, 10_000), (small, 2), (other, 2)):
        for _ in range(number):
            lanes.enter(lane, Write(lane))
    order = []
    for step in range(6):
        (one,) = lanes.admit(10.0 * step)
        assert isinstance(one, Write)
        lanes.done(one.lane)
        order.append(one.lane.name)

    assert order == ["large", "small", "other", "large", "small", "other"]


def test_a_refusal_by_a_subscriptions_own_budget_pauses_that_class_of_it_alone() -> None:
    """Its count says that nothing is left: other classes and other subscriptions go on."""
    hands = Hands()
    hands.ask("a", **{LEFT: "0"})
    hands.ask("a", 429, retry_after="7")

    assert hands.ask("b") < 0.1
    assert hands.ask("a", operation="read") < 0.1
    assert 6.8 <= hands.ask("A") <= 7.1


def test_a_refusal_where_something_is_left_pauses_all() -> None:
    """The subscription's own count says that it was not its budget: then it was that of all, in this class."""
    hands = Hands()
    hands.ask("a", **{LEFT: "1100"})
    hands.ask("a", 429, retry_after="7")

    assert hands.ask("c", operation="read") < 0.1
    assert 6.8 <= hands.ask("b") <= 7.1


def test_without_counts_two_refused_subscriptions_are_taken_for_all() -> None:
    """One is paused alone; a second one that is refused while the first pauses speaks of a budget they share."""
    hands = Hands()
    hands.ask("a", 429, retry_after="20")
    assert hands.ask("b") < 0.1
    hands.ask("b", 429, retry_after="7")

    assert 6.5 <= hands.ask("c") <= 7.1


def test_pauses_without_a_time_to_wait_double() -> None:
    """One second, two, four; and one again after an answer that was none."""
    hands = Hands()
    waits = [hands.ask("a", 429) for _ in range(4)] + [hands.ask("a"), hands.ask("a", 429), hands.ask("a")]

    assert [round(wait) for wait in waits[:5]] == [0, 1, 2, 4, 8]
    assert waits[6] < 6


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "Tue, 24 Nov 2026 07:00:30 GMT", "date": "Tue, 24 Nov 2026 07:00:00 GMT"}, 30.0),
        ({"retry-after": "Tue, 24 Nov 2026 06:00:30 GMT", "date": "Tue, 24 Nov 2026 07:00:00 GMT"}, 0.0),
        ({"retry-after": "soon", "date": "Tue, 24 Nov 2026 07:00:00 GMT"}, None),
        ({"retry-after": "Tue, 24 Nov 2026 07:00:30"}, None),
        ({}, None),
    ],
)
def test_a_time_to_wait_is_seconds_or_a_date_by_the_stamps_own_clock(
    headers: dict[str, str], expected: float | None
) -> None:
    """Our own clock may be minutes off."""
    assert seconds(headers) == expected


def test_an_hours_budget_is_followed_to_its_end_and_refused_once() -> None:
    """1,200 writes an hour, as recorded counts suggest: all are made, the last ones slower, and the hour waited out."""
    hands, left, refused, made = Hands(), 1200, 0, 0
    resets = hands.now + 3600
    while hands.now < resets + 60:
        with hands.limiter.slot("a", "write") as ticket:
            hands.now += 0.05
            left = 1200 if hands.now >= resets and made <= 1200 else left
            if left:
                left, made = left - 1, made + 1
                ticket.answered(200, {LEFT: str(left)})
            else:
                refused += 1
                ticket.answered(429, {"retry-after": str(int(resets - hands.now) + 1)})

    assert refused == 1
    assert made > 1200 + 500


def test_server_errors_are_backed_off_from_and_forgotten() -> None:
    """Pauses double up to thirty seconds; one answer that is well ends them; other subscriptions do not wait."""
    hands = Hands()
    waits = [hands.ask("a", 503) for _ in range(12)]
    others = hands.ask("b")
    hands.ask("a")

    assert waits[1] >= 0.2
    assert waits[4] > waits[1]
    assert 15 <= waits[-1] <= 30.1
    assert others < 0.1
    assert hands.ask("a") < 0.1


def test_a_subscription_in_trouble_is_asked_one_at_a_time() -> None:
    """After a 5xx a second request of the lane waits for the first one's answer."""
    lanes = Lanes(16)
    lane = lanes.lane("a", "write")
    for _ in range(3):
        lanes.enter(lane, Write(lane))
    (first,) = lanes.admit(0.0)[:1]
    lanes.answered(lane, first, 0.1, 500, {})
    for _ in range(lane.under_way):
        lanes.done(lane)
    for _ in range(3):
        lanes.enter(lane, Write(lane))

    (probe,) = lanes.admit(100.0)
    lanes.answered(lane, probe, 100.1, 200, {})
    lanes.done(lane)

    assert len(lanes.admit(200.0)) > 1


def test_no_more_than_so_many_are_under_way() -> None:
    """Forty threads, three slots: never more than three at once, and all get through."""
    limiter, under_way, most, lock = Limiter(3), 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal under_way, most
        with limiter.slot(f"s{number % 5}", "read"):
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.001)
            with lock:
                under_way -= 1
        return number

    with ThreadPoolExecutor(40) as pool:
        assert sorted(pool.map(work, range(200))) == list(range(200))
    assert most == 3


def test_waiting_ends_when_all_is_to_stop_and_leaves_nothing_behind() -> None:
    """Those who wait are told within half a second; one who began meanwhile is not disturbed."""
    stop = threading.Event()
    limiter = Limiter(2, stop=stop)

    def wait() -> str:
        try:
            with limiter.slot("a", "write"):
                return "began"
        except Waits:
            return "stopped"

    with ThreadPoolExecutor(8) as pool, limiter.slot("b", "read"):
        limiter.pause(60)
        waiting = [pool.submit(wait) for _ in range(8)]
        stop.set()
        assert [each.result(timeout=5) for each in waiting] == ["stopped"] * 8
    assert limiter.stats["write"].calls == 0


def test_a_slot_is_given_back_when_the_request_fails() -> None:
    """A lost answer is an exception: the slot is free again, and nothing was learned."""
    limiter = Limiter(1)
    for _ in range(3):
        with pytest.raises(ConnectionError), limiter.slot("a"):
            raise ConnectionError
    with limiter.slot("a") as ticket:
        ticket.answered(200, {})

    assert limiter.stats["read"].calls == 1


def test_a_pause_holds_everybody() -> None:
    """As asked for by hand; a longer one stands."""
    hands = Hands()
    hands.limiter.pause(5)
    hands.limiter.pause(3)

    assert 4.9 <= hands.ask("a") <= 5.1


def test_what_was_done_is_counted_by_class() -> None:
    """Calls, those answered 429, seconds waited, and the rate of late."""
    hands = Hands()
    for _ in range(20):
        hands.now += 0.1
        hands.ask("a")
    hands.ask("a", 429, retry_after="9")
    rate = hands.limiter.stats["write"].rate
    hands.ask("a")
    stats = hands.limiter.stats

    assert (stats["write"].calls, stats["write"].throttled) == (22, 1)
    assert 8.9 <= stats["write"].waited <= 9.2
    assert 8 <= rate <= 14
    assert stats["read"].calls == stats["delete"].calls == 0


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", "https://host/subscriptions/AB-1/resourcegroups?api-version=1", ("ab-1", "read")),
        ("PUT", "/subscriptions/ab-1/resourcegroups/g", ("ab-1", "write")),
        ("POST", "https://host/Subscriptions/ab-1?api-version=1", ("ab-1", "write")),
        ("DELETE", "https://host/subscriptions/ab-1", ("ab-1", "delete")),
        ("GET", "https://host/subscriptions?api-version=1", ("", "read")),
        ("PATCH", "https://vault/secrets/subscriptions/x", ("", "write")),
    ],
)
def test_the_lane_of_a_request_is_in_its_path(method: str, url: str, expected: tuple[str, str]) -> None:
    """The subscription without regard to case; POST counts as a write (recorded)."""
    assert asked(method, url) == expected


def test_a_slot_costs_next_to_nothing() -> None:
    """Less than 30 microseconds where nobody waits: the best of many, as other work runs beside the tests."""
    ticks = count(0, 1)
    limiter, best = Limiter(16, clock=lambda: float(next(ticks))), 1.0
    for _ in range(50):
        began = time.perf_counter()
        for _ in range(100):
            with limiter.slot("c66cb1bf-3d5e-4a44-9f0a-0d5a1c2b7e11", "write") as ticket:
                ticket.answered(200, {LEFT: "1199"})
        best = min(best, (time.perf_counter() - began) / 100)

    assert best < 30e-6
