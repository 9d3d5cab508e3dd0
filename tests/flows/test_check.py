"""`restamp check`: everything that would stop a recovery today, at once."""

import datetime as dt
import json
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.flows.world import World
from tests.outsiders import installed

from restamp.check.backups import of_settings
from restamp.check.keys import of_backups, of_certificates
from restamp.check.places import of_places
from restamp.kind import Kinds
from restamp.models.stamp import Stamp
from restamp.runbook import Runbook

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
LEAD = dt.timedelta(days=30)


def runbook(folder: Path, *certificates: str) -> Runbook:
    """An empty runbook that says where certificates are."""
    stamp = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS", certificates=certificates)
    return Runbook(stamp, (), Kinds({}), folder)


def certificate(path: Path, ends: dt.datetime) -> None:
    """A certificate until then."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, ends - dt.timedelta(days=400), ends)
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


@pytest.mark.parametrize(
    ("days", "level", "message"),
    [
        (-1, "stop", "expired on 2026-11-23"),
        (29, "warn", "expires on 2026-12-23, sooner than the 30 days that a recovery may have to wait"),
        (31, None, ""),
    ],
)
def test_certificates_have_to_outlive_the_longest_lead_time(
    tmp_path: Path, days: int, level: str | None, message: str
) -> None:
    """Hardware takes weeks, and the redeploy at their end asks for them."""
    certificate(tmp_path / "portal.pem", NOW + dt.timedelta(days=days))

    found = list(of_certificates(runbook(tmp_path, "portal.pem"), LEAD, NOW))
    assert [(item.level, item.message) for item in found] == ([(level, message)] if level else [])


def test_certificates_that_nobody_holds_are_said(tmp_path: Path) -> None:
    """Not named, not there, or shut."""
    (tmp_path / "portal.pfx").write_bytes(b"no container")
    messages = [item.message for item in of_certificates(runbook(tmp_path, "a.cer", "portal.pfx"), LEAD, NOW)]

    assert messages == ["is not there", "does not open with the password in RESTAMP_CERTIFICATES_PASSWORD"]
    assert [item.message for item in of_certificates(runbook(tmp_path), LEAD, NOW)] == [
        "nobody says where they are held"
    ]


def test_a_key_that_is_not_at_hand_stops_every_recovery_from_its_backups() -> None:
    """By the thumbprint that the stamp tells."""
    (found,) = of_backups(["0A" * 20], ())

    assert (found.level, found.about) == ("stop", f"certificate {'0A' * 20}")


@pytest.mark.parametrize(
    ("scheduler", "capacity", "codes"),
    [
        (True, "0.99 TB", []),
        (False, "0.99 TB", ["scheduler-off"]),
        (True, "50 GB", ["share-almost-full"]),
        (None, None, []),
        (True, "plenty", []),
    ],
)
def test_backups_that_will_not_be_made_are_said(scheduler: bool | None, capacity: str | None, codes: list[str]) -> None:
    """A failover has been seen to switch the scheduler off (documented)."""
    assert [item.code for item in of_settings(scheduler, capacity)] == codes


def test_what_lives_under_the_stamps_own_domain_is_lost_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git, the state, the share and the keys."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(
        ["git", "remote", "add", "origin", "https://git.redmond.ext.contoso.example/x"], cwd=tmp_path, check=True
    )
    monkeypatch.setenv("PULUMI_BACKEND_URL", "azblob://state?domain=redmond.ext.contoso.example")
    monkeypatch.setenv("RESTAMP_OPENERS", "/keys/a.pfx")

    found = list(of_places(runbook(tmp_path), [r"\\files.redmond.ext.contoso.example\backups"]))
    assert [item.about for item in found] == ["git remote", "Pulumi backend", "share of the backups"]
    assert {item.level for item in found} == {"stop"}


PLUGIN = """
from restamp.hookspecs import hookimpl
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step

@hookimpl
def plugin_card():
    return PluginCard(name="oem-racks", role="oem", title="Racks")

@hookimpl
def check():
    yield Finding("racks", "stop", "racks", "there is none on the shelf", "Order one.")

@hookimpl
def steps():
    yield Step(id="oem-racks/build", title="Build", phase="redeploy", by="oem", how="Build it.", files=("sheet",))
"""


def test_everything_is_said_at_once_and_the_exit_status_is_for_a_scheduler(world: World, tmp_path: Path) -> None:
    """The runbook, what plugins say, files, places and keys; as text, and as data."""
    env = {"PYTHONPATH": str(installed(tmp_path / "site", "oem-racks", source=PLUGIN))}
    world.captured()
    world.restamp("plugins", "use", "oem-racks", **env)

    told = world.restamp("check", status=4, **env)
    for sentence in (
        "stop: racks: there is none on the shelf",
        "stop: file oem-racks/sheet: is needed, and nobody says where it is",
        "warn: external certificates: nobody says where they are held",
        "warn: git remote: there is none: the runbook is on this machine alone",
        "warn: backups: nobody says where their share is: not looked at",
        "note: stamp: could not be asked",
        "inside covered: ",
    ):
        assert sentence in told
    data = json.loads(world.restamp("check", "--json", status=4, **env).partition("\n{")[2].join(["{", ""]))
    assert {item["code"] for item in data["findings"]} >= {"racks", "artefact", "no-remote", "no-share"}

    stamp = world.runbook / "stamp.yaml"
    stamp.write_text(stamp.read_text().partition("plugins:")[0])
    assert "0 of" in world.restamp("check")
