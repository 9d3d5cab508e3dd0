"""A simulated stamp that is busy, slow or forgetful: budgets, latency, pages, short tokens, and answers gone wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError
from tests.asking import Desk
from tests.test_simulator import QUOTAS, Client, certificate

from restamp.simulator import Fault, Stamp, serve
from restamp.simulator.budgets import Budgets, Latency
from restamp.simulator.circumstances import put_under

WRITES, READS = "x-ms-ratelimit-remaining-subscription-writes", "x-ms-ratelimit-remaining-subscription-reads"


@pytest.fixture
def stamp() -> Iterator[Stamp]:
    made = Stamp(region="redmond", domain="ext.contoso.example")
    yield made
    made.close()


@pytest.fixture
def desk(stamp: Stamp) -> Desk:
    return Desk(stamp)


@pytest.fixture
def client(stamp: Stamp) -> Iterator[Client]:
    with serve(stamp) as server:
        made = Client(server)
        yield made
        made.close()


def write(desk: Desk, name: str = "small") -> Any:
    return desk.ask("PUT", desk.quota("Compute", name), {"properties": {"coresLimit": 8}})


def test_a_stamp_has_no_budgets_unless_it_is_given_some(desk: Desk) -> None:
    """Hundreds of writes at once are all done."""
    assert {write(desk, f"q{number}").status for number in range(300)} == {200}


def test_an_empty_budget_refuses_and_nothing_is_done(stamp: Stamp, desk: Desk) -> None:
    """429 with whole seconds and a code, for writes alone; after that time the same request is done."""
    stamp.budgets = Budgets(writes_per_second=0.2, burst=10)
    good = [write(desk, f"q{number}") for number in range(2)]
    refused = write(desk, "late")
    absent = desk.ask("GET", desk.quota("Compute", "late"))
    stamp.clock.advance(int(refused.headers["retry-after"]))
    late = write(desk, "late")

    assert [answer.status for answer in good] == [200, 200]
    assert (refused.status, refused.body["error"]["code"]) == (429, "TooManyRequests")
    assert 4 <= int(refused.headers["retry-after"]) <= 5
    assert absent.status == 404
    assert late.status == 200


def test_remaining_counts_are_those_of_the_bucket(stamp: Stamp, desk: Desk) -> None:
    """Each write takes one, time brings them back, never more than the bucket holds; reads are another matter."""
    stamp.budgets = Budgets(writes_per_second=0.01, burst=500)
    left = [write(desk).headers[WRITES] for _ in range(3)]
    stamp.clock.advance(200)
    later = write(desk).headers[WRITES]
    stamp.clock.advance(1e6)
    full = write(desk).headers[WRITES]
    read = desk.ask("GET", desk.quota("Compute", "small"))

    assert left == ["4", "3", "2"]
    assert (later, full) == ("3", "4")
    assert int(read.headers[READS]) > 14000


def test_every_subscription_has_its_own_budget_and_all_share_the_global_one(stamp: Stamp) -> None:
    """One that has used up its own does not hurt the other, until there is nothing left for anybody."""
    admin = stamp.add_principal("everywhere", "Owner", scope="/")
    desk = Desk(stamp, admin, "management")
    Desk(stamp).chain()
    Desk(stamp).ask("PUT", Desk(stamp).user("tenant-2"), Desk(stamp).tenant())
    stamp.budgets = Budgets(writes_per_second=0.002, global_writes_per_second=0.003, burst=1000)

    def group(subscription: str) -> int:
        path = f"/subscriptions/{subscription}/resourcegroups/g"
        return desk.ask("PUT", path, {"location": stamp.region}).status

    answers = [group(name) for name in ("tenant-1", "TENANT-1", "tenant-1", "tenant-2", "tenant-2")]
    assert [answer // 100 for answer in answers] == [2, 2, 4, 2, 4]
    assert answers[2] == answers[4] == 429


def test_reads_and_deletes_have_budgets_of_their_own(stamp: Stamp, desk: Desk) -> None:
    """HEAD and lists are reads; POST would be a write."""
    stamp.budgets = Budgets(reads_per_second=0.001, deletes_per_second=0.001, burst=1)
    first, second = (desk.ask("GET", "resourcegroups").status for _ in range(2))
    gone, again = (desk.ask("DELETE", desk.quota("Compute", "none")).status for _ in range(2))

    assert (first, second) == (200, 429)
    assert (gone < 429, again) == (True, 429)
    assert write(desk).status == 200


def test_answers_take_their_time_and_do_not_hold_up_each_other(stamp: Stamp, desk: Desk) -> None:
    """Reads and writes each their own, with a share of jitter; only the sending waits."""
    stamp.latency = Latency(read=0.02, write=0.05, jitter=0.5)
    reads = [desk.ask("GET", "resourcegroups").delay for _ in range(20)]

    assert all(0.02 <= delay <= 0.03 for delay in reads)
    assert len(set(reads)) > 1
    assert 0.05 <= write(desk).delay <= 0.075


def test_all_circumstances_are_set_and_ended_by_one_call(stamp: Stamp, desk: Desk) -> None:
    """What is not given is as it was at first."""
    put_under(stamp, Budgets(writes_per_second=0.001), Latency(write=1.0), page_size=2, token_lifetime=60)
    refused = [write(desk), write(desk)][1]
    put_under(stamp)

    assert (refused.status, refused.delay) == (429, 1.0)
    assert (write(desk).status, write(desk).delay) == (200, 0.0)


def pages(client: Client, path: str) -> list[list[str]]:
    """The names on each page of a list, asked for by the links of the stamp alone."""
    found = []
    answer = client.send("GET", path)
    found.append([body["name"] for body in answer.json()["value"]])
    while url := answer.json().get("nextLink"):
        answer = client.session.get(url, headers={"Authorization": f"Bearer {token(client)}"})
        found.append([body["name"] for body in answer.json()["value"]])
    return found


def token(client: Client) -> str:
    return str(client.credential.get_token(client.metadata["authentication"]["audiences"][0] + "/.default").token)


def test_lists_are_paged_with_links_on_the_true_host(client: Client) -> None:
    """Five quotas and the built-in one, two a page; the last page has no link."""
    for number in range(5):
        client.send("PUT", f"{QUOTAS}/q {number}", json={"properties": {}})
    client.stamp.page_size = 2
    first = client.send("GET", QUOTAS).json()
    found = pages(client, QUOTAS)

    assert first["nextLink"].startswith("https://adminmanagement.redmond.ext.contoso.example/subscriptions/")
    assert [len(page) for page in found] == [2, 2, 2]
    assert sorted(name for page in found for name in page) == ["Default Quota", *(f"q {number}" for number in range(5))]


def test_a_list_that_changes_between_two_pages_leaves_one_out(client: Client) -> None:
    """The first one is deleted when the second page is asked for: the third slips through between them."""
    for number in range(5):
        client.send("PUT", f"{QUOTAS}/q{number}", json={"properties": {}})
    whole = [body["name"] for body in client.send("GET", QUOTAS).json()["value"]]
    client.stamp.page_size = 2
    desk = Desk(client.stamp)
    client.stamp.faults.append(
        Fault("GET .*/quotas$", after=1, first=lambda: desk.ask("DELETE", desk.quota("Compute", whole[0])))
    )
    found = [name for page in pages(client, QUOTAS) for name in page]

    assert found == [name for name in whole if name != whole[2]]


def test_half_an_answer_is_told_from_a_whole_one(client: Client) -> None:
    """The connection ends in the middle of the body, after all was done."""
    client.stamp.faults.append(Fault("PUT .*/quotas/half", halve_answer=True))
    with pytest.raises(AzureError):
        client.send("PUT", f"{QUOTAS}/half", json={"properties": {"coresLimit": 1}})

    assert client.send("GET", f"{QUOTAS}/half").json()["properties"]["coresLimit"] == 1


def test_half_an_answer_came_with_its_whole_length(client: Client) -> None:
    """What is read of it is the first half of the body that its length promised."""
    client.stamp.faults.append(Fault("GET .*/quotas$", halve_answer=True))
    url = f"https://{client.stamp.state.host('adminmanagement')}{client.stamp.state.root}/{QUOTAS}"
    headers = {"Authorization": f"Bearer {token(client)}"}
    answer = client.session.get(f"{url}?api-version=2021-01-01", headers=headers, stream=True)
    promised = int(answer.headers["content-length"])
    with pytest.raises(requests.exceptions.RequestException):
        _ = answer.content

    assert answer.status_code == 200
    assert promised > 50


def test_what_was_just_made_may_be_absent_for_a_while(stamp: Stamp, desk: Desk) -> None:
    """201, then 404 until the stamp's clock has gone on; the list has it all the time."""
    stamp.faults.append(Fault("PUT .*/quotas/young", forget_for=30))
    made = write(desk, "young")
    path = desk.quota("Compute", "young")
    absent = [desk.ask("GET", path), desk.ask("GET", path.upper())]
    listed = [body["name"] for body in desk.ask("GET", QUOTAS).body["value"]]
    stamp.clock.advance(31)
    there = [desk.ask("GET", path).status for _ in range(2)]

    assert made.status == 200
    assert [(answer.status, answer.body["error"]["code"]) for answer in absent] == [(404, "ResourceNotFound")] * 2
    assert "young" in listed
    assert there == [200, 200]


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(minutes=-5)], ids=["ahead", "behind"])
def test_a_certificate_signs_in_where_the_clocks_are_five_minutes_apart(stamp: Stamp, ahead: timedelta) -> None:
    """The stamp's clock is ahead of the client's, or behind it: the assertion is good, and so is the token."""
    stamp.clock.set(datetime.now(UTC) + ahead)
    public, pem = certificate()
    principal = stamp.add_principal("by-certificate", "Reader", certificate=public)
    with serve(stamp) as server:
        client = Client(server, principal, pem)
        answers = [client.send("GET", QUOTAS).status_code for _ in range(2)]
        client.close()

    assert answers == [200, 200]


def test_a_token_that_ends_meanwhile_is_renewed_by_an_unmodified_client(client: Client) -> None:
    """Tokens are good for a minute here: one that has ended is refused, and the SDK signs in again by itself."""
    put_under(client.stamp, token_lifetime=60)
    first = client.send("GET", QUOTAS).status_code
    old = token(client)
    client.stamp.clock.advance(61)
    url = f"https://{client.stamp.state.host('adminmanagement')}{client.stamp.state.root}/{QUOTAS}"
    refused = client.session.get(f"{url}?api-version=2021-01-01", headers={"Authorization": f"Bearer {old}"})
    second = client.send("GET", QUOTAS).status_code

    assert (first, second) == (200, 200)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")
