"""The customer's directory, on an AD FS stamp that was built anew; and who owns the default provider subscription."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from restamp.hookspecs import Run
from restamp.models.step import StepResult
from restamp.remoting import Credential
from restamp_hub_core.endpoint import once, privileged
from restamp_hub_core.job import Case, Job, step

_PASSWORD = "graph-password"  # noqa: S105 the name of a secret
_METADATA = "federation-metadata"
_SOURCE = "Microsoft, Integrate AD FS identity: the cmdlets give up after 1000 seconds"
_TRUST = """At the customer's AD FS, make the relying party trust with the stamp again, whose own AD FS is a new one.

Add-ADFSRelyingPartyTrust -Name AzureStack `
  -MetadataUrl https://adfs.{suffix}/FederationMetadata/2007-06/FederationMetadata.xml `
  -IssuanceTransformRulesFile <Microsoft's claim rules> -AutoUpdateEnabled:$true -MonitoringEnabled:$true -Enabled:$true

Remove the trust with the lost stamp first. Then somebody of the customer's signs in at https://portal.{suffix}."""


def jobs(case: Case) -> Iterator[Job]:
    """Natively federation comes back with the deployment (documented); its owner is said again in either way."""
    settings, minutes = case.settings, dt.timedelta(minutes=1000 / 60)
    cmdlet: dict[str, Any] = {"takes": (dt.timedelta(minutes=1), minutes), "source": _SOURCE}
    here = ("redeploy", "hub-core/graph", "hub-core/federation", "hub-core/sign-in")
    if case.adfs and not case.native and settings.graph:
        title = "Graph: the stamp reads the customer's directory"
        yield Job(step("graph", title, "redeploy", after=here[:1], secrets=(_PASSWORD,), **cmdlet), graph)
    if case.adfs and not case.native and settings.federation:
        title, files = "AD FS: the customer's AD FS is trusted", () if settings.federation.metadata else (_METADATA,)
        yield Job(step("federation", title, "redeploy", after=here[:2], files=files, **cmdlet), federation)
        how = _TRUST.format(suffix=case.runbook.stamp.suffix)
        trust = step(
            "trust", "The customer's AD FS trusts the stamp", "redeploy", by="operator", after=here[:3], how=how
        )
        yield Job(trust)
    if case.adfs and settings.service_admin:
        title = f"{settings.service_admin} owns the default provider subscription"
        where: dict[str, Any] = {"needs": ("hub-core/settle",)} if case.native else {"phase": "redeploy", "after": here}
        yield Job(step("service-admin", title, **where, **cmdlet), service_admin)


def graph(run: Run) -> StepResult:
    """Register the directory, unless this deployment has."""
    given = run.settings.graph
    parameters = {
        "CustomADGlobalCatalog": given.catalog,
        "CustomADAdminCredential": Credential(given.user, run.secret(_PASSWORD)),
    }
    with privileged(run) as pep:
        return once(pep, "Register-DirectoryService", f"the stamp reads the directory {given.catalog}", **parameters)


def federation(run: Run) -> StepResult:
    """Register the customer's AD FS, unless this deployment has."""
    given, name = run.settings.federation, "CustomADFSFederationMetadata"
    parameters = {"CustomAdfsName": given.name}
    if given.metadata:
        parameters[f"{name}EndpointUri"] = given.metadata
    else:
        parameters[f"{name}FileContent"] = run.file(_METADATA).read_text("utf-8-sig")
    with privileged(run) as pep:
        return once(pep, "Register-CustomAdfs", f"{given.name} is trusted", **parameters)


def service_admin(run: Run) -> StepResult:
    """Name the owner, unless this deployment has one by name."""
    name = run.settings.service_admin
    with privileged(run) as pep:
        said = f"{name} owns the default provider subscription"
        return once(pep, "Set-ServiceAdminOwner", said, ServiceAdminOwnerUpn=name)
