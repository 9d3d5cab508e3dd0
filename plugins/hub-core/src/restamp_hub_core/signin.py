"""That restamp can sign in on the new stamp: its application made anew where AD FS has lost it, and given its role."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restamp.errors import NotSignedIn, Rejected
from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, later
from restamp.remoting import Certificate
from restamp_hub_core.endpoint import privileged
from restamp_hub_core.job import Case, Job, Later, step

if TYPE_CHECKING:
    from restamp.arm.client import Arm

_ROLES = {  # guids of built-in roles, the same on every stamp (documented)
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
}
_PASSWORD = "service-admin-password"  # noqa: S105 the name of a secret


def jobs(case: Case) -> Iterator[Job]:
    """Behind the deployment, before anything is asked of Resource Manager."""
    secrets = (_PASSWORD,) if case.settings.service_admin_signs_in else ()
    title = "restamp can sign in on the new stamp"
    yield Job(step("sign-in", title, "redeploy", after=("redeploy",), secrets=secrets), sign_in)


def sign_in(run: Run) -> StepResult:
    """Look whether it can; else bring about one thing that is missing."""
    arm = run.arm
    try:
        provider = arm.place.provider
    except NotSignedIn:
        if run.runbook.stamp.identity != "ADFS":
            raise  # Entra has the application still: it is the credentials that are wrong
        return _as_another(run)
    except Rejected:
        _grant(run, arm.admin.principal, arm.settings.client_id)
        provider = arm.place.provider
    message = f"as {arm.settings.client_id}, which sees the default provider subscription {provider}"
    return done(message, facts={"client-id": arm.settings.client_id, "object-id": arm.admin.principal})


def _as_another(run: Run) -> StepResult:
    """Make restamp's application anew; whoever runs `up` has to name it from now on."""
    made = _application(run)
    client, own = str(made["ClientId"]), str(made["ApplicationIdentifier"])
    _grant(run, own, client)
    message = (
        f"restamp is another application on this stamp, with the same certificate: export RESTAMP_CLIENT_ID={client}"
    )
    return later(message, facts={"client-id": client, "object-id": own})


def _application(run: Run) -> dict[str, Any]:
    """The application of this recovery, by its name; made where it is not there."""
    assert run.recovery is not None
    name, settings = f"restamp-{run.recovery.id}", run.arm.settings
    with privileged(run) as pep:
        there: list[dict[str, Any]] = pep.run("Get-GraphApplication")
        if any(str(each["ClientId"]).lower() == settings.client_id.lower() for each in there):
            why = "its certificate or secret is another than RESTAMP_CLIENT_CERTIFICATE or _SECRET holds"
            raise NotSignedIn(settings.client_id, f"the stamp has this application, so {why}")
        mine = [each for each in there if str(each["ApplicationName"]).startswith(f"Azurestack-{name}-")]
        if not mine:
            der = _certificate(settings.client_certificate, settings.client_certificate_password)
            mine = pep.run("New-GraphApplication", Name=name, ClientCertificates=[Certificate(der)])
    return mine[0]


def _certificate(file: str, password: str) -> bytes:
    """The certificate that restamp signs in with, without its key (DER)."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    if not file:
        hint = "RESTAMP_CLIENT_CERTIFICATE has to name one: a secret would be a new one, which nobody may see here"
        raise Later(f"restamp's application has to be made anew, with a certificate; {hint}")
    data = Path(file).read_bytes()
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_certificate(data).public_bytes(Encoding.DER)
    held = pkcs12.load_pkcs12(data, password.encode() or None)
    assert held.cert is not None, "who signs in with a .pfx file has its certificate in it"
    return held.cert.certificate.public_bytes(Encoding.DER)


def _grant(run: Run, principal: str, client: str) -> None:
    """Give restamp's principal its role, as whoever may; Later, saying how people do it, where nobody here may."""
    reasons = []
    for name, password in _owners(run):
        try:
            _assign(run.arm.as_administrator(name, password), principal, run.settings.role)
        except (NotSignedIn, Rejected) as error:
            reasons.append(f"{name}: {error}")
        else:
            return
    how = f"restamp's application {client} ({principal}) has no role on the default provider subscription. Its owner"
    how += f" gives it {run.settings.role}: New-AzRoleAssignment -ApplicationId {client} -RoleDefinitionName"
    how += f" {run.settings.role} -Scope /subscriptions/<default provider subscription>"
    raise Later("; ".join([how, *reasons]))


def _owners(run: Run) -> Iterator[tuple[str, str]]:
    """Who may own the default provider subscription by now, with passwords: CloudAdmin, until somebody else does."""
    arm, stamp = run.arm, run.runbook.stamp
    if stamp.identity == "ADFS" and arm.settings.pep_password:
        yield run.settings.cloud_admin or f"CloudAdmin@{stamp.suffix}", arm.settings.pep_password
    if run.settings.service_admin_signs_in:
        yield run.settings.service_admin, run.secret(_PASSWORD)


def _assign(owner: "Arm", principal: str, role: str) -> None:
    scope = f"/subscriptions/{owner.place.provider}/providers/Microsoft.Authorization"
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}/{principal}/{role}".lower())
    body = {"principalId": principal, "roleDefinitionId": f"{scope}/roleDefinitions/{_ROLES[role]}"}
    url = owner.admin.url(f"{scope}/roleAssignments/{name}", "2015-07-01")
    try:
        owner.admin.write("PUT", url, {"properties": body})
    except Rejected as error:
        if error.code != "RoleAssignmentExists":
            raise
