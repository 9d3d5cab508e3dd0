"""One document of a runbook, and a runbook older than the backup: what is meant, and what is withheld."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restamp import only
from restamp.arm.about import backups
from restamp.compare import Comparison
from restamp.errors import Refused
from restamp.inside import Difference
from restamp.kind import Kind, Kinds, Place, Wire
from restamp.kinds.authorization import Permission, RoleAssignment, RoleDefinition
from restamp.kinds.delegation import DirectoryTenant, OfferDelegation
from restamp.kinds.groups import ResourceGroup
from restamp.kinds.keyvault import AccessPolicy, Vault
from restamp.kinds.subscriptions import Offer, Plan, Subscription
from restamp.models.document import Document, Name
from restamp.models.stamp import Backup, Captured, RecoveryDocument, Stamp, Taken, Withheld
from restamp.objects import Change
from restamp.older import is_older
from restamp.plugins import all_kinds
from restamp.runbook import Runbook
from restamp.withheld import allowed, granted, lacking, without

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
NATIVE = RecoveryDocument(way="native", backup=NOON)
STAMP = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS")
TENANT = Subscription(id="c66cb1bf", display_name="ERP", owner="erp@x", tenant="t", offer="rg/gold", state="Enabled")
ROLE = RoleAssignment(scope="", name="r1", role="reader", principal="bob")
VAULT = Vault(
    group="app",
    name="kv",
    tenant="t",
    access_policies={"bob": AccessPolicy(secrets=("get", "set")), "eve": AccessPolicy(keys=("get",))},
)
ACTED = RoleDefinition(
    name="d1", role_name="Operators", permissions=(Permission(actions=("A/*",), not_actions=("A/x",)),),
    assignable_scopes=("/",),
)  # fmt: skip
GUEST = DirectoryTenant(name="guest", tenant="7b1f3a52")
DELEGATED = OfferDelegation(group="rg", offer="gold", name="partner", subscription="c66cb1bf")
NOW = Taken(at=NOON, by="alice")


def runbook(*documents: Document, held: tuple[Document, ...] = (), folder: Path = Path("nowhere")) -> Runbook:
    return Runbook(STAMP, documents, all_kinds(), folder, {TENANT.id: held} if held else {})


def last(**more: Any) -> Captured:
    return Captured(**{"on": NOON.date(), "restamp": "0", "documents": 1, "subscriptions": 0} | more)


PLAIN = [
    ResourceGroup(name="rg"),
    Plan(name="gold", group="rg", display_name="Gold"),
    Offer(name="gold", group="rg", display_name="Gold", state="Public"),
    TENANT,
    TENANT.model_copy(update={"id": "d66cb1bf", "display_name": "CRM"}),
    TENANT.model_copy(update={"id": "e66cb1bf", "display_name": "CRM"}),
]


class Rack(Document):
    """What no stamp knows of."""

    name: Name


@pytest.mark.parametrize(("source", "said"), [("people", "people write it"), ("plugin", "its plugin captures it")])
def test_what_is_on_no_stamp_is_neither_captured_nor_brought_back_alone(source: Any, said: str) -> None:
    """It is no object that could be looked at; a resource group of the same runbook is."""
    kind = Kind(name="Rack", folder="racks", model=Rack, wire=Wire.nowhere("{name}"), comes_from=source)
    book = replace(runbook(Rack(name="a"), PLAIN[0]), kinds=Kinds({**all_kinds().by_name, "Rack": kind}))

    with pytest.raises(Refused, match=f"Rack a: is on no stamp: {said}"):
        only.on_a_stamp(book, "racks/a.yaml")
    assert only.on_a_stamp(book, "groups/rg.yaml") is PLAIN[0]


@pytest.mark.parametrize("text", ["Plan rg/gold", "plans/gold.yaml", "./plans/gold.yaml", "nowhere/plans/gold.yaml"])
def test_a_document_is_named_by_its_resource_or_its_file(text: str) -> None:
    """Also as a path from where people stand."""
    assert only.named(runbook(*PLAIN), text) is PLAIN[1]


@pytest.mark.parametrize("text", ["ERP", "Subscription ERP", "c66cb1bf", "subscriptions/erp--c66cb1bf.yaml"])
def test_a_title_names_a_document_and_so_does_its_file_under_an_older_title(text: str) -> None:
    """A title may have been edited without moving the file."""
    assert only.named(runbook(*PLAIN), text) is TENANT
    assert only.named(runbook(*PLAIN), "subscriptions/older-name--c66cb1bf.yaml") is TENANT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CRM", "CRM: means 2 documents"),
        ("rg/gold", "means 2 documents"),
        ("Plan rg/golt", "there is no such document in the runbook"),
        ("", "there is no such document in the runbook"),
    ],
)
def test_what_means_none_or_two_is_refused(text: str, said: str) -> None:
    """The hint has names that mean one."""
    with pytest.raises(Refused, match=said) as refused:
        only.named(runbook(*PLAIN), text)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("captured", "recovery", "older"),
    [
        (last(at=NOON - HOUR), NATIVE, True),
        (last(at=NOON + HOUR), NATIVE, False),
        (last(), NATIVE, True),
        (last(on=NOON.date() + dt.timedelta(days=1)), NATIVE, False),
        (last(at=NOON - HOUR, backup=Backup(id="b", time=NOON)), NATIVE, False),
        (last(at=NOON - HOUR, backup=Backup(id="b", time=NOON - 2 * HOUR)), NATIVE, True),
        (last(at=NOON - HOUR), RecoveryDocument(), False),
        (None, NATIVE, False),
    ],
)
def test_a_runbook_is_older_than_the_backup_or_not(
    captured: Captured | None, recovery: RecoveryDocument, older: bool
) -> None:
    """A capture that says no time counts from the beginning of its day; a rebuild restores no backup."""
    assert is_older(captured, recovery) is older


def differing(action: Any, document: Document, *changes: Change) -> Difference:
    kind = all_kinds().of(document)
    holder = f"Subscription {TENANT.id}" if kind.inside else ""
    return Difference(kind.name, kind.ref(document), kind.label(document), action, changes, "Subscription ERP", holder)


def withheld(*differences: Difference) -> list[Withheld]:
    book = runbook(TENANT, GUEST, DELEGATED, held=(ROLE, VAULT, ACTED))
    return list(lacking(Comparison(differences=list(differences)), book))


def test_access_that_the_stamp_lacks_is_withheld_and_what_it_has_stays() -> None:
    """A role; a policy that is gone; one that allows less; the owner of before. Nothing where there is more."""
    found = {"bob": AccessPolicy(secrets=("Get",)), "dan": AccessPolicy(secrets=("get",))}
    items = withheld(
        differing("create", ROLE),
        differing("update", VAULT, Change("accessPolicies", VAULT.access_policies, found)),
        differing("update", TENANT, Change("owner", "erp@x", "heir@x")),
        differing("unexpected", ROLE.model_copy(update={"name": "r2"})),
    )
    own, held = without(TENANT, (ROLE, VAULT), NOW.model_copy(update={"withheld": tuple(items)}), all_kinds())

    assert [item.subject for item in items] == [
        "RoleAssignment r1", "Vault app/kv bob", "Vault app/kv eve", "Subscription c66cb1bf owner"
    ]  # fmt: skip
    assert own == TENANT.model_copy(update={"owner": "heir@x"})
    assert held == (VAULT.model_copy(update={"access_policies": {"bob": AccessPolicy(secrets=("Get",))}}),)


@pytest.mark.parametrize(
    ("field", "found", "subject"),
    [
        ("permissions", (Permission(actions=("a/read",), not_actions=("A/x",)),), "RoleDefinition d1 permissions"),
        ("permissions", (Permission(actions=("*",), not_actions=("A/x", "A/y")),), "RoleDefinition d1 permissions"),
        ("permissions", (), "RoleDefinition d1 permissions"),
        ("permissions", (Permission(actions=("*",)),), None),
        ("assignableScopes", ("/resourceGroups/app",), "RoleDefinition d1 assignableScopes"),
        ("assignableScopes", ("/", "/resourceGroups/app"), None),
        ("roleName", "Operator", None),
    ],
)
def test_a_role_that_allows_less_now_gives_nothing_back(field: str, found: Any, subject: str | None) -> None:
    """To nobody who has it. What the runbook allows less is written; a role that is not there is nobody's."""
    wanted = ACTED.model_dump(by_alias=True)[field]
    items = withheld(differing("update", ACTED, Change(field, wanted, found)))
    _, held = without(TENANT, (ACTED,), NOW.model_copy(update={"withheld": tuple(items)}), all_kinds())

    assert [item.subject for item in items] == ([subject] if subject else [])
    stays = ACTED.model_dump(by_alias=True) | ({field: found} if subject else {})
    assert held == (RoleDefinition.model_validate(stays),)
    assert withheld(differing("create", ACTED)) == []


