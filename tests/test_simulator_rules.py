"""What a stamp refuses, fills in and counts: asked in process, one rule a test."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.asking import SUBSCRIPTIONS, Desk

from restamp.simulator import Fault, Stamp
from restamp.simulator.assumed import listed
from restamp.simulator.population import population
from restamp.simulator.tables import RULES


def new() -> Stamp:
    return Stamp(region="redmond", domain="ext.contoso.example")


@pytest.fixture
def stamp() -> Iterator[Stamp]:
    made = new()
    yield made
    made.close()


@pytest.fixture
def desk(stamp: Stamp) -> Desk:
    return Desk(stamp)


def code(answer: Any) -> str:
    return str(answer.body["error"]["code"])


def test_a_new_stamp_has_its_built_in_quotas(desk: Desk) -> None:
    """Compute, Network, Storage, Key Vault, Container Registry and Subscriptions each have one."""
    found = {
        service: [body["id"].rpartition("/")[2] for body in desk.ask("GET", desk.quota(service, "")).body["value"]]
        for service in ("Compute", "Network", "Storage", "KeyVault", "ContainerRegistry", "Subscriptions")
    }

    assert found == {
        "Compute": ["Default Quota"],
        "Network": ["Default"],
        "Storage": ["Default Quota"],
        "KeyVault": ["Unlimited"],
        "ContainerRegistry": ["Default quota"],
        "Subscriptions": ["delegatedProviderQuota"],
    }


def test_the_same_seed_gives_the_same_ids_and_another_one_others() -> None:
    """A redeployed stamp is another one; the same number is the same stamp."""
    one, same, other = (Stamp("redmond", "ext.contoso.example", seed=seed) for seed in (1, 1, 2))

    assert (one.deployment_id, one.provider_subscription, one.admin) == (
        same.deployment_id,
        same.provider_subscription,
        same.admin,
    )
    assert not {one.deployment_id, one.provider_subscription, one.cloud_id, one.admin.secret} & {
        other.deployment_id,
        other.provider_subscription,
        other.cloud_id,
        other.admin.secret,
    }


def test_a_stamp_says_which_deployment_and_version_it_is(desk: Desk) -> None:
    """Fabric's location names deployment and cloud, Update's location the versions."""
    system = f"{desk.root}/resourcegroups/system.redmond/providers"
    fabric = desk.ask("GET", f"{system}/Microsoft.Fabric.Admin/fabricLocations").body["value"][0]
    update = desk.ask("GET", f"{system}/Microsoft.Update.Admin/updateLocations/redmond").body

    assert fabric["properties"]["stampInformationId"] == desk.stamp.deployment_id
    assert fabric["properties"]["stampCloudId"] == desk.stamp.cloud_id
    assert update["properties"]["currentVersion"]


@pytest.mark.parametrize("authorization", ["", "Basic x", "Bearer", "Bearer x", "Bearer a.b.c", "Bearer é.ü.ß"])
def test_without_a_token_of_this_stamp_the_answer_is_a_challenge(desk: Desk, authorization: str) -> None:
    """401, and where to sign in."""
    answer = desk.ask("GET", desk.quota("Compute", ""), authorization=authorization)

    assert answer.status == 401
    assert "authorization_uri" in answer.headers["www-authenticate"]


def test_a_token_expires_on_the_stamps_clock(stamp: Stamp) -> None:
    """An hour later a token is no good, without anybody waiting an hour."""
    desk = Desk(stamp)
    desk.token = stamp.identities.issue(stamp.admin, stamp.identities.audience("adminmanagement"))
    fresh = desk.ask("GET", desk.quota("Compute", ""))
    stamp.clock.advance(3601)
    stale = desk.ask("GET", desk.quota("Compute", ""))

    assert (fresh.status, stale.status, code(stale)) == (200, 401, "ExpiredAuthenticationToken")


def test_a_token_of_another_stamp_is_none(stamp: Stamp) -> None:
    """Tokens do not survive a redeployment."""
    desk = Desk(stamp)
    desk.token = Desk(Stamp("redmond", "ext.contoso.example", seed=9)).token

    assert desk.ask("GET", "/subscriptions").status == 401


@pytest.mark.parametrize(
    ("role", "reads", "writes", "sees"),
    [("Owner", 200, 200, 1), ("Contributor", 200, 200, 1), ("Reader", 200, 403, 1), (None, 403, 403, 0)],
)
def test_rights_are_denied_by_default(stamp: Stamp, role: str | None, reads: int, writes: int, sees: int) -> None:
    """Reader reads, Contributor and Owner also write; without a role there is not even a subscription to see."""
    desk = Desk(stamp, stamp.add_principal("somebody", role))
    written = desk.ask("PUT", desk.quota("Compute", "q"), {"properties": {}})

    assert desk.ask("GET", desk.quota("Compute", "")).status == reads
    assert written.status == writes
    assert len(desk.ask("GET", "/subscriptions").body["value"]) == sees
    assert (stamp.state.get(desk.quota("Compute", "q")) is not None) == (writes == 200)


def test_an_api_version_is_needed_and_has_to_be_the_types_own(desk: Desk) -> None:
    """Storage's version is no version of Compute."""
    path = desk.quota("Compute", "")

    assert code(desk.ask("GET", f"{path}?api-version=")) == "MissingApiVersionParameter"
    assert code(desk.ask("GET", f"{path}?api-version=2019-08-08-preview")) == "NoRegisteredProviderFound"
    assert desk.ask("GET", f"{path}?API-Version=2021-01-01").status == 200


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("providers/Microsoft.Nothing.Admin/things", 404, "InvalidResourceNamespace"),
        ("providers/Microsoft.Compute.Admin/things", 404, "InvalidResourceType"),
        (
            "/subscriptions/other/providers/Microsoft.Compute.Admin/locations/redmond/quotas",
            404,
            "SubscriptionNotFound",
        ),
        ("/", 404, "InvalidResourceNamespace"),
        ("providers/Microsoft.Nothing", 404, "InvalidResourceNamespace"),
    ],
)
def test_what_is_not_there_is_not_found(desk: Desk, path: str, status: int, said: str) -> None:
    """Namespaces, types and subscriptions that this stamp does not have."""
    answer = desk.ask("GET", path)

    assert (answer.status, code(answer)) == (status, said)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"properties": 1}'])
