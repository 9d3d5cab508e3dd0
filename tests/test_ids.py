"""Ids of a stamp, built from templates and taken apart again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restamp import ids

PLAN = "/subscriptions/{provider}/resourceGroups/{group}/providers/Microsoft.Subscriptions.Admin/plans/{name}"
NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs", "Cc"]), min_size=1)


@given(st.fixed_dictionaries({"provider": NAMES, "group": NAMES, "name": NAMES}))
def test_what_a_template_builds_it_takes_apart_again(values: dict[str, str]) -> None:
    """Any names but those with a slash go into an id and come out of it as they were."""
    assert ids.take(PLAN, ids.build(PLAN, values)) == values


def test_an_id_in_another_case_is_the_same_and_keeps_its_spelling() -> None:
    """The stamp looks ids up without case, and answers with its own spelling."""
    spelled = "/SUBSCRIPTIONS/5816B1A6/resourcegroups/Offers-RG/providers/microsoft.subscriptions.admin/Plans/Gold"

    assert ids.take(PLAN, spelled) == {"provider": "5816B1A6", "group": "Offers-RG", "name": "Gold"}
    assert ids.same(spelled, spelled.lower())


@pytest.mark.parametrize(
    "other",
    [
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Subscriptions.Admin/offers/gold",
        "/subscriptions/s/providers/Microsoft.Subscriptions.Admin/plans/gold",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Subscriptions.Admin/plans/gold/more",
        "",
    ],
)
def test_an_id_of_another_form_is_none(other: str) -> None:
    """Nothing is guessed from an id that the template does not fit."""
    assert ids.take(PLAN, other) is None


def test_ids_are_never_parsed_as_uuids() -> None:
    """A recorded subscription id with a letter beyond f is an id as any other."""
    odd = "eb377774-8d90-4f4b-bc76-0211g8bfbf86"

    assert ids.take("/subscriptions/{id}", f"/subscriptions/{odd}") == {"id": odd}


def test_names_go_into_urls_quoted_and_stay_raw_in_ids() -> None:
    """Spaces are raw in ids (recorded); whatever ends a path or begins a query is quoted in URLs."""
    assert ids.path("/subscriptions/s/quotas/Default Quota") == "/subscriptions/s/quotas/Default%20Quota"
    assert ids.path("/x/größe?#[]") == "/x/gr%C3%B6%C3%9Fe%3F%23%5B%5D"


@pytest.mark.parametrize(
    ("resource_id", "namespace"),
    [(PLAN, "Microsoft.Subscriptions.Admin"), ("/subscriptions/s/resourceGroups/g", ""), ("/a/PROVIDERS/B.C/d", "B.C")],
)
def test_the_namespace_is_what_follows_providers(resource_id: str, namespace: str) -> None:
    """Resource Manager's own objects have none."""
    assert ids.namespace(resource_id) == namespace
    assert ids.fields(PLAN) == ("provider", "group", "name")
