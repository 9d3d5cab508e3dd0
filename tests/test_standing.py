"""Objects inside subscriptions, as a provider makes, reads and removes them: against a stamp, without an engine."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from tests.asking import Desk
from tests.keys import written
from tests.serving import DOMAIN, REGION, Server, settings_for
from tests.tenant.asking import Tenant
from tests.test_simulator_vaults import Data

from restamp import failpoints
from restamp.errors import Unwritable
from restamp.models.sealed import SealedValue
from restamp.models.stamp import Stamp as StampDocument
from restamp.resources.provider import DocumentProvider, Props
from restamp.resources.session import end_all
from restamp.runbook.save import own_file
from restamp.secrets import Seals, recipients
from restamp.secrets.capture_key import for_sealing

ERP = "tenant-1"
APP = f"/subscriptions/{ERP}/resourceGroups/app"
VAULT = f"{APP}/providers/Microsoft.KeyVault/vaults/erp-kv"
PLAIN = "correct horse battery staple"
Json = dict[str, Any]


class Provider:
    """A provider on a stamp with one subscription, `tenant-1`, that lets restamp in; and a runbook with a key."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.stamp, self.folder = server.stamp, folder / "runbook"
        self.own = self.stamp.add_principal("restamp", "Owner", scope="/")
        settings = settings_for(server, client_id=self.own.client_id, client_secret=self.own.secret)
        self.config = {f"restamp:{key}": getattr(settings, name) for key, name in _NAMES.items()}
        self.provider = self.configured()

    def configured(self, **more: str) -> DocumentProvider:
        """A provider with this config beside the credentials."""
        made = DocumentProvider()
        found = self.config | {f"restamp:{name}": value for name, value in more.items()}
        made.configure(ConfigureRequest(Config(found, "own")))
        return made

    def props(self, kind: str, document: Json, subscription: str = ERP) -> Props:
        """Inputs of a resource."""
        return {"kind": kind, "stamp": f"{REGION}.{DOMAIN}", "subscription": subscription, "document": document}

    def made(self, kind: str, document: Json, subscription: str = ERP) -> Props:
        """What the state has of a resource that was just made."""
        outs: Props = self.provider.create(self.props(kind, document, subscription)).outs or {}
        return outs

    def vault(self) -> None:
        """A group and a vault that lets nobody in."""
        self.made("Registration", {"name": "Microsoft.KeyVault"})
        self.made("Group", {"name": "app"})
        assert self.made("Vault", {"group": "app", "name": "erp-kv", "tenant": "adfs"})["status"] == "done"

    def sealed(self, name: str, value: str = PLAIN) -> Json:
        """A value of a secret as the runbook would have it."""
        self.folder.mkdir(exist_ok=True)
        if not (self.folder / "recipients").exists():
            written(self.folder, "ann").rename(self.folder.parent / "ann.pfx")
        seals, key = for_sealing(
            Seals(recipients(self.folder / "recipients")), self.folder.parent / "keys", f"{REGION}.{DOMAIN}", None
        )
        stamp = StampDocument(region=REGION, domain=DOMAIN, identity="ADFS", capture_key=key)
        (self.folder / "stamp.yaml").write_text(own_file(stamp))
        found: SealedValue = seals.seal(f"{ERP}/erp-kv/{name}", value)
        return found.model_dump(mode="json")

    def secret(self, name: str = "db-password", value: str = PLAIN) -> Json:
        """The document of a secret."""
        return {"group": "app", "vault": "erp-kv", "name": name, "value": self.sealed(name, value)}

    def policies(self) -> list[str]:
        """Whom the vault lets in."""
        body = Tenant(self.stamp, self.own).ask("GET", VAULT).body
        return [str(item["objectId"]) for item in body["properties"]["accessPolicies"]]


_NAMES = {
    "stamp": "stamp",
    "tenant": "tenant",
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "ca": "ca",
    "connectTo": "connect_to",
}


