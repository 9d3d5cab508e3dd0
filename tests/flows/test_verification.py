"""The end of a recovery: people sign in again and see what is theirs, plugins are asked, everything is compared."""

import json
from pathlib import Path

from tests.flows.world import World
from tests.outsiders import installed

from restamp.simulator import Stamp

OWNER = "erp@contoso.example"
PLUGIN = """
import os
from restamp.hookspecs import hookimpl
from restamp.models.finding import Finding
from restamp.models.step import PluginCard

@hookimpl
def plugin_card():
    return PluginCard(name="rp-lamps", role="rp", title="Lamps")

@hookimpl
def verify(run):
    assert run.recovery.id == "loss"
    match os.environ.get("LAMPS"):
        case "dark":
            yield Finding("lamps", "stop", "lamp 1", "does not shine", "Switch it on.")
        case "broken":
            raise KeyError("bulb")
        case _:
            yield Finding("lamps", "note", "lamps", f"{len(run.arm.regions)} region shines")
"""


def let_in(world: World, stamp: Stamp, password: str) -> dict[str, str]:
    """The owner of every subscription in the customer's directory, and a file that says how it signs in."""
    if all(person.name != OWNER for person in stamp.state.directory):
        stamp.add_user(OWNER, "its own")
    file = world.folder.parent / "credentials.yaml"
    entry = f"  {stamp.admin.tenant}:\n    testUser: {OWNER}\n    testPassword: {password}\n"
    file.write_text(f"directories:\n{entry}")
    file.chmod(0o600)
    return {"RESTAMP_CREDENTIALS": str(file)}


def test_a_recovery_is_over_once_people_sign_in_and_see_what_is_theirs(world: World, tmp_path: Path) -> None:
    """`up` ends with it, and `verify` says it again: the operator, a test user, each plugin, and every object."""
    lamps = {"PYTHONPATH": str(installed(tmp_path / "site", "rp-lamps", source=PLUGIN))}
    world.captured()
    world.restamp("plugins", "use", "rp-lamps", **lamps)
    with world.stamp_of(2) as stamp:
        world.restamp("begin", "loss", **lamps)
        told = world.restamp("up", status=4, **lamps | let_in(world, stamp, "another"))
        assert f"Verification verification: failed: {OWNER}: cannot sign in: " in told

        env = lamps | let_in(world, stamp, "its own")
        assert "next: restamp capture --commit" in world.restamp("up", **env)
        assert "nobody is named, so that tenants can sign in is not verified" in world.restamp("verify", **lamps)
        told = world.restamp("verify", **env)
        assert f"note: {OWNER}: signs in and sees 3 subscriptions, 3 of its own" in told
        assert "note: lamps: 1 region shines" in told
        assert "0 differences, 0 unexpected" in told
        assert "next: restamp capture --commit" in told
        world.restamp("capture", **env)
        assert "next: restamp verify" in world.restamp("status", **env)

        told = world.restamp("verify", status=4, **env, LAMPS="broken")
        assert "stop: plugin rp-lamps: plugin rp-lamps, verify: KeyError: 'bulb'" in told
        use = world.runbook / "stamp.yaml"
        use.write_text(use.read_text().replace("settings: {}", "settings: {colour: red}"))
        told = world.restamp("verify", status=4, **env)
        assert "plugin rp-lamps: was not asked: stamp.yaml: plugins.rp-lamps.settings.colour: " in told
        assert "14 of 14 objects equal" in told

        use.write_text(use.read_text().replace("settings: {colour: red}", "settings: {}"))
        another = next(body for body in stamp.objects() if body.get("subscriptionId", "").endswith("0001"))
        stamp.load([another | {"owner": "heir@contoso.example"}])
        told = world.restamp("verify", "--json", status=4, **env, LAMPS="dark")
        found = json.JSONDecoder().raw_decode(told[told.index("{") :])[0]["findings"][-2:]
        assert [(item["code"], item["level"]) for item in found] == [("sign-in", "stop"), ("lamps", "stop")]
        assert found[0]["message"] == f"signs in and does not see {another['subscriptionId']}, which it owns"
