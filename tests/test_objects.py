"""The three verbs on real wire objects: a simulated stamp behind HTTPS, and restamp's own way to it."""

from typing import Any, TypeVar

import pytest

from restamp import objects
from restamp.arm.client import Arm
from restamp.errors import Forbidden, Unanswered, Unwritable
from restamp.kind import Kinds
from restamp.kinds.compute import QUOTA, ComputeQuota
from restamp.kinds.groups import GROUP, ResourceGroup
from restamp.kinds.subscriptions import OFFER, PLAN, SUBSCRIPTION, Offer, Plan, Subscription
from restamp.models.document import Document
from restamp.objects import Put
from restamp.simulator import Fault, Stamp

from .relay import relay
from .serving import Server, settings_for

D = TypeVar("D", bound=Document)
SMALL = ComputeQuota(
    name="small size",
    cores_limit=50,
    virtual_machine_count=20,
    availability_set_count=10,
    max_allocation_standard_managed_disks_and_snapshots=2048,
    max_allocation_premium_managed_disks_and_snapshots=1024,
)
RG = ResourceGroup(name="offers-rg", tags={"env": "prod"})
GOLD = Plan(name="gold", group="offers-rg", display_name="Gold", quotas=("compute/small size",))
PUBLIC = Offer(
    name="Gold",
    group="offers-rg",
    display_name="Gold",
    state="Public",
    base_plans=("offers-rg/gold",),
    max_subscriptions_per_account=2,
)
ERP = Subscription(
    id="eb377774-8d90-4f4b-bc76-0211g8bfbf86",
    display_name="Contoso ERP",
    owner="erp@contoso.example",
    tenant="0a9c9a9e-0000-4000-8000-000000000001",
    offer="offers-rg/Gold",
    state="Enabled",
)


class World:
    """One stamp with the objects of this file, one kind after the other."""

    def __init__(self, arm: Arm, stamp: Stamp, kinds: Kinds) -> None:
        self.arm, self.stamp, self.kinds = arm, stamp, kinds

    def put(self, document: Document, **more: Any) -> Put:
        return objects.put(self.kinds.of(document), document, self.arm, self.kinds, **more)

    def filled(self) -> "World":
        for document in (RG, SMALL, GOLD, PUBLIC, ERP):
            assert self.put(document).outcome == "created"
        return self

    def body(self, document: Document) -> dict[str, Any]:
        resource_id = self.kinds.of(document).resource_id(document, self.arm.place)
        return next(body for body in self.stamp.objects() if body["id"].lower() == resource_id.lower())

    def change(self, document: Document, **properties: Any) -> None:
        body = self.body(document)
        inside = "properties" in body
        self.stamp.load([body | ({"properties": body["properties"] | properties} if inside else properties)])

    def read(self, document: D) -> D:
        found, _ = objects.collect(self.kinds.of(document), self.arm, self.kinds)
        return next(item for item in found if self.kinds.of(item).ref(item) == self.kinds.of(document).ref(document))

    def writes(self) -> list[tuple[str, str]]:
        return [(record.method, record.path.rpartition("/")[2]) for record in self.stamp.writes]

    def sent(self) -> int:
        return len(self.stamp.writes)


@pytest.fixture
def world(arm: Arm, stamp: Stamp, kinds: Kinds) -> World:
    return World(arm, stamp, kinds)


def test_what_is_put_on_an_empty_stamp_is_what_is_collected_from_it(world: World) -> None:
    """Every kind goes through the wire and comes back equal."""
    world.filled()

    for document in (RG, SMALL, GOLD, PUBLIC, ERP):
        assert world.read(document) == document


def test_a_second_put_writes_nothing(world: World) -> None:
    """`put` is also resume and adoption: what is right is left alone."""
    world.filled()
    before = world.sent()

    assert {world.put(document).outcome for document in (RG, SMALL, GOLD, PUBLIC, ERP)} == {"unchanged"}
    assert world.sent() == before


def test_only_what_differs_is_written_and_told_field_by_field(world: World) -> None:
    """An update names each field with what the runbook wants and what the stamp has."""
    world.filled()
    done = world.put(SMALL.model_copy(update={"cores_limit": 60, "virtual_machine_count": 25}))

    assert done.outcome == "updated"
    assert [str(change) for change in done.changes] == ["coresLimit: 50 -> 60", "virtualMachineCount: 20 -> 25"]
    assert world.body(SMALL)["properties"]["coresLimit"] == 60