@pytest.mark.parametrize("document", [GUEST, DELEGATED])
def test_who_was_let_in_by_an_object_that_is_gone_is_not_let_in_again(document: Document) -> None:
    """A guest directory, a delegate of an offer: by the whole object, until people name it."""
    (item,) = withheld(differing("create", document))
    decision = NOW.model_copy(update={"withheld": (item,)})
    assert allowed(document, decision, all_kinds()) is None
    assert allowed(document, granted(decision, [item.subject]), all_kinds()) is document


def test_what_was_disabled_stays_so_with_everything_in_it() -> None:
    """To fill it, it would have to be opened; to disable it takes access, and is done."""
    items = withheld(differing("update", TENANT, Change("state", "Enabled", "Disabled")))
    decision = NOW.model_copy(update={"withheld": tuple(items)})
    assert [item.subject for item in items] == ["Subscription c66cb1bf state"]
    closed = TENANT.model_copy(update={"state": "Disabled"})
    assert without(TENANT, (ROLE, VAULT), decision, all_kinds()) == (closed, ())
    assert withheld(differing("update", closed, Change("state", "Disabled", "Enabled"))) == []


def test_what_nobody_could_look_at_is_withheld_whole() -> None:
    """A role may have been revoked there; a vault's policies are left as they are, and what a role allows."""
    items = withheld(*(differing("not verified", item) for item in (ROLE, VAULT, ACTED)))
    assert (
        without(TENANT, (ROLE, VAULT, ACTED), NOW.model_copy(update={"withheld": tuple(items)}), all_kinds())[1] == ()
    )
    gone = withheld(differing("create", VAULT))
    _, (vault,) = without(TENANT, (VAULT,), NOW.model_copy(update={"withheld": tuple(gone)}), all_kinds())
    assert vault == VAULT.model_copy(update={"access_policies": {}})


