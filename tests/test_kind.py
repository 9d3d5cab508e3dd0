"""Kinds are data: what can be told from it for every kind there is."""

from typing import Any

import pytest

from restamp import references
from restamp.kind import Kind, Kinds, Place
from restamp.kinds.subscriptions import OFFER, PLAN, Offer, Plan
from restamp.models.document import Document, own_fields, reference
from restamp.plugins import all_kinds

HERE, THERE = Place("redmond", "5816b1a6-old"), Place("redmond", "9f00d1ce-new")


NAMED = [kind for kind in all_kinds().on_the_stamp if kind.identity]


@pytest.mark.parametrize("kind", NAMED, ids=lambda kind: kind.name)
def test_a_reference_survives_the_change_of_the_default_provider_subscription(kind: Kind[Any], kinds: Kinds) -> None:
    """The same reference is another id on a new stamp, and is found in both."""
    ref = kind.prefix + "/".join(f"n{number}" for number, _ in enumerate(kind.identity))
    old, new = (references.to_id(ref, kind.collection, kinds, place) for place in (HERE, THERE))

    assert old != new
    assert references.to_ref(old, kind.collection, kinds, HERE) == ref
    assert references.to_ref(new.upper(), kind.collection, kinds, THERE).lower() == ref.lower()
    assert references.to_ref(old, kind.collection, kinds, THERE) == old  # another provider's object: left alone


@pytest.mark.parametrize("kind", list(all_kinds()), ids=lambda kind: kind.name)
def test_every_reference_names_a_collection_that_has_kinds(kind: Kind[Any], kinds: Kinds) -> None:
    """A `Ref` to nowhere would never resolve, and every kind's own marks are in order."""
    for field in own_fields(kind.model).values():
        if (ref := reference(field)) is not None:
            assert kinds.in_collection(ref.to)
    assert set(kind.identity) <= set(own_fields(kind.model))
    assert kind.wire.late is None or kind.wire.late.field in own_fields(kind.model)
    assert kinds[kind.name] is kind


def test_quotas_of_services_without_a_kind_are_references_too(kinds: Kinds) -> None:
    """Key Vault's Unlimited has no kind: its namespace and name are enough for its id on any stamp."""
    unlimited = "/subscriptions/{provider}/providers/Microsoft.KeyVault.Admin/locations/redmond/quotas/Unlimited"
    here = unlimited.replace("{provider}", HERE.provider)

    ref = references.to_ref(here, "quotas", kinds, HERE)

    assert ref == "Microsoft.KeyVault.Admin/Unlimited"
    assert references.to_id(ref, "quotas", kinds, THERE) == unlimited.replace("{provider}", THERE.provider)


def test_a_name_that_is_part_of_another_is_not_replaced_inside_it(kinds: Kinds) -> None:
    """Ids are taken apart by segment: a group called like the subscription keeps its name."""
    place = Place("red", "red")
    resource_id = "/subscriptions/red/resourceGroups/red/providers/Microsoft.Subscriptions.Admin/plans/redder"

    assert references.to_ref(resource_id, "plans", kinds, place) == "red/redder"
    assert "/resourceGroups/red/" in references.to_id("red/redder", "plans", kinds, Place("blue", "blue"))


def test_a_document_knows_its_names(kinds: Kinds) -> None:
    """Reference, label and id of a document come from its kind."""
    plan = Plan(name="gold", group="offers-rg", display_name="Gold")
    offer = Offer(name="gold", group="offers-rg", display_name="Gold", state="Public")

    assert kinds.of(plan) is PLAN
    assert kinds.of(offer) is OFFER
    assert PLAN.ref(plan) == PLAN.label(plan) == "offers-rg/gold"
    assert PLAN.resource_id(plan, HERE) == PLAN.id_of("offers-rg/gold", HERE)
    assert PLAN.id_of("gold", HERE) is None


INSIDE = [kind for kind in all_kinds() if kind.inside]


@pytest.mark.parametrize("kind", INSIDE, ids=lambda kind: kind.name)
def test_what_is_inside_a_subscription_is_told_without_it(kind: Kind[Any]) -> None:
    """The same reference is one id in each subscription, and an id in another one is none of ours."""
    here, there = Place("redmond", "old", "one"), Place("redmond", "new", "two")
    values = {name: "resourceGroups/app" if name == "scope" else f"n{name}" for name in kind.identity}
    ref = "/".join(values.values())

    whole = kind.id_of(ref, here)

    assert whole is not None
    assert kind.values(ref) == values
    assert kind.ref_of(whole, here) == ref
    assert kind.ref_of(whole.upper().replace("RESOURCEGROUPS", "resourcegroups"), here) is not None
    assert kind.ref_of(whole, there) is None
    assert kind.id_of(ref, there) != whole


def test_a_scope_may_be_the_subscription_a_group_or_a_resource(kinds: Kinds) -> None:
    """Its form in a reference is the one in ids, in one spelling."""
    place, lock = Place("redmond", "provider", "mine"), kinds["Lock"]
    vault = "resourceGroups/app/providers/Microsoft.KeyVault/vaults/erp"
    for scope in ("", "resourceGroups/app", vault):
        whole = "/".join(filter(None, ("/subscriptions/mine", scope, "providers/Microsoft.Authorization/locks/keep")))
        spelled = whole.replace("resourceGroups", "resourcegroups")

        assert lock.ref_of(spelled, place) == "/".join(filter(None, (scope, "keep")))
        assert lock.id_of(lock.ref_of(spelled, place) or "", place) == whole


def test_every_field_of_every_kind_has_its_spelling_on_the_wire(kinds: Kinds) -> None:
    """Two fields with one name on the wire would overwrite each other."""
    for kind in kinds:
        names = [field.alias or name for name, field in own_fields(kind.model).items()]

        assert len({name.lower() for name in names}) == len(names)
        assert not set(names) & {field.alias or name for name, field in Document.model_fields.items()}
