"""Who is let in: a plain operator, a tenant that gives a role, a recovery user, a tenant that writes by itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from tests.asking import Desk
from tests.flows.world import NAME, REGION, World, contents
from tests.serving import settings_for
from tests.soak import provider

from restamp import entering
from restamp.arm.client import Arm
from restamp.kinds.subscriptions import Subscription
from restamp.plugins import all_kinds
from restamp.runbook import load
from restamp.simulator import Principal, Stamp

HOME = "0d6c3a5e-3b0a-4d9b-9f0e-5a1c2b7e4f60"
GUEST = "7b1f3a52-9f7e-4d1c-8a55-2f6f3f1f0a11"
OWNER, READER = "erp@contoso.example", "audit@contoso.example"
READERS = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
AUTHORIZATION = "providers/Microsoft.Authorization"
FIRST = "c66cb1bf-3d5e-4a44-9f0a-000000000000"
SECOND = "c66cb1bf-3d5e-4a44-9f0a-000000000001"


def people(stamp: Stamp, directories: dict[str, str]) -> None:
    """Who survives the loss, in the directory of each subscription."""
    for directory in directories.values():
        for name in (OWNER, READER):
            suffix = "" if directory == stamp.admin.tenant else f"/{directory}"
            stamp.add_user(name, "its own", tenant=directory, object_id=stamp.state.object_id(f"{name}{suffix}"))


def inside(stamp: Stamp, body: dict[str, Any]) -> list[dict[str, Any]]:
    """A group with tags, and who may read it."""
    root = f"/subscriptions/{body['subscriptionId']}"
    here = "" if body["tenantId"] == stamp.admin.tenant else f"/{body['tenantId']}"
    role = f"{body['subscriptionId'][:-4]}bbbb"
    given = {"roleDefinitionId": f"{root}/{AUTHORIZATION}/roleDefinitions/{READERS}"}
    given |= {"principalId": stamp.state.object_id(f"{READER}{here}"), "scope": root}
    return [
        {"id": f"{root}/resourceGroups/app", "name": "app", "location": REGION, "tags": {"env": "prod"},
         "properties": {"provisioningState": "Succeeded"}},
        {"id": f"{root}/{AUTHORIZATION}/roleAssignments/{role}", "name": role, "properties": given,
         "type": "Microsoft.Authorization/roleAssignments"},
    ]  # fmt: skip


class Rights(World):
    """A stamp with two subscriptions, captured by somebody who sees all, and lost; a plain operator's machine."""

    def __init__(self, folder: Path, identity: str = "ADFS", guest: str = "") -> None:
        super().__init__(folder)
        self.identity, self.guest = identity, guest
        self.operator: Principal
        self.credentials = folder / "credentials.yaml"
        with self.stamp_of(1, identity=identity, tenant=HOME) as stamp:
            self.fill(stamp)
            self.restamp("capture", "--stamp", NAME, **self.as_one(stamp.add_principal("auditor", "Reader", scope="/")))

    def env(self, **more: str) -> dict[str, str]:
        """The plain operator's: Contributor on the default provider subscription, and nothing else."""
        who = {} if "RESTAMP_CLIENT_ID" in more else self.as_one(self.operator)
        kept = {"RESTAMP_CREDENTIALS": str(self.credentials)} if self.credentials.exists() else {}
        return super().env(**{"RESTAMP_TENANT": self.stamp.admin.tenant} | who | kept | more)

    def as_one(self, principal: Principal) -> dict[str, str]:
        """The credentials of somebody."""
        return {"RESTAMP_CLIENT_ID": principal.client_id, "RESTAMP_CLIENT_SECRET": principal.secret}

    def directories(self, stamp: Stamp) -> dict[str, str]:
        """The directory of each subscription."""
        return {FIRST: stamp.admin.tenant, SECOND: self.guest or stamp.admin.tenant}

    def fill(self, stamp: Stamp) -> None:
        """All that the stamp had."""
        directories = self.directories(stamp)
        people(stamp, directories)
        objects = contents(stamp, 2)
        tenants = [body for body in objects if "subscriptionId" in body]
        for body in tenants:
            body["tenantId"] = directories[body["subscriptionId"]]
        stamp.load(objects)
        for body in tenants:
            stamp.load(inside(stamp, body))
        if self.guest:
            stamp.add_principal("auditor", "Reader", scope="/", tenant=self.guest)
            self.credentials.write_text(f"directories:\n  {self.guest}: {{}}\n")
            self.credentials.chmod(0o600)

    @contextmanager
    def redeployed(self, **options: Any) -> Iterator[Stamp]:
        """The new stamp, with the people and a recovery user in each directory; restamp's principal is new too."""
        with self.stamp_of(2, identity=self.identity, tenant=HOME, **options) as stamp:
            directories = self.directories(stamp)
            people(stamp, directories)
            for directory in directories.values():
                stamp.add_user(f"recovery@{directory}", "borrowed", tenant=directory)
            self.operator = stamp.add_principal("operator", "Contributor")
            yield stamp

    def named(self, directory: str, **more: str) -> None:
        """Write who signs in for a directory."""
        before = self.credentials.read_text() if self.credentials.exists() else "directories:\n"
        fields = {"recoveryUser": f"recovery@{directory}", "recoveryPassword": "borrowed"} | more
        entry = "".join(f"    {key}: {value}\n" for key, value in fields.items())
        self.credentials.write_text(f"{before}  {directory}:\n{entry}")
        self.credentials.chmod(0o600)

    def says(self, subscription: str, text: str) -> None:
        """Write something into the document of a subscription, as people do."""
        path = next(
            path for path in self.runbook.glob("subscriptions/*.yaml") if f"id: {subscription}" in path.read_text()
        )
        path.write_text(path.read_text("utf-8") + text, "utf-8")


