"""Secrets go the whole way, and stand nowhere: every file and every output of every command is searched for them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.flows.test_interrupted import until
from tests.flows.world import NAME, REGION, World
from tests.keys import written
from tests.proof.canaries import canary, files, found, token
from tests.proof.populated import by_others, deployed, everything
from tests.test_cli_secrets import listed, on_a_terminal

from restamp.secrets import Seals, recipients
from restamp.simulator import Fault, Stamp
from restamp.simulator.messages import Request

TENANTS = 2
PASSWORDS = ("opener password", "passphrase of the Pulumi state", "recovery password", "client secret of a directory")


class Repeats(Fault):
    """The service repeats, in what it says of it, the value that it does not take."""

    def strikes(self, request: Request) -> bool:
        """Return whether this request is hit; its value is the answer's."""
        hit = super().strikes(request)
        if hit:
            said = f"The value {json.loads(request.body)['value']} is not valid."
            self.body = {"error": {"code": "BadParameter", "message": said}}
        return hit


class Watched(World):
    """A world whose every output is kept, and whose temporary files stay below it."""

    def __init__(self, folder: Path) -> None:
        """A project in git, a recipient whose private key has a password, a file of credentials."""
        super().__init__(folder / "searched")
        self.values = {name: token(name) for name in PASSWORDS}
        self.outputs: dict[str, bytes] = {}
        self.temporary, self.outside = folder / "searched" / "tmp", folder / "outside"
        for made in (self.temporary, self.outside, self.runbook):
            made.mkdir(parents=True)
        self.key = written(self.runbook, "ann", password=canary("opener password")).rename(self.outside / "ann.pfx")
        self.credentials = self.outside / "credentials.yaml"
        secret, password = token("client secret of a directory"), token("recovery password")
        own = f"{{clientId: x, clientSecret: {secret}, recoveryUser: rescue@x.example, recoveryPassword: {password}}}"
        self.credentials.write_text(f"directories:\n  0b8f4963-7c1e-4c5b-9a0e-3f1d2c4b5a69: {own}\n")
        self.credentials.chmod(0o600)
        for command in ("init -q", "config user.name x", "config user.email x@x.example"):
            subprocess.run(["git", "-C", str(self.folder), *command.split()], check=True)

    def env(self, **more: str) -> dict[str, str]:
        """Everything secret that an operator's environment can hold."""
        own = {
            "TMPDIR": str(self.temporary),
            "RESTAMP_OPENERS": str(self.key),
            "RESTAMP_OPENER_PASSWORD": canary("opener password"),
            "RESTAMP_CREDENTIALS": str(self.credentials),
            "PULUMI_CONFIG_PASSPHRASE": canary("passphrase of the Pulumi state"),
        }
        return super().env(**own | more)

    def run(self, *command: str, status: int | None = 0, **env: str) -> str:
        """What a command printed, which is kept."""
        told = super().run(*command, status=status, **env)
        self.outputs[f"{len(self.outputs)}: {' '.join(command)}"] = told.encode()
        return told

    def killed(self, *command: str, when: Any) -> None:
        """A command that is ended, with all its processes, as soon as something is so."""
        running = self.start(*command)
        until(when)
        os.killpg(running.pid, signal.SIGKILL)
        told, _ = running.communicate(timeout=60)
        self.outputs[f"{len(self.outputs)}: {' '.join(command)}, killed"] = told.encode()

    @contextmanager
    def filled(self, number: int, *, lost: bool = False) -> Iterator[Stamp]:
        """A stamp whose every secret is a canary, versions before the last one too; or one that lost them."""
        with self.stamp_of(number) as stamp:
            deployed(stamp, TENANTS).load([] if lost else everything(stamp, TENANTS))
            self.values[f"client secret {number}"] = stamp.admin.secret
            for key, body in list(stamp.state.store.everything()):
                if key.startswith("/vault/"):
                    self.poison(stamp, key, body)
            yield stamp

    def poison(self, stamp: Stamp, key: str, body: dict[str, Any], again: str = "") -> None:
        """Put canaries where the values are."""
        versions = []
        for at, version in enumerate(body["versions"]):
            name = f"{key} {at}{again}"
            self.values[name] = token(name)
            times = version["attributes"] | {"updated": version["attributes"]["updated"] + 1}
            versions.append(version | {"value": canary(name), "attributes": times})
        stamp.load([body | {"versions": versions}])


def secret(stamp: Stamp, name: str) -> tuple[str, dict[str, Any]]:
    """The first secret of a name, and where it is kept."""
    return next((key, body) for key, body in stamp.state.store.everything() if key.endswith(f"/secrets/{name}"))


