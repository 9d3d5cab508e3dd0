"""The bar: what real stamps answered is what the simulated one answers, under any names."""

import json
import re
from pathlib import Path

import pytest
from tests.conformance.compare import GUID, Names, bodies, headers
from tests.conformance.replay import Outcome, main, replay

from restamp import simulator
from restamp.simulator.addresses import parse
from restamp.simulator.recordings import Exchange, exchanges, initial_state

RECORDINGS = Path(__file__).parent.parent / "recordings"
EXACT = ("write", "error", "poll", "read after write")
BUILT_IN = {"default quota", "delegatedproviderquota"}  # a new stamp has them: recorded on every stamp, documented
PRODUCT = {"fabricLocations/infraRoles", "updateLocations/updates/updateRuns", "fabricLocations/fileShares"}


@pytest.fixture(scope="module")
def recorded() -> list[Exchange]:
    return exchanges(RECORDINGS)


def differences(outcome: Outcome, *kinds: str) -> list[str]:
    return [
        f"{result.exchange.source} {result.exchange.method} {result.exchange.path}: {difference}"
        for result in outcome.results
        if not kinds or result.kind in kinds
        for difference in result.differences
    ]


@pytest.mark.parametrize("number", [None, 1, 20])
def test_recorded_exchanges_conform_under_their_own_and_any_other_names(
    recorded: list[Exchange], number: int | None
) -> None:
    """All writes, errors, polls and reads after writes conform, 99 % of all, and every shape at least once."""
    outcome = replay(recorded, number)
    conforming = {result.shape for result in outcome.results if not result.differences}

    assert differences(outcome, *EXACT) == []
    assert len(outcome.results) == 390
    assert outcome.conforming >= 0.99 * len(outcome.results), differences(outcome)
    assert {result.shape for result in outcome.results} == conforming


def test_a_renaming_leaves_nothing_of_a_recording_but_its_kinds(recorded: list[Exchange]) -> None:
    """Scrambled, a recording shares no guid with the original: so no answer can have been looked up."""
    before = {guid for exchange in recorded for guid in GUID.findall(exchange.url + (exchange.answered or ""))}
    outcome = replay(recorded, 3)
    texts = [result.exchange.url + (result.exchange.answered or "") for result in outcome.results]
    after = {guid for text in texts for guid in GUID.findall(text)}

    assert after
    assert not before & after


def test_no_recorded_name_is_in_the_simulators_sources(recorded: list[Exchange]) -> None:
    """Rules hold no object's name, id or subscription; names that every new stamp has, and the product's, are free."""
    names: set[str] = set()
    for exchange in (result.exchange for result in replay(recorded).results):
        address = parse(exchange.path)
        if "/".join(address.types) in PRODUCT:
            continue
        names |= {*address.names, address.group or "", address.subscription or ""}
        names |= set(GUID.findall(exchange.answered or ""))
        for name in re.findall(r'"(?:displayN|n)ame":\s*"([^"]*)"', exchange.answered or ""):
            names |= set(name.split("/"))
    long = {name.lower() for name in names if len(name) >= 12} - BUILT_IN
    folder = Path(simulator.__file__).parent
    sources = "\n".join(file.read_text("utf-8") for file in sorted(folder.glob("*.py"))).lower()

    assert len(long) > 100
    assert sorted(name for name in long if name in sources) == []


def test_an_object_that_a_recording_writes_first_is_not_in_its_seed(recorded: list[Exchange]) -> None:
    """What is created in a recording has to come from the simulator, not from the seed."""
    for source in {exchange.source for exchange in recorded if "Quota" in exchange.source or "Plan" in exchange.source}:
        file = [exchange for exchange in recorded if exchange.source == source]
        seeded = {body["id"].lower() for body in initial_state(file).objects}
        created = {exchange.path.lower() for exchange in file if exchange.method == "PUT" and exchange.status == 201}

        assert not seeded & created


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"value": [{"id": "/a", "n": 1}]}, {"value": [{"id": "/a", "n": 2}]}),
        ({"value": [{"id": "/a"}]}, {"value": []}),
        ({"value": [{"id": "/a"}]}, {"value": [{"id": "/a"}, {"id": "/b"}]}),
        ({"description": ""}, {}),
        ({}, {"description": ""}),
        ({"tags": None}, {"tags": {}}),
        ({"on": True}, {"on": 1}),
        ({"ids": ["/a", "/b"]}, {"ids": ["/b", "/a"]}),
        ({"time": "2020-06-27T00:49:37.4833333Z"}, {"time": "2020-06-27T00:49:37Z"}),
    ],
)
def test_the_judge_sees_a_difference(theirs: object, ours: object) -> None:
    """What is not the same is said."""
    assert list(bodies("body", theirs, ours, Names()))


def test_the_judge_binds_fresh_guids_one_to_one() -> None:
    """A guid made up by the stamp may differ, but always in the same way; a guid that was sent may not."""
    one, two = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    other = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
    names = Names()

    assert not list(bodies("etag", one, other, names))
    assert not list(bodies("etag", one, other, names))
    assert list(bodies("etag", one, two, names))
    assert list(bodies("etag", two, other, names))

    names.learn(json.dumps({"sent": two}))

    assert list(bodies("id", two, one, names))


def test_the_judge_compares_headers() -> None:
    """A missing, another or an additional header is a difference; the number of a rate limit is none."""
    theirs = {"retry-after": "10", "x-ms-ratelimit-remaining-subscription-reads": "14999"}

    assert not list(headers(theirs, theirs | {"x-ms-ratelimit-remaining-subscription-reads": "7"}, Names()))
    assert list(headers(theirs, {"x-ms-ratelimit-remaining-subscription-reads": "1"}, Names()))
    assert list(headers(theirs, theirs | {"retry-after": "60"}, Names()))
    assert list(headers(theirs, theirs | {"etag": 'W/"x"'}, Names()))


def test_the_command_says_how_many_conform(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last line is the verdict; the table is above it; services without a table are named."""
    source = RECORDINGS / "Azs.KeyVault.Admin" / "Get-AzsKeyvaultQuota.Recording.json"
    other = source.read_text("utf-8-sig").replace("Microsoft.KeyVault.Admin", "Microsoft.Commerce.Admin")
    (tmp_path / "Azs.Commerce.Admin").mkdir()
    (tmp_path / "Azs.Commerce.Admin" / "Usage.Recording.json").write_text(other, "utf-8")
    status = main([str(RECORDINGS), str(tmp_path), "--scramble", "5"])
    printed = capsys.readouterr().out.splitlines()

    assert status == 0
    assert printed[-1] == "390 of 390 exchanges conform"
    assert printed[0].split()[0] == "service"
    assert any("not simulated" in line and "Azs.Commerce.Admin" in line for line in printed)


def test_the_command_fails_below_the_bar_and_shows_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording that answers otherwise than the stamp is not passed over."""
    source = RECORDINGS / "Azs.Storage.Admin" / "New-AzsStorageQuota.Recording.json"
    (tmp_path / "bent.Recording.json").write_text(source.read_text("utf-8-sig").replace("200", "201"), "utf-8")

    assert main([str(tmp_path), "-v"]) == 1
    assert "status: 200 instead of 201" in capsys.readouterr().out
    assert main([str(tmp_path / "nothing")]) == 2
