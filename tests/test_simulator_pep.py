"""The privileged endpoint of a simulated stamp: over HTTPS by an unmodified pypsrp, and its refusals in process."""

import base64
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from pypsrp.complex_objects import GenericComplexObject, ObjectMeta, PSCredential
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from tests.asking import Desk
from tests.tenant.asking import OWNER, Tenant

from restamp.simulator import Principal, Share, Stamp, serve
from restamp.simulator.messages import Request, Response
from restamp.simulator.pep import Pep
from restamp.simulator.pep.accounts import cloud_admin, password_of
from restamp.simulator.pep.stamp import keys
from restamp.simulator.pep.validation import mark
from restamp.simulator.server import Server

HOST = "azs-ercs01.redmond.ext.contoso.example"


@pytest.fixture(params=["ADFS"])
def stamp(request: pytest.FixtureRequest) -> Iterator[Stamp]:
    made = Stamp("redmond", "ext.contoso.example", identity=request.param)
    made.pep = Pep(made.state)
    yield made
    made.close()


@pytest.fixture
def server(stamp: Stamp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The stamp behind HTTPS; this test's DNS leads every name to it."""
    with serve(stamp) as running:
        resolve = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda _host, _port, *more, **named: resolve("127.0.0.1", running.port, *more)
        )
        yield running


class Session:
    """An unmodified pypsrp at the endpoint."""

    def __init__(
        self, server: Server, host: str = HOST, configuration: str = "PrivilegedEndpoint", user: str = "CloudAdmin"
    ) -> None:
        self.stamp = server.stamp
        way = WSMan(
            host,
            username=f"contoso\\{user}",
            password=password_of(server.stamp.state, user),
            auth="basic",
            cert_validation=str(server.ca),  # type: ignore[arg-type] - pypsrp hands it to requests
            no_proxy=True,
        )
        self.pool = RunspacePool(way, configuration_name=configuration)

    def __enter__(self) -> "Session":
        self.pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.close()
        self.pool.connection.close()

    def run(self, name: str, *switches: str, **parameters: Any) -> list[Any]:
        """What a cmdlet puts out, objects as mappings; it has no errors."""
        shell = self.asked(name, *switches, **parameters)
        assert [str(each) for each in shell.streams.error] == []
        return [plain(each) for each in shell.output]

    def refused(self, name: str, *switches: str, **parameters: Any) -> str:
        """PowerShell's id of the error that a cmdlet ends with."""
        shell = self.asked(name, *switches, **parameters)
        assert (shell.output, shell.had_errors) == ([], True)
        return str(shell.streams.error[0].fq_error)

    def asked(self, name: str, *switches: str, **parameters: Any) -> PowerShell:
        shell = PowerShell(self.pool)
        shell.add_cmdlet(name)
        shell.add_parameters(dict.fromkeys(switches) | parameters)
        shell.invoke()
        shell.close()
        return shell

    def credential(self, name: str, password: str) -> PSCredential:
        """A credential whose password goes over the wire under the session's key."""
        self.pool.exchange_keys()
        secret = self.pool.serialize(password, ObjectMeta("SS"))
        return PSCredential(username=name, password=secret)


def plain(value: Any) -> Any:
    if isinstance(value, GenericComplexObject):
        return {name: plain(each) for name, each in (value.adapted_properties | value.extended_properties).items()}
    return value


@pytest.fixture
def session(server: Server) -> Iterator[Session]:
    with Session(server) as made:
        yield made