def test_an_update_keeps_what_no_model_knows(world: World) -> None:
    """The object just read is sent whole with our fields over it, so a field of a newer stamp survives."""
    world.filled()
    world.change(SMALL, hyperCount=7)

    assert world.put(SMALL.model_copy(update={"cores_limit": 60})).outcome == "updated"
    assert world.body(SMALL)["properties"]["hyperCount"] == 7


def test_what_no_model_knows_is_kept_reported_and_never_sent_on_create(world: World) -> None:
    """A field of a newer stamp goes into the document, and an older stamp never sees it."""
    world.filled()
    world.change(SMALL, hyperCount=7, hyperNote=None)
    found, findings = objects.collect(QUOTA, world.arm, world.kinds)
    small = next(item for item in found if item.name == SMALL.name)
    other = small.model_copy(update={"name": "other"})

    assert small.unmodelled == {"hyperCount": 7}
    assert [str(finding) for finding in findings] == ["ComputeQuota small size: kept but not restored: hyperCount"]
    assert world.put(other).outcome == "created"
    assert "hyperCount" not in world.body(other)["properties"]


def test_absent_and_empty_texts_are_kept_apart_in_documents_and_equal_in_comparison(world: World) -> None:
    """Some plans have "" where others have nothing: the same bytes come back, and nothing is written for it."""
    world.filled()
    empty = GOLD.model_copy(update={"name": "empty", "description": "", "external_reference_id": ""})
    world.put(empty)

    assert world.read(empty) == empty
    assert "description" not in world.body(GOLD)["properties"]
    assert world.put(empty.model_copy(update={"description": None})).outcome == "unchanged"
    assert world.put(GOLD.model_copy(update={"description": ""})).outcome == "unchanged"


def test_a_text_that_was_cleared_is_cleared_on_the_stamp(world: World) -> None:
    """Leaving a field out would keep it: it is sent empty, and the next put finds nothing to do."""
    world.filled()
    told = GOLD.model_copy(update={"description": "for everyone"})
    world.put(told)

    assert [str(change) for change in world.put(GOLD).changes] == ["description: 'for everyone' -> None"]
    assert not world.body(GOLD)["properties"]["description"]
    assert world.put(GOLD).outcome == "unchanged"


def test_a_disabled_subscription_is_born_enabled_and_then_disabled(world: World) -> None:
    """No subscription is created disabled; both writes are one put."""
    world.filled()
    off = ERP.model_copy(update={"id": "off", "state": "Disabled"})
    before = world.sent()

    assert world.put(off).outcome == "created"
    assert world.sent() == before + 2
    assert world.read(off) == off
    assert world.put(off).outcome == "unchanged"


def test_a_put_that_died_between_birth_and_its_state_is_finished_by_the_next(world: World) -> None:
    """The subscription exists and is enabled: the next put disables it."""
    world.filled()
    off = ERP.model_copy(update={"id": "off", "state": "Disabled"})
    world.put(off.model_copy(update={"state": "Enabled"}))

    assert [str(change) for change in world.put(off).changes] == ["state: 'Enabled' -> 'Disabled'"]


def test_a_decommissioned_offer_gets_its_state_after_its_subscriptions(world: World) -> None:
    """With `later` the offer is born private, takes subscriptions, is not repaired, and is decommissioned at last."""
    world.filled()
    old = PUBLIC.model_copy(update={"name": "old", "state": "Decommissioned"})
    later = frozenset({"state"})

    assert world.put(old, later=later).outcome == "created"
    assert world.put(ERP.model_copy(update={"id": "late", "offer": "offers-rg/old"})).outcome == "created"
    assert world.body(old)["properties"]["state"] == "Private"
    assert world.put(old, later=later).outcome == "unchanged"
    assert world.put(old.model_copy(update={"display_name": "Old"}), later=later).outcome == "updated"
    assert world.body(old)["properties"]["state"] == "Private"
    assert world.put(old.model_copy(update={"display_name": "Old"})).outcome == "updated"
    assert world.body(old)["properties"]["state"] == "Decommissioned"


