"""restamp's own way to PowerShell remoting: over TLS to a simulated stamp's privileged endpoint."""

import logging
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding

from restamp.arm.settings import Settings, read
from restamp.errors import CmdletFailed, NoAdministrator, Refused, Rejected, StampError, Unanswered, Unreachable
from restamp.remoting import DEFAULT, Certificate, Credential, Endpoint, Remote, Secret, connect, privileged_endpoint
from restamp.simulator import Fault, control
from restamp.simulator.baseline import Baseline
from restamp.simulator.deployment import lose, redeploy
from restamp.simulator.pep import Machine, Pep
from restamp.simulator.pep.cmdlet import Choice, Cmdlet, Invocation
from restamp.simulator.pep.validation import mark
from restamp.simulator.server import Server

from .serving import new_stamp, served, settings_for


@pytest.fixture
def server() -> Iterator[Server]:
    stamp = new_stamp()
    stamp.pep = Pep(stamp.state)
    with served(stamp) as running:
        yield running
    stamp.close()


def pep_settings(server: Server, **more: Any) -> Settings:
    """The settings that lead to a served stamp's privileged endpoint."""
    assert server.stamp.pep is not None
    user, password = server.stamp.pep.cloud_admin
    hosts = ",".join(f"https://{host}" for host in server.stamp.pep.hosts)
    found = replace(settings_for(server), pep=hosts, pep_user=user, pep_password=password, pep_auth="basic")
    return replace(found, **more)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def pep(server: Server, said: list[str]) -> Iterator[Remote]:
    with privileged_endpoint(pep_settings(server), said.append) as made:
        yield made


class Tap(socketserver.ThreadingTCPServer):
    """A way to a port on which every byte is seen."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Tapped)
        self.to, self.seen = port, bytearray()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class Tapped(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.to)) as there:  # type: ignore[attr-defined]
            back = threading.Thread(target=self._passed, args=(there, self.request), daemon=True)
            back.start()
            self._passed(self.request, there)
            back.join(10)

    def _passed(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                self.server.seen += data  # type: ignore[attr-defined]
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


def test_over_http_nothing_can_be_read_on_the_way(server: Server) -> None:
    """As from Windows to a real stamp: Negotiate, and every message encrypted under it."""
    assert server.stamp.pep is not None
    with Tap(server.clear) as tap:
        user, password = server.stamp.pep.cloud_admin
        there = Settings(connect_to=f"*:5985=127.0.0.1:{tap.server_address[1]}")
        with connect(Endpoint(server.stamp.pep.hosts, user, password, where=there.where)) as pep:
            pep.run("New-CloudAdminUser", UserName="Second", Password=Secret("long pa55 word " * 20_000))
            assert pep.run("Get-CloudAdminUserList") == ["CloudAdmin", "Second"]
        seen = bytes(tap.seen)
        tap.shutdown()

    assert seen.count(b"HTTP-SPNEGO-session-encrypted") >= 6
    assert not [word for word in (b"Envelope", b"CloudAdminUser", b"Second", password.encode()) if word in seen]


@pytest.mark.parametrize("scheme", ["https://", ""])
def test_negotiate_lets_in_who_has_the_password(server: Server, scheme: str) -> None:
    """With the stamp's domain or without one; a wrong password is tried once."""
    pep = server.stamp.pep
    assert pep is not None
    hosts, (user, password) = f"{scheme}{pep.hosts[0]}", pep.cloud_admin
    for name in (user, "CloudAdmin"):
        with privileged_endpoint(pep_settings(server, pep=hosts, pep_user=name, pep_auth="negotiate")) as remote:
            assert remote.run("Get-CloudAdminUserList") == ["CloudAdmin"]
    for more in ({"pep_password": "wrong"}, {"pep_user": "elsewhere\\CloudAdmin"}):
        refused = pep_settings(server, pep=hosts, pep_auth="negotiate", **more)
        with privileged_endpoint(refused) as remote, pytest.raises(NoAdministrator):
            remote.run("Get-CloudAdminUserList")
    assert password