def test_an_unmodified_client_reads_what_the_stamp_is(session: Session) -> None:
    """Names, ids, versions and endpoints, as Microsoft's registration scripts read them."""
    stamp = session.stamp
    (found,) = session.run("Get-AzureStackStampInformation")

    assert found["DeploymentID"] == stamp.deployment_id
    assert found["CloudID"] == stamp.cloud_id
    assert found["StampVersion"] == "1.2301.2.58"
    assert found["ExternalDomainFQDN"] == "redmond.ext.contoso.example"
    assert found["AADTenantID"] == stamp.state.tenant
    assert found["AdminExternalEndpoints"]["AdminResourceManager"] == f"https://adminmanagement.{stamp.state.home}/"
    assert found["TenantExternalEndpoints"]["TenantPortal"] == f"https://portal.{stamp.state.home}/"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_each_of_three_hosts_answers(server: Server, number: int) -> None:
    """People take another one when one does not answer."""
    with Session(server, HOST.replace("01", f"0{number}")) as session:
        assert session.run("Get-CloudAdminUserList") == ["CloudAdmin"]


def test_a_stamp_without_the_endpoint_has_no_such_host(server: Server) -> None:
    """It is served where it is asked for."""
    server.stamp.pep = None
    session = Session(server)

    with pytest.raises(Exception, match="404"):
        session.pool.open()
    session.pool.connection.close()
    assert server.connect_to == f"*.redmond.ext.contoso.example:443=127.0.0.1:{server.port}"


def test_scripts_are_refused(session: Session) -> None:
    """No-language mode: cmdlets and parameters, and nothing that is a language."""
    for script in ("Get-Process", "$x = 1", "Get-AzureStackStampInformation | ForEach-Object { $_ }"):
        shell = PowerShell(session.pool)
        shell.add_script(script)
        shell.invoke()

        assert (shell.output, shell.streams.error[0].fq_error) == ([], "ScriptsNotAllowed")
        shell.close()


def test_what_is_not_listed_is_unknown(session: Session) -> None:
    """Cmdlets that are not the endpoint's, in a pipe too; parameters that are not a cmdlet's, or more than it takes."""
    shell = PowerShell(session.pool)
    shell.add_cmdlet("Get-CloudAdminUserList").add_cmdlet("Where-Object")
    shell.invoke()
    assert (shell.output, shell.streams.error[0].fq_error) == ([], "CommandNotFoundException")
    shell.close()

    assert session.refused("Get-Process") == "CommandNotFoundException"
    assert session.refused("Get-Command", Computer="x") == "NamedParameterNotFound,Get-Command"
    assert session.refused("Register-CustomAdfs", Custom="x") == "AmbiguousParameter,Register-CustomAdfs"
    assert session.refused("New-CloudAdminUser", UserName="me") == "MissingMandatoryParameter,New-CloudAdminUser"
    shell = PowerShell(session.pool)
    shell.add_cmdlet("Get-AzsRecoveryKeys").add_argument("all")
    shell.invoke()
    assert shell.streams.error[0].fq_error == "PositionalParameterNotFound,Get-AzsRecoveryKeys"
    shell.close()


def test_parameters_bind_as_powershell_binds_them(session: Session) -> None:
    """Whatever the case, by the beginning of a name, by place, and with the common ones."""
    shell = PowerShell(session.pool)
    shell.add_cmdlet("get-command").add_argument("Test-AzureStack").add_parameter("ErrorAction", "Stop")
    shell.add_statement().add_cmdlet("Get-Command").add_parameter("na", "Get-ActionStatus").add_cmdlet("Out-Default")
    shell.invoke()

    assert [plain(each)["Name"] for each in shell.output] == ["Test-AzureStack", "Get-ActionStatus"]
    shell.close()
    (syntax,) = session.run("Get-Command", "Syntax", Name="get-azsrecoverykeys")
    assert syntax == "Get-AzsRecoveryKeys [-raw]"


def test_the_endpoint_lists_its_cmdlets(session: Session) -> None:
    """All that a recovery needs of it."""
    names = {each["Name"] for each in session.run("Get-Command")}

    assert {"Test-AzureStack", "Set-ServiceAdminOwner", "New-GraphApplication", "Close-PrivilegedEndpoint"} <= names
    assert len(names) > 30


