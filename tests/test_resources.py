"""Typed resources and whole recoveries, without an engine: what a program declares."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks as pulumi_mocks

from restamp import resources
from restamp.kinds import kinds
from restamp.models.document import Aside, Local, marked, own_fields
from restamp.models.stamp import RecoveryDocument, Stamp
from restamp.plugins import all_kinds, collected
from restamp.resources.provider import DocumentProvider, inputs_of
from restamp.runbook import Runbook
from restamp.runbook.model import in_order
from restamp.runbook.outline import Outline, outline
from restamp.runbook.save import own_file, rendered


class Engine(pulumi_mocks.Mocks):
    """Pulumi's own stand-in for the engine: takes every registration, and remembers it."""

    def __init__(self) -> None:
        self.registered: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        self.registered[f"{args.typ}::{args.name}"] = args.inputs
        return args.name, {**args.inputs, "result": "done for r", "status": "done", "opened": "r"}

    def call(self, args: pulumi_mocks.MockCallArgs) -> dict[Any, Any]:
        raise AssertionError(f"nothing is called: {args.token}")


@pytest.fixture
def declared() -> Callable[[Callable[[], Any]], dict[str, dict[str, Any]]]:
    """Runs a program to its end and returns what it registered: `<type>::<name>` -> inputs."""

    def run(program: Callable[[], Any]) -> dict[str, dict[str, Any]]:
        engine = Engine()
        pulumi.runtime.set_mocks(engine, project="restamp", stack="redmond")

        async def whole() -> None:
            program()

        pulumi.runtime.test(whole)()
        return engine.registered

    return run


TYPED = [kind for kind in kinds() if kind.name != "ProviderSubscription"]  # has no field, and is never written
NOT_SAID = {"Subscription": {"contents"}, "Vault": {"lost"}}  # told by a capture


@pytest.mark.parametrize("kind", TYPED, ids=lambda kind: kind.name)
def test_every_kind_has_a_typed_resource_with_exactly_its_fields(kind: Any) -> None:
    """What a document says of an object, a program can say, by the same names; and where the object is."""
    name = "ResourceGroup" if kind.name == "Group" else kind.name
    signature = inspect.signature(getattr(resources, name).__init__)
    given = {
        name: item for name, item in signature.parameters.items() if name not in ("self", "resource_name", "common")
    }
    place = {"subscription", "directory"} - own_fields(kind.model).keys()
    fields = own_fields(kind.model).items()
    said = {name for name, field in fields if not (marked(field, Local) and marked(field, Aside))}

    assert given.keys() - (place if kind.inside or name == "ResourceGroup" else set()) == said - NOT_SAID.get(
        name, set()
    )
    required = {name for name, item in given.items() if item.default is inspect.Parameter.empty}
    assert {name for name, field in own_fields(kind.model).items() if field.is_required()} >= required - {
        "subscription"
    }
    needs_place = kind.inside == ("subscription",) and name != "ResourceGroup"
    assert ("subscription" in required) == (needs_place or kind.name == "OfferDelegation")


def test_type_tokens_are_frozen(declared: Any) -> None:
    """They stand in every URN of every state."""
    quota = {"name": "small", "capacity_in_gb": 1, "number_of_storage_accounts": 2}
    found = declared(lambda: resources.StorageQuota("storage/small", **quota))

    assert list(found) == ["pulumi-python:dynamic/restamp:StorageQuota::storage/small"]
    assert found.popitem()[1]["document"] == {"name": "small", "capacityInGb": 1, "numberOfStorageAccounts": 2}


def test_a_group_of_a_tenant_is_a_resource_group_with_a_subscription(declared: Any) -> None:
    """One class and one token for both; what stands inside names its subscription."""
    found = declared(lambda: resources.ResourceGroup("app", name="app", subscription="s1", directory="d"))

    (name, inputs) = found.popitem()
    assert name == "pulumi-python:dynamic/restamp:ResourceGroup::app"
    assert (inputs["kind"], inputs["subscription"], inputs["directory"]) == ("Group", "s1", "d")


def test_what_is_not_known_yet_may_stand_anywhere_in_a_document(declared: Any) -> None:
    """Permissions and policies of vaults are spelled for the stamp once they are known, and a slip is told by field."""

    def program() -> None:
        later = pulumi.Output.from_input
        known: Any = {"actions": [later("*")], "not_actions": ["Microsoft.Compute/*"]}
        for name, permissions in {"in it": [known], "itself": later([known]), "each": [later(known)]}.items():
            resources.RoleDefinition(name, name="n", role_name=later("Operator"), permissions=permissions)
        allowed: Any = {"someone": later({"secrets": ["get"]})}
        resources.Vault("kv", subscription="s", group="g", name="kv", tenant=later("t"), access_policies=allowed)
        slip: Any = {"action": ["*"]}
        resources.RoleDefinition("slip", name="n", role_name="Operator", permissions=[slip])

    found = {name.rpartition("::")[2]: inputs for name, inputs in declared(program).items()}
    spelled = [{"actions": ["*"], "notActions": ["Microsoft.Compute/*"]}]
    assert [found[name]["document"]["permissions"] for name in ("in it", "itself", "each")] == [spelled] * 3
    assert found["kv"]["document"]["accessPolicies"] == {"someone": {"secrets": ["get"]}}
    (failure,) = DocumentProvider().check({}, found["slip"]).failures
    assert failure.property == "document.permissions.0.action"