@given(st.sets(st.sampled_from(["RoleAssignment r1", "Vault app/kv bob", "Vault app/kv eve"])))
def test_what_people_name_is_granted_and_nothing_else(names: set[str]) -> None:
    """What is left withheld is exactly what nobody named."""
    items = withheld(differing("create", ROLE), differing("create", VAULT))
    decision = granted(NOW.model_copy(update={"withheld": tuple(items)}), names)
    _, held = without(TENANT, (ROLE, VAULT), decision, all_kinds())

    policies = {f"Vault app/kv {who}" for item in held if isinstance(item, Vault) for who in item.access_policies}
    assert policies | {"RoleAssignment r1" for item in held if item == ROLE} == names
    with pytest.raises(Refused, match="is nothing that is withheld"):
        granted(decision, ["Vault app/kv bo"])


def test_the_newest_backup_that_was_made_whole_is_the_one_a_capture_follows() -> None:
    """As Backup.Admin was recorded; one that failed is none, and a stamp that does not tell has none."""
    text = (Path(__file__).parent / "recordings" / "Azs.Backup.Admin" / "Get-AzsBackup.Recording.json").read_text(
        "utf-8"
    )
    listed = json.loads(next(iter(json.loads(text).values()))["Response"]["Content"])["value"]
    newest = max(listed, key=lambda item: str(item["properties"]["backupInfo"]["createdDateTime"]))["properties"]
    place = Place("redmond", "05101daf")
    told = backups(place, lambda path, _version: listed if path.endswith("/backupLocations/redmond/backups") else [])

    assert told is not None
    assert told.newest is not None
    assert told.newest.id == newest["backupInfo"]["backupId"]
    newest["backupInfo"]["status"] = "Failed"
    other = backups(place, lambda _path, _version: listed)
    assert other is not None
    assert other.newest is not None
    assert other.newest.id != told.newest.id
    assert backups(place, lambda _path, _version: None) is None