def test_the_wrong_password_lets_nobody_in(server: Server) -> None:
    """Nor the right one under another name."""
    for user, password in (("CloudAdmin", "wrong"), ("Administrator", password_of(server.stamp.state, "cloudadmin"))):
        session = Session(server)
        session.pool.connection.transport.username = user
        session.pool.connection.transport.password = password
        with pytest.raises(AuthenticationError):
            session.pool.open()
        session.pool.connection.close()


@pytest.mark.parametrize(
    ("configuration", "code"), [("Microsoft.PowerShell", 5), ("Elsewhere", 2150858811)], ids=["denied", "unknown"]
)
def test_another_configuration_is_not_to_be_had(server: Server, configuration: str, code: int) -> None:
    """The account may use the one configuration alone."""
    session = Session(server, configuration=configuration)

    with pytest.raises(WSManFaultError) as refused:
        session.pool.open()
    session.pool.connection.close()
    assert refused.value.code == code


def test_health_is_told_from_the_stamps_state(session: Session) -> None:
    """True or false; test by test where it is asked for; warnings count as failures before an update."""
    state = session.stamp.state
    assert session.run("Test-AzureStack") == [True]

    mark(state, "AzsSFRoleSummary", "FAIL", "FabricRing is down.")
    mark(state, "AzsStampBMCSummary", "WARN", "One BMC does not answer.")
    assert session.run("Test-AzureStack") == [False]
    assert session.run("Test-AzureStack", Ignore="AzsSFRoleSummary") == [True]
    assert session.run("Test-AzureStack", Group="updatereadiness") == [False]
    found = session.run("Test-AzureStack", "DetailedResults", Include=["AzsStoreSummary", "azssfrolesummary"])
    assert [(each["Test"], each["Result"], each["Details"]) for each in found] == [
        ("AzsStoreSummary", "PASS", ""),
        ("AzsSFRoleSummary", "FAIL", "FabricRing is down."),
    ]
    assert session.refused("Test-AzureStack", Include="AzsNothing").startswith("ParameterArgumentValidationError")

    mark(state, "AzsSFRoleSummary", "PASS")
    assert session.run("Test-AzureStack") == [True]


def test_what_does_not_run_is_told(session: Session) -> None:
    """A machine that is off, an instance of a role that is down: by their names."""
    for kind, change in (
        ("scaleUnitNodes/azs-node02", {"scaleUnitNodeStatus": "Stopped"}),
        ("infraRoleInstances/AzS-CA01", {"state": "Stopped"}),
    ):
        body = next(body for body in session.stamp.objects() if body["id"].endswith(kind))
        session.stamp.load([body | {"properties": body["properties"] | change}])

    found = session.run("Test-AzureStack", "DetailedResults")
    assert {each["Test"]: each["Details"] for each in found if each["Result"] == "FAIL"} == {
        "AzsHostingInfraSummary": "Not running: azs-node02.",
        "AzsInfraRoleSummary": "Not running: AzS-CA01.",
    }


def test_health_is_not_tested_while_the_stamp_updates(session: Session) -> None:
    """Documented as never to be done; a failed update is a failed test afterwards."""
    place = next(body for body in session.stamp.objects() if "/updateLocations/" in body["id"])

    place["properties"]["state"] = "UpdateInProgress"
    session.stamp.load([place])
    assert session.refused("Test-AzureStack") == "UpdateInProgress"
    place["properties"]["state"] = "UpdateFailed"
    session.stamp.load([place])
    assert session.run("Test-AzureStack") == [False]


def test_progress_is_told_while_a_test_runs(session: Session) -> None:
    """One line a test, for people who wait."""
    shell = session.asked("Test-AzureStack", Group="UpdateReadiness")

    assert [each.description for each in shell.streams.progress] == [
        "AzsInfraFileValidation",
        "AzsActionPlanStatus",
        "AzsStampBMCSummary",
    ]


