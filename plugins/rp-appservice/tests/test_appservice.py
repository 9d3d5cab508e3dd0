"""App Service is restored over PowerShell remoting, and what would keep it from that is said before."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.keys import written

import restamp_rp_appservice
from restamp.errors import CmdletFailed, Refused
from restamp.models.step import Step
from restamp.plugins import Plugin
from restamp.recovery import Begun
from restamp.runbook import text
from restamp.secrets.at_hand import at_hand
from restamp.secrets.files import Sealing
from restamp.testing import PluginContract, Scene
from restamp.testing.scene import redeployed

from .appservice import CONTROLLERS, PASSWORD, SECRETS, AppService

SETTINGS = {
    "sqlServer": "sql01.contoso.example",
    "fileShare": r"\\files.contoso.example\appservice",
    "backups": r"\\backup.contoso.example\appservice",
    "newSqlServer": "sql02.contoso.example",
    "auth": "basic",
}
SIGNED = {"rp-appservice/deployed": {"controllers": CONTROLLERS}}
PLUGIN = Plugin("rp-appservice", "1.0", restamp_rp_appservice)
STEPS = (
    "save-secrets",
    "save-databases",
    "save-content",
    "deployed",
    "content",
    "databases",
    "stamp",
    "roles",
    "services",
    "objects",
    "aftercare",
)
RESTORED = ["stamp", "roles", "synchronised erp", "synchronised farm"]


def seal(folder: Path, content: str = SECRETS, on: str = "") -> None:
    """Seal the secrets into a runbook; another day than today is written in by hand."""
    written(folder, "ann").rename(folder.parent / "ann.pfx")
    file = folder.parent / "SystemSecrets.JSON"
    file.write_text(content)
    sealing = Sealing(folder, at_hand(folder), folder.parent / f"{folder.name}-keys", text)
    for name, data in sealing.added(file.read_bytes(), "app-service").items():
        (folder / name).parent.mkdir(exist_ok=True)
        today = str(dt.datetime.now(dt.UTC).date())
        (folder / name).write_text(data.replace(today, on) if on else data)
    file.unlink()


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of its own, with the password and the private key at hand."""
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RESTAMP_SECRET_RP_APPSERVICE_ROLEADMIN", PASSWORD)
    monkeypatch.setenv("RESTAMP_OPENERS", str(tmp_path / "ann.pfx"))


class TestAppService(PluginContract):
    """What every plugin promises."""

    plugin, name = restamp_rp_appservice, "rp-appservice"
    ids = tuple(f"rp-appservice/{step}" for step in STEPS)
    settings = SETTINGS
    secrets: ClassVar = {"roleadmin": PASSWORD}
    signed = SIGNED
    ways = ("native",)  # the other one is the same

    def prepare(self, scene: Scene) -> None:
        AppService().on(scene.stamp)
        seal(scene.folder)


del PluginContract


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A redeployed stamp on which App Service was deployed anew, and its sealed secrets."""
    with redeployed() as server:
        made = Scene(tmp_path / "scene", PLUGIN, server, SETTINGS, signed=SIGNED)
        seal(made.folder)
        yield made


@pytest.fixture
def app(scene: Scene) -> AppService:
    """That App Service."""
    made = AppService()
    made.on(scene.stamp)
    return made


def step(scene: Scene, name: str) -> Step:
    """A step by its name."""
    return next(each for each in scene.steps() if each.id == f"rp-appservice/{name}")


def test_app_service_is_restored_stage_by_stage(scene: Scene, app: AppService) -> None:
    """With all services stopped meanwhile, on the new database server, and the secrets on no disk afterwards."""
    scene.finish()

    assert app.done == RESTORED
    assert app.restored["OverrideDatabaseServer"] == "sql02.contoso.example"
    assert "OverrideContentShare" not in app.restored
    assert app.restored["SystemKey"] == "0c1d-very-secret"
    assert all({"WebFarmService", "ResourceMetering"} >= running > set() for running in app.services.values())
    assert [path for path in app.files if "SystemSecrets" in path] == []
    assert scene.results["rp-appservice/services"].message == "services run; management servers: MN0-VM is Ready"


def test_a_second_run_does_nothing_twice(scene: Scene, app: AppService) -> None:
    """Also from another machine, which remembers nothing: what is done is marked on the controller."""
    scene.finish()
    scene.tokens.clear()
    scene.finish()

    assert app.done == RESTORED


def test_another_recovery_restores_again(scene: Scene, app: AppService) -> None:
    """A mark is one recovery's own."""
    scene.finish()
    scene.recovery = Begun("second", scene.recovery.document)
    scene.finish()

    assert app.done == RESTORED * 2


