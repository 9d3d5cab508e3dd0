"""That restamp can sign in on the new stamp: made anew where it is gone, given its role, and never twice."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.serving import new_stamp, served
from tests.shares import pair

from restamp.simulator import Principal, Stamp
from restamp.simulator.pep import Pep

from .conftest import Bench

LOST = "0f5b1b1e-54c5-4f4f-9d3e-1b0f0d5c1f11"  # the application that restamp was on the stamp before


@pytest.fixture
def anew(bench: Bench, tmp_path: Path) -> Bench:
    """A rebuilt stamp that has never heard of restamp, which signs in with a certificate."""
    file = tmp_path / "restamp.pem"
    key = pair("restamp").key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key + pair("restamp").certificate.public_bytes(Encoding.PEM))
    bench.way = replace(bench.way, client_id=LOST, client_secret="", client_certificate=str(file))
    return bench


def made(stamp: Stamp) -> list[Principal]:
    """restamp's applications."""
    return [each for each in stamp.principals if each.name.startswith("Azurestack-restamp-loss-")]


def roles(stamp: Stamp) -> list[str]:
    """Whom a role was given to."""
    kept = [body for body in stamp.objects() if "/roleassignments/" in body["id"].lower()]
    return [body["properties"]["principalId"] for body in kept]


def test_whoever_can_sign_in_is_left_as_they_are(bench: Bench) -> None:
    """Nothing is made, and nothing asked of the privileged endpoint."""
    bench.way = replace(bench.way, pep="")
    found = bench.ask("sign-in")

    assert found.status == "done"
    assert found.facts == {"client-id": bench.stamp.admin.client_id, "object-id": bench.stamp.admin.object_id}
    assert bench.stamp.effects == []


def test_an_application_that_is_gone_is_made_anew_and_given_its_role_and_the_operator_told(anew: Bench) -> None:
    """With the same certificate; the next run signs in as it, and asked before, it makes no other."""
    told = anew.ask("sign-in", pauses=3)  # asked once all the same: nobody sets a variable of a process that runs
    again = anew.ask("sign-in")
    (application,) = made(anew.stamp)

    assert told.status == "waiting"
    assert f"export RESTAMP_CLIENT_ID={application.client_id}" in told.message
    assert told.facts == {"client-id": application.client_id, "object-id": application.object_id} == again.facts
    assert roles(anew.stamp) == [application.object_id]

    anew.way = replace(anew.way, client_id=application.client_id)
    assert anew.ask("sign-in").status == "done"
    assert len(made(anew.stamp)) == 1


@pytest.mark.parametrize("requests", ["/wsman", "roleAssignments", "/adfs/"])
def test_whatever_answer_is_lost_there_is_one_application_with_one_role(anew: Bench, requests: str) -> None:
    """The work was done, and nobody heard of it: the next run looks first."""
    count = 0
    for found in anew.survives("sign-in", requests):
        (application,) = made(anew.stamp)
        assert application.client_id in found.message, found.message
        assert roles(anew.stamp) == [application.object_id]
        anew.stamp.forget(application.object_id)
        for body in list(anew.stamp.objects()):
            if "/roleassignments/" in body["id"].lower():
                anew.stamp.state.store.delete(body["id"].lower())
        count += 1
    assert count


def test_the_endpoint_of_a_stamp_that_was_lost_is_asked_for_nothing(anew: Bench) -> None:
    """Nor that of any other than the target."""
    anew.document = {"lost": [anew.stamp.deployment_id]}
    found = anew.ask("sign-in")
    assert found.status == "failed"
    assert f"is that of deployment {anew.stamp.deployment_id}, which was lost" in found.message

    anew.document = {"target": {"deployment": "another"}}
    assert "and the recovery's target is another" in anew.ask("sign-in").message
    assert made(anew.stamp) == []


def test_what_has_to_be_there_first_is_waited_for(anew: Bench, tmp_path: Path) -> None:
    """A way to the endpoint, and a certificate: a secret made for it would have to be told."""
    anew.way = replace(anew.way, pep_password="")
    found = anew.ask("sign-in", pauses=3)
    assert (found.status, found.message[:20]) == ("waiting", "RESTAMP_PEP_PASSWORD")

    anew = Bench(anew.server, anew.folder)
    anew.way = replace(anew.way, client_id=LOST, client_secret="a secret")
    assert "with a certificate; RESTAMP_CLIENT_CERTIFICATE has to name one" in anew.ask("sign-in").message
    assert made(anew.stamp) == []


def test_an_application_that_is_there_with_another_key_is_not_made_a_second_time(bench: Bench) -> None:
    """What is wrong is on our side."""
    bench.way = replace(bench.way, client_secret="wrong")
    found = bench.ask("sign-in")

    assert found.status == "failed"
    assert "the stamp has this application, so its certificate or secret is another than" in found.message
    assert made(bench.stamp) == []


def test_once_somebody_else_owns_the_stamp_they_give_the_role(anew: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service administrator, where its password is at hand; else people are told how."""
    anew.stamp.add_user("boss@contoso.example", "the boss's own word")
    anew.settings = {"serviceAdmin": "boss@contoso.example"}
    with anew.endpoint() as pep:
        pep.run("Set-ServiceAdminOwner", ServiceAdminOwnerUpn="boss@contoso.example")

    told = anew.ask("sign-in")
    assert told.status == "waiting"
    assert "has no role on the default provider subscription. Its owner gives it Owner: New-AzRoleAssignment" in (
        told.message
    )
    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_SERVICE_ADMIN_PASSWORD", "the boss's own word")
    anew.settings |= {"serviceAdminSignsIn": "true", "role": "Contributor"}
    assert "export RESTAMP_CLIENT_ID=" in anew.ask("sign-in").message
    assert roles(anew.stamp) == [made(anew.stamp)[0].object_id]


@pytest.fixture
def entra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A rebuilt stamp with Entra, where restamp's application survived, without a role."""
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
    stamp = new_stamp(identity="AzureAD")
    stamp.pep = Pep(stamp.state)
    with served(stamp) as server:
        bench = Bench(server, tmp_path / "runbook")
        survived = stamp.add_principal("restamp", role=None)
        bench.way = replace(bench.way, client_id=survived.client_id, client_secret=survived.secret)
        yield bench
    stamp.close()


def test_with_entra_the_application_survives_and_gets_its_role_again(
    entra: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, where the service administrator may sign in with a password."""
    assert "New-AzRoleAssignment -ApplicationId" in entra.ask("sign-in").message

    entra.stamp.add_user("boss@contoso.example", "the boss's own word")
    boss = next(each for each in entra.stamp.principals if each.name == "boss@contoso.example")
    entra.stamp.state.directory.put(replace(boss, roles={entra.stamp.state.root.lower(): "Owner"}))
    monkeypatch.setenv("RESTAMP_SECRET_HUB_CORE_SERVICE_ADMIN_PASSWORD", "the boss's own word")
    entra.settings = {"serviceAdmin": "boss@contoso.example", "serviceAdminSignsIn": "true"}
    assert entra.ask("sign-in").status == "done"
    assert len(roles(entra.stamp)) == 1


def test_with_entra_nobody_makes_an_application_anew(entra: Bench) -> None:
    """The directory is the customer's, and was not lost."""
    entra.way = replace(entra.way, client_secret="wrong")
    assert entra.ask("sign-in").status == "failed"
