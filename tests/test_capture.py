"""A capture and what it is good for: the same documents come back from a stamp that was built from them."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from restamp import objects
from restamp.arm.client import Arm
from restamp.capture import Capture, capture
from restamp.errors import NothingHappened, Refused
from restamp.kind import Kinds
from restamp.kinds.groups import ResourceGroup
from restamp.kinds.subscriptions import Plan
from restamp.models.document import Document
from restamp.models.stamp import Stamp as StampFile
from restamp.plugins import all_kinds
from restamp.runbook import Runbook, load, save
from restamp.runbook.model import in_order
from restamp.runbook.save import Changed, own_file
from restamp.simulator import Fault, Stamp, builtin
from restamp.simulator.population import population
from restamp.simulator.recordings import exchanges, initial_state

from .populations import populations
from .serving import DOMAIN, REGION, new_stamp, served, settings_for

RECORDINGS = Path(__file__).parent / "recordings"
STAMP = StampFile(region=REGION, domain=DOMAIN, identity="ADFS")
SMALL = "quotas/compute/Default Quota.yaml"


def bare(**place: Any) -> Stamp:
    """A stamp that knows its region, and has not even built-in quotas."""
    stamp = new_stamp(seed=7, built_in=False, **place)
    stamp.load(body for body in builtin.objects(stamp.state) if "/quotas/" not in body["id"])
    return stamp


def captured(arm: Arm, folder: Path) -> Capture:
    """A capture into a folder that knows its stamp."""
    region = arm.settings.region
    stamp = STAMP.model_copy(update={"region": region})
    folder.mkdir(exist_ok=True)
    if not (folder / "stamp.yaml").exists():
        (folder / "stamp.yaml").write_text(own_file(stamp), "utf-8")
    return capture(arm, load(folder, all_kinds()), lambda _kind, _count: None)


def restored(documents: tuple[Document, ...], arm: Arm) -> None:
    """Every document put, kind after kind; offers get their last state when their subscriptions are there."""
    kinds = all_kinds()
    for later in (frozenset({"state"}), frozenset[str]()):
        for document in documents:
            kind = kinds.of(document)
            waits = kind.wire.late is not None and kind.wire.late.until == "referred"
            if waits or later:
                objects.put(kind, document, arm, kinds, later if waits else frozenset())


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file but the one that says when."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "captured.yaml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def there_and_back(first: Capture, here: Path, there: Path, **place: Any) -> Capture:
    """Save a capture, load it, restore it onto an empty stamp elsewhere, and capture and save that one."""
    save(first.runbook, first.captured)
    with served(bare(**place)) as server, Arm(settings_for(server)) as arm:
        restored(load(here, all_kinds()).documents, arm)
        again = captured(arm, there)
    save(again.runbook, again.captured)
    return again


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(populations())
def test_whatever_is_put_on_an_empty_stamp_is_captured_equal_and_saved_as_the_same_bytes(
    documents: list[Document],
) -> None:
    """Odd names and texts, shared titles, ids that are no UUIDs, plans of one name, add-ons, every state."""
    wanted = in_order(documents, all_kinds())
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        with served(bare()) as server, Arm(settings_for(server)) as arm:
            restored(wanted, arm)
            found = captured(arm, Path(two))
        save(Runbook(STAMP, wanted, all_kinds(), Path(one)), found.captured)
        (Path(one) / "stamp.yaml").write_text(own_file(STAMP), "utf-8")
        save(found.runbook, found.captured)

        assert found.runbook.documents == wanted
        assert [finding for finding in found.findings if finding.code != "left-out"] == []
        assert bytes_of(Path(one)) == bytes_of(Path(two))


def test_everything_in_the_recordings_comes_back_from_a_stamp_that_was_built_from_its_runbook(tmp_path: Path) -> None:
    """The objects of real stamps: captured, restored elsewhere, captured again, and not one byte differs."""
    seed = initial_state(exchanges(RECORDINGS))
    stamp = Stamp.from_seed(seed, domain=DOMAIN)
    stamp.load(offers_that_subscriptions_name(stamp))
    with served(stamp) as server, Arm(settings_for(server)) as arm:
        first = captured(arm, tmp_path / "one")

    again = there_and_back(first, tmp_path / "one", tmp_path / "two", region=seed.region)

    never = {kind.name for kind in all_kinds().on_the_stamp if not first.counted()[kind.name]}
    left = f"backup/{seed.region}.yaml"  # backups are enabled again at the end
    before, after = bytes_of(tmp_path / "one"), bytes_of(tmp_path / "two")
    delegation = {"DirectoryTenant", "OfferDelegation", "DelegatedOffer"}
    assert never == {"NetworkQuota", "ProviderSubscription", "ComputeFeature"} | delegation
    assert not [finding for finding in first.findings if finding.level != "note"]
    assert again.counted() == first.counted() | {"BackupLocation": 0}
    assert before.pop(left)
    assert after == before


def offers_that_subscriptions_name(stamp: Stamp) -> list[dict[str, Any]]:
    """Subscriptions were recorded whose offers were not: those offers, made like one that was."""
    bodies = stamp.objects()
    some = next(body for body in bodies if body.get("type") == "Microsoft.Subscriptions.Admin/offers")
    known = {body["id"].lower() for body in bodies}
    named = {body["offerId"] for body in bodies if "offerId" in body and body["offerId"].lower() not in known}
    groups = {name.split("/providers/")[0] for name in named}
    missing = [group for group in groups if group.lower() not in known]
    made = [{"id": group, "name": group.rpartition("/")[2], "location": stamp.region} for group in missing]
    for name in sorted(named):
        last = name.rpartition("/")[2]
        made.append(some | {"id": name, "name": last, "properties": some["properties"] | {"name": last}})
    return made


def test_a_made_up_population_comes_back_whole(tmp_path: Path) -> None:
    """The tenants of the demo: hundreds of objects with names as people give them."""
    stamp = new_stamp()
    stamp.load(population(stamp, 40))
    with served(stamp) as server, Arm(settings_for(server)) as arm:
        first = captured(arm, tmp_path / "one")

    there_and_back(first, tmp_path / "one", tmp_path / "two")

    assert first.counted()["Subscription"] >= 20
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_capturing_twice_changes_no_file(arm: Arm, tmp_path: Path) -> None:
    """Same stamp, same bytes: the second capture writes nothing at all."""
    first = captured(arm, tmp_path)
    added = save(first.runbook, first.captured).added
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = captured(arm, tmp_path)

    assert SMALL in added
    assert save(again.runbook, again.captured) == Changed((), (), ())
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_people_wrote_survives_a_capture_and_what_they_changed_does_not(arm: Arm, tmp_path: Path) -> None:
    """`note` and `onDestroy` are theirs; a number is the stamp's."""
    first = captured(arm, tmp_path)
    save(first.runbook, first.captured)
    path = tmp_path / SMALL
    text = path.read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("coresLimit"))
    path.write_text(text.replace(line, "coresLimit: 1") + "note: CR-1182\nonDestroy: delete\n", "utf-8")
    again = captured(arm, tmp_path)
    save(again.runbook, again.captured)

    assert path.read_text("utf-8") == text + "note: CR-1182\nonDestroy: delete\n"