def test_a_backup_share_is_tested_before_it_is_set(session: Session) -> None:
    """With a path that is none, without one, and then with a credential under the session's key."""
    share = "AzsBackupShareAccessibility"
    good = session.credential("contoso\\backup", "pa55 w\u00f6rd")

    assert session.run("Test-AzureStack", Include=share) == [False]
    assert session.run("Test-AzureStack", Include=share, BackupSharePath="C:\\backups") == [False]
    path = "\\\\files\\backups"
    session.stamp.state.share = Share(password="pa55 w\u00f6rd")
    assert session.run("Test-AzureStack", Include=share, BackupSharePath=path) == [False]
    assert session.run("Test-AzureStack", Include=share, BackupSharePath=path, BackupShareCredential=good) == [True]
    session.stamp.state.share.password = "another"
    assert session.run("Test-AzureStack", Include=share, BackupSharePath=path, BackupShareCredential=good) == [False]


@pytest.mark.parametrize("stamp", ["AzureAD"], indirect=True)
def test_cloud_scenarios_need_the_service_administrator(session: Session) -> None:
    """Who signs in with Entra; with AD FS they cannot be run at all (documented)."""
    session.stamp.add_user("admin@contoso.example", "right")
    right, wrong = (session.credential("admin@contoso.example", word) for word in ("right", "wrong"))

    assert session.run("Test-AzureStack", Include="AzsScenarios", ServiceAdminCredential=right) == [True]
    assert session.run("Test-AzureStack", Include="AzsScenarios", ServiceAdminCredential=wrong) == [False]
    assert session.refused("New-GraphApplication", "GenerateClientSecret", Name="restamp") == "NotAdfs"
    assert session.refused("Register-CustomAdfs", CustomAdfsName="Contoso") == "NotAdfs"


def signed_in(stamp: Stamp, client: str, secret: str) -> int:
    """The status of a sign-in of an application with its secret."""
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    form |= {"scope": stamp.identities.audience("adminmanagement") + "/.default"}
    body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
    return stamp.handle(Request("POST", stamp.state.host("adfs"), "/adfs/oauth2/token", body=body)).status


def test_an_application_is_made_that_can_sign_in(session: Session) -> None:
    """It has an id in the directory and no right, until somebody grants it one; its secret can be made anew."""
    stamp = session.stamp
    (made,) = session.run("New-GraphApplication", "GenerateClientSecret", Name="restamp")
    found = stamp.state.directory.get(made["ApplicationIdentifier"])
    assert re.fullmatch(r"Azurestack-restamp-[0-9a-f-]{36}", made["ApplicationName"])
    assert found is not None
    assert signed_in(stamp, made["ClientId"], made["ClientSecret"]) == 200

    desk, root = Desk(stamp, found), f"/subscriptions/{stamp.provider_subscription}"
    assert desk.ask("GET", "resourcegroups").status == 403
    granted = Tenant(stamp, cloud_admin(stamp.state), "adminmanagement").assign(root, OWNER, found.object_id)
    assert granted.status == 201
    assert desk.ask("GET", "resourcegroups").status == 200

    (again,) = session.run("Set-GraphApplication", "ResetClientSecret", ApplicationIdentifier=found.object_id)
    assert signed_in(stamp, made["ClientId"], made["ClientSecret"]) == 401
    assert signed_in(stamp, made["ClientId"], again["ClientSecret"]) == 200
    (listed,) = session.run("Get-GraphApplication", ApplicationName=made["ApplicationName"])
    assert (listed["ClientId"], listed["ClientSecret"]) == (made["ClientId"], None)

    shell = session.asked("Remove-GraphApplication", ApplicationIdentifier=found.object_id)
    assert f"Application with identifier {found.object_id} was deleted." in [
        each.message for each in shell.streams.verbose
    ]
    assert signed_in(stamp, made["ClientId"], again["ClientSecret"]) == 401
    assert session.refused("Remove-GraphApplication", ApplicationIdentifier=found.object_id) == "ApplicationNotFound"


