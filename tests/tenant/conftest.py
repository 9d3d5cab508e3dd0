"""A stamp with one subscription, under each identity system, and that subscription's owner."""

from collections.abc import Iterator

import pytest
from tests.asking import Desk
from tests.tenant.asking import GROUP, Tenant

from restamp.simulator import Stamp


@pytest.fixture(params=["ADFS", "AzureAD"])
def stamp(request: pytest.FixtureRequest) -> Iterator[Stamp]:
    made = Stamp(region="redmond", domain="ext.contoso.example", identity=request.param)
    Desk(made).chain()
    yield made
    made.close()


@pytest.fixture
def owner(stamp: Stamp) -> Tenant:
    """The owner of the subscription tenant-1, with a group in it."""
    desk = Tenant(stamp, stamp.add_user("erp@contoso.example", "pa55 word"))
    assert desk.ask("PUT", GROUP, {"location": "redmond", "tags": {"env": "prod"}}).status == 201
    return desk
