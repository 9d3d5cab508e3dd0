"""Whose a subscription is, who sees it, and in which states it can be written."""

import uuid

from tests.asking import Desk
from tests.tenant.asking import AUTHORIZATION, GROUP, READER, S, Tenant, code

from restamp.simulator import Principal, Stamp


def test_an_owner_has_all_of_a_subscription_and_the_operator_nothing(stamp: Stamp, owner: Tenant) -> None:
    """By the owner's name alone, until the operator gives the subscription to somebody else."""
    operator, heir = Tenant(stamp, stamp.admin), Tenant(stamp, stamp.add_user("heir@contoso.example", "x"))
    before = [desk.ask("GET", f"{S}/resourcegroups").status for desk in (owner, operator, heir)]
    Desk(stamp).ask("PUT", Desk(stamp).user("tenant-1"), Desk(stamp).tenant(owner="heir@contoso.example"))
    after = [desk.ask("GET", f"{S}/resourcegroups").status for desk in (owner, operator, heir)]

    assert (before, after) == ([200, 403, 403], [403, 403, 200])
    assert [len(desk.ask("GET", "/subscriptions").body["value"]) for desk in (owner, operator, heir)] == [0, 0, 1]
    assert Desk(stamp).ask("GET", f"{S}/resourcegroups").status == 404


def test_a_disabled_subscription_is_read_and_not_written(stamp: Stamp, owner: Tenant) -> None:
    """Until it is enabled again."""
    admin = Desk(stamp)
    admin.ask("PUT", admin.user("tenant-1"), admin.tenant(state="Disabled"))

    assert owner.ask("GET", GROUP).status == 200
    assert code(owner.ask("DELETE", GROUP)) == "ReadOnlyDisabledSubscription"
    admin.ask("PUT", admin.user("tenant-1"), admin.tenant(state="Enabled"))
    assert owner.ask("DELETE", GROUP).status == 202


def test_a_deleted_subscription_takes_its_inside_with_it(stamp: Stamp, owner: Tenant) -> None:
    """One with the same id begins empty."""
    owner.assign(S, READER, stamp.admin.object_id)
    for method in ("DELETE", "PUT"):
        assert Desk(stamp).ask(method, Desk(stamp).user("tenant-1"), Desk(stamp).tenant()).status in {200, 201}

    assert owner.names(f"{S}/resourcegroups") == []
    assert owner.names(f"{S}/{AUTHORIZATION}/roleAssignments") == []


def test_a_token_is_good_for_one_endpoint(stamp: Stamp, owner: Tenant) -> None:
    """Each has its own audience."""
    admin = Tenant(stamp, stamp.admin, "adminmanagement")
    owner.token, admin.token = admin.token, owner.token

    assert code(owner.ask("GET", "/subscriptions")) == "InvalidAuthenticationTokenAudience"
    assert admin.ask("GET", "/subscriptions").status == 401


def test_somebody_of_another_directory_has_no_place_in_a_subscription() -> None:
    """Though the role was assigned, and the owner's name is the same."""
    stamp = Stamp("redmond", "ext.contoso.example", identity="AzureAD")
    Desk(stamp).chain()
    guest = str(uuid.uuid4())
    stranger = Tenant(stamp, stamp.add_user("erp@contoso.example", "x", tenant=guest))
    answer = stranger.ask("GET", f"{S}/resourcegroups")
    Desk(stamp).ask("PUT", Desk(stamp).user("tenant-1"), Desk(stamp).tenant(tenantId=guest))

    assert (answer.status, code(answer)) == (401, "InvalidAuthenticationTokenTenant")
    assert stranger.ask("GET", f"{S}/resourcegroups").status == 200
    assert (
        Tenant(stamp, stranger_on_admin(stamp, guest), "adminmanagement")
        .ask("GET", f"{Desk(stamp).root}/resourcegroups")
        .status
        == 401
    )


def stranger_on_admin(stamp: Stamp, tenant: str) -> Principal:
    """An application of a guest directory that was given the whole stamp by mistake."""
    return stamp.add_principal("guest", tenant=tenant)


def test_an_owner_has_to_exist_on_a_stamp_that_looks() -> None:
    """Off by default."""
    stamp = Stamp("redmond", "ext.contoso.example", check_owners=True)
    stamp.add_user("erp@contoso.example", "x")
    desk = Desk(stamp)
    desk.chain()
    unknown = desk.ask("PUT", desk.user("tenant-2"), desk.tenant(owner="nobody@contoso.example"))

    assert (unknown.status, code(unknown)) == (400, "OwnerNotFound")