def test_a_malformed_body_is_refused(desk: Desk, raw: bytes) -> None:
    """400, and nothing is written."""
    path = desk.quota("Compute", "bad")

    assert desk.ask("PUT", path, raw).status == 400
    assert desk.stamp.state.get(path) is None


@pytest.mark.parametrize("value", ["8", 1.5, True, [], {}])
def test_a_number_is_a_number(desk: Desk, value: object) -> None:
    """Known numeric fields take nothing else."""
    assert desk.ask("PUT", desk.quota("Compute", "bad"), {"properties": {"coresLimit": value}}).status == 400


def test_what_is_in_use_is_not_deleted(desk: Desk) -> None:
    """Subscription, offer, plan, quota: only in this order."""
    desk.chain()
    order = [
        desk.user("tenant-1"),
        desk.inside("offers", "gold"),
        desk.inside("plans", "gold"),
        desk.quota("Compute", "small"),
    ]
    refused = [desk.ask("DELETE", path).status for path in reversed(order)][:3]
    stands = [desk.stamp.state.get(path) is not None for path in order[1:]]

    assert refused == [409, 409, 409]
    assert stands == [True, True, True]


def test_what_is_not_in_use_is_deleted(desk: Desk) -> None:
    """From the subscription up to the quota; a second DELETE has nothing to do."""
    desk.chain()
    order = [
        desk.user("tenant-1"),
        desk.inside("offers", "gold"),
        desk.inside("plans", "gold"),
        desk.quota("Compute", "small"),
    ]

    assert [desk.ask("DELETE", path).status for path in order] == [200, 200, 200, 200]
    assert [desk.ask("DELETE", path).status for path in order] == [204, 204, 204, 204]


