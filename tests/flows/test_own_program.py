"""The examples of docs/operator/own-program.md, on the real engine, with Pulumi's own host."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Resource
from tests.flows.world import DOMAIN, NAME, REGION, ROOT, World
from tests.keys import written
from tests.tenant.asking import Tenant
from tests.test_kinds_settings import feature
from tests.test_simulator_vaults import Data

from restamp.models.sealed import SealedValue
from restamp.models.stamp import Stamp as StampDocument
from restamp.resources import typed
from restamp.runbook.save import own_file
from restamp.secrets import Seals, recipients
from restamp.secrets.capture_key import for_sealing
from restamp.simulator import Principal, Stamp

EXAMPLES = ROOT / "docs" / "operator" / "examples"
GROUP = "/resourceGroups/fabrikam-rg"
MADE = (
    GROUP,
    f"/providers/Microsoft.Compute.Admin/locations/{REGION}/quotas/fabrikam",
    f"{GROUP}/providers/Microsoft.Subscriptions.Admin/plans/fabrikam",
    f"{GROUP}/providers/Microsoft.Subscriptions.Admin/offers/fabrikam",
    "/providers/Microsoft.Subscriptions.Admin/subscriptions/0f6b1c1e-6a2b-4f0e-9d53-7c3f5f0b9a10",
)
TAILSPIN = "7d1e4a52-90c3-4b1f-8a6e-2f5b9c0d3e14"
APP = f"/subscriptions/{TAILSPIN}/resourceGroups/app"
LOCK = f"{APP}/providers/Microsoft.Authorization/locks/keep"
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/operator/own-program.md").read_text("utf-8"), re.M | re.S)
CONTOSO = "2c7f3b90-6d1e-4e58-9b42-8a0c5d7e1f36"
PLAIN = "correct horse battery staple"


class Program:
    """A program in a world of its own, and the application that it runs as, which its customer let in."""

    def __init__(self, world: World, stamp: Stamp, folder: Path, runbook: Path) -> None:
        self.world, self.stamp, self.runbook = world, stamp, runbook
        self.own: Principal = stamp.add_principal("restamp", "Owner", scope="/")
        self.env = {"RESTAMP_CLIENT_ID": self.own.client_id, "RESTAMP_CLIENT_SECRET": self.own.secret}
        self.env |= {"RESTAMP_OPENERS": str(runbook.parent / "ann.pfx"), "RESTAMP_RUNBOOK": str(runbook)}
        world.folder = folder
        world.run("pulumi", "--non-interactive", "stack", "init", REGION)
        world.pulumi("config", "set", "restamp:stamp", NAME)

    def sealed(self, vault: str, value: str, subscription: str = TAILSPIN) -> SealedValue:
        """A value of the secret `db-password`, as the runbook would have it."""
        folder = self.runbook
        folder.mkdir(exist_ok=True)
        if not (folder / "recipients").exists():
            written(folder, "ann").rename(folder.parent / "ann.pfx")
        seals, key = for_sealing(Seals(recipients(folder / "recipients")), folder.parent / "keys", NAME, None)
        stamp = StampDocument(region=REGION, domain=DOMAIN, identity="ADFS", capture_key=key)
        (folder / "stamp.yaml").write_text(own_file(stamp))
        return seals.seal(f"{subscription}/{vault}/db-password", value)

    def configure(self, deployer: str, value: SealedValue) -> None:
        """What the program asks for."""
        self.world.pulumi("config", "set", "deployer", deployer)
        (self.world.folder / "db-password.yaml").write_text(json.dumps(value.model_dump(mode="json")))

    def pulumi(self, verb: str, *options: str, status: int | None = 0, **env: str) -> str:
        """`pulumi up` or `refresh` as the application."""
        return self.world.pulumi(verb, "--yes", "--skip-preview", *options, status=status, **(self.env | env))

    def types(self) -> set[str]:
        """The kinds of resources there are."""
        resources = json.loads(self.world.pulumi("stack", "export"))["deployment"]["resources"]
        return {str(item["type"]).rpartition(":")[2] for item in resources}

    def statuses(self) -> dict[str, str]:
        """What became of each resource."""
        return {name: out["status"] for name, out in self.world.state().items() if "status" in out}


@pytest.fixture
def program(world: World, tmp_path: Path) -> Callable[[Stamp, Path], Program]:
    """A folder with a program becomes one that runs against a stamp."""

    def made(stamp: Stamp, folder: Path) -> Program:
        shutil.copytree(folder, world.folder / "own")
        return Program(world, stamp, world.folder / "own", tmp_path / "runbook")

    return made


def test_the_example_program_writes_its_objects_and_then_nothing(world: World) -> None:
    """Typed resources work in anybody's program: five objects on the stamp, and a second `up` changes nothing."""
    world.folder = shutil.copytree(EXAMPLES / "own-program", world.folder / "own")
    with world.stamp_of(2) as stamp:
        world.run("pulumi", "--non-interactive", "stack", "init", REGION)
        world.pulumi("config", "set", "restamp:stamp", NAME)
        world.pulumi("up", "--yes", "--skip-preview")

        provider = f"/subscriptions/{stamp.provider_subscription}"
        assert {f"{provider}{path}" for path in MADE} <= {str(body["id"]) for body in stamp.objects()}
        made = {name: out["status"] for name, out in world.state().items() if "status" in out}
        assert set(made.values()) == {"done"}
        assert len(stamp.writes) == len(MADE)

        world.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert len(stamp.writes) == len(MADE)


