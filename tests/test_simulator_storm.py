"""Storms: the same seed hits the same requests, in whatever order they come."""

from collections import Counter

from restamp.simulator import Stamp
from restamp.simulator.messages import Request
from restamp.simulator.storm import storm

PATHS = [f"/subscriptions/{number}" for number in range(40)] * 25


def met(seed: int, paths: list[str]) -> dict[str, list[int]]:
    """What was answered to each path, in its order; 0 is a connection that ended."""
    stamp = Stamp()
    stamp.faults += storm(seed, 0.05)
    found: dict[str, list[int]] = {}
    for path in paths:
        answer = stamp.handle(Request("GET", f"management.{stamp.state.home}", path))
        found.setdefault(path, []).append(0 if answer.closes else answer.status)
    return found


def test_a_storm_is_the_same_by_its_seed_though_requests_overtake_each_other() -> None:
    """What a path meets does not depend on what else is asked; another seed is another storm."""
    first = met(7, PATHS)
    assert met(7, sorted(PATHS)) == first
    assert met(8, PATHS) != first


def test_a_storm_has_every_kind_of_fault_and_lets_most_requests_pass() -> None:
    """About as many as were asked for; throttled ones say when to come again."""
    stamp = Stamp()
    faults = storm(7, 0.05)
    stamp.faults += faults
    answers = [stamp.handle(Request("GET", f"management.{stamp.state.home}", path)) for path in PATHS]

    seen = Counter(0 if answer.closes else answer.status for answer in answers)
    assert set(seen) == {0, 401, 429, 503}
    assert all(20 < fault.hits < 80 for fault in faults)
    assert {answer.headers["retry-after"] for answer in answers if answer.status == 429} == {"1"}


def test_whoever_drives_a_stamp_stands_outside_its_storm() -> None:
    """Losing it and moving its clock are no requests of its world."""
    stamp = Stamp()
    stamp.faults += storm(7, 1.0)
    assert stamp.handle(Request("POST", f"simulator.{stamp.state.home}", "/clock", body=b"{}")).status == 401