def test_a_plan_and_an_offer_need_their_resource_group(desk: Desk) -> None:
    """Without it they are refused."""
    for kind in ("plans", "offers"):
        answer = desk.ask("PUT", desk.inside(kind, "x", "absent"), {"properties": {}})

        assert (answer.status, code(answer)) == (404, "ResourceGroupNotFound")


def test_a_resource_group_takes_with_it_what_is_inside(desk: Desk) -> None:
    """Deleted as an operation: 202, then 200 where Location points."""
    desk.chain()
    answer = desk.ask("DELETE", "resourcegroups/RG")
    polled = desk.ask("GET", "/" + answer.headers["location"].split("/", 3)[3])

    assert (answer.status, polled.status) == (202, 200)
    assert desk.ask("GET", "resourcegroups/rg").status == 404
    assert desk.ask("GET", desk.inside("plans", "gold")).status == 404
    assert [group["name"] for group in desk.ask("GET", "resourcegroups").body["value"]] == ["system.redmond"]


def test_a_group_keeps_its_tags_and_its_place(desk: Desk) -> None:
    """PUT replaces; another region is refused."""
    tagged = desk.ask("PUT", "resourcegroups/app", {"location": "redmond", "tags": {"env": "prod"}})
    bare = desk.ask("PUT", "resourceGroups/APP", {"location": "Redmond"})

    assert (tagged.status, tagged.body["tags"]) == (201, {"env": "prod"})
    assert (bare.status, bare.body["name"], "tags" in bare.body) == (200, "app", False)
    assert desk.ask("PUT", "resourcegroups/app", {"location": "westus"}).status == 400
    assert desk.ask("PUT", "resourcegroups/app", {"location": "redmond", "tags": {"a": 1}}).status == 400
    assert desk.ask("PUT", "resourcegroups/a%2Fb", {"location": "redmond"}).status in {400, 404, 405}


def test_a_put_replaces_and_the_stored_spelling_wins(desk: Desk) -> None:
    """What is left out is the service's default again; an id is found in any case and answered as it was made."""
    desk.ask("PUT", desk.quota("Compute", "Small Size"), {"properties": {"coresLimit": 8, "vmScaleSetCount": 3}})
    again = desk.ask("PUT", desk.quota("Compute", "SMALL size"), {"properties": {"coresLimit": 9}})

    assert again.body["name"] == "Small Size"
    assert again.body["id"].endswith("/quotas/Small Size")
    assert (again.body["properties"]["coresLimit"], again.body["properties"]["vmScaleSetCount"]) == (9, 0)


def test_absent_empty_and_null_stay_three_things(desk: Desk) -> None:
    """Texts come back as they were written."""
    desk.chain()
    texts = [{}, {"externalReferenceId": ""}, {"externalReferenceId": None}]
    read = [desk.ask("PUT", desk.inside("plans", "gold"), {"properties": each}).body["properties"] for each in texts]

    assert [body.get("externalReferenceId", "absent") for body in read] == ["absent", "", None]


def test_a_subscription_gets_the_id_that_was_chosen(desk: Desk) -> None:
    """Also one that is no UUID; tenant, provider and state are filled in."""
    desk.chain()
    odd = "eb377774-8d90-4f4b-bc76-0211g8bfbf77"
    made = desk.ask("PUT", desk.user(odd), desk.tenant())

    assert made.status == 201
    assert made.body["subscriptionId"] == odd
    assert made.body["tenantId"] == desk.stamp.state.tenant
    assert made.body["delegatedProviderSubscriptionId"] == desk.stamp.provider_subscription
    assert made.body["state"] == "Enabled"
    assert "properties" not in made.body
    assert desk.ask("PUT", desk.user(odd), made.body | {"state": "Disabled"}).body["state"] == "Disabled"


@pytest.mark.parametrize("state", ["Deleted", "Deleting", "PartiallyDeleted", "NotDefined", "odd", [], 1])
def test_states_that_only_the_service_sets_are_refused(desk: Desk, state: object) -> None:
    """Nobody can PUT a subscription as deleted."""
    desk.chain()

    assert desk.ask("PUT", desk.user("tenant-2"), desk.tenant(state=state)).status == 400