def test_in_clear_a_stamp_has_nothing_else(server: Server) -> None:
    """Neither Basic, nor a message that can be read, nor another host."""
    assert server.stamp.pep is not None
    home = server.stamp.state.home
    asked = partial(requests.post, f"http://127.0.0.1:{server.clear}/wsman", timeout=10, data=b"<a/>")

    refused = asked(headers={"Host": server.stamp.pep.hosts[0]}, auth=server.stamp.pep.cloud_admin)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Negotiate")
    assert asked(headers={"Host": f"adminmanagement.{home}"}).status_code == 404
    assert asked(headers={"Host": server.stamp.pep.hosts[0], "Authorization": "Negotiate %"}).status_code == 401


def test_objects_come_as_plain_values(server: Server, pep: Remote) -> None:
    """Properties in a dict, those of properties too; truth, text and lists as they are."""
    (stamp,) = pep.run("Get-AzureStackStampInformation")
    assert stamp["DeploymentID"] == server.stamp.deployment_id
    assert (
        stamp["AdminExternalEndpoints"]["AdminResourceManager"] == f"https://adminmanagement.{server.stamp.state.home}/"
    )

    assert pep.run("Test-AzureStack", Ignore=["AzsStoreSummary", "AzsAcsSummary"]) == [True]
    pep.run("Set-AzsDnsForwarder", IPAddress=["10.0.0.1", "10.0.0.2"])
    assert pep.run("Get-AzsDnsForwarder") == [{"IPAddress": ["10.0.0.1", "10.0.0.2"]}]
    assert pep.run("Get-SyslogServer") == []


def test_switches_are_on_and_off(pep: Remote) -> None:
    """True and False, as in PowerShell's `-Switch:$false`."""
    pep.run("Set-SyslogServer", ServerName="syslog.contoso.example", UseUDP=True, NoEncryption=False)

    (found,) = pep.run("Get-SyslogServer")
    assert (found["UseUDP"], found["NoEncryption"]) == (True, False)


def test_what_a_cmdlet_says_is_told_as_it_comes(pep: Remote, said: list[str]) -> None:
    """Progress and verbose lines, once each."""
    pep.run("Test-AzureStack", Group="UpdateReadiness")
    pep.run("Set-ServiceAdminOwner", ServiceAdminOwnerUpn="CloudAdmin@redmond.ext.contoso.example")

    assert said[:2] == ["Test-AzureStack: AzsInfraFileValidation", "Test-AzureStack: AzsActionPlanStatus"]
    assert said[-1] == "Set-ServiceAdminOwner : END, Completed"
    assert len(said) == len(set(said))


def test_an_application_is_made_and_signs_in(server: Server, pep: Remote) -> None:
    """With a secret that comes back once; or with a certificate, which PowerShell takes as an object."""
    der = x509.load_pem_x509_certificate(trustme.CA().issue_cert("restamp.example").cert_chain_pems[0].bytes())

    (first,) = pep.run("New-GraphApplication", Name="restamp", GenerateClientSecret=True)
    (second,) = pep.run(
        "New-GraphApplication", Name="other", ClientCertificates=Certificate(der.public_bytes(Encoding.DER))
    )
    made = server.stamp.state.directory.get(first["ApplicationIdentifier"])
    assert made is not None
    assert made.secret == first["ClientSecret"]
    assert second["Thumbprint"] == der.fingerprint(SHA1()).hex().upper()


