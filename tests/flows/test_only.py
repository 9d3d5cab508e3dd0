"""Single documents through the command line: captured alone, brought back alone, from any commit of the runbook."""

import datetime as dt
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.flows.test_rights import FIRST, HOME, SECOND, Rights, back
from tests.flows.world import NAME, REGION, World, contents

from restamp.simulator import Fault, Stamp
from restamp.simulator.population import population

ROLES = "providers/Microsoft.Authorization/roleAssignments/"
PLAN = "Plan offers-rg/gold"
GIT = {f"GIT_{who}_{what}": "op@contoso.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def rights(tmp_path: Path) -> Rights:
    """A plain operator's machine, with two subscriptions in the runbook."""
    return Rights(tmp_path)


def git(world: World, *arguments: str) -> str:
    """git in the operator's project."""
    done = subprocess.run(
        ["git", *arguments], cwd=world.folder, env=os.environ | GIT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def committed(world: World, message: str = "captured") -> str:
    """A commit of all there is; its id."""
    if not (world.folder / ".git").exists():
        git(world, "init", "--quiet")
    git(world, "add", "--all", "stacks")
    git(world, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(world, "rev-parse", "HEAD")


def bytes_of(world: World) -> dict[str, bytes]:
    return {str(path.relative_to(world.runbook)): path.read_bytes() for path in world.runbook.rglob("*.yaml")}


def quota(stamp: Stamp, cores: int) -> None:
    """Somebody changes the compute quota on the stamp."""
    body = next(item for item in contents(stamp) if item["id"].endswith("Compute.Admin/locations/redmond/quotas/small"))
    stamp.load([body | {"properties": body["properties"] | {"coresLimit": cores}}])


def cores(stamp: Stamp) -> int:
    found = next(
        item for item in stamp.objects() if item["id"].lower().endswith("compute.admin/locations/redmond/quotas/small")
    )
    return int(found["properties"]["coresLimit"])


def test_one_document_is_captured_and_no_other_file_changes(world: World) -> None:
    """By its file, its name or its label; what changed elsewhere on the stamp stays out of the runbook."""
    with world.stamp_of(1, []) as stamp:
        stamp.load(contents(stamp))
        world.restamp("capture", "--stamp", NAME)
        before = bytes_of(world)
        quota(stamp, 21)
        own = stamp.objects()
        plan = next(item for item in own if item["id"].endswith("plans/gold"))
        stamp.load([plan | {"properties": plan["properties"] | {"displayName": "Golden"}}])

        told = world.restamp("capture", "--only", "ComputeQuota compute/small")
        assert "ComputeQuota compute/small: quotas/compute/small.yaml" in told
        after = bytes_of(world)
        assert {name for name in after if after[name] != before[name]} == {"quotas/compute/small.yaml"}
        assert b"coresLimit: 21" in after["quotas/compute/small.yaml"]
        again = world.restamp("capture", "--only", str(world.runbook / "quotas/compute/small.yaml"))
        assert "has not changed" in again
        assert "subscriptions/contoso-erp-1--" in world.restamp("capture", "--only", "Contoso ERP 1")
        assert bytes_of(world) == after
        assert stamp.writes == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Plan offers-rg/golt", "Did you mean Plan offers-rg/gold?"),
        ("plans/silver.yaml", "there is no such document in the runbook"),
        ("offers-rg/gold", "means 2 documents"),
    ],
)
def test_what_is_no_document_is_refused_with_a_way_out(world: World, text: str, said: str) -> None:
    """By capture and by up alike; nothing is asked of the stamp's objects."""
    world.captured()
    with world.stamp_of(1, []) as stamp:
        stamp.load(contents(stamp))
        for command in ("capture", "up"):
            assert said in world.restamp(command, "--only", text, status=2)
        assert stamp.writes == []


def test_one_document_comes_back_from_an_earlier_commit(world: World) -> None:
    """Its diff first, written through the journal; the runbook keeps what it says, and the way to keep it is told."""
    with world.stamp_of(1, []) as stamp:
        stamp.load(contents(stamp))
        world.restamp("capture", "--stamp", NAME)
        first = committed(world)
        quota(stamp, 99)
        world.restamp("capture")
        committed(world, "more cores")
        before = bytes_of(world)
        command = ("up", "--only", "ComputeQuota compute/small", "--from", first)

        assert "nothing to write" in world.restamp("up", "--only", "ComputeQuota compute/small")
        told = world.restamp(*command, status=2)
        assert "~ ComputeQuota compute/small\n    coresLimit: 99 -> 20" in told
        assert "is no terminal" in told
        assert stamp.writes == []
        told = world.restamp(*command, "--yes")
        assert f"as quotas/compute/small.yaml says in {first[:7]}" in told
        assert "ComputeQuota compute/small: 1 updated" in told
        assert "next: restamp capture --only 'ComputeQuota compute/small'" in told
        assert (cores(stamp), len(stamp.writes)) == (20, 1)
        assert bytes_of(world) == before
        assert "updated    ComputeQuota compute/small" in world.restamp("journal")
        for wrong in ("no-such-thing", "--help"):
            told = world.restamp("up", "--only", "compute/small", f"--from={wrong}", status=2)
            assert "there is no such revision" in told


def test_people_are_asked_on_a_terminal(world: World) -> None:
    """No writes nothing, yes writes."""
    with world.stamp_of(1, []) as stamp:
        stamp.load(contents(stamp))
        world.restamp("capture", "--stamp", NAME)
        quota(stamp, 99)
        for answer, status, now in ((b"n\n", 2, 99), (b"y\n", 0, 20)):
            ours, theirs = pty.openpty()
            os.write(ours, answer)
            command = [sys.executable, "-m", "restamp", "up", "--only", "compute/small"]
            done = subprocess.run(
                command, cwd=world.folder, env=world.env(), stdin=theirs, capture_output=True, text=True, check=False
            )
            assert done.returncode == status, done.stdout + done.stderr
            assert "write this to redmond.ext.contoso.example" in done.stdout
            assert cores(stamp) == now


def test_what_needs_something_absent_is_refused_by_its_name(world: World) -> None:
    """The next command brings that back first; then it goes."""
    world.captured()
    with world.stamp_of(1, []) as stamp:
        kept = [item for item in contents(stamp) if "/plans/" not in item["id"] and "/offers/" not in item["id"]]
        stamp.load(item for item in kept if "subscriptionId" not in item)
        told = world.restamp("up", "--only", "Offer offers-rg/gold", "--yes", status=2)
        assert "it needs Plan offers-rg/gold, which the stamp has not" in told
        assert "restamp up --only 'Plan offers-rg/gold'" in told
        assert "Plan offers-rg/gold: 1 created" in world.restamp("up", "--only", PLAN, "--yes")
        assert "Offer offers-rg/gold: 1 created" in world.restamp("up", "--only", "Offer offers-rg/gold", "--yes")


def test_only_the_recoverys_target_or_the_living_stamp_is_written_to(world: World) -> None:
    """A deployment that nobody knows is refused; a recovery's target is written to, and the stamp that was captured."""
    world.captured()
    with world.stamp_of(2) as stamp:
        told = world.restamp("up", "--only", "ResourceGroup offers-rg", "--yes", status=2)
        assert "and the runbook is that of" in told
        world.restamp("begin")
        assert "1 created" in world.restamp("up", "--only", "ResourceGroup offers-rg", "--yes")
        assert len(stamp.writes) == 1
    with world.stamp_of(1, []) as stamp:
        stamp.load(contents(stamp))
        quota(stamp, 99)
        assert "1 updated" in world.restamp("up", "--only", "ComputeQuota compute/small", "--yes")  # it was never lost
        assert len(stamp.writes) == 1


def test_a_subscription_comes_back_with_what_is_inside(world: World) -> None:
    """What was deleted inside is made again, with its rights; what it is asked again is unchanged."""
    with world.stamp_of(1, []) as stamp:
        stamp.load(population(stamp, 3, contents=True, everywhere=stamp.admin))
        world.restamp("capture", "--stamp", NAME)
        files = sorted(path.name for path in (world.runbook / "subscriptions").iterdir())
        file = f"subscriptions/{files[0]}"
        own = files[0].rpartition("--")[2].removesuffix(".yaml")
        inside = [str(item["id"]).lower() for item in stamp.objects() if f"/{own}/" in str(item["id"]).lower()]
        gone = [each for each in inside if "/policyassignments/" in each]
        for each in gone:
            stamp.state.store.delete(each)
        assert gone
        told = world.restamp("up", "--only", file, "--yes")
        assert "+ PolicyAssignment" in told
        assert "1 created" in told
        assert "nothing to write" in world.restamp("up", "--only", file)


def test_a_tenant_brings_back_what_is_inside_with_its_own_credentials(rights: Rights) -> None:
    """Without rights at the admin endpoint the tenant's principal writes the contents alone, and journals them."""
    rights.says(FIRST, "access: tenant\n")
    with rights.redeployed() as stamp:
        rights.restamp("begin")
        rights.restamp("up", status=3)
        tenant = stamp.add_principal("the tenant's", "Owner", scope=f"/subscriptions/{FIRST}")
        command, own = ("up", "--only", f"Subscription {FIRST}", "--yes"), rights.as_one(tenant)
        writes = len(stamp.writes)
        told = rights.restamp(*command, **own)

        assert "only what is inside, by the tenant endpoint" in told
        assert "+ Group app" in told
        assert f"Subscription {FIRST}: 2 created" in told
        assert back(stamp, FIRST)
        assert {record.plane for record in stamp.writes[writes:]} == {"tenant"}
        assert "nothing to write: 2 equal" in rights.restamp(*command, **own)
        assert f"Group app in {FIRST}" in rights.restamp("journal")
        told = rights.restamp("up", "--only", f"Subscription {SECOND}", "--yes", status=2, **own)
        assert "neither the admin endpoint nor the subscription lets this principal in" in told
        rights.restamp("up", "--only", PLAN, "--yes", status=4, **own)


def begun(stamp: Stamp) -> list[int]:
    """The numbers of the subscriptions that were made, in that order."""
    written = [record.path.rpartition("-")[2] for record in stamp.writes if "/subscriptions/c66cb1bf" in record.path]
    return list(dict.fromkeys(map(int, written)))


def test_some_subscriptions_come_back_before_the_others(world: World) -> None:
    """Those named first, then by priority; one that fails holds nobody up, and priorities survive a capture."""
    with world.stamp_of(1, []) as stamp:
        stamp.load(contents(stamp, 30))
        world.restamp("capture", "--stamp", NAME)
        for number, priority in ((27, 5), (28, 10)):
            path = next(world.runbook.glob(f"subscriptions/contoso-erp-{number}--*.yaml"))
            path.write_text(path.read_text("utf-8") + f"priority: {priority}\n", "utf-8")
        world.restamp("capture")
        assert "priority: 5\n" in next(world.runbook.glob("subscriptions/contoso-erp-27--*.yaml")).read_text("utf-8")
    with world.stamp_of(2) as stamp:
        world.restamp("begin")
        assert "only these have an order" in world.restamp("up", "--first", PLAN, status=2)
        stamp.faults.append(Fault("PUT .*/subscriptions/c66cb1bf.*029$", times=None, status=400))
        world.restamp("up", "--first", "Contoso ERP 29", "--first", "Contoso ERP 25", status=4)
        order = begun(stamp)
        assert (set(order[:2]), order[2:4], len(order)) == ({25, 29}, [28, 27], 30)
        stamp.faults.clear()
        world.restamp("up")
        assert "0 differences" in world.restamp("verify")


def native(world: World, backup: str) -> None:
    """People write down which backup the stamp was restored from."""
    path = world.runbook / "recoveries" / "r" / "recovery.yaml"
    path.write_text(path.read_text("utf-8") + f"backup: {backup}\n", "utf-8")


def roles(stamp: Stamp) -> list[str]:
    """The role assignments inside the first subscription."""
    return sorted(str(item["id"]) for item in stamp.objects() if f"/{FIRST}/{ROLES}" in str(item["id"]))


def revoked(rights: Rights, stamp: Stamp) -> list[str]:
    """What a runbook of before gives, and the stamp has not any more; by what `up` calls it."""
    role, guid = roles(stamp)[0], f"{FIRST[:-4]}dddd"
    allowed = "permissions: [{actions: ['*'], notActions: []}], assignableScopes: ['/']"
    rights.says(FIRST, f"roleDefinitions: {{{guid}: {{roleName: Operators, {allowed}}}}}\n")
    for file, text in {
        "tenants/guest.yaml": f"kind: DirectoryTenant\nname: guest\ntenant: {HOME}\n",
        "delegations/partner.yaml": "kind: OfferDelegation\ngroup: offers-rg\noffer: gold\nname: partner\n"
        f"subscription: {SECOND}\n",
    }.items():
        (rights.runbook / file).parent.mkdir(exist_ok=True)
        (rights.runbook / file).write_text(text)
    scope = f"/subscriptions/{FIRST}"
    less = {"permissions": [{"actions": ["*/read"], "notActions": []}], "assignableScopes": [scope]}
    body = {"properties": {"roleName": "Operators", "type": "CustomRole"} | less}
    kind = "Microsoft.Authorization/roleDefinitions"
    stamp.load([body | {"id": f"{scope}/providers/{kind}/{guid}", "name": guid, "type": kind}])
    tenant = next(item for item in stamp.objects() if item.get("subscriptionId") == SECOND)
    group = next(item for item in stamp.objects() if item["id"].endswith(f"{SECOND}/resourceGroups/app"))
    stamp.load([tenant | {"state": "Disabled"}, group | {"tags": {}}])
    stamp.state.store.delete(role.lower())
    return [
        f"RoleAssignment {role.rpartition('/')[2]}", f"RoleDefinition {guid} permissions",
        f"Subscription {SECOND} state", "DirectoryTenant guest", "OfferDelegation offers-rg/gold/partner",
    ]  # fmt: skip


def test_a_runbook_older_than_the_backup_is_not_written_until_a_side_is_taken(rights: Rights) -> None:
    """Refused with the differences and both ways; with the runbook's side revoked access stays revoked, until named."""
    with rights.stamp_of(2, tenant=HOME) as stamp:
        rights.fill(stamp)
        rights.operator = stamp.add_principal("operator", "Owner", scope="/")
        role = roles(stamp)[0]
        quota(stamp, 99)
        subject, *others = revoked(rights, stamp)
        rights.restamp("begin", "r", "--way", "native")
        assert "does not say from which backup" in rights.restamp("up", status=2)
        native(rights, "2999-01-01T00:00:00Z")

        told = rights.restamp("up", status=2)
        assert "coresLimit: 99 -> 20" in told
        assert "7 objects differ" in told
        assert f"restamp capture --new-deployment {stamp.deployment_id} --commit" in told
        assert "restamp up --take runbook" in told
        tenant = rights.as_one(stamp.add_principal("the tenant's", "Owner", scope=f"/subscriptions/{FIRST}"))
        for who in ({}, tenant):
            told = rights.restamp("up", "--only", f"Subscription {FIRST}", "--yes", status=2, **who)
            assert "is older than the backup" in told
            assert "restamp up --take runbook" in told
        rights.run("pulumi", "--non-interactive", "stack", "init", REGION)
        assert "is older than the backup" in rights.pulumi("up", "--yes", "--skip-preview", status=None)
        assert stamp.writes == []

        told = rights.restamp("up", "--take", "runbook")
        for each in (subject, *others):
            assert f"withheld: {each}: " in told
        assert "5 not granted; one by one: restamp up --grant '" in told
        assert "guest: withheld, for the stamp has no such access: restamp up --grant 'DirectoryTenant guest'" in told
        rights.restamp("up")
        assert [record.path.rpartition("/")[2] for record in stamp.writes] == ["small"]
        assert (cores(stamp), roles(stamp)) == (20, [])
        told = rights.restamp("up", "--only", "DirectoryTenant guest", "--yes", status=2)
        assert "gives access that the stamp has not, so it is withheld" in told
        assert f"+ {subject} in Subscription" in rights.restamp("verify", status=4)
        for who in ({}, tenant):
            told = rights.restamp("up", "--only", f"Subscription {FIRST}", **who)
            assert "left out: restamp up --grant" in told
            assert "nothing to write" in told
        assert "nothing that is withheld" in rights.restamp("up", "--grant", f"{subject}0", status=2)
        rights.restamp("up", *(text for each in (subject, *others) for text in ("--grant", each)))
        assert roles(stamp) == [role]
        assert "0 differences" in rights.restamp("verify")


def test_the_stamps_side_is_a_capture(rights: Rights) -> None:
    """It is newer than the backup then, and committed with the time also where nothing changed."""
    with rights.stamp_of(2, tenant=HOME) as stamp:
        rights.fill(stamp)
        rights.operator = stamp.add_principal("operator", "Owner", scope="/")
        quota(stamp, 99)
        rights.restamp("begin", "r", "--way", "native")
        committed(rights)
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        native(rights, now.isoformat())
        told = rights.restamp("capture", "--new-deployment", stamp.deployment_id, "--commit", **GIT)
        assert "committed " in told
        assert git(rights, "log", "-1", "--format=%s") == "Capture of redmond"
        assert "2 Subscription" in git(rights, "log", "-1", "--format=%b")
        first = git(rights, "rev-parse", "HEAD")
        rights.restamp("capture", "--commit", **GIT)
        assert git(rights, "rev-parse", "HEAD") != first
        assert git(rights, "status", "--porcelain", "stacks") == ""
        rights.restamp("up")
        assert cores(stamp) == 99