def test_it_waits_for_a_management_server(scene: Scene, app: AppService) -> None:
    """And says how they stand."""
    app.done.append("stamp")
    result = scene.ask(step(scene, "services"))

    assert (result.status, result.message) == ("waiting", "no management server is ready yet: MN0-VM is Installing")


def test_secrets_are_gone_from_the_controller_where_the_restore_fails(scene: Scene, app: AppService) -> None:
    """What PowerShell says is told, and the next run begins anew."""
    app.services["cn1-vm"].add("WebFarmService")
    broken = dict(app.services)
    app.services["cn2-vm"] = {"WebFarmService"}  # one that nobody named: it keeps running
    with pytest.raises(CmdletFailed, match="WebFarmService is running"):
        scene.ask(step(scene, "stamp"))
    assert [path for path in app.files if "SystemSecrets" in path] == []

    app.services = broken
    assert scene.ask(step(scene, "stamp")).status == "done"


def test_what_is_no_secrets_file_is_not_sent(scene: Scene, app: AppService) -> None:
    """The page of a portal's sign-in, saved under its name."""
    seal(scene.folder, "<html>")
    result = scene.ask(step(scene, "stamp"))

    assert result.status == "failed"
    assert "holds no JSON" in result.message
    assert app.files == {}


def test_a_sign_off_that_names_no_controllers_is_not_enough(scene: Scene) -> None:
    """With the command that helps."""
    scene.signed = {}
    with pytest.raises(Refused, match="says not where the controllers are") as refused:
        scene.ask(step(scene, "roles"))

    assert "--fact controllers=" in refused.value.hint


def test_people_are_told_with_their_own_names(scene: Scene) -> None:
    """Servers and shares as stamp.yaml has them, in the databases' own language."""
    said = {each.id.partition("/")[2]: " ".join(each.how.split()) for each in scene.steps() if each.how}

    assert r"copy both files to \\backup.contoso.example\appservice" in said["save-databases"]
    assert "On sql02.contoso.example," in said["databases"]
    assert "RESTORE DATABASE appservice_hosting FROM DISK='<path>\\hosting.bak' WITH REPLACE" in said["databases"]
    assert "*.appservice.redmond.ext.contoso.example" in said["deployed"]
    assert "takes all instances of custom worker tiers away" in said["stamp"]
    assert step(scene, "stamp").signed


def test_the_restore_stands_between_registration_and_the_gate_of_resource_providers(scene: Scene) -> None:
    """In the order of the documentation; what is saved while the stamp lives is in no recovery."""
    order = [placed.id.partition("/")[2] for placed in scene.plan().steps]

    assert order == list(STEPS[3:])
    assert {placed.holds for placed in scene.plan().steps} == {"rps-restored"}


CHECKS: dict[str, tuple[dict[str, Any], str | None, list[str]]] = {
    "all is well": ({}, "", []),
    "not sealed": ({}, None, ["stop secrets of App Service: are not sealed in the runbook"]),
    "sealed before the rotation": (
        {"rotated": "2026-05-01"},
        "2026-04-30",
        ["stop secrets of App Service: were sealed on 2026-04-30, and rotated on 2026-05-01"],
    ),
    "sealed on the day of the rotation": ({"rotated": "2026-05-01", "secretsDays": "99999"}, "2026-05-01", []),
    "old": ({"secretsDays": "30"}, "2020-01-01", ["days ago, on 2020-01-01: were they rotated since?"]),
    "copies on the stamp": (
        {"backups": r"\\files.REDMOND.ext.contoso.example\copies"},
        "",
        ["stop copies of App Service's data: "],
    ),
    "data on the stamp": (
        {"newSqlServer": "sql.local.cloudapp.redmond.ext.contoso.example", "newFileShare": ""},
        "",
        ["warn SQL server of App Service: sql.local.cloudapp.redmond.ext.contoso.example lives under the stamp's own"],
    ),
}


@pytest.mark.parametrize("case", CHECKS)
def test_what_would_stop_it_is_said_while_it_lives(tmp_path: Path, case: str) -> None:
    """And `capture --with-data` fails for the same reasons, as far as they are about secrets."""
    settings, sealed, wanted = CHECKS[case]
    with redeployed() as server:
        made = Scene(tmp_path / "scene", PLUGIN, server, SETTINGS | settings)
        if sealed is not None:
            seal(made.folder, on=sealed)
        told = [f"{finding.level} {finding}" for finding in made.findings("check")]
        saved = made.ask(step(made, "save-secrets"))

    assert len(told) == len(wanted), told
    assert all(text in line for text, line in zip(wanted, told, strict=True)), told
    about_secrets = any("secrets of App Service" in line for line in told) or "were they rotated" in "".join(told)
    assert saved.status == ("failed" if about_secrets else "done")