def there(stamp: Stamp, subscription: str) -> set[str]:
    """What is inside a subscription."""
    root = f"/subscriptions/{subscription}/"
    return {str(body["id"]).removeprefix(root) for body in stamp.objects() if str(body["id"]).startswith(root)}


def owner(stamp: Stamp, subscription: str) -> str:
    """Who owns a subscription."""
    return next(str(body["owner"]) for body in stamp.objects() if body.get("subscriptionId") == subscription)


def back(stamp: Stamp, subscription: str) -> bool:
    """Whether all that is inside a subscription is back, its owner too, and nothing of ours is left."""
    wanted = {f"{AUTHORIZATION}/roleAssignments/{subscription[:-4]}bbbb", "resourceGroups/app"}
    found = {name for name in there(stamp, subscription) if not name.startswith("providers/Microsoft.Res")}
    return found == wanted and owner(stamp, subscription) == OWNER


def grant(stamp: Stamp, subscription: str, principal: str) -> None:
    """What the tenant does: its owner makes a principal an Owner."""
    user = next(
        each for each in stamp.principals if each.name == OWNER and each.tenant in (_directory(stamp, subscription),)
    )
    root = f"/subscriptions/{subscription}"
    role = f"{root}/{AUTHORIZATION}/roleDefinitions/{entering.OWNER}"
    body = {"properties": {"roleDefinitionId": role, "principalId": principal}}
    path = f"{root}/{AUTHORIZATION}/roleAssignments/00000000-0000-4000-8000-00000000000a?api-version=2015-07-01"
    assert Desk(stamp, user, "management").ask("PUT", path, body).status == 201


def _directory(stamp: Stamp, subscription: str) -> str:
    found = next(body for body in stamp.objects() if body.get("subscriptionId") == subscription)
    return "adfs" if stamp.identity == "ADFS" else str(found["tenantId"])


@pytest.fixture
def rights(tmp_path: Path) -> Rights:
    """On AD FS."""
    return Rights(tmp_path)


def test_a_plain_operator_captures_and_restores_what_operators_see(tmp_path: Path) -> None:
    """The inside of 0 of 2 subscriptions is covered: every command says so, and what is covered is done."""
    world = Rights(tmp_path)
    for path in world.runbook.rglob("*.yaml"):
        path.unlink() if path.name != "stamp.yaml" else None
    with world.stamp_of(1, tenant=HOME) as stamp:
        world.fill(stamp)
        world.operator = stamp.add_principal("operator", "Contributor")
        told = world.restamp("capture")
        assert "inside covered: 0 of 2 subscriptions" in told
        assert f"({FIRST})" in (world.runbook / "captured.yaml").read_text()
        assert "inside covered: 0 of 2 subscriptions" in world.restamp("verify")
    with world.redeployed() as stamp:
        world.restamp("begin")
        assert "gates open: stamp-ready, control-plane-restored" in world.restamp("up")
        assert owner(stamp, FIRST) == OWNER
        assert there(stamp, FIRST) == set()