def certificate() -> tuple[GenericComplexObject, str]:
    """A certificate as PowerShell sends one, and its thumbprint."""
    pem = trustme.CA().issue_cert("restamp.example").cert_chain_pems[0].bytes()
    found = x509.load_pem_x509_certificate(pem)
    sent = GenericComplexObject()
    sent.types = ["System.Security.Cryptography.X509Certificates.X509Certificate2", "System.Object"]
    sent.adapted_properties["RawData"] = found.public_bytes(Encoding.DER)
    from cryptography.hazmat.primitives.hashes import SHA1

    return sent, found.fingerprint(SHA1()).hex().upper()


def test_an_application_is_made_with_a_certificate(session: Session) -> None:
    """Shown by its thumbprint; another one takes its place; something else is none."""
    (first, one), (second, other) = certificate(), certificate()

    (made,) = session.run("New-GraphApplication", Name="restamp", ClientCertificates=first)
    assert (made["Thumbprint"], made["ClientSecret"]) == (one, None)
    which = made["ApplicationIdentifier"]
    (changed,) = session.run("Set-GraphApplication", ApplicationIdentifier=which, ClientCertificates=[second])
    assert changed["Thumbprint"] == other
    assert session.refused("New-GraphApplication", Name="x", ClientCertificates=b"none") == "InvalidCertificate"
    assert session.refused("New-GraphApplication", Name="x") == "MissingCredential"
    assert session.refused("New-GraphApplication", "GenerateClientSecret", Name="x" * 51) == "InvalidName"


def owner_of(stamp: Stamp, principal: Principal | None) -> bool:
    return principal is not None and Desk(stamp, principal).ask("GET", "resourcegroups").status == 200


def test_the_service_administrator_is_named(session: Session) -> None:
    """CloudAdmin owns the default provider subscription until then, and the one named before until the next."""
    stamp, directory = session.stamp, session.stamp.state.directory
    first, second = (stamp.add_user(f"{name}@contoso.example", "pa55") for name in ("first", "second"))
    assert owner_of(stamp, directory.named(cloud_admin(stamp.state).name))

    session.run("Set-ServiceAdminOwner", ServiceAdminOwnerUpn=first.name)
    assert not owner_of(stamp, directory.named(cloud_admin(stamp.state).name))
    assert owner_of(stamp, directory.get(first.object_id))
    session.run("Set-ServiceAdminOwner", ServiceAdminOwnerUpn=second.name)
    assert not owner_of(stamp, directory.get(first.object_id))
    assert owner_of(stamp, directory.get(second.object_id))
    assert session.refused("Set-ServiceAdminOwner", ServiceAdminOwnerUpn="nobody@contoso.example") == "UserNotFound"


def test_directory_and_federation_are_registered(session: Session) -> None:
    """What was said is kept, without the password; a large file of metadata goes over in fragments."""
    credential = session.credential("contoso\\reader", "hidden word")
    metadata = "<EntityDescriptor>" + "x" * 1_500_000 + "</EntityDescriptor>"

    session.run(
        "Register-DirectoryService", CustomADGlobalCatalog="contoso.example", CustomADAdminCredential=credential
    )
    session.run("Register-CustomAdfs", CustomAdfsName="Contoso", CustomADFSFederationMetadataFileContent=metadata)
    session.run("Register-CustomDnsServer", CustomDomainName="contoso.example", CustomDnsIPAddresses=["10.0.0.1"])
    note = session.stamp.state.store.note("privileged endpoint")
    assert note["directory service"] == {"globalCatalog": "contoso.example", "userName": "contoso\\reader"}
    assert note["custom adfs"] == {"name": "Contoso", "metadata": "a file"}
    assert note["dns servers"] == {"contoso.example": ["10.0.0.1"]}
    assert "hidden word" not in str(note)

    refused = {
        "http": {"CustomADFSFederationMetadataEndpointUri": "http://adfs.contoso.example/metadata.xml"},
        "neither": {},
        "text": {"CustomADFSFederationMetadataFileContent": "hello"},
    }
    for parameters in refused.values():
        assert session.refused("Register-CustomAdfs", CustomAdfsName="C", **parameters) == "InvalidMetadata"
    session.run("Reset-DatacenterIntegrationConfiguration")
    assert set(session.stamp.state.store.note("privileged endpoint")) == {"actions"}