def test_the_default_provider_is_told_by_absence_and_any_other_is_kept(world: World) -> None:
    """The default provider subscription changes with the stamp; a delegated provider's is data."""
    world.filled()
    delegated = ERP.model_copy(update={"id": "delegated", "delegated_provider": ERP.id})
    world.put(delegated)

    assert world.body(ERP)["delegatedProviderSubscriptionId"] == world.stamp.provider_subscription
    assert world.read(ERP).delegated_provider is None
    assert world.body(delegated)["delegatedProviderSubscriptionId"] == ERP.id
    assert world.put(delegated).outcome == "unchanged"
    assert world.put(delegated.model_copy(update={"delegated_provider": None})).outcome == "updated"
    assert world.body(delegated)["delegatedProviderSubscriptionId"] == world.stamp.provider_subscription


def test_ids_in_another_case_are_no_difference(world: World) -> None:
    """The stamp spells ids as it likes; the same object is never written again for it."""
    world.filled()
    world.change(ERP, offerId=world.body(ERP)["offerId"].upper())
    world.change(PUBLIC, basePlanIds=[plan.upper() for plan in world.body(PUBLIC)["properties"]["basePlanIds"]])

    assert world.put(ERP).outcome == "unchanged"
    assert world.put(PUBLIC).outcome == "unchanged"


def test_a_thing_that_a_stamp_names_twice_stands_once_in_the_document(world: World) -> None:
    """Two spellings of one id in a list are one member of a set."""
    world.filled()
    (plan,) = world.body(PUBLIC)["properties"]["basePlanIds"]
    world.change(PUBLIC, basePlanIds=[plan, plan.replace("plans/gold", "plans/GOLD")])

    assert world.read(PUBLIC) == PUBLIC


def test_references_without_documents_go_through_untouched(world: World) -> None:
    """Built-in quotas, quotas that are gone, and another provider's plans are named, never followed."""
    world.filled()
    foreign = "/subscriptions/other/resourceGroups/g/providers/Microsoft.Subscriptions.Admin/plans/theirs"
    names = (
        "compute/gone",
        "Microsoft.AzureStackResourceMonitor.Admin/Unlimited",
        "Microsoft.KeyVault.Admin/Unlimited",
    )
    plan = Plan(name="odd", group="offers-rg", display_name="Odd", quotas=names)
    offer = PUBLIC.model_copy(update={"name": "odd", "addon_plans": {"offers-rg/gold": 3, foreign: 1}})
    world.put(plan)
    world.put(offer)

    assert set(world.read(plan).quotas) == set(names)
    assert all(quota.startswith("/subscriptions/") for quota in world.body(plan)["properties"]["quotaIds"])
    assert world.read(offer).addon_plans == {"offers-rg/gold": 3, foreign: 1}
    assert world.put(plan).outcome == world.put(offer).outcome == "unchanged"


@pytest.mark.parametrize("state", ["Deleting", "Deleted", "PartiallyDeleted", "NotDefined"])
def test_a_state_that_nobody_can_ask_for_is_reported_and_never_written_over(world: World, state: str) -> None:
    """A subscription on its way out is no document, and a put on it ends with its name and state."""
    world.filled()
    world.change(ERP, state=state)
    found, findings = objects.collect(SUBSCRIPTION, world.arm, world.kinds)
    before = world.sent()

    assert found == []
    assert [str(finding) for finding in findings] == [f"Subscription Contoso ERP: is {state}: not a document"]
    with pytest.raises(Unwritable, match=f"Subscription Contoso ERP is {state}"):
        world.put(ERP)
    assert world.sent() == before


def test_an_object_that_no_model_understands_is_not_covered_by_name(world: World) -> None:
    """It is reported and left out, the others come; a put on it refuses instead of guessing."""
    world.filled()
    world.change(SMALL, coresLimit="lots")
    found, findings = objects.collect(QUOTA, world.arm, world.kinds)

    assert SMALL.name not in [item.name for item in found]
    assert [str(finding) for finding in findings] == [
        "ComputeQuota small size: not understood, so not covered: coresLimit: 'lots' is not a whole number"
    ]
    with pytest.raises(Unwritable, match="ComputeQuota compute/small size is there in a form"):
        world.put(SMALL)


