"""The customer's directory on a stamp that was built anew, its owner, and consent of guest directories."""

from pathlib import Path
from typing import Any

import pytest

from restamp_hub_core.job import slug

from .conftest import Bench

INTEGRATED = {
    "graph": {"catalog": "contoso.example", "user": "CONTOSO\\graphservice"},
    "federation": {"name": "Contoso", "metadata": "https://sts.contoso.example/FederationMetadata.xml"},
    "serviceAdmin": "boss@contoso.example",
}
GUEST = "kind: DirectoryTenant\nname: {}\ntenant: 11111111-2222-4333-8444-555555555555\n"


@pytest.fixture
def rebuilt(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A stamp after a clean install, and a stamp.yaml that knows the customer's directory."""
    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_GRAPH_PASSWORD", "the reader's own word")
    bench.stamp.add_user("boss@contoso.example", "the boss's own word")
    bench.settings = INTEGRATED
    return bench


def note(bench: Bench) -> dict[str, Any]:
    """What the privileged endpoint keeps."""
    return dict(bench.stamp.state.store.note("privileged endpoint") or {})


@pytest.mark.parametrize("name", ["graph", "federation", "service-admin"])
def test_each_is_registered_once_whatever_answer_is_lost(rebuilt: Bench, name: str) -> None:
    """The endpoint says what this deployment has completed; one that another deployment had is asked for nothing."""
    rebuilt.document = {"lost": [rebuilt.stamp.deployment_id]}
    assert rebuilt.ask(name).status == "failed"
    assert "actions" not in note(rebuilt)

    rebuilt.document = {}
    ends = set()
    for found in rebuilt.survives(name, "/wsman"):
        assert found.status == "done"
        ends |= {action["EndDateTime"] for action in note(rebuilt).get("actions", {}).values()}
    assert len(ends) == 1
    assert "own word" not in str(note(rebuilt))


def test_what_was_registered_is_what_stamp_yaml_says(rebuilt: Bench) -> None:
    """Directory, AD FS and owner, in this order."""
    assert [rebuilt.ask(name).status for name in ("graph", "federation", "service-admin")] == ["done"] * 3
    kept = note(rebuilt)

    assert kept["directory service"] == {"globalCatalog": "contoso.example", "userName": "CONTOSO\\graphservice"}
    assert kept["custom adfs"]["name"] == "Contoso"
    assert kept["service admin owner"] == "boss@contoso.example"


def test_metadata_may_be_a_file(rebuilt: Bench, tmp_path: Path) -> None:
    """Pinned by its hash, as every artefact is."""
    rebuilt.settings = INTEGRATED | {"federation": {"name": "Contoso"}}
    assert rebuilt.steps["federation"].files == ("federation-metadata",)
    assert "nobody says where it is" in rebuilt.ask("federation").message


def test_what_is_refused_is_told_and_asked_again(rebuilt: Bench) -> None:
    """An owner whom the directory does not know."""
    rebuilt.settings = INTEGRATED | {"serviceAdmin": "nobody@contoso.example"}
    assert "The user 'nobody@contoso.example' was not found" in rebuilt.ask("service-admin").message

    rebuilt.settings = INTEGRATED
    assert rebuilt.ask("service-admin").status == "done"


def test_natively_federation_came_with_the_deployment(rebuilt: Bench) -> None:
    """The owner is named behind the restore, which may have brought another one."""
    rebuilt.document = {"way": "native"}

    assert not {"graph", "federation", "trust"} & set(rebuilt.steps)
    assert rebuilt.steps["service-admin"].needs == ("hub-core/settle",)


def test_the_customers_side_is_the_operators(rebuilt: Bench) -> None:
    """With the address of the stamp's own metadata in it."""
    step = rebuilt.steps["trust"]

    assert (step.by, step.phase) == ("operator", "redeploy")
    assert "-MetadataUrl https://adfs.redmond.ext.contoso.example/FederationMetadata" in step.how


def test_each_guest_directory_consents_before_subscriptions_and_behind_the_providers(bench: Bench) -> None:
    """By its own administrators, named in what they read."""
    bench.written({"tenants/fabrikam.yaml": GUEST.format("fabrikam.example")})
    first, again = bench.steps["consent/fabrikam.example"], bench.steps["consent-again/fabrikam.example"]

    assert (first.by, first.after, first.before) == ("tenant", ("DirectoryTenant",), ("Subscription",))
    assert again.after == ("rps-restored",)
    assert "-DirectoryTenantName fabrikam.example" in first.how
    assert first.digest != again.digest


@pytest.mark.parametrize(
    ("name", "expected"), [("Contoso.onMicrosoft.com", "contoso.onmicrosoft.com"), ("a_b (c).d", "a-b-c-d")]
)
def test_a_directorys_name_becomes_part_of_an_id(name: str, expected: str) -> None:
    """Whatever its letters."""
    assert slug(name) == expected