def test_what_ran_as_an_action_can_be_asked_about(stamp: Stamp, session: Session) -> None:
    """On the stamp's clock, failed or not; nothing about what never ran."""
    stamp.clock.advance(timedelta(hours=1).total_seconds())
    now = stamp.clock.text()
    session.run("Register-CustomDnsServer", CustomDomainName="a.example", CustomDnsIPAddresses="10.0.0.1,10.0.0.2")
    session.refused("Register-CustomAdfs", CustomAdfsName="Contoso")

    (done,) = session.run("Get-ActionStatus", FunctionName="register-customdnsserver")
    (failed,) = session.run("Get-ActionStatus", FunctionName="Register-CustomAdfs")
    assert (done["CurrentStatus"], failed["CurrentStatus"]) == ("Completed", "Failed")
    assert now <= done["StartDateTime"] <= done["EndDateTime"] <= failed["StartDateTime"]
    assert session.run("Get-ActionStatus", FunctionName="Start-SecretRotation") == []


def test_recovery_keys_are_new_with_each_deployment_and_update(session: Session) -> None:
    """So that people keep them again after both."""
    first = session.run("Get-AzsRecoveryKeys")
    assert first == session.run("Get-AzsRecoveryKeys")
    assert all(re.fullmatch(r"(\d{6}-){7}\d{6}", each["RecoveryKey"]) for each in first)
    assert {"ComputerName", "PasswordID"} <= session.run("Get-AzsRecoveryKeys", "raw")[0].keys()

    place = next(body for body in session.stamp.objects() if "/updateLocations/" in body["id"])
    place["properties"]["currentVersion"] = "1.2311.1.22"
    session.stamp.load([place])
    second = session.run("Get-AzsRecoveryKeys")
    assert len({each["RecoveryKey"] for each in first + second}) == 6

    another = Stamp("redmond", "ext.contoso.example", seed=2)
    assert {key["RecoveryKey"] for key in keys(another.state, raw=False)}.isdisjoint(
        each["RecoveryKey"] for each in first
    )
    another.close()


def test_a_stamp_registers(session: Session) -> None:
    """A token for Azure out, an activation key in; Capacity needs its agreement."""
    (token,) = session.run(
        "New-RegistrationToken", "UsageReportingEnabled", BillingModel="capacity", AgreementNumber="12345"
    )
    session.run("New-AzureStackActivation", ActivationKey="a key from Azure")
    kept = session.stamp.state.store.note("privileged endpoint")["activation"]

    assert session.stamp.cloud_id in base64.b64decode(token).decode()
    assert kept["token"]["AgreementNumber"] == "12345"
    assert "a key from Azure" not in str(kept)
    assert session.refused("New-RegistrationToken", BillingModel="Capacity") == "MissingAgreementNumber"
    assert session.refused("New-RegistrationToken", BillingModel="Gratis") == "InvalidBillingModel"
    session.run("Remove-AzureStackActivation")
    assert session.refused("Remove-AzureStackActivation") == "NotActivated"