def test_where_the_tenant_has_to_let_restamp_in_the_run_waits_with_the_command_and_goes_on(rights: Rights) -> None:
    """Exit status 3, each subscription with what its owner runs; once that was done, `up` fills it."""
    with rights.redeployed() as stamp:
        rights.restamp("begin")
        told = rights.restamp("up", status=3)
        command = re.search(rf"New-AzRoleAssignment -ObjectId (\S+) .* -Scope /subscriptions/{FIRST}", told)

        assert command
        assert "by tenant: erp@contoso.example, its owner, signs in to https://management." in told
        assert f"az role assignment create --assignee-object-id {command[1]} --role Owner" in told
        assert "by tenant" in rights.restamp("status", status=3)
        assert "not verified" in rights.restamp("verify", status=4)
        for subscription in (FIRST, SECOND):
            grant(stamp, subscription, command[1])
        rights.restamp("up")
        assert {"resourceGroups/app"} < there(stamp, FIRST)
        assert "inside covered: 2 of 2 subscriptions" in rights.restamp("verify")


def test_a_recovery_user_owns_a_subscription_while_it_is_filled(rights: Rights) -> None:
    """Made as its own, filled by restamp, given back; the next `up` has nothing to do."""
    for subscription in (FIRST, SECOND):
        rights.says(subscription, "access: recovery-user\n")
    with rights.redeployed() as stamp:
        rights.named(stamp.admin.tenant)
        rights.restamp("begin")
        rights.restamp("up")

        assert back(stamp, FIRST)
        assert back(stamp, SECOND)
        writes = len(stamp.writes)
        rights.restamp("up")
        assert len(stamp.writes) == writes
        journal = rights.restamp("journal")
        assert "RoleAssignment" in journal


STEPS = ("lent", "granted", "filled", "given back", "taken away")


def steps(stamp: Stamp) -> dict[str, int]:
    """By which write each step of the way was done, counted from 1."""
    paths = [f"{record.method} {record.path}" for record in stamp.writes]
    own = [number for number, path in enumerate(paths, 1) if path.startswith("PUT") and path.endswith(f"/{FIRST}")]
    roles = [number for number, path in enumerate(paths, 1) if f"/{FIRST}/{AUTHORIZATION}/roleAssignments/" in path]
    return dict(zip(STEPS, (own[0], roles[0], roles[1], own[-1], roles[-1]), strict=True))


@pytest.mark.parametrize("step", STEPS)
def test_a_recovery_user_who_was_killed_in_between_is_finished_by_the_next_run(rights: Rights, step: str) -> None:
    """After each step; nobody is left an owner who is none, and no role that nobody gave."""
    rights.says(FIRST, "access: recovery-user\n")
    rights.says(SECOND, "access: tenant\n")
    rights.operator = Principal("", "", "", "")
    with rights.redeployed() as stamp:
        rights.named(stamp.admin.tenant)
        rights.restamp("begin")
        env = rights.env(RESTAMP_HOME=str(rights.folder / "undisturbed"))
        assert provider.bring(rights.runbook, env) == 3  # the tenant's is the tenant's
        done = steps(stamp)
        assert back(stamp, FIRST)
    with rights.redeployed() as stamp:
        assert provider.bring(rights.runbook, rights.env(), f"write.answered#{done[step]}") == provider.KILLED
        assert step == "taken away" or not back(stamp, FIRST)
        assert provider.bring(rights.runbook, rights.env()) == 3
        assert back(stamp, FIRST)
        assert there(stamp, SECOND) == set()


