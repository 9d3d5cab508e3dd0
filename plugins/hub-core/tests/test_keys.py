"""BitLocker keys and what is set after a deployment."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Bench

AFTERWARDS = {
    "syslogServer": {"serverName": "syslog.contoso.example", "serverPort": "514", "useUDP": "true"},
    "dnsForwarder": ["10.0.0.1", "10.0.0.2"],
    "tlsPolicy": "TLS_1.2",
    "legalNotice": {"caption": "Notice", "text": "Mind the gap"},
    "telemetry": "false",
}
NAMES = ("syslog-server", "dns-forwarder", "tls-policy", "legal-notice", "telemetry")


def test_recovery_keys_are_sealed_into_the_runbook_and_nowhere_else(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same keys asked again change no file; who may open it reads them."""
    bench.sealed("something", b"else", monkeypatch)
    with bench.endpoint() as pep:
        keys = [each["RecoveryKey"] for each in pep.run("Get-AzsRecoveryKeys")]
    found = bench.ask("recovery-keys")
    file = bench.folder / "secrets" / "bitlocker-loss-deployed.yaml"
    before = file.read_bytes()

    assert (found.status, found.message) == ("done", f"{len(keys)} keys are sealed in secrets/{file.name}: commit it")
    assert bench.ask("recovery-keys").status == "done"
    assert file.read_bytes() == before
    told = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in told if any(key.encode() in text for key in keys)]

    opened = json.loads(bench.opened("bitlocker-loss-deployed"))
    assert [each["RecoveryKey"] for each in opened] == keys


def test_without_recipients_nobody_could_read_them(bench: Bench) -> None:
    """So the step fails, and says whose certificates are missing."""
    found = bench.ask("recovery-keys")

    assert found.status == "failed"
    assert "recipients/" in found.message


def test_natively_the_update_has_changed_them(bench: Bench) -> None:
    """They are asked for again behind it."""
    bench.document = {"way": "native"}
    assert bench.steps["recovery-keys-again"].needs == ("hub-core/update",)
    bench.settings = {"update": "false"}
    assert "recovery-keys-again" not in bench.steps


def set_on(bench: Bench) -> dict[str, Any]:
    """What the endpoint keeps of settings."""
    return dict(bench.stamp.state.store.note("privileged endpoint") or {})


def test_what_stamp_yaml_names_is_set_again_and_nothing_else(bench: Bench) -> None:
    """Each a step behind everything that came back."""
    assert not [name for name in bench.steps if name.startswith("setting/")]
    bench.settings = {"afterwards": AFTERWARDS}
    said = [bench.ask(f"setting/{name}") for name in NAMES]
    again = [bench.ask(f"setting/{name}").message for name in NAMES]
    kept = set_on(bench)

    assert {each.status for each in said} == {"done"}
    assert all(": set, as no list of what" in each.message for each in said)
    assert [text.endswith(": as it should be") for text in again] == [True, True, True, True, False]
    assert kept["SyslogServer"]["ServerPort"] == 514
    assert kept["SyslogServer"]["UseUDP"] is True
    assert kept["AzSDnsForwarder"] == {"IPAddress": ["10.0.0.1", "10.0.0.2"]}
    assert kept["TLSPolicy"] == {"Version": "TLS_1.2"}
    assert kept["AzSLegalNotice"] == {"Caption": "Notice", "Text": "Mind the gap"}


def test_one_that_was_set_otherwise_is_set_right(bench: Bench) -> None:
    """A forwarder that somebody changed meanwhile, and a switch."""
    bench.settings = {"afterwards": AFTERWARDS}
    with bench.endpoint() as pep:
        pep.run("Set-AzsDnsForwarder", IPAddress=["10.9.9.9"])
        pep.run("Set-SyslogServer", ServerName="syslog.contoso.example", ServerPort=514)
    assert ": set, as no list" in bench.ask("setting/dns-forwarder").message
    assert ": set, as no list" in bench.ask("setting/syslog-server").message


def test_what_is_refused_is_told(bench: Bench) -> None:
    """With the endpoint's own words."""
    bench.settings = {"afterwards": {"dnsForwarder": ["10.0.0.300"]}}

    assert "'10.0.0.300' is no IPv4 address" in bench.ask("setting/dns-forwarder").message


@pytest.mark.parametrize("name", NAMES)
def test_whatever_answer_is_lost_it_is_set(bench: Bench, name: str) -> None:
    """Setting the same twice is setting it."""
    bench.settings = {"afterwards": AFTERWARDS}
    assert {found.status for found in bench.survives(f"setting/{name}", "/wsman")} == {"done"}