def test_a_subscription_needs_an_offer_that_is_there_and_open(desk: Desk) -> None:
    """An unknown offer is refused, a decommissioned one for new subscriptions; old ones stay and can be changed."""
    desk.chain()
    closed = desk.ask("PUT", desk.inside("offers", "gold"), desk.offer("Decommissioned"))
    late = desk.ask("PUT", desk.user("tenant-2"), desk.tenant())
    old = desk.ask("PUT", desk.user("tenant-1"), desk.tenant(displayName="renamed"))
    unknown = desk.ask("PUT", desk.user("tenant-3"), desk.tenant(offerId=desk.inside("offers", "none")))

    assert (closed.status, late.status, old.status, unknown.status) == (200, 409, 200, 404)
    assert old.body["displayName"] == "renamed"


def test_subscriptions_are_counted_in_offer_and_plan(desk: Desk) -> None:
    """Only writes of subscriptions move the counts; what a caller sends is ignored."""

    def counts() -> tuple[int, int]:
        plan, offer = desk.ask("GET", desk.inside("plans", "gold")), desk.ask("GET", desk.inside("offers", "gold"))
        return plan.body["properties"]["subscriptionCount"], offer.body["properties"]["subscriptionCount"]

    desk.chain()
    first = counts()
    desk.ask("PUT", desk.user("tenant-1"), desk.tenant(displayName="again"))
    desk.ask("PUT", desk.user("tenant-2"), desk.tenant())
    body = desk.offer("Public")
    body["properties"]["subscriptionCount"] = 77
    desk.ask("PUT", desk.inside("offers", "gold"), body)
    second = counts()
    desk.ask("DELETE", desk.user("tenant-1"))

    assert [first, second, counts()] == [(1, 1), (2, 2), (1, 1)]


def test_add_on_plans_are_linked_by_name(desk: Desk) -> None:
    """And unlinked; the group of the offer goes first."""
    desk.chain()
    desk.ask("PUT", desk.inside("plans", "extra"), {"properties": {"quotaIds": []}})
    link = {"planName": "extra", "planLinkType": "Addon", "maxAcquisitionCount": 2}
    linked = desk.ask("POST", desk.inside("offers", "gold") + "/link", link)
    refused = desk.ask("DELETE", desk.inside("plans", "extra"))
    unlinked = desk.ask("POST", desk.inside("offers", "gold") + "/unlink", link)

    addon = {"planId": desk.inside("plans", "extra"), "maxAcquisitionCount": 2}
    assert linked.body["properties"]["addonPlans"] == [addon]
    assert refused.status == 409
    assert unlinked.body["properties"]["addonPlans"] == []
    assert desk.ask("GET", desk.inside("offers", "gold") + "/link").status == 405


def test_an_acquired_plan_loses_its_group(desk: Desk) -> None:
    """As recorded: the plan's id comes back without the resource group; the subscription takes it with it."""
    desk.chain()
    path = desk.user("tenant-1") + "/acquiredPlans/a-1"
    made = desk.ask("PUT", path, {"planId": desk.inside("plans", "gold"), "acquisitionId": "a-1"})
    listed_now = desk.ask("GET", desk.user("tenant-1") + "/acquiredPlans")
    desk.ask("DELETE", desk.user("tenant-1"))

    assert made.status == 200
    assert made.body["planId"] == f"{desk.root}/providers/{SUBSCRIPTIONS}/plans/gold"
    assert listed_now.body["value"] == [made.body]
    assert code(desk.ask("GET", path)) == "PlanAcquisitionNotFound"


def test_a_network_quota_goes_in_seconds(desk: Desk) -> None:
    """DELETE is an operation at another namespace and region than the quota's own (recorded)."""
    path = desk.quota("Network", "small")
    made = desk.ask("PUT", path, {"properties": {"maxNicsPerSubscription": 4}})
    begun = desk.ask("DELETE", path)
    follow, where = ("/" + begun.headers[name].split("/", 3)[3] for name in ("azure-asyncoperation", "location"))
    early = desk.ask("GET", follow), desk.ask("GET", where)
    desk.stamp.clock.advance(10)
    late = desk.ask("GET", follow), desk.ask("GET", where)

    assert (made.status, begun.status, begun.headers["retry-after"]) == (201, 202, "10")
    assert "/providers/Microsoft.Network/locations/westus/" in follow
    assert [answer.status for answer in (*early, *late)] == [200, 202, 200, 204]
    assert (early[0].body, late[0].body) == ({"status": "InProgress"}, {"status": "Succeeded"})