def test_each_directory_is_entered_as_its_own(tmp_path: Path) -> None:
    """On Entra: the home directory by a role that its tenant gave, the guests' by their recovery user."""
    world = Rights(tmp_path, "AzureAD", GUEST)
    world.says(SECOND, "access: recovery-user\n")
    world.credentials.unlink()
    with world.redeployed() as stamp:
        world.restamp("begin")
        told = world.restamp("up", status=3)
        assert f"RESTAMP_CREDENTIALS names no recoveryUser for the directory {GUEST}" in told
        found = re.search(rf"-ObjectId (\S+) .* -Scope /subscriptions/{FIRST}", told)
        assert found
        grant(stamp, FIRST, found[1])
        guest = stamp.add_principal("guests' restamp", role=None, tenant=GUEST)
        world.named(GUEST, clientId=guest.client_id, clientSecret=guest.secret)
        world.restamp("up")

        assert {"resourceGroups/app"} < there(stamp, FIRST)
        assert back(stamp, SECOND)


def test_a_guest_directory_that_nobody_is_named_for_is_waited_for(tmp_path: Path) -> None:
    """A principal of another directory has no place in it, so no tenant is asked to let it in."""
    world = Rights(tmp_path, "AzureAD", GUEST)
    world.credentials.unlink()
    with world.redeployed():
        world.restamp("begin")
        told = world.restamp("up", status=3)
        assert f"RESTAMP_CREDENTIALS names nobody of the directory {GUEST}, and others have no place in it" in told


def test_a_tenant_fills_its_own_subscription(rights: Rights) -> None:
    """The operator's run waits by tenant; the tenant's principal asks nothing of the admin endpoint."""
    rights.says(FIRST, "access: tenant\n")
    with rights.redeployed() as stamp:
        rights.restamp("begin")
        told = rights.restamp("up", status=3)
        assert f"restamp up --only 'Subscription {FIRST}'" in told
        asked = [record for record in stamp.requests if record.plane == "admin"]
        tenant = stamp.add_principal("the tenant's", "Owner", scope=f"/subscriptions/{FIRST}")
        book = load(rights.runbook, all_kinds())
        document = next(item for item in book.documents if isinstance(item, Subscription) and item.id == FIRST)
        own = settings_for(rights.server, client_id=tenant.client_id, client_secret=tenant.secret)
        with Arm(own) as arm:
            results = entering.as_tenant(
                arm, document, book.within(document), book.kinds, lambda _kind, _ref: nullcontext({})
            )

        assert {result.outcome for result in results} == {"created"}
        assert back(stamp, FIRST)
        assert [record for record in stamp.requests if record.plane == "admin"] == asked


def test_a_recovery_user_who_cannot_sign_in_leaves_the_subscription_to_its_owner(rights: Rights) -> None:
    """It failed with the reason, and nothing stands half-way."""
    rights.says(FIRST, "access: recovery-user\n")
    with rights.redeployed() as stamp:
        rights.named(stamp.admin.tenant, recoveryPassword="wrong")
        rights.restamp("begin")
        told = rights.restamp("up", status=4)

        assert "recovery user: sign-in of recovery@adfs was refused" in told
        assert "wrong" not in told.replace("Authentication failed", "")
        assert owner(stamp, FIRST) == OWNER
        assert there(stamp, FIRST) == set()


def test_a_wrong_table_of_people_is_refused_before_anything_is_written(rights: Rights) -> None:
    """With its place, once, and not for each subscription."""
    (rights.runbook / "principals.yaml").write_text("kind: Principals\nprincipals:\n  S-1:\n    nwe: S-2\n")
    with rights.redeployed() as stamp:
        rights.restamp("begin")
        assert "principals.yaml:4:5" in rights.restamp("up", status=2)
        assert stamp.writes == []


def test_an_owner_who_is_gone_blocks_a_subscription_until_people_name_another(rights: Rights) -> None:
    """The hint says which field; then it is made with the other owner."""
    with rights.redeployed(check_owners=True) as stamp:
        for each in stamp.principals:
            if each.name == OWNER:
                stamp.forget(each.object_id)
        rights.restamp("begin")
        told = rights.restamp("up", status=3)
        assert "blocked" in told
        assert "ownerOverride" in told
        rights.says(FIRST, f"ownerOverride: {READER}\n")
        rights.restamp("up", status=3)
        assert owner(stamp, FIRST) == READER