def test_secrets_go_under_the_sessions_key_and_stand_nowhere(
    server: Server, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Not in what is logged, however loud; not in what is told, nor in errors."""
    word = "hidden pa55w\u00f6rd"
    stamp = server.stamp
    with caplog.at_level(logging.DEBUG), privileged_endpoint(pep_settings(server), said.append) as pep:
        user = Credential("contoso\\reader", word)
        pep.run("Register-DirectoryService", CustomADGlobalCatalog="contoso.example", CustomADAdminCredential=user)
        pep.run("New-CloudAdminUser", UserName="Second", Password=Secret(word))
        place = f"\\\\files\\{word}"
        pep.run("Close-PrivilegedEndpoint", TranscriptsPathDestination=place, Credential=user)
        with pytest.raises(CmdletFailed) as refused:
            pep.run("Get-CloudAdminUserList", **{word: Secret(word)})

    told = "\n".join([*said, caplog.text, str(refused.value), repr(user), repr(pep.endpoint)])
    assert stamp.state.store.note("privileged endpoint")["accounts"]["Second"] == word
    assert word not in told
    assert pep.endpoint.password not in told
    assert [line for line in said if "Transcripts" in line] == []
    assert "in words that repeat a secret" in str(refused.value)


def test_a_cmdlet_that_ends_with_an_error_is_told_in_its_words(server: Server, pep: Remote) -> None:
    """With PowerShell's own name of the error; the session goes on."""
    with pytest.raises(CmdletFailed, match=r"Get-Process: The term 'Get-Process' is not recognized") as unknown:
        pep.run("Get-Process")
    assert unknown.value.code == "CommandNotFoundException"

    mark(server.stamp.state, "AzsControlPlane", "FAIL")
    assert pep.run("Test-AzureStack") == [False]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_the_next_host_is_tried_where_one_does_not_answer(server: Server) -> None:
    """As Microsoft says to do; all of them are named when none answers."""
    settings = pep_settings(server)
    nowhere = f"azs-ercs01.*:5986=127.0.0.1:{closed_port()}"
    first_away = replace(settings, connect_to=f"{nowhere},{settings.connect_to}")
    with privileged_endpoint(first_away) as pep:
        assert pep.run("Get-CloudAdminUserList") == ["CloudAdmin"]

    all_away = replace(settings, connect_to=nowhere.replace("01", "0?"))
    with privileged_endpoint(all_away) as pep, pytest.raises(Unreachable) as nobody:
        pep.run("Get-CloudAdminUserList")
    assert str(nobody.value).startswith("cannot reach azs-ercs01.redmond")
    assert "azs-ercs03" in str(nobody.value)
    assert str(nobody.value).endswith(": connection refused")


def test_a_wrong_password_is_tried_once(server: Server) -> None:
    """Three times would lock the account out."""
    with privileged_endpoint(pep_settings(server, pep_password="wrong")) as pep, pytest.raises(NoAdministrator) as no:
        pep.run("Get-CloudAdminUserList")

    assert "RESTAMP_PEP_PASSWORD" in no.value.hint
    assert [record.status for record in server.stamp.requests if record.plane == "pep"] == [401]


def test_an_unknown_ca_is_told(server: Server) -> None:
    """Nothing is sent to a host that cannot prove its name."""
    hosts = pep_settings(server).pep.partition(",")[0]
    with privileged_endpoint(pep_settings(server, ca="", pep=hosts)) as pep, pytest.raises(Unreachable) as unknown:
        pep.run("Get-CloudAdminUserList")

    assert "not signed by a CA known here" in str(unknown.value)


def test_another_configuration_is_refused_in_words(server: Server) -> None:
    """Where the account may not use it, or there is none."""
    endpoint = replace(privileged_endpoint(pep_settings(server)).endpoint, configuration="Microsoft.PowerShell")

    with connect(endpoint) as remote, pytest.raises(Rejected, match="Access is denied"):
        remote.run("Get-Process")


def test_a_session_that_was_gone_is_opened_anew(server: Server, pep: Remote) -> None:
    """The endpoint ends one that nobody used for two hours; people do not notice."""
    assert pep.run("Get-CloudAdminUserList") == ["CloudAdmin"]
    server.stamp.clock.advance(timedelta(hours=3).total_seconds())

    assert pep.run("Get-CloudAdminUserList") == ["CloudAdmin"]


def test_a_clock_that_somebody_moves_on_ends_no_session(server: Server, pep: Remote) -> None:
    """In a rehearsal half a day goes by in a second, and clients of the endpoint were not silent for so long."""

    def asks() -> int:
        before = len(server.stamp.requests)
        assert pep.run("Get-CloudAdminUserList") == ["CloudAdmin"]
        return len(server.stamp.requests) - before

    opened, again = asks(), asks()
    control.act(server.stamp, "clock", {"seconds": timedelta(days=3).total_seconds()})
    assert asks() == again < opened


def test_sessions_that_end_one_after_the_other_are_no_crash(server: Server, pep: Remote) -> None:
    """At whatever request of the next one: the cmdlet is run in another session, or a stamp's error says why not."""
    flies = partial(server.stamp.clock.advance, timedelta(hours=3).total_seconds())
    answered = 0
    for at in range(12):
        server.stamp.faults.clear()
        pep.run("Get-CloudAdminUserList")
        flies()
        server.stamp.faults[:] = [Fault("/wsman", after=at, first=flies)]
        with suppress(StampError):
            answered += pep.run("Get-CloudAdminUserList") == ["CloudAdmin"]
    server.stamp.faults[:] = [Fault("/wsman", times=None, first=flies)]
    with pytest.raises(StampError):
        pep.run("Get-CloudAdminUserList")
    assert answered > 5


def test_a_connection_that_ends_while_a_cmdlet_runs_is_no_failure_and_no_success(server: Server, pep: Remote) -> None:
    """It may have been done: nobody runs it again by itself. The next cmdlet has a new session."""
    pep.run("Get-CloudAdminUserList")
    server.stamp.faults.append(Fault("/wsman", lose_answer=True))
    with pytest.raises(Unanswered, match="New-CloudAdminUser at azs-ercs01"):
        pep.run("New-CloudAdminUser", UserName="Second", Password=Secret("pa55"))
    assert pep.run("Get-CloudAdminUserList") in (["CloudAdmin"], ["CloudAdmin", "Second"])

    server.stamp.faults.append(Fault("/wsman", after=1, status=503))
    with pytest.raises(Unanswered, match="it answers 503 to PowerShell remoting"):
        pep.run("Test-AzureStack")
    server.stamp.faults.append(Fault("/wsman", after=0, status=404))
    pep.close()
    assert pep.run("Test-AzureStack") == [True]  # from the second host


@pytest.mark.parametrize("auth", ["negotiate", "basic"])
def test_a_redeployed_stamp_has_another_endpoint(server: Server, auth: str) -> None:
    """Neither the session nor the password of the lost one is good there, and nothing is left of what was set."""
    stamp = server.stamp
    with privileged_endpoint(pep_settings(server, pep_auth=auth)) as pep:
        pep.run("Set-SyslogServer", ServerName="syslog.contoso.example")
        keys = pep.run("Get-AzsRecoveryKeys")
        lose(stamp)
        redeploy(stamp, Baseline())
        with pytest.raises((NoAdministrator, Unanswered)):
            pep.run("Get-SyslogServer")

    with privileged_endpoint(pep_settings(server, pep_auth=auth)) as pep:
        assert pep.run("Get-SyslogServer") == []
        assert [key for key in pep.run("Get-AzsRecoveryKeys") if key in keys] == []
        (told,) = pep.run("Get-AzureStackStampInformation")
        assert told["DeploymentID"] == stamp.deployment_id


def test_all_that_is_missing_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its names, with where to find it."""
    monkeypatch.setenv("RESTAMP_STAMP", "redmond.ext.contoso.example")
    with pytest.raises(Refused) as missing:
        privileged_endpoint()
    assert [finding.about.partition(" ")[0] for finding in missing.value.findings] == [
        "RESTAMP_PEP",
        "RESTAMP_PEP_USER",
        "RESTAMP_PEP_PASSWORD",
    ]
    assert "AzureStackStampDeploymentInfo" in missing.value.findings[0].hint

    for name, value in (("", "10.0.0.24, 10.0.0.25:5986"), ("_USER", "contoso\\CloudAdmin"), ("_PASSWORD", "x")):
        monkeypatch.setenv(f"RESTAMP_PEP{name}", value)
    endpoint = privileged_endpoint().endpoint
    assert [(host.name, host.port, host.tls) for host in endpoint.each()] == [
        ("10.0.0.24", 5985, False),
        ("10.0.0.25", 5986, False),
    ]
    assert endpoint.auth == "negotiate"


def test_a_host_may_have_a_port_of_its_own_and_be_six_groups_long() -> None:
    """Over TLS where it is said."""
    hosts = ("https://azs-ercs01.contoso.example", "https://[fd00::1]:55986", "[fd00::2]")

    assert [(host.name, host.port, host.tls) for host in Endpoint(hosts, "u", "p").each()] == [
        ("azs-ercs01.contoso.example", 5986, True),
        ("fd00::1", 55986, True),
        ("fd00::2", 5985, False),
    ]


def test_settings_are_read_with_their_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Basic without TLS would show the password."""
    with pytest.raises(Refused) as wrong:
        read({"pep": "10.0.0.24,https://b", "pep_auth": "basic"})
    assert "basic is for https alone" in str(wrong.value)
    assert wrong.value.hint == "Write https://10.0.0.24"


def test_a_server_of_ones_own_is_an_endpoint_too(server: Server) -> None:
    """What a resource provider has: other hosts, another configuration, another account."""
    settings = pep_settings(server)
    endpoint = Endpoint(
        ("https://azs-ercs02.redmond.ext.contoso.example",),
        settings.pep_user,
        settings.pep_password,
        auth="basic",
        ca=settings.ca,
        where=settings.where,
    )

    with connect(endpoint) as remote:
        assert remote.run("Get-CloudAdminUserList") == ["CloudAdmin"]


def test_an_odd_answer_is_told(server: Server, pep: Remote) -> None:
    """Something else that listens there."""
    server.stamp.faults.append(Fault("/wsman", times=None, status=200, body={"hello": "world"}))

    with pytest.raises(Unreachable, match="what answers there is no PowerShell remoting"):
        pep.run("Get-CloudAdminUserList")


def sites(call: Invocation) -> Iterator[Any]:
    """Two sites, if whoever runs it agrees."""
    if (yield Choice("All sites?", ("&No", "&Yes"), default=0)) == 1:
        yield {"Name": "erp"}
        yield {"Name": "shop"}


def synced(call: Invocation) -> Iterator[Any]:
    """What was piped in, once more."""
    agreed = yield Choice(f"{len(call.piped)} objects?")
    yield from ({"Synced": each["Name"], "Agreed": agreed} for each in call.piped)


@pytest.fixture
def controller(server: Server) -> Endpoint:
    """A machine of a resource provider, with PowerShell as every Windows has it."""
    cmdlets = (Cmdlet("Get-Site", sites), Cmdlet("Sync-Site", synced))
    server.stamp.machines["cn0-vm"] = Machine(server.stamp.state, lambda: {"roleadmin": "pa55"}, cmdlets)
    known = settings_for(server)
    host = f"https://cn0-vm.{server.stamp.state.home}"
    return Endpoint((host,), "roleadmin", "pa55", DEFAULT, "basic", ca=known.ca, where=known.where)


def test_cmdlets_are_piped_and_what_they_ask_is_agreed_to(controller: Endpoint) -> None:
    """Live objects go from one to the next, which is why two cmdlets one after the other would not do."""
    with connect(replace(controller, consents=True)) as remote:
        assert remote.run("Get-Site", "Sync-Site") == [
            {"Synced": "erp", "Agreed": 0},
            {"Synced": "shop", "Agreed": 0},
        ]
        assert remote.run("Get-Site") == [{"Name": "erp"}, {"Name": "shop"}]


def test_a_cmdlet_that_asks_where_nobody_answers_has_failed(controller: Endpoint) -> None:
    """It does not hang."""
    with connect(controller) as remote, pytest.raises(CmdletFailed, match="does not support user interaction"):
        remote.run("Get-Site")


def test_the_privileged_endpoint_has_no_pipes(pep: Remote) -> None:
    """No language at all."""
    with pytest.raises(CmdletFailed, match="CommandNotFound"):
        pep.run("Get-CloudAdminUserList", "Remove-CloudAdminUser")
