"""The tenant endpoint speaks both API profiles that the Hub documents, each type in its versions, and no other.

Source: the profiles 2019-03-01-hybrid and 2020-09-01-hybrid of Microsoft's swagger and operator's guides.
"""

from collections.abc import Iterator

import pytest
from tests.asking import Desk

from restamp.simulator import Stamp
from restamp.simulator.messages import Request

S = "/subscriptions/tenant-1"
TYPES = {
    "/subscriptions": ("2016-06-01", "2016-06-01"),
    S: ("2016-06-01", "2016-06-01"),
    f"{S}/resourcegroups": ("2018-05-01", "2019-10-01"),
    f"{S}/resourcegroups/app": ("2018-05-01", "2019-10-01"),
    f"{S}/providers": ("2018-05-01", "2019-10-01"),
    f"{S}/providers/Microsoft.KeyVault": ("2018-05-01", "2019-10-01"),
    f"{S}/providers/Microsoft.Authorization/roleDefinitions": ("2015-07-01", "2015-07-01"),
    f"{S}/providers/Microsoft.Authorization/roleAssignments": ("2015-07-01", "2015-07-01"),
    f"{S}/providers/Microsoft.Authorization/policyDefinitions": ("2016-12-01", "2016-12-01"),
    f"{S}/providers/Microsoft.Authorization/policyAssignments": ("2016-12-01", "2016-12-01"),
    f"{S}/providers/Microsoft.Authorization/locks": ("2016-09-01", "2016-09-01"),
    f"{S}/providers/Microsoft.KeyVault/vaults": ("2016-10-01", "2019-09-01"),
}


@pytest.fixture
def owner() -> Iterator[Desk]:
    """The owner of a subscription, with a group in it."""
    stamp = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS")
    Desk(stamp).chain()
    desk = Desk(stamp, stamp.add_user("erp@contoso.example", "pa55 word"), plane="management")
    assert desk.ask("PUT", f"{S}/resourcegroups/app?api-version=2018-05-01", {"location": "redmond"}).status == 201
    yield desk
    stamp.close()


def asked(desk: Desk, path: str, version: str) -> tuple[int, str]:
    """Status and code of the answer to a GET in a version."""
    headers = {"authorization": f"Bearer {desk.token}"}
    answer = desk.stamp.handle(
        Request("GET", desk.stamp.state.host("management"), path, {"api-version": version}, headers)
    )
    return answer.status, str((answer.body or {}).get("error", {}).get("code", ""))


@pytest.mark.parametrize("path", TYPES)
def test_each_type_answers_in_both_profiles_and_in_no_version_that_the_hub_never_had(owner: Desk, path: str) -> None:
    """What Azure alone has is refused as Resource Manager documents it."""
    assert [asked(owner, path, version) for version in TYPES[path]] == [(200, ""), (200, "")]
    status, code = asked(owner, path, "2023-07-01")
    assert (status, code) in [(400, "NoRegisteredProviderFound"), (400, "InvalidApiVersionParameter")]