@pytest.fixture
def provider(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RESTAMP_RUNBOOK", raising=False)
    Desk(server.stamp).chain()
    yield Provider(server, tmp_path)
    end_all()


@pytest.fixture
def unlocked(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The same with a vault, the runbook and its private key at hand."""
    provider.vault()
    provider.sealed("any")
    monkeypatch.setenv("RESTAMP_OPENERS", str(provider.folder.parent / "ann.pfx"))
    monkeypatch.setenv("RESTAMP_RUNBOOK", str(provider.folder))
    return provider


def test_what_only_others_make_is_waited_for_and_never_written(provider: Provider) -> None:
    """A delegated offer that is not there waits, with its reason; once it is as it should be, it is done."""
    document = {"providerSubscription": ERP, "name": "gold", "displayName": "Gold"}
    writes = len(provider.stamp.writes)
    missing = provider.made("DelegatedOffer", document)
    place = Desk(provider.stamp).root + f"/providers/Microsoft.Subscriptions.Admin/delegatedProviders/{ERP}/offers/gold"
    there = {"id": place, "name": "gold", "properties": {"displayName": "Lead"}}
    provider.stamp.load([there])
    other = provider.made("DelegatedOffer", document)
    provider.stamp.load([there | {"properties": {"displayName": "Gold"}}])
    right = provider.made("DelegatedOffer", document)
    provider.provider.delete("gold", right)

    reason = "the API only reads it; by tenant: its delegate publishes it again, in the user portal (Subscription ERP)"
    assert missing["result"] == f"waiting: is not there: {reason}"
    assert other["result"] == f"waiting: differs in displayName: {reason}"
    assert right["status"] == "done"
    assert len(provider.stamp.writes) == writes


def test_a_role_that_somebody_gave_by_hand_is_the_one_that_is_wanted(provider: Provider) -> None:
    """A stamp takes no second one of the same role, principal and scope: the guid that it has there counts."""
    person = provider.stamp.add_user("reader@contoso.example", "its own").object_id
    role = {"role": "acdd72a7-3385-48ef-bd42-f606fba81ae7", "principal": person}
    first = provider.made("RoleAssignment", role | {"name": "5f6b1d0a-6a3e-4f0c-9a57-0f7d2b8a4c11"})
    second = provider.made("RoleAssignment", role | {"name": "5f6b1d0a-6a3e-4f0c-9a57-0f7d2b8a4c12"})

    assert (first["outcome"], second["outcome"]) == ("created", "unchanged")
    assert provider.provider.read("x", second).outs["status"] == "done"


def test_what_hangs_on_another_is_read_by_itself(provider: Provider) -> None:
    """An offer's delegations have no list of their own: each is asked for, and stays in the state."""
    document = {"group": "rg", "offer": "gold", "name": "erp", "subscription": ERP}
    made = provider.made("OfferDelegation", document, "")

    assert made["status"] == "done"
    assert provider.provider.read("rg/gold/erp", made).id == "rg/gold/erp"


def test_a_sealed_value_without_keys_is_failed_with_the_way_out(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No runbook, no such runbook, no key: each says what to do, and nothing is written."""
    provider.vault()
    document, writes = provider.secret(), len(provider.stamp.writes)
    monkeypatch.setenv("RESTAMP_OPENERS", "")
    nothing = provider.made("Secret", document)["result"]
    provider.provider = provider.configured(runbook=str(provider.folder / "no"))
    nowhere = provider.made("Secret", document)["result"]
    provider.provider = provider.configured(runbook=str(provider.folder))
    shut = provider.made("Secret", document)["result"]

    assert "failed" in nothing
    assert "restamp:runbook or RESTAMP_RUNBOOK names no runbook" in nothing
    assert "there is no such file" in nowhere
    assert "neither the capture key nor a private key is at hand" in shut
    assert "RESTAMP_OPENERS" in shut
    assert len(provider.stamp.writes) == writes


def test_a_secret_in_clear_is_refused_and_never_repeated(provider: Provider) -> None:
    """It would stay in Pulumi's state: `check` says so by field, and names where sealed values are looked at."""
    document = provider.secret() | {"value": PLAIN}
    (failure,) = provider.provider.check({}, provider.props("Secret", document)).failures

    assert failure.property == "document.value"
    assert "restamp secrets" in failure.reason
    assert PLAIN not in failure.reason


def test_secrets_of_one_vault_are_written_at_once_and_nobody_is_left_inside(unlocked: Provider) -> None:
    """A vault that lets restamp in by nothing is entered for each, one after another, and is as it was."""
    names = [f"secret-{number}" for number in range(6)]
    documents = {name: unlocked.secret(name, f"{PLAIN} {name}") for name in names}
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda name: unlocked.made("Secret", documents[name]), names))

    assert [each["status"] for each in made] == ["done"] * 6
    assert unlocked.policies() == []


def test_a_secret_that_somebody_changed_drifted_and_its_value_is_nowhere(unlocked: Provider) -> None:
    """Refresh tells it by the fingerprint, again and again; update writes the sealed value back."""
    document = unlocked.secret()
    made = unlocked.made("Secret", document)
    policy = {"objectId": unlocked.own.object_id, "tenantId": "adfs", "permissions": {"secrets": ["get", "set"]}}
    tenant, data = Tenant(unlocked.stamp, unlocked.own), Data(unlocked.stamp, unlocked.own)
    body = tenant.ask("GET", VAULT).body
    tenant.ask("PUT", VAULT, body | {"properties": body["properties"] | {"accessPolicies": [policy]}})
    same = unlocked.provider.read("", made)
    data.ask("PUT", "/secrets/db-password", {"value": "theirs"})
    once = unlocked.provider.read("", made).outs or {}
    twice = unlocked.provider.read("", once).outs or {}
    unlocked.provider.update("", twice, unlocked.props("Secret", document))

    assert same.outs == made
    assert (once["status"], once["message"]) == ("drifted", "drifted: value")
    assert twice["status"] == "drifted"
    assert once["document"]["value"] == document["value"]
    assert "theirs" not in str(once)
    assert data.ask("GET", "/secrets/db-password").body["value"] == PLAIN


def test_what_nobody_lets_us_read_is_as_it_was(provider: Provider) -> None:
    """Refresh goes on without a subscription that no longer lets restamp in; `up` says so, object by object."""
    made = provider.made("Group", {"name": "app"})
    provider.stamp.forget(provider.own.object_id)
    stranger = provider.stamp.add_principal("restamp")

    assert stranger.client_id == provider.own.client_id
    end_all()
    again = provider.configured()
    assert again.read("x", made).outs == made
    failed = again.update("x", made, provider.props("Group", {"name": "app", "tags": {"a": "b"}})).outs or {}
    assert failed["status"] == "failed"
    assert "403" in failed["message"]


def test_what_is_inside_is_removed_where_the_program_says_so(provider: Provider) -> None:
    """A lock goes; a registration stays, and says that it does."""
    provider.made("Group", {"name": "app"})
    lock = provider.made("Lock", {"scope": "resourceGroups/app", "name": "keep", "level": "CanNotDelete"})
    registered = provider.made("Registration", {"name": "Microsoft.KeyVault"})
    provider.provider.delete("", lock)
    tenant = Tenant(provider.stamp, provider.own)

    assert tenant.ask("GET", f"{APP}/providers/Microsoft.Authorization/locks/keep").status == 404
    with pytest.raises(Unwritable, match="stays"):
        provider.provider.delete("", registered)


def test_whole_numbers_of_a_program_are_whole_on_the_wire(provider: Provider) -> None:
    """The engine knows only floats: a policy's 3 is sent as 3, and stays as it is the next time."""
    rule = {"if": {"field": "tags.n", "in": [3.0, 4.5]}, "then": {"effect": "deny"}}
    document = {"name": "numbers", "mode": "All", "policyRule": rule}
    made = provider.made("PolicyDefinition", document)
    path = f"/subscriptions/{ERP}/providers/Microsoft.Authorization/policyDefinitions/numbers"
    found = Tenant(provider.stamp, provider.own).ask("GET", path).body["properties"]["policyRule"]["if"]["in"]

    assert str(found) == "[3, 4.5]"
    assert provider.provider.read("x", made).outs == made
    assert provider.made("PolicyDefinition", document)["message"] == "adopted, nothing written"


def test_the_default_provider_subscription_is_meant_where_none_is_named(provider: Provider) -> None:
    """Roles, policies and locks without a subscription are the hub's own."""
    Desk(provider.stamp).ask("PUT", "resourcegroups/hub", {"location": REGION})
    document = {"scope": "resourceGroups/hub", "name": "keep", "level": "ReadOnly"}

    assert provider.made("Lock", document, "")["status"] == "done"
    path = "resourceGroups/hub/providers/Microsoft.Authorization/locks/keep"
    root = f"/subscriptions/{provider.stamp.provider_subscription}"
    assert any(str(body["id"]).lower() == f"{root}/{path}".lower() for body in provider.stamp.objects())


def test_the_whole_journal_of_a_run_that_ended_is_on_the_disk(provider: Provider) -> None:
    """Lines wait for the next one to be synchronised; behind the last line there is none."""
    provider.made("Group", {"name": "app"})
    end_all()  # what comes at once after this is too soon to be synchronised by itself
    passed = list[str]()
    with failpoints.watched(passed.append):
        end_all()

    assert passed[-3:] == ["journal.line.after", "journal.fsync.before", "journal.fsync.after"]


@pytest.mark.parametrize(
    ("changed", "fields", "replaces"),
    [
        ({"subscription": "tenant-2"}, ["subscription"], ["subscription"]),
        ({"subscription": "TENANT-1"}, ["subscription"], []),
        ({"directory": "d"}, ["directory"], []),
        ({"document": {"name": "APP"}}, ["document.name"], []),
        ({"document": {"name": "data"}}, ["document.name"], ["document"]),
        ({"document": {"name": "app", "tags": {"a": "b"}}}, ["document.tags"], []),
    ],
    ids=str,
)
def test_another_place_is_another_object(changed: Props, fields: list[str], replaces: list[str]) -> None:
    """A name or a subscription makes it another one; case does not, nor who signs in."""
    olds = {"kind": "Group", "subscription": ERP, "document": {"name": "app"}, "status": "done"}
    found = DocumentProvider().diff("", olds, olds | changed)

    assert (found.fields, found.replaces) == (fields, replaces)