def test_2500_resources_in_one_program(declared: Any) -> None:
    """The SDK wraps its pickler once more for each provider that has state, and dies at 978: ours has none."""

    def program() -> None:
        for number in range(2500):
            resources.StorageQuota(
                f"storage/{number}", name=f"{number}", capacity_in_gb=1, number_of_storage_accounts=2
            )

    assert len(declared(program)) == 2500


def _runbook(folder: Path, **late: Any) -> Outline:
    models = {kind.name: kind.model for kind in collected(())}
    offer = {"name": "gold", "group": "rg", "display_name": "Gold", "base_plans": ("rg/gold",)} | late
    common = {"owner": "a@b", "tenant": "t", "offer": "rg/gold", "state": "Enabled"}
    documents = [
        models["ResourceGroup"](name="rg"),
        models["Plan"](name="gold", group="rg", display_name="Gold", quotas=("Microsoft.KeyVault.Admin/Unlimited",)),
        models["Offer"](**offer),
        *(models["Subscription"](id=f"s{number}", display_name="S", **common) for number in range(2)),
    ]
    stamp = Stamp(region="redmond", domain="contoso.example", identity="ADFS")
    whole = Runbook(stamp, in_order(documents, all_kinds()), all_kinds(), folder)
    for name, text in (rendered(whole) | {"stamp.yaml": own_file(stamp)}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    begun = folder / "recoveries" / "r" / "recovery.yaml"
    begun.parent.mkdir(parents=True)
    begun.write_text(own_file(RecoveryDocument.model_validate({"target": {"deployment": "new"}})))
    return outline(folder, all_kinds())


def test_a_recovery_declares_every_document_behind_its_gate(declared: Any, tmp_path: Path) -> None:
    """Every resource carries the recovery and its target, stands behind the gate, and knows what it needs."""
    found = declared(lambda: resources.Recovery("redmond", runbook=_runbook(tmp_path, state="Public")))
    token = "pulumi-python:dynamic/restamp:"

    assert [name.removeprefix(token) for name in found if name.startswith(token)] == [
        "Target::target",
        "Gate::stamp-ready",
        "ResourceGroup::rg",
        "Plan::rg/gold",
        "Offer::rg/gold",
        "Subscription::s0",
        "Subscription::s1",
        "Gate::control-plane-restored",
    ]
    for name, inputs in found.items():
        if name.startswith((token + "Pl", token + "Of", token + "Su", token + "Re")):
            assert (inputs["recovery"], inputs["target"]) == ("r", "new")
            assert (inputs.get("behind"), inputs.get("after")) == ("stamp-ready", "r") or inputs["needs"]
    assert found[f"{token}Plan::rg/gold"]["needs"] == ["groups/rg"]
    assert found[f"{token}Subscription::s0"]["needs"] == ["offers/rg/gold"]
    assert found[f"{token}Gate::control-plane-restored"]["expects"] == sorted(
        ["ResourceGroup rg", "Plan rg/gold", "Offer rg/gold", "Subscription s0", "Subscription s1"]
    )


def test_a_decommissioned_offer_gets_its_state_after_its_subscriptions(declared: Any, tmp_path: Path) -> None:
    """It takes no new subscriptions: so they come first, and its state last."""
    found = declared(lambda: resources.Recovery("redmond", runbook=_runbook(tmp_path, state="Decommissioned")))
    first, last = (found[f"pulumi-python:dynamic/restamp:Offer::rg/gold{end}"] for end in ("", "/state"))

    assert first["later"] == ["state"]
    assert "later" not in last
    assert last["needs"] == ["Offer rg/gold", "subscriptions/s0", "subscriptions/s1"]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_check_names_every_wrong_field(kind: Any) -> None:
    """A program's mistakes are told by field, all at once, without asking a stamp."""
    failures = DocumentProvider().check({}, {"kind": kind.name, "document": {"nonsense": 1}}).failures
    required = {f.alias or n for n, f in own_fields(kind.model).items() if f.is_required()}
    place = {"subscription"} if kind.inside == ("subscription",) else set()

    assert {failure.property for failure in failures} == place | {f"document.{n}" for n in {"nonsense", *required}}


def test_diff_sees_only_what_is_owned(tmp_path: Path) -> None:
    """Wiring that changes is no change of an object; numbers come back as floats, empty things not at all."""
    document = _runbook(tmp_path, state="Public").documents[2]
    inputs = {"kind": "Offer", "stamp": "s", "recovery": "r", "document": inputs_of(document)}
    olds = inputs | {"status": "done", "document": {**inputs_of(document), "maxSubscriptionsPerAccount": 0.0}}
    diff = DocumentProvider().diff

    assert not diff("", olds, inputs | {"needs": ["x"], "results": {"x": "failed"}, "later": []}).changes
    assert diff("", olds | {"status": "failed"}, inputs).fields == ["status"]
    assert diff("", olds, inputs | {"recovery": "r2"}).fields == ["recovery"]
    changed = inputs | {"document": {**inputs["document"], "state": "Private"}}
    assert diff("", olds, changed).fields == ["document.state"]
    renamed = inputs | {"document": {**inputs["document"], "name": "silver"}}
    assert diff("", olds, renamed).replaces == ["document"]
