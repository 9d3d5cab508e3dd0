"""Every field of every kind: changed on the stamp, named by verify, put back; docs/round-trip.md says how it went."""

from collections.abc import Iterator

import pytest

from restamp.kind import Kind
from restamp.plugins import all_kinds

from .fields import Living, compared, living, proved
from .page import PAGE, reason, rendered, told
from .way import keys

FIELDS = [(kind, name) for kind in all_kinds() for name in compared(kind)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """One living stamp for all fields: each is as it was when its test ends."""
    with keys(tmp_path_factory.mktemp("living")) as runbook, living(runbook) as found:
        yield found


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{kind.name}-{name}" for kind, name in FIELDS])
def test_verify_names_exactly_the_field_that_was_changed_and_put_does_what_the_page_says(
    world: Living, kind: Kind[object], name: str
) -> None:
    """Each way in which its type can differ; it is put back, or the refusal says why not."""
    assert reason(kind, proved(world, kind, name)) == told(PAGE.read_text("utf-8")).get(
        (kind.name, name), "not on the page"
    )


def test_the_page_says_what_the_tests_found_and_nothing_else() -> None:
    """It is the rendering of its own facts, each of which a test above proves."""
    page = PAGE.read_text("utf-8")

    assert told(page).keys() == {(kind.name, name) for kind, name in FIELDS}
    assert page == rendered(told(page)), "write it anew: tools/run python -m tests.proof"


def test_an_untouched_stamp_is_no_difference(world: Living) -> None:
    """What was just captured is what is there, also where secrets are disabled: those are not covered."""
    assert world.usual == ()