def test_settings_are_kept_and_read_back(session: Session) -> None:
    """Under the names of their parameters; nothing before, and nothing once they are removed."""
    assert session.run("Get-SyslogServer") == []
    session.run("Set-SyslogServer", "UseUDP", ServerName="syslog.contoso.example", ServerPort=514)
    session.run("Set-AzsDnsForwarder", IPAddress=["10.0.0.1", "10.0.0.2"])
    session.run("Set-AzSLegalNotice", Caption="Notice", Text="Mind the gap")
    session.run("Set-SyslogClient", PfxBinary=b"pfx", CertPassword="hidden word", OutputSeverity=2)

    (server,) = session.run("Get-SyslogServer")
    assert (server["ServerName"], server["ServerPort"], server["UseUDP"]) == ("syslog.contoso.example", 514, True)
    assert session.run("Get-AzsDnsForwarder") == [{"IPAddress": ["10.0.0.1", "10.0.0.2"]}]
    assert session.run("Get-AzSLegalNotice") == [{"Caption": "Notice", "Text": "Mind the gap"}]
    (client,) = session.run("Get-SyslogClient")
    assert (client["PfxBinary"], client["CertPassword"], client["OutputSeverity"]) == (True, True, 2)
    session.run("Set-SyslogServer", "Remove")
    assert session.run("Get-SyslogServer") == []
    assert session.refused("Set-AzsDnsForwarder", IPAddress="10.0.0.300") == "InvalidAddress"


def test_administrators_of_the_cloud_come_and_go(server: Server, session: Session) -> None:
    """A second one gets in; the built-in one stays, and its password is that of AD FS as well."""
    before = password_of(server.stamp.state, "CloudAdmin")
    session.run("New-CloudAdminUser", UserName="Second", Password="pa55")
    assert session.refused("New-CloudAdminUser", UserName="second", Password="pa55") == "UserExists"
    assert session.run("Get-CloudAdminUserList") == ["CloudAdmin", "Second"]
    with Session(server, user="Second") as second:
        second.run("Set-CloudAdminUserPassword", UserName="cloudadmin", NewPassword="another")
        second.run("Set-CloudAdminUserPassword", UserName="cloudadmin", NewPassword=before)
    user = session.stamp.state.directory.named(f"CloudAdmin@{session.stamp.state.home}")
    assert user is not None
    assert user.secret == password_of(session.stamp.state, "CLOUDADMIN") == before

    session.run("Remove-CloudAdminUser", UserName="Second")
    assert session.refused("Remove-CloudAdminUser", UserName="Second") == "UserNotFound"
    assert session.refused("Remove-CloudAdminUser", UserName="CloudAdmin") == "UserIsBuiltIn"


def test_a_session_is_closed_with_a_place_for_its_transcript(session: Session) -> None:
    """Which it says."""
    credential = session.credential("contoso\\logs", "hidden word")
    place = "\\\\files\\transcripts"
    shell = session.asked("Close-PrivilegedEndpoint", TranscriptsPathDestination=place, Credential=credential)

    assert [each.message for each in shell.streams.verbose] == [f"Transcripts were copied to {place}."]


def test_a_session_that_nobody_asks_is_gone_after_two_hours(session: Session) -> None:
    """On the stamp's clock; one that is asked stays."""
    for _ in range(3):
        session.stamp.clock.advance(timedelta(hours=1.5).total_seconds())
        assert session.pool.is_alive()
    session.stamp.clock.advance(timedelta(hours=2.5).total_seconds())

    assert not session.pool.is_alive()


def test_everything_stays_with_the_stamp(tmp_path: Any) -> None:
    """A stamp from a state file has the applications, passwords and settings of the one before."""
    file = tmp_path / "stamp.sqlite"
    first = Stamp("redmond", "ext.contoso.example", state=file)
    first.pep = Pep(first.state)
    mark(first.state, "AzsControlPlane", "FAIL", "It is down.")
    first.close()

    second = Stamp(state=file)
    second.pep = Pep(second.state)
    assert second.state.store.note("privileged endpoint")["unhealthy"] == {"AzsControlPlane": ["FAIL", "It is down."]}
    second.close()


