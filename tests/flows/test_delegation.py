"""Delegated providers and their customers: what only a delegate can bring back is waited for, and then goes on."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.flows.world import REGION, World, contents
from tests.proof.way import bytes_of

from restamp.simulator import Stamp

DELEGATE, CUSTOMER = (f"c66cb1bf-3d5e-4a44-9f0a-{number:012d}" for number in (1, 0))


def admin(stamp: Stamp) -> str:
    return f"/subscriptions/{stamp.provider_subscription}/providers/Microsoft.Subscriptions.Admin"


def published(stamp: Stamp) -> dict[str, Any]:
    """The offer that the delegate gives to its own customers."""
    place = f"{admin(stamp)}/delegatedProviders/{DELEGATE}/offers/theirs"
    plan = f"/subscriptions/{stamp.provider_subscription}/resourceGroups/offers-rg"
    properties = {"displayName": "Theirs", "description": "", "state": "Public"}
    properties |= {"basePlanIds": [f"{plan}/providers/Microsoft.Subscriptions.Admin/plans/gold"]}
    return {"id": place, "name": "theirs", "location": REGION, "properties": properties}


def delegated(stamp: Stamp) -> list[dict[str, Any]]:
    """A small stamp with a delegated provider and one customer of it, whose id comes before the delegate's."""
    *rest, customer, delegate = contents(stamp, 2)
    offer = published(stamp)
    customer |= {"offerId": offer["id"], "delegatedProviderSubscriptionId": DELEGATE}
    given = f"{delegate['offerId']}/offerDelegations/to-them"
    delegation = {"id": given, "name": "gold/to-them", "location": REGION, "properties": {"subscriptionId": DELEGATE}}
    return [*rest, customer, delegate, delegation, offer]


@pytest.fixture
def lost(tmp_path: Path) -> World:
    """The runbook of such a stamp, which is no more."""
    world = World(tmp_path)
    with world.stamp_of(1) as stamp:
        stamp.load(delegated(stamp))
        world.restamp("capture", "--stamp", f"{REGION}.ext.contoso.example")
    return world


def test_customers_wait_until_their_delegate_has_published_again(lost: World) -> None:
    """Waiting is not failing: delegate, offer and what to do are named, and the next `up` writes them alone."""
    before = bytes_of(lost.runbook)
    file = next((lost.runbook / "subscriptions").glob(f"*{CUSTOMER}.yaml"))
    assert yaml.safe_load(file.read_text())["offer"] == "delegated/theirs"
    with lost.stamp_of(2) as stamp:
        lost.restamp("begin", "r")
        told = lost.restamp("up", status=3)
        assert "control-plane-restored stays closed: 2 of" in told
        offer = f"{DELEGATE}/theirs"
        waits = "by tenant: its delegate publishes it again, in the user portal (Subscription Contoso ERP 1)"
        assert f"DelegatedOffer delegated/{offer}: waiting: is not there: the API only reads it; {waits}" in told
        assert f"Subscription {CUSTOMER}: waiting: waits for offers/delegated/{offer} (waiting: is not there" in told
        plan = lost.restamp("status", "--all", status=3)
        assert "  not by restamp: 1 DelegatedOffer: the API only reads it; by tenant: its delegate publishes it" in plan
        assert "next: restamp up" in plan
        needs = lost.restamp("up", "--only", f"Subscription {CUSTOMER}", "--yes", status=2)
        assert f"it needs DelegatedOffer delegated/{offer}, which the stamp has not" in needs
        assert not any(CUSTOMER in str(body["id"]) for body in stamp.objects())

        stamp.load([published(stamp)])
        assert "1 created" in lost.restamp("up")
        assert "0 differences, 0 unexpected, 0 not verified" in lost.restamp("verify")
        lost.restamp("capture")
    kept = {name: content for name, content in bytes_of(lost.runbook).items() if not name.startswith("recoveries/")}
    assert kept == before


def test_what_a_delegate_published_otherwise_is_named_by_field(lost: World) -> None:
    """Nobody writes over a delegate's offer; its customers wait until it is what they had, or is accepted."""
    with lost.stamp_of(2) as stamp:
        lost.restamp("begin", "r")
        other = published(stamp)
        stamp.load([other | {"properties": other["properties"] | {"displayName": "Ours"}}])
        told = lost.restamp("up", status=3)

        assert "waiting: differs in displayName: the API only reads it" in told
        assert stamp.state.get(published(stamp)["id"]) is not None
        assert not any(f"/subscriptions/{CUSTOMER}" in str(body["id"]) for body in stamp.objects())
