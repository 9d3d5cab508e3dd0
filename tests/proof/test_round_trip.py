"""Every kind comes back: captured, lost, brought back onto an empty stamp, captured again, and nothing differs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from restamp.kind import Kind
from restamp.plugins import collected
from restamp.simulator import Stamp

from .way import ThereAndBack, keys, there_and_back, told

OF_THE_MOMENT = {"createdOn", "updatedOn", "createdBy", "updatedBy", "created", "updated", "etag", "version"}
OF_THE_MOMENT |= {"acquisitionTime"}
THE_STAMPS_OWN = ("/operations/", "/directory/", "/updatelocations/", "/fabriclocations/")


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThereAndBack]:
    """One round trip for all tests."""
    with keys(tmp_path_factory.mktemp("trip")) as runbook:
        yield there_and_back(runbook)


def test_what_was_captured_before_and_after_is_the_same_bytes(trip: ThereAndBack) -> None:
    """No file more, no file less, no byte another; and nothing was left undone on the way."""
    assert trip.after == trip.before
    assert {result.outcome for result in trip.results} == {"created", "updated", "unchanged", "left alone"}


@pytest.mark.parametrize("kind", tuple(collected(())), ids=lambda kind: kind.name)
def test_every_kind_is_there_before_and_the_same_afterwards(trip: ThereAndBack, kind: Kind[object]) -> None:
    """Each kind has something to lose, and a capture that knows nothing of the first one finds the same."""
    assert told(trip.first, kind)
    assert told(trip.again, kind) == told(trip.first, kind)


def test_the_stamp_itself_says_the_same_afterwards(trip: ThereAndBack) -> None:
    """Object by object on the wire, which no model of ours has a say in; secrets with the values that they have."""
    lost, restored = said(trip.lost), said(trip.restored)

    assert {key for key in lost.keys() - restored.keys() if not key.endswith("/secrets/old-token")} == set()
    assert {key: (lost[key], body) for key, body in restored.items() if body != lost.get(key)} == {}


def said(stamp: Stamp) -> dict[str, Any]:
    """All that a stamp has, without times and authors; ids with the default provider subscription of any stamp."""
    found = {}
    for key, body in stamp.state.store.everything():
        if not any(own in key for own in THE_STAMPS_OWN):
            kept = {"now": body["versions"][-1]} if "versions" in body else body
            text = json.dumps([key, plain(kept)]).replace(stamp.provider_subscription, "provider")
            place, found_there = json.loads(text)
            found[place] = found_there
    return found


def plain(value: Any) -> Any:
    """Empty is absent, and lists have no order: what stamps tell apart and nobody else does."""
    if isinstance(value, dict):
        inner = {key: plain(item) for key, item in value.items() if key not in OF_THE_MOMENT}
        return {key: item for key, item in inner.items() if item not in (None, "", [], {})}
    return sorted((plain(item) for item in value), key=json.dumps) if isinstance(value, list) else value
