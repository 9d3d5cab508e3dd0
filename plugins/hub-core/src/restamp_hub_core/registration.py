"""Registration with Azure: by the operator where the stamp is connected, over the privileged endpoint where not."""

import datetime as dt
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from restamp.hookspecs import Run
from restamp.models.step import StepResult, later
from restamp_hub_core.endpoint import once, privileged
from restamp_hub_core.job import Case, Job, step
from restamp_hub_core.settings import Registration

_TAKES = (dt.timedelta(minutes=10), dt.timedelta(minutes=15))
_SOURCE = "Microsoft, Register Azure Stack Hub with Azure"
_ACTIVATE = "New-AzureStackActivation"


def jobs(case: Case) -> Iterator[Job]:
    """Once everything is back: registering anew keeps the name, group and subscription, and removes nothing first."""
    given = case.settings.registration
    more: dict[str, Any] = {"after": ("control-plane-restored", "hub-core/update"), "takes": _TAKES, "source": _SOURCE}
    if given is None or given.connected:
        yield Job(step("registration", "Registration with Azure", by="operator", how=_how(given), **more))
    else:
        yield Job(step("registration", "Registration with Azure, without a connection", **more), activate)


def _how(given: Registration | None) -> str:
    if given is None:
        name, group, subscription = "<as before>", "azurestack", "<as before>"
        options = "-BillingModel <as before>"
    else:
        name, group, subscription, options = (
            given.name,
            given.group,
            given.subscription or "<as before>",
            _billing(given),
        )
    return f"""Register the stamp again, under the name, group and subscription it had; remove nothing first. On a
machine that reaches Azure and the privileged endpoint, signed in as whoever registered it (nobody else may change it):

Connect-AzAccount -Environment AzureCloud -Subscription {subscription}
Import-Module .\\RegisterWithAzure.psm1
Set-AzsRegistration -PrivilegedEndpointCredential (Get-Credential) -PrivilegedEndpoint <ERCS address> `
  -RegistrationName {name} -ResourceGroupName {group} {options}

Then look at the administrator portal: Region management, Properties has to say Registered."""


def _billing(given: Registration) -> str:
    agreement = f" -AgreementNumber {given.agreement}" if given.agreement else ""
    return f"-BillingModel {given.billing}{agreement} -UsageReportingEnabled:${str(given.usage).lower()}"


def activate(run: Run) -> StepResult:
    """A token out, which people take to Azure; and what they bring back in."""
    given, key = run.settings.registration, run.folder / f"{_of(run)}-activation-key.txt"
    with privileged(run) as pep:
        if not key.exists():
            token = run.folder / f"{_of(run)}-registration-token.txt"
            if not token.exists():
                _keep(token, str(pep.run("New-RegistrationToken", **_asked(given))[-1]))
            return later(_to_azure(given, token, key))
        activation = key.read_text("utf-8").strip()
        digest = sha256(activation.encode()).hexdigest()[:16]
        said = f"registered as {given.name}, with the activation key of sha256 {digest}"
        return once(pep, _ACTIVATE, said, ActivationKey=activation)


def _of(run: Run) -> str:
    assert run.recovery is not None
    return run.recovery.id


def _keep(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(file)


def _asked(given: Registration) -> dict[str, object]:
    agreement = {"AgreementNumber": given.agreement} if given.agreement else {}
    return {"BillingModel": given.billing, "UsageReportingEnabled": given.usage, **agreement}


def _to_azure(given: Registration, token: Path, key: Path) -> str:
    return (
        f"for the operator: the registration token is in {token}. Where Azure can be reached:"
        f" Register-AzsEnvironment -RegistrationName {given.name} -ResourceGroupName {given.group}"
        f" -RegistrationToken (Get-Content {token.name}), then Get-AzsActivationKey -RegistrationName {given.name}"
        f" -KeyOutputFilePath {key.name}; bring that file to {key}"
    )