def test_a_subscription_is_filled_by_a_program_and_what_drifts_is_repaired(
    world: World, program: Callable[[Stamp, Path], Program]
) -> None:
    """All of the inside is written once; refresh finds what people changed, and `up` brings it back."""
    with world.stamp_of(2) as stamp:
        own = program(stamp, EXAMPLES / "own-program-inside")
        deployer = stamp.add_principal("deployer", "Reader")
        own.configure(deployer.object_id, own.sealed("tailspin-kv", PLAIN))
        own.pulumi("up")
        assert set(own.statuses().values()) == {"done"}
        assert reading(stamp, deployer) == PLAIN
        inside = Tenant(stamp, own.own)
        policies = inside.ask("GET", f"{APP}/providers/Microsoft.KeyVault/vaults/tailspin-kv").body["properties"]
        assert [each["objectId"] for each in policies["accessPolicies"]] == [deployer.object_id]  # let in, and out

        writes = len(stamp.writes)
        own.pulumi("up", "--expect-no-changes")
        own.pulumi("refresh", "--expect-no-changes")
        assert len(stamp.writes) == writes

        inside.ask("PUT", LOCK, {"properties": {"level": "ReadOnly", "notes": "mine now"}})
        own.pulumi("refresh")
        assert {name for name, status in own.statuses().items() if status != "done"} == {"keep app"}
        own.pulumi("up")
        assert inside.ask("GET", LOCK).body["properties"]["level"] == "CanNotDelete"
        files = "".join(each.read_text(errors="replace") for each in own.world.home.rglob("*") if each.is_file())
        assert PLAIN not in files


def test_the_resources_of_the_page_are_one_program(world: World, program: Callable[[Stamp, Path], Program]) -> None:
    """Every typed resource has its example on the page; they all come to be, and the second `up` writes nothing."""
    with world.stamp_of(2) as stamp:
        folder = world.home.parent / "page"
        folder.mkdir()
        shutil.copy(EXAMPLES / "own-program" / "Pulumi.yaml", folder)
        own = program(stamp, folder)
        people = stamp.add_user("lab@contoso.example", "pa55 word")
        value = own.sealed("contoso-lab-kv", PLAIN, CONTOSO).model_dump(mode="json")
        given = f"REGION, PEOPLE, SEALED = {REGION!r}, {people.object_id!r}, {value!r}\n"
        stamp.load([feature(stamp, "imds", "TenantSubscriptionLevel", [])])
        (world.folder / "__main__.py").write_text(given + "\n".join(BLOCKS))

        own.pulumi("up")
        statuses = own.statuses()
        assert {name: status for name, status in statuses.items() if status != "done"} == {"contoso/lab": "waiting"}
        assert {name for name in typed.__all__ if issubclass(getattr(typed, name), Resource)} <= own.types()
        assert reading(stamp, people, "contoso-lab-kv") == PLAIN
        writes = len(stamp.writes)
        own.pulumi("refresh")
        assert own.statuses() == {name: status for name, status in statuses.items() if status == "done"}
        own.pulumi("up")
        assert own.statuses() == statuses
        assert len(stamp.writes) == writes


def reading(stamp: Stamp, principal: Principal, vault: str = "tailspin-kv") -> Any:
    """The secret as its reader reads it."""
    return Data(stamp, principal, f"{vault}.vault").ask("GET", "/secrets/db-password").body["value"]
