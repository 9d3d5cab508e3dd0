"""Keys and certificates of vaults: named before the stamp is lost, as nobody can bring them back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from restamp.arm.client import Arm
from restamp.capture import Capture, capture
from restamp.compare import compare
from restamp.kind import Kinds
from restamp.kinds.keyvault import Vault
from restamp.models.finding import Finding
from restamp.models.stamp import Stamp as StampFile
from restamp.runbook import load, save
from restamp.runbook.save import own_file
from restamp.simulator import Stamp
from restamp.simulator.population import population

from .serving import DOMAIN, REGION

LISTED = {"keys": ["list"], "certificates": ["list"], "secrets": ["all"]}


class World:
    """A stamp with one subscription and two vaults, and the runbook of it."""

    def __init__(self, stamp: Stamp, arm: Arm, kinds: Kinds, folder: Path) -> None:
        self.stamp, self.arm, self.kinds, self.folder = stamp, arm, kinds, folder
        (folder / "stamp.yaml").write_text(own_file(StampFile(region=REGION, domain=DOMAIN, identity="ADFS")), "utf-8")
        stamp.load(population(stamp, 1, contents=True, everywhere=stamp.admin))

    @property
    def vaults(self) -> list[dict[str, Any]]:
        return [body for body in self.stamp.objects() if body.get("type") == "Microsoft.KeyVault/vaults"]

    def let_in(self, body: dict[str, Any]) -> str:
        """A vault where restamp may list what there is; its name."""
        policies = [
            item | ({"permissions": LISTED} if item["objectId"] == self.stamp.admin.object_id else {})
            for item in body["properties"]["accessPolicies"]
        ]
        self.stamp.load([body | {"properties": body["properties"] | {"accessPolicies": policies}}])
        return str(body["name"])

    def captured(self) -> Capture:
        found = capture(self.arm, load(self.folder, self.kinds), lambda _kind, _count: None)
        save(found.runbook, found.captured)
        return found

    def lost(self) -> dict[str, tuple[str, ...]]:
        """What the runbook says on disk."""
        held = load(self.folder, self.kinds).inside.values()
        return {item.name: item.lost for items in held for item in items if isinstance(item, Vault)}

    def verified(self) -> list[Finding]:
        found = compare(self.arm, load(self.folder, self.kinds), lambda _kind, _count: None)
        assert found.differences == []
        return found.findings


@pytest.fixture
def world(stamp: Stamp, arm: Arm, kinds: Kinds, tmp_path: Path) -> World:
    return World(stamp, arm, kinds, tmp_path)


def said(findings: Any, code: str, name: str) -> list[str]:
    return [item.message for item in findings if item.code == code and item.about.endswith(f"/{name}")]


def test_a_capture_names_what_a_rebuild_loses_and_verify_repeats_it(world: World) -> None:
    """By vault, in the runbook and as a note; what was never there is not told."""
    one, other = map(world.let_in, world.vaults)
    world.stamp.seed_vault(one, "keys", "wrap", "Sign")
    world.stamp.seed_vault(one, "certificates", "www")

    findings = world.captured().findings
    sentence = "no API gives out what a rebuild loses: certificates/www, keys/Sign, keys/wrap"

    assert said(findings, "lost", one) == said(world.verified(), "lost", one) == [sentence]
    assert world.lost() == {one: ("certificates/www", "keys/Sign", "keys/wrap"), other: ()}
    assert said(findings, "lost", other) == []


def test_two_requests_a_vault_and_none_where_nothing_is_captured(world: World) -> None:
    """One list each of keys and certificates; verify asks for neither, it repeats what the runbook says."""
    for body in world.vaults:
        world.let_in(body)

    world.captured()
    asked = lists(world)
    world.verified()

    assert sorted(asked) == ["/certificates", "/certificates", "/keys", "/keys"]
    assert lists(world) == asked


def lists(world: World) -> list[str]:
    return [record.path for record in world.stamp.requests if record.path in ("/keys", "/certificates")]


def test_where_they_may_not_be_listed_they_are_not_covered_by_name(world: World) -> None:
    """Never a pass: what a rebuild loses is not known then, and the vault is captured all the same."""
    body, _ = world.vaults
    world.stamp.seed_vault(str(body["name"]), "keys", "wrap")

    found = [finding.message for finding in world.captured().findings if finding.code == "not-covered"]
    (message,) = [item for item in found if item.startswith("not covered: keys and certificates of ")]

    assert str(body["name"]) in message
    assert "may not be listed" in message
    assert world.lost()[str(body["name"])] == ()


def test_long_lists_are_capped_in_findings_and_whole_in_the_runbook(world: World) -> None:
    """More than a page of them: a vault gives 25 at once."""
    name = world.let_in(world.vaults[0])
    world.stamp.seed_vault(name, "keys", *(f"k{number:02}" for number in range(30)))

    (message,) = said(world.captured().findings, "lost", name)

    assert message.endswith("keys/k00, keys/k01, keys/k02, keys/k03, keys/k04 and 25 more")
    assert len(world.lost()[name]) == 30


@pytest.mark.parametrize("change", [lambda names: (), lambda names: (*names, "keys/other")])
def test_what_is_lost_is_never_compared_nor_sent(world: World, change: Callable[[Any], Any]) -> None:
    """A restored stamp has none of them, and is as it should be."""
    name = world.let_in(world.vaults[0])
    world.stamp.seed_vault(name, "keys", "wrap")
    runbook = world.captured().runbook
    held = {
        ref: tuple(
            item.model_copy(update={"lost": change(item.lost)}) if isinstance(item, Vault) else item for item in items
        )
        for ref, items in runbook.inside.items()
    }
    save(
        type(runbook)(runbook.stamp, runbook.documents, runbook.kinds, runbook.folder, held), world.captured().captured
    )

    world.verified()

    assert world.stamp.writes == []