def sent(stamp: Stamp, body: bytes, **headers: str) -> Response:
    """The answer to a body that CloudAdmin sends, in process."""
    secret = f"CloudAdmin:{password_of(stamp.state, 'CloudAdmin')}"
    basic = {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    return stamp.handle(Request("POST", f"{HOST}:5986", "/wsman", {}, basic | headers, body))


def envelope(action: str, body: str, shell: str = "") -> bytes:
    """A message as a client would write it."""
    selectors = f"<w:SelectorSet><w:Selector Name='ShellId'>{shell}</w:Selector></w:SelectorSet>" if shell else ""
    return f"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
      xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
      xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
      xmlns:r="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header><a:Action>x/{action}</a:Action>
      <a:MessageID>uuid:1</a:MessageID><w:ResourceURI>http://schemas.microsoft.com/powershell/PrivilegedEndpoint
      </w:ResourceURI>{selectors}</s:Header><s:Body>{body}</s:Body></s:Envelope>""".encode()


SHELL = "00000000-0000-0000-0000-00000000ABCD"
OPEN = envelope("Create", f"<r:Shell ShellId='{SHELL}'/>")
ODD = {
    "no XML": (b"hello", 2150858770),
    "a document type": (b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', 2150858770),
    "no body": (b"<a/>", 2150858770),
    "no such action": (envelope("Enumerate", "", SHELL), 2150858752),
    "no such shell": (envelope("Receive", "", "another"), 2150858843),
    "no such command": (
        envelope("Receive", f"<r:Receive><r:DesiredStream CommandId='{SHELL}'/></r:Receive>", SHELL),
        2150858843,
    ),
    "an odd command": (envelope("Command", "<r:CommandLine CommandId='x'/>", SHELL), 2150858770),
    "no base64": (envelope("Send", "<r:Send><r:Stream Name='stdin'>%</r:Stream></r:Send>", SHELL), 2150858770),
    "no fragments": (
        envelope("Send", f"<r:Send><r:Stream Name='stdin'>{'AAAA' * 9}</r:Stream></r:Send>", SHELL),
        2150858770,
    ),
    "nothing to receive": (envelope("Receive", "<r:Receive/>", SHELL), 2150858793),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_messages_are_faults(stamp: Stamp, case: str) -> None:
    """With WinRM's number, and never an answer that is none."""
    assert sent(stamp, OPEN).status == 200
    body, code = ODD[case]

    answer = sent(stamp, body)
    assert answer.status == 500
    assert f'WSManFault Code="{code}"' in answer.body.decode()


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_fragment_is_answered(raw: bytes) -> None:
    """What a client sends as fragments can be anything."""
    stamp = Stamp("redmond", "ext.contoso.example")
    stamp.pep = Pep(stamp.state)
    sent(stamp, OPEN)
    head = (1).to_bytes(8, "big") + bytes(8) + b"\x03" + len(raw).to_bytes(4, "big")
    for each in (raw, head + raw):
        stream = f"<r:Send><r:Stream Name='stdin'>{base64.b64encode(each).decode()}</r:Stream></r:Send>"
        assert sent(stamp, envelope("Send", stream, SHELL)).status in {200, 500}
    stamp.close()


def test_a_shell_is_its_owners(stamp: Stamp) -> None:
    """Another administrator does not find it."""
    assert sent(stamp, OPEN).status == 200
    stamp.state.store.write_note("privileged endpoint", {"accounts": {"Other": "pa55"}})
    other = {"authorization": f"Basic {base64.b64encode(b'Other:pa55').decode()}"}

    assert sent(stamp, envelope("Get", "", SHELL), **other).status == 500
    assert stamp.handle(Request("GET", HOST, "/wsman", {}, other)).status == 404
    assert stamp.handle(Request("POST", HOST, "/wsman", {}, {"authorization": "Basic %"})).status == 401