def test_subscriptions_move_between_providers(desk: Desk) -> None:
    """A move is an operation: both headers, one says how it stands, the other is empty when it is done."""
    desk.chain()
    target = f"{desk.root}/providers/{SUBSCRIPTIONS}/delegatedProviders/reseller/offers/gold"
    sent = {"resources": [desk.user("tenant-1")], "targetDelegatedProviderOffer": target}
    begun = desk.ask("POST", f"providers/{SUBSCRIPTIONS}/moveSubscriptions", sent)
    desk.stamp.clock.advance(60)
    follow, where = ("/" + begun.headers[name].split("/", 3)[3] for name in ("azure-asyncoperation", "location"))

    assert begun.status == 202
    assert desk.ask("GET", follow).body["status"] == "Succeeded"
    assert desk.ask("GET", where).status == 204
    assert desk.ask("GET", desk.user("tenant-1")).body["delegatedProviderSubscriptionId"] == "reseller"


def test_tenants_see_public_offers_and_their_own_subscriptions(stamp: Stamp) -> None:
    """In the tenant's form: no owner, the offer by its short id; somebody else's subscription is none of theirs."""
    Desk(stamp).chain()
    owner = Desk(stamp, stamp.add_principal("erp@contoso.example", None), plane="management")
    other = Desk(stamp, stamp.add_principal("else@contoso.example", None), plane="management")
    version = "?api-version=2015-11-01"
    mine = owner.ask("GET", f"/subscriptions{version}").body["value"]

    assert owner.ask("GET", f"/offers{version}").body["value"] == [
        {"id": "/delegatedProviders/default/offers/gold", "name": "gold", "displayName": "Gold", "description": ""}
    ]
    assert [body["offerId"] for body in mine] == ["/delegatedProviders/default/offers/gold"]
    assert "owner" not in mine[0]
    assert other.ask("GET", f"/subscriptions{version}").body["value"] == []
    assert other.ask("GET", f"/subscriptions/tenant-1{version}").status == 403


def test_a_tenant_subscribes_and_leaves(stamp: Stamp) -> None:
    """To a public offer, with an id of its own choice."""
    admin = Desk(stamp)
    admin.chain()
    tenant = Desk(stamp, stamp.add_principal("new@contoso.example", None), plane="management")
    path = "/subscriptions/chosen?api-version=2015-11-01"
    made = tenant.ask("PUT", path, {"offerId": "/delegatedProviders/default/offers/gold", "displayName": "Mine"})

    assert (made.status, made.body["state"]) == (201, "Enabled")
    assert admin.ask("GET", admin.user("chosen")).body["owner"] == "new@contoso.example"
    assert admin.ask("GET", admin.inside("offers", "gold")).body["properties"]["subscriptionCount"] == 2
    assert tenant.ask("DELETE", path).status == 200
    assert admin.ask("GET", admin.user("chosen")).status == 404


def test_delegated_providers_are_subscriptions_with_the_subscriptions_service(desk: Desk) -> None:
    """Whoever has its quota in a plan of its offer."""
    desk.chain()
    before = desk.ask("GET", f"providers/{SUBSCRIPTIONS}/delegatedProviders").body["value"]
    quotas = [desk.quota("Subscriptions", "delegatedProviderQuota")]
    desk.ask("PUT", desk.inside("plans", "gold"), {"properties": {"quotaIds": quotas}})
    after = desk.ask("GET", f"providers/{SUBSCRIPTIONS}/delegatedProviders").body["value"]

    assert (before, [body["subscriptionId"] for body in after]) == ([], ["tenant-1"])
    assert desk.ask("GET", f"providers/{SUBSCRIPTIONS}/delegatedProviders/tenant-1").body == after[0]


