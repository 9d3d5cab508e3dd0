"""hub-core holds what restamp asks of every plugin, and its page says what it does."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from cryptography.hazmat.primitives.serialization import Encoding
from tests.asking import Desk
from tests.backing import set_up
from tests.flows.world import contents
from tests.shares import pair

import restamp_hub_core
from restamp.kinds.groups import ResourceGroup
from restamp.kinds.subscriptions import Plan
from restamp.models.document import Document
from restamp.simulator import Share
from restamp.simulator.pep import Pep
from restamp.testing import PluginContract, Scene
from restamp_hub_core.images import PlatformImage
from restamp_hub_core.settings import Settings

from .test_images import PLACE, UBUNTU

PAGE = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
ALWAYS = (
    *("copy-backup", "sign-in", "service-admin", "test-before", "recovery-keys", "restore", "settle", "test-after"),
    *("registration", "marketplace", "setting/tls-policy", "enable-backup", "first-backup", "old-backups"),
)
SOMETIMES = (
    *("graph", "federation", "trust", "update", "recovery-keys-again", "consent/<directory>"),
    *("consent-again/<directory>", "setting/<name>"),
)
NATIVE = tuple(f"hub-core/{name}" for name in ("copy-backup", "restore", "settle", "test-after"))


class TestHubCore(PluginContract):
    """Without the steps that the parts' own tests go through answer by answer."""

    plugin, name, ways = restamp_hub_core, "hub-core", ("native",)
    settings: ClassVar[Mapping[str, Any]] = {
        "update": False,
        "serviceAdmin": "boss@contoso.example",
        "afterwards": {"tlsPolicy": "TLS_1.2"},
    }
    ids = tuple(f"hub-core/{name}" for name in ALWAYS)

    def documents(self) -> Sequence[Document]:
        """A plan that came back with the deployment, and an image that did not."""
        image = PlatformImage(publisher="Canonical", offer="UbuntuServer", sku="18.04", version="1.0.0", os="Linux")
        return [ResourceGroup(name="offers-rg"), Plan(name="gold", group="offers-rg", display_name="Gold"), image]

    def prepare(self, scene: Scene) -> None:
        """A stamp in recovery mode, whose backups go to a folder already; somebody who may read its keys."""
        (scene.folder / "share" / "redmond").mkdir(parents=True)
        scene.stamp.state.share = Share(scene.folder / "share")
        scene.stamp.pep = Pep(scene.stamp.state)
        scene.stamp.load(contents(scene.stamp))
        scene.stamp.add_user("boss@contoso.example", "the boss's own word")
        set_up(Desk(scene.stamp), isBackupSchedulerEnabled=True)
        desk(scene, "PUT")
        (scene.folder / "recipients").mkdir()
        held = pair("recipient").certificate
        (scene.folder / "recipients" / "ann.cer").write_bytes(held.public_bytes(Encoding.DER))

    def damage(self, scene: Scene) -> None:
        """The image is gone."""
        desk(scene, "DELETE")


class TestHubCoreOfARebuild(TestHubCore):
    """The same on a clean stamp: nothing is copied, restored, or waited for."""

    ways = ("rebuild",)
    ids = tuple(name for name in TestHubCore.ids if name not in NATIVE)


def desk(scene: Scene, method: str) -> None:
    """Make the image of the runbook, or take it away."""
    body = {"properties": {"osDisk": {"osType": "Linux", "uri": "https://files.contoso.example/ubuntu.vhd"}}}
    assert Desk(scene.stamp).ask(method, f"{PLACE}/{UBUNTU}?api-version=2015-12-01-preview", body).status < 300


def test_every_step_and_setting_stands_on_the_page() -> None:
    """And no other."""
    steps = {
        name for row in re.findall(r"^\| (`[^|]+`) \|", PAGE, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    }
    settings = {field.alias for field in Settings.model_fields.values()}

    assert steps == {*ALWAYS, *SOMETIMES} - {"setting/tls-policy"}
    assert settings == set(re.findall(r"^ {6}(\w+):", PAGE, re.MULTILINE))