def test_an_object_that_is_gone_leaves_the_runbook(arm: Arm, tmp_path: Path, kinds: Kinds) -> None:
    """Deleted on the stamp, its file goes, and its folder if that was the last."""
    group = ResourceGroup(name="offers-rg")
    kind = kinds.of(group)
    objects.put(kind, group, arm, kinds)
    first = captured(arm, tmp_path)
    save(first.runbook, first.captured)
    arm.delete(kind.resource_id(group, arm.place), kind.wire)
    again = captured(arm, tmp_path)

    assert save(again.runbook, again.captured).gone == ("groups/offers-rg.yaml",)
    assert not (tmp_path / "groups").exists()


def test_a_runbook_that_does_not_load_is_not_overwritten(arm: Arm, tmp_path: Path) -> None:
    """What people wrote in it would be lost: the capture refuses and names the line."""
    first = captured(arm, tmp_path)
    save(first.runbook, first.captured)
    with (tmp_path / SMALL).open("a", encoding="utf-8") as file:
        file.write("nota: CR-1182\n")

    with pytest.raises(Refused, match=r"Default Quota.yaml:\d+:1: nota: there is no such field"):
        captured(arm, tmp_path)


def test_a_stamp_that_shows_nothing_is_a_failure_and_not_an_empty_runbook(tmp_path: Path) -> None:
    """Zero objects is what a wrong principal or an unfinished stamp looks like."""
    nothing = pytest.raises(NothingHappened, match="nothing was captured: 0 objects")

    with served(bare()) as server, Arm(settings_for(server)) as arm, nothing:
        captured(arm, tmp_path)