def test_a_key_vault_quota_can_only_be_listed(desk: Desk) -> None:
    """There is no GET, PUT or DELETE of one."""
    for method in ("GET", "PUT", "DELETE"):
        assert desk.ask(method, desk.quota("KeyVault", "Unlimited"), {}).status == 405


def test_the_loader_refuses_another_stamps_objects(stamp: Stamp) -> None:
    """Ids below another default provider subscription belong to another stamp."""
    other = "/subscriptions/0/providers/Microsoft.Compute.Admin/locations/redmond/quotas/x"

    with pytest.raises(ValueError, match="not below"):
        stamp.load([{"id": other}])


def test_writes_are_remembered_and_reads_are_not_writes(desk: Desk) -> None:
    """So that a test can see that nothing was written."""
    desk.ask("GET", desk.quota("Compute", ""))
    desk.stamp.faults.append(Fault("PUT", status=503))
    desk.ask("PUT", desk.quota("Compute", "x"), {})

    assert [(record.method, record.status) for record in desk.stamp.writes] == [("PUT", 503)]
    assert len(desk.stamp.requests) == 2


def test_every_row_says_where_it_comes_from_and_assumptions_are_sentences() -> None:
    """No row without a source; nothing assumed is said twice, or without an end."""
    sentences = listed()

    assert {rule.source for rule in RULES} <= {"recorded", "swagger", "documented", "assumed"}
    assert len(sentences) == len(set(sentences)) > 20
    assert [text for text in sentences if not text.endswith(".") or "\n" in text] == []
    assert [rule.types for rule in RULES if rule.source == "assumed" and not rule.assumed] == [
        "subscriptions/operationresults"
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_a_population_is_consistent_and_always_the_same(stamp: Stamp, seed: int) -> None:
    """Loaded as it is: no id twice, counts right, and every list shows it as it was made."""
    made = population(stamp, 120, seed=seed)
    stamp.load(made)
    desk = Desk(stamp)
    stored = {body["id"]: body for body in stamp.objects()}
    plans = desk.ask("GET", f"providers/{SUBSCRIPTIONS}/plans").body["value"]

    assert json.dumps(made) == json.dumps(population(stamp, 120, seed=seed))
    assert len({body["id"].lower() for body in made}) == len(made)
    assert [body for body in made if stored[body["id"]] != body] == []
    assert [plan for plan in plans if plan not in made] == []
    assert len(desk.ask("GET", f"providers/{SUBSCRIPTIONS}/subscriptions").body["value"]) == 120


NAMES = st.sampled_from(["small", "Small", "large one", "größe", "0", "a.b"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["PUT", "PUT", "DELETE"]),
        st.sampled_from(["Compute", "Network", "Storage", "ContainerRegistry", "plans", "offers", "users"]),
        NAMES,
        st.integers(0, 9),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_after_any_writes_a_list_is_what_single_reads_say(steps: list[tuple[str, str, str, int]]) -> None:
    """Whatever was written and deleted: each item of a list equals its own GET, each name stands in it once."""
    desk = Desk(new())
    desk.chain()
    for method, kind, name, number in steps:
        assert desk.ask(method, _path(desk, kind, name), _body(desk, kind, number)).status < 500
    for kind in ("Compute", "Network", "Storage", "ContainerRegistry", "plans", "offers", "users"):
        items = desk.ask("GET", _path(desk, kind, "")).body["value"]
        keys = [body["id"].lower() for body in items]

        assert len(keys) == len(set(keys))
        assert [desk.ask("GET", body["id"]).body for body in items] == items


def _path(desk: Desk, kind: str, name: str) -> str:
    if kind == "users":
        return desk.user(name)
    return desk.inside(kind, name) if kind in {"plans", "offers"} else desk.quota(kind, name)


def _body(desk: Desk, kind: str, number: int) -> dict[str, Any]:
    if kind == "users":
        return desk.tenant(displayName=str(number))
    if kind == "offers":
        return desk.offer(["Private", "Public", "Decommissioned"][number % 3])
    return {"properties": {"coresLimit": number} if kind == "Compute" else {"description": str(number)}}
