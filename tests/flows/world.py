"""A world for one story: a project folder as an operator has it, stamps that come and go, and the real commands."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import forks

from restamp.simulator import Stamp, serve
from restamp.simulator.server import Server

ROOT = Path(__file__).parents[2]
REGION, DOMAIN = "redmond", "ext.contoso.example"
NAME = f"{REGION}.{DOMAIN}"


class World:
    """One operator's machine. `stamp` is the one that answers now; `run` is the command line, `pulumi` the engine."""

    def __init__(self, folder: Path, *, own_host: bool = True) -> None:
        self.folder = folder / "contoso"
        self.runbook = self.folder / "stacks" / "runbooks" / REGION
        self.home = folder / "home"
        self.python = Path(sys.executable)  # whose restamp is run
        self.stamp: Stamp
        self.server: Server
        (self.folder / "stacks").mkdir(parents=True)
        shutil.copy(ROOT / "stacks" / "__main__.py", self.folder / "stacks")
        project = (ROOT / "Pulumi.yaml").read_text()
        (self.folder / "Pulumi.yaml").write_text(project if own_host else project.partition("plugins:")[0])
        shutil.copytree(ROOT / "provider" / "host", self.folder / "provider" / "host")

    @contextmanager
    def stamp_of(self, number: int, objects: list[dict[str, Any]] | None = None, **options: Any) -> Iterator[Stamp]:
        """A stamp under the usual names; another number is another deployment."""
        stamp = Stamp(**{"region": REGION, "domain": DOMAIN, "identity": "ADFS", "seed": number} | options)
        stamp.load(objects if objects is not None else [])
        with serve(stamp) as server:
            self.stamp, self.server = stamp, server
            yield stamp
        stamp.close()

    def env(self, **more: str) -> dict[str, str]:
        """The operator's environment: how to reach the stamp, and where the Pulumi state is."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI", "RESTAMP"))}
        settings = {
            "RESTAMP_CLIENT_ID": self.stamp.admin.client_id,
            "RESTAMP_CLIENT_SECRET": self.stamp.admin.secret,
            "RESTAMP_CA": str(self.server.ca) if self.server.ca.exists() else "",  # the stamp took its own with it
            "RESTAMP_CONNECT_TO": self.server.connect_to,
            "RESTAMP_HOME": str(self.home),
            "PULUMI_BACKEND_URL": f"file://{self.home / 'pulumi'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": str(self.home / "engine"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        }
        (self.home / "pulumi").mkdir(parents=True, exist_ok=True)
        return kept | settings | more

    def start(self, *command: str, **env: str) -> subprocess.Popen[str]:
        """A command that runs while the story goes on, in a process group of its own."""
        program = [str(self.python), "-m", "restamp"] if command[0] == "restamp" else [command[0]]
        return subprocess.Popen(
            [*program, *command[1:]],
            cwd=self.folder,
            env=self.env(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, status: int | None = 0, **env: str) -> str:
        """What a command printed; its exit status is the one expected (None: any)."""
        if command[0] == "restamp" and self.python == Path(sys.executable):
            ended, told = forks.restamp(command[1:], self.folder, self.env(**env))
        else:
            process = self.start(*command, **env)
            told, _ = process.communicate(timeout=forks.TIMEOUT)
            ended = process.returncode
        if status is not None:
            assert ended == status, f"{' '.join(command)} ended with {ended}:\n{told}"
        return told

    def restamp(self, *arguments: str, status: int | None = 0, **env: str) -> str:
        """`restamp ...`."""
        return self.run("restamp", *arguments, status=status, **env)

    def pulumi(self, *arguments: str, status: int | None = 0, **env: str) -> str:
        """`pulumi ...` on the stack."""
        return self.run("pulumi", "--non-interactive", *arguments, "--stack", REGION, status=status, **env)

    def captured(self, objects: list[dict[str, Any]] | None = None) -> None:
        """A runbook, captured from a living stamp that is then lost."""
        with self.stamp_of(1, objects if objects is not None else None) as stamp:
            stamp.load(contents(stamp) if objects is None else [])
            self.restamp("capture", "--stamp", NAME)

    def moved(self) -> None:
        """Go on as another machine does: from a fresh clone of what is in git, and with the Pulumi state alone."""
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@contoso.example"]
        for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "what is known"]):
            subprocess.run(["git", *command], cwd=self.folder, check=True)
        clone, old = self.folder.with_name("clone"), self.home.with_name("old")
        subprocess.run(["git", "clone", "-q", str(self.folder), str(clone)], check=True)
        self.home.rename(old)
        self.home.mkdir()
        (old / "pulumi").rename(self.home / "pulumi")
        shutil.rmtree(self.folder)
        self.folder, self.runbook = clone, clone / self.runbook.relative_to(self.folder)

    def state(self) -> dict[str, dict[str, Any]]:
        """Outputs of our resources in the Pulumi state, by name."""
        found = json.loads(self.pulumi("stack", "export"))["deployment"].get("resources", [])
        return {item["urn"].rpartition("::")[2]: item.get("outputs", {}) for item in found}


def contents(stamp: Stamp, subscriptions: int = 3) -> list[dict[str, Any]]:
    """A small stamp's objects as it lists them: a group, two quotas, a plan, an offer and its subscriptions."""
    provider = f"/subscriptions/{stamp.provider_subscription}"
    admin = f"{provider}/resourceGroups/offers-rg/providers/Microsoft.Subscriptions.Admin"
    compute = f"{provider}/providers/Microsoft.Compute.Admin/locations/{REGION}/quotas/small"
    storage = f"{provider}/providers/Microsoft.Storage.Admin/locations/{REGION}/quotas/small"
    plan, offer = f"{admin}/plans/gold", f"{admin}/offers/gold"
    named = {"displayName": "Gold", "description": "", "subscriptionCount": subscriptions}
    return [
        {"id": f"{provider}/resourceGroups/offers-rg", "name": "offers-rg", "location": REGION, "tags": {"team": "hub"},
         "properties": {"provisioningState": "Succeeded"}},
        {"id": compute, "name": "small", "type": "Microsoft.Compute.Admin/quotas", "location": REGION, "properties": {
            "virtualMachineCount": 5, "coresLimit": 20, "availabilitySetCount": 5, "vmScaleSetCount": 0,
            "maxAllocationStandardManagedDisksAndSnapshots": 1000, "maxAllocationPremiumManagedDisksAndSnapshots": 1000,
            "ddagpuCount": 0, "partitionedGPUCount": 0}},
        {"id": storage, "name": f"{REGION}/small", "type": "Microsoft.Storage.Admin/locations/quotas",
         "location": REGION, "properties": {"numberOfStorageAccounts": 20, "capacityInGb": 2048}},
        {"id": plan, "name": "gold", "type": "Microsoft.Subscriptions.Admin/plans", "location": REGION,
         "properties": {"name": "gold", "quotaIds": [compute, storage], **named}},
        {"id": offer, "name": "gold", "type": "Microsoft.Subscriptions.Admin/offers", "location": REGION,
         "properties": {"name": "gold", "state": "Public", "maxSubscriptionsPerAccount": 0, "basePlanIds": [plan],
                        "addonPlans": [], **named}},
        *(_subscription(stamp, offer, number) for number in range(subscriptions)),
    ]  # fmt: skip


def _subscription(stamp: Stamp, offer: str, number: int) -> dict[str, Any]:
    provider, own = stamp.provider_subscription, f"c66cb1bf-3d5e-4a44-9f0a-{number:012d}"
    return {
        "id": f"/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin/subscriptions/{own}",
        "subscriptionId": own,
        "delegatedProviderSubscriptionId": provider,
        "displayName": f"Contoso ERP {number}",
        "owner": "erp@contoso.example",
        "tenantId": stamp.admin.tenant,
        "routingResourceManagerType": "Default",
        "offerId": offer,
        "state": "Enabled",
    }