def test_no_secret_stands_in_any_file_or_output_of_the_whole_way(tmp_path: Path) -> None:
    """Captured, lost, brought back with a failing write and a kill, drifted, refreshed, repaired, rekeyed."""
    world = Watched(tmp_path)
    with world.filled(1) as lost:
        captured(world)
    with world.filled(2, lost=True) as stamp:
        restored(world, stamp)
        by_others(stamp, lost)
        drifted(world, stamp)
    looked_at(world)
    searched = files(world.folder, world.home, world.temporary)

    assert len([name for name in world.values if name.startswith("/vault/")]) > 2 * len(PASSWORDS)
    assert len(searched) > len(world.outputs) > 20
    assert found(world.values, searched | world.outputs) == []


def captured(world: Watched) -> None:
    """Twice, with a password for backups that people sealed in between, and into git."""
    world.restamp("capture", "--stamp", NAME)
    key = bytes.fromhex((world.home / "keys" / f"{NAME}.key").read_text())
    world.values["password of backups"] = token("password of backups")
    sealed = Seals(recipients(world.runbook / "recipients"), (), key).seal(
        f"backup/{REGION}/password", canary("password of backups")
    )
    with (world.runbook / "backup" / f"{REGION}.yaml").open("a") as file:
        file.write(f"password:\n{listed(sealed, '  ')}")
    bootstrap = world.outside / "bootstrap.bin"
    bootstrap.write_text(canary("a file for a step"))
    world.values["a file for a step"] = token("a file for a step")
    world.restamp("secrets", "add", str(bootstrap), "--name", "bootstrap")
    world.restamp("capture", "--commit")
    world.restamp("diff")
    assert "not covered: its value cannot be read: disabled" in world.restamp("verify", status=4)


def restored(world: Watched, stamp: Stamp) -> None:
    """A service that repeats the value it refuses, a kill among the secrets, and then all of it."""
    world.restamp("begin", "r")
    world.restamp("diff", "--json")
    stamp.faults.append(Repeats("PUT /secrets/db-password", status=400))
    assert "in words that repeat a secret and so are not told" in world.restamp("up", status=4)
    stamp.faults[:] = [Fault("PUT /secrets/", lose_answer=True), Fault("PUT /secrets/", times=None, delay=1.0)]
    for key, _ in list(stamp.state.store.inside("/vault/")):
        stamp.state.store.delete(key)
    world.killed("restamp", "up", when=lambda: any("/secrets/" in record.path for record in stamp.writes[-3:]))
    stamp.faults.clear()
    events = world.folder / "events.json"
    world.restamp("up", "--", "--event-log", str(events), "--diff", status=3, PULUMI_DEBUG_COMMANDS="true")
    assert "Subscription" in events.read_text()


def drifted(world: Watched, stamp: Stamp) -> None:
    """Somebody changes a value on the stamp; it is seen, shown, refreshed, and put back."""
    world.poison(stamp, *secret(stamp, "db-password"), again=" drifted")
    assert '"update"' in world.restamp("verify", "--json", status=4)
    world.restamp("diff")
    world.pulumi("refresh", "--yes", "--skip-preview")
    assert "drifted" in world.pulumi("preview", "--diff")
    world.pulumi("preview", "--json")
    world.pulumi("preview", "--verbose=9")
    assert any(world.temporary.rglob("*.log*")), "the engine's own log was to be searched too"
    world.restamp("up", "--", "--verbose=9", "--logtostderr", "--logflow", "--debug")
    assert "0 differences" in world.restamp("verify")
    world.restamp("capture", "--commit")
    world.restamp("status")


def looked_at(world: Watched) -> None:
    """What the runbook, the state and the journal say of secrets; a value is revealed to a terminal alone."""
    world.restamp("secrets", "check")
    world.restamp("secrets", "check", "--json")
    written(world.runbook, "ben").rename(world.outside / "ben.pfx")
    world.restamp("secrets", "rekey")
    world.restamp("secrets", "check", RESTAMP_OPENER_PASSWORD="wrong", status=2)
    for arguments in ((), ("--failed",), ("--json",)):
        world.restamp("journal", *arguments)
    world.pulumi("stack", "export", "--show-secrets")
    world.pulumi("stack", "output", "--json", "--show-secrets")
    file = f"backup/{REGION}.yaml"
    assert "is no terminal" in world.restamp("secrets", "reveal", file, "password", status=2)
    command = [sys.executable, "-m", "restamp", "secrets", "reveal", "--runbook", str(world.runbook), file, "password"]
    assert token("password of backups") in on_a_terminal(command, world.env())