def test_a_list_that_fails_ends_the_capture_before_anything_is_written(arm: Arm, stamp: Stamp, tmp_path: Path) -> None:
    """Half a stamp is not a runbook."""
    stamp.faults = [Fault("GET .*/offers", status=403, times=None)]

    with pytest.raises(Exception, match="403"):
        captured(arm, tmp_path)
    assert bytes_of(tmp_path).keys() == {"stamp.yaml"}


def test_a_list_that_changes_between_its_pages_leaves_no_document_out(arm: Arm, stamp: Stamp, tmp_path: Path) -> None:
    """What is taken away once its page was read moves all others forward, past the next one."""
    kinds, kind = all_kinds(), all_kinds()["ResourceGroup"]
    for name in ("a-first", "b-second", "c-third"):
        objects.put(kind, ResourceGroup(name=name), arm, kinds)
    gone = kind.resource_id(ResourceGroup(name="a-first"), arm.place).lower()
    taken = Fault("GET .*/resourcegroups$", after=2, first=lambda: stamp.state.store.delete(gone))
    stamp.page_size, stamp.faults = 1, [taken]
    found = captured(arm, tmp_path)

    assert taken.hits == 1
    assert [document.name for document in found.runbook.of(kind)] == ["b-second", "c-third"]


def test_a_plan_whose_group_was_not_listed_is_not_covered_and_the_runbook_still_loads(
    arm: Arm, stamp: Stamp, tmp_path: Path
) -> None:
    """A group made between two lists: the plan is told by name, and the next capture is not locked out."""
    kinds = all_kinds()
    for document in (ResourceGroup(name="new"), Plan(name="gold", group="new", display_name="Gold")):
        objects.put(kinds.of(document), document, arm, kinds)
    stamp.faults = [Fault("GET .*/resourcegroups$", status=200, body={"value": []})]
    found = captured(arm, tmp_path)
    save(found.runbook, found.captured)

    assert "Plan new/gold: not covered: its groups/new was not listed" in [str(finding) for finding in found.findings]
    assert load(tmp_path, kinds).documents == found.runbook.documents
    assert captured(arm, tmp_path).counted()["Plan"] == 1


def test_another_stamp_than_the_runbooks_is_refused_before_it_is_read(arm: Arm, tmp_path: Path) -> None:
    """Region and domain, then identity, are compared first, all that differ at once."""
    other = STAMP.model_copy(update={"identity": "AzureAD"})
    elsewhere = STAMP.model_copy(update={"region": "seattle"})

    with pytest.raises(Refused, match="identity is ADFS, and the runbook says AzureAD"):
        capture(arm, Runbook(other, (), all_kinds(), tmp_path), lambda _kind, _count: None)
    with pytest.raises(Refused, match=r"region or domain is redmond.ext.contoso.example, and the runbook says seattle"):
        capture(arm, Runbook(elsewhere, (), all_kinds(), tmp_path), lambda _kind, _count: None)


def test_a_capture_says_what_it_is_of(arm: Arm, stamp: Stamp, tmp_path: Path) -> None:
    """Deployment, cloud and versions tell the next recovery which stamp was lost."""
    found = captured(arm, tmp_path)

    assert found.captured.documents == len(found.runbook.documents) == sum(found.counted().values())
    assert found.captured.deployment in (stamp.deployment_id, None)