def test_the_groups_of_the_stamp_itself_are_no_documents(world: World) -> None:
    """`system.<region>` is made by every deployment."""
    world.filled()
    root = f"/subscriptions/{world.stamp.provider_subscription}"
    system = {"id": f"{root}/resourceGroups/system.redmond", "name": "system.redmond", "location": "redmond"}
    world.stamp.load([system])
    found, findings = objects.collect(GROUP, world.arm, world.kinds)

    assert [item.name for item in found] == ["offers-rg"]
    assert [finding.about for finding in findings] == ["ResourceGroup system.redmond"]


def test_a_write_whose_answer_was_lost_is_read_back_and_not_sent_twice(world: World) -> None:
    """The stamp did it and nobody heard: one PUT, and the outcome is `created`."""
    world.put(RG)
    world.stamp.faults = [Fault("PUT .*/quotas/", lose_answer=True)]

    assert world.put(SMALL).outcome == "created"
    assert world.writes()[1:] == [("PUT", "small size")]
    assert world.read(SMALL) == SMALL


def test_a_write_of_which_half_arrived_is_sent_again_whole(server: Server, kinds: Kinds) -> None:
    """The connection breaks amid the body: the stamp does nothing, says nothing, and gets it once more."""
    large = GOLD.model_copy(update={"description": "All that gold is. " * 10_000, "quotas": ()})
    with relay((server.host, server.port)) as between:
        settings = settings_for(server, connect_to=server.connect_to.replace(str(server.port), str(between.port)))
        with Arm(settings) as arm:
            world = World(arm, server.stamp, kinds)
            world.put(RG)
            outcome = world.put(large).outcome

            assert (outcome, between.broken) == ("created", 1)
            assert world.writes() == [("PUT", "offers-rg"), ("PUT", "gold")]
            assert world.read(large) == large


def test_a_write_that_a_500_left_undone_is_sent_again_after_a_look(world: World) -> None:
    """500 says nothing: the object is read, is not there, and is written."""
    world.put(RG)
    world.stamp.faults = [Fault("PUT .*/quotas/", status=500)]

    assert world.put(SMALL).outcome == "created"
    assert world.writes()[1:] == [("PUT", "small size")] * 2


def test_a_write_that_never_gets_an_answer_says_so(world: World) -> None:
    """After four looks the error names the request and that nobody knows."""
    world.stamp.faults = [Fault("PUT .*/quotas/", status=503, times=None)]

    with pytest.raises(Unanswered, match=r"PUT https://adminmanagement.redmond.*: no answer \(status 503\)"):
        world.put(SMALL)
    assert len(world.writes()) == 4


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}, {"Retry-After": "soon"}])
def test_a_throttled_write_is_waited_out_and_sent_again(world: World, headers: dict[str, str]) -> None:
    """429 says that nothing was done, so the same request goes again, with and without a time to wait."""
    world.put(RG)
    world.stamp.faults = [Fault("PUT .*/quotas/", status=429, headers=headers)]

    assert world.put(SMALL).outcome == "created"
    assert world.writes()[1:] == [("PUT", "small size")] * 2


def test_what_a_principal_may_not_write_is_forbidden_by_name(server: Server, kinds: Kinds) -> None:
    """A Reader reads; its write ends with 403, the request, the service's words and what to do."""
    reader = server.stamp.add_principal("reader", "Reader")
    with (
        Arm(settings_for(server, client_id=reader.client_id, client_secret=reader.secret)) as arm,
        pytest.raises(Forbidden, match=r"PUT /subscriptions/.*/quotas/small%20size: 403 AuthorizationFailed") as no,
    ):
        objects.put(QUOTA, SMALL, arm, kinds)

    assert "Contributor on the default provider subscription" in no.value.hint
    assert [record.method for record in server.stamp.writes] == ["PUT"]


def test_offers_and_plans_of_one_name_in_two_groups_stay_apart(world: World) -> None:
    """The group is part of what a plan is."""
    world.filled()
    lab = ResourceGroup(name="lab")
    other = GOLD.model_copy(update={"group": "lab", "display_name": "Lab"})
    world.put(lab)
    world.put(other)
    found, _ = objects.collect(PLAN, world.arm, world.kinds)

    assert sorted(PLAN.ref(plan) for plan in found) == ["lab/gold", "offers-rg/gold"]
    assert world.put(PUBLIC.model_copy(update={"base_plans": ("lab/gold",)})).changes[0].field == "basePlans"
    assert OFFER.ref(world.read(PUBLIC)) == "offers-rg/Gold"
