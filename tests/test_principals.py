"""Who documents mean: names beside ids, old ids that became new ones, and those who are gone."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from restamp import inside, principals
from restamp.arm.client import Arm
from restamp.capture import Capture, capture
from restamp.compare import Comparison, compare
from restamp.errors import Refused
from restamp.inside import Difference
from restamp.kinds.authorization import RoleAssignment
from restamp.kinds.keyvault import Vault
from restamp.models.document import Document
from restamp.models.stamp import Stamp as StampFile
from restamp.plugins import all_kinds
from restamp.runbook import Runbook, load, save
from restamp.runbook.save import own_file
from restamp.simulator import Fault, Principal, Stamp
from restamp.simulator.population import population

from .serving import DOMAIN, REGION, Server, new_stamp, served, settings_for


@dataclass
class Filled:
    """A stamp with two subscriptions and what is in them, which its admin sees."""

    stamp: Stamp
    server: Server
    arm: Arm
    folder: Path

    def captured(self) -> Capture:
        """A capture into the runbook, saved."""
        found = capture(self.arm, principals.as_today(load(self.folder, all_kinds())), lambda _kind, _count: None)
        save(found.runbook, found.captured)
        return found

    def runbook(self) -> Runbook:
        """The runbook as commands load it."""
        return principals.as_today(load(self.folder, all_kinds()))

    def filled(self, runbook: Runbook) -> list[inside.Result]:
        """What became of the contents of the first subscription, once all of it was brought back."""
        holder = next(item for item in runbook.documents if runbook.kinds.of(item).holds == "subscription")
        stamp = inside.way_in(self.arm, holder)
        seen = inside.look(stamp, runbook.kinds, holder)
        seen.gone = inside.gone(runbook.within(holder), seen, runbook.kinds, stamp)

        def noted(_kind: str, _ref: str) -> Any:
            return nullcontext({})

        return inside.bring_back(runbook.within(holder), seen, runbook.kinds, stamp, noted)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """A captured stamp."""
    stamp = new_stamp()
    stamp.load(population(stamp, 2, contents=True, everywhere=stamp.admin))
    (tmp_path / "stamp.yaml").write_text(own_file(StampFile(region=REGION, domain=DOMAIN, identity="ADFS")), "utf-8")
    with served(stamp) as server, Arm(settings_for(server)) as arm:
        yield Filled(stamp, server, arm, tmp_path)


def held(runbook: Runbook, model: type[Any]) -> list[Any]:
    """What subscriptions hold, of one kind."""
    return [item for items in runbook.inside.values() for item in items if isinstance(item, model)]


def person(stamp: Stamp, kind: str) -> Principal:
    """Somebody of the population who has a role."""
    named = {str(body["properties"]["principalId"]) for body in assignments(stamp)}
    others = [each for each in stamp.principals if each != stamp.admin and each.object_id in named]
    return next(each for each in others if each.kind == kind)


def assignments(stamp: Stamp) -> list[dict[str, Any]]:
    """The role assignments on a stamp."""
    return [body for body in stamp.objects() if "/roleAssignments/" in body["id"]]


def without(stamp: Stamp, whose: Callable[[str], bool]) -> None:
    """Let the roles of somebody vanish from a stamp."""
    for body in assignments(stamp):
        if whose(body["properties"]["principalId"]):
            stamp.state.store.delete(body["id"].lower())


def differences(result: Comparison) -> list[Difference]:
    """Everything that differs but secrets, for which no key is at hand here."""
    return [item for item in result.differences if item.kind != "Secret"]


def test_a_capture_writes_the_names_of_people_and_roles_beside_their_ids(filled: Filled) -> None:
    """Users, groups, applications, roles built in and custom, who may what in a vault; who left is not captured."""
    found = filled.captured().runbook
    known = {each.object_id: each.name for each in filled.stamp.principals}
    roles = held(found, RoleAssignment)

    assert {item.principal: item.principal_name for item in roles} == {
        item.principal: known.get(item.principal) for item in roles
    }
    assert {"Contributor", "Reader"} < {item.role_name for item in roles}
    assert any(str(item.role_name).startswith("Vault keeper") for item in roles)
    assert None not in {item.principal_name for item in roles}
    policies = {who: policy.name for item in held(found, Vault) for who, policy in item.access_policies.items()}
    assert policies == {who: known.get(who) for who in policies}
    assert any(policies.values())
    directories = {getattr(item, "tenant", "") for item in found.documents} - {""}
    assert len([record for record in filled.stamp.requests if record.plane == "graph"]) == len(directories)
    assert filled.captured().runbook == found


def test_a_name_that_changed_is_no_difference(filled: Filled) -> None:
    """Neither to verify nor to up: ids are what counts."""
    filled.captured()
    group = person(filled.stamp, "Group")
    filled.stamp.add_group("renamed", object_id=group.object_id)
    app = person(filled.stamp, "Application")
    filled.stamp.state.directory.put(replace(app, name="renamed"))
    with Arm(settings_for(filled.server)) as arm:
        result = compare(arm, filled.runbook(), lambda _kind, _count: None)

    assert differences(result) == []
    assert {item.outcome for item in filled.filled(filled.runbook())} == {"unchanged"}


def test_where_the_directory_cannot_be_asked_an_earlier_captures_names_are_kept(filled: Filled) -> None:
    """The files are the same, byte for byte."""
    known = {each.object_id for each in filled.stamp.principals}
    without(filled.stamp, lambda principal: principal not in known)
    found = filled.captured().runbook
    files = {path: path.read_bytes() for path in filled.folder.rglob("*.yaml")}
    filled.stamp.faults.append(Fault("/getObjectsByObjectIds", status=403, times=None))
    with Arm(settings_for(filled.server)) as arm:
        again = replace(filled, arm=arm).captured().runbook

    assert again == found
    assert {path: path.read_bytes() for path in filled.folder.rglob("*.yaml")} == files


def test_an_old_id_that_became_a_new_one_is_the_same_everywhere(filled: Filled) -> None:
    """Put, compare and capture: an application that was made anew gets its roles and its rights in vaults."""
    old = person(filled.stamp, "Application")
    filled.captured()
    new = filled.stamp.add_principal("made anew", role=None)
    (filled.folder / "principals.yaml").write_text(
        f"kind: Principals\nprincipals:\n  {old.object_id.upper()}:\n    name: deployer\n    new: {new.object_id}\n"
    )
    filled.stamp.forget(old.object_id)
    without(filled.stamp, old.object_id.__eq__)
    results = filled.filled(filled.runbook())

    done = {item.outcome for item in results if item.kind in ("RoleAssignment", "Vault")}
    assert {item.outcome for item in results} <= {"unchanged", "created", "updated"}
    assert {"created", "updated"} <= done
    named = {str(body["properties"]["principalId"]) for body in assignments(filled.stamp)}
    assert new.object_id in named
    assert old.object_id not in named
    assert {item.outcome for item in filled.filled(filled.runbook())} == {"unchanged"}
    found = filled.captured().runbook
    assert new.object_id in {item.principal for item in held(found, RoleAssignment)}
    assert "new: " + new.object_id in (filled.folder / "principals.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("principals:\n  S-1:\n    nwe: S-2\n", r"principals\.yaml:4:5.*nwe"),
        ("people: {}\n", r"principals\.yaml:2:1.*people"),
        (
            "principals:\n  S-1: {new: S-9}\n  S-2: {new: s-9}\n",
            r"principals\.yaml:3:3: principals: s-9 would stand for two of them",
        ),
    ],
)
def test_what_is_wrong_in_principals_is_refused_with_its_place(filled: Filled, text: str, message: str) -> None:
    """File, line and column, as in every other file of the runbook."""
    filled.captured()
    (filled.folder / "principals.yaml").write_text(f"kind: Principals\n{text}")

    with pytest.raises(Refused, match=message):
        filled.runbook()


def test_who_is_gone_is_left_out_and_never_tried(filled: Filled) -> None:
    """Each assignment is reported by name; verify calls it no difference, and up sends nothing."""
    filled.captured()
    user = person(filled.stamp, "User")
    filled.stamp.forget(user.object_id)
    without(filled.stamp, user.object_id.__eq__)
    with Arm(settings_for(filled.server)) as arm:
        here = replace(filled, arm=arm)
        result = compare(arm, here.runbook(), lambda _kind, _count: None)
        results = here.filled(here.runbook())

    gone = [finding for finding in result.findings if finding.code == "principal-gone"]
    assert gone
    assert {finding.level for finding in gone} == {"note"}
    assert differences(result) == []
    left = [item for item in results if item.outcome == "left out"]
    assert [item.message for item in left] == [f"its principal is gone from the directory: {user.name}"] * len(left)
    assert left
    assert filled.stamp.writes == []


def test_an_owner_who_is_gone_is_overridden_by_people(filled: Filled) -> None:
    """`ownerOverride` survives captures, is put and compared as the owner, and never sent."""
    filled.captured()
    path = next((filled.folder / "subscriptions").glob("*.yaml"))
    path.write_text(path.read_text("utf-8") + "ownerOverride: heir@contoso.example\naccess: tenant\n", "utf-8")
    runbook = filled.runbook()
    document: Document = next(item for item in runbook.documents if getattr(item, "owner_override", None))
    result = compare(filled.arm, runbook, lambda _kind, _count: None)

    assert getattr(document, "owner", "") == "heir@contoso.example"
    assert [[change.field for change in item.changes] for item in differences(result)] == [["owner"]]
    filled.captured()
    assert "ownerOverride: heir@contoso.example" in path.read_text("utf-8")
    assert "access: tenant" in path.read_text("utf-8")
