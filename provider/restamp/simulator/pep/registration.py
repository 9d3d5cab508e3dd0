"""Registration with Azure as the stamp has its part in it: a token out, an activation key in."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from restamp.simulator.state import guid

from .actions import planned
from .cmdlet import Cmdlet, Failure, Invocation

ACTIVATION, TOKEN = "activation", "registration token"
BILLING = ("PayAsYouUse", "Capacity", "Development", "Custom", "Ruggedized")  # documented
ASSUMED = (
    "Registration: what a token holds; any text is an activation key; Capacity needs an agreement's number; what is"
    " activated shows nowhere but here: no service of Azure Bridge answers.",
)


def _token(call: Invocation) -> Iterator[Any]:
    model = next((each for each in BILLING if each.lower() == call.text("BillingModel").lower()), "")
    if not model:
        text = f"The billing model is one of {', '.join(BILLING)}."
        raise Failure("InvalidBillingModel", text, "InvalidArgument", call.text("BillingModel"))
    if model == "Capacity" and not call.text("AgreementNumber"):
        text = "The billing model Capacity needs an agreement number."
        raise Failure("MissingAgreementNumber", text, "InvalidArgument", model)
    wanted = {
        "CloudId": call.state.cloud_id,
        "DeploymentId": call.state.deployment_id,
        "ObjectId": guid(),
        "BillingModel": model,
        "AgreementNumber": call.text("AgreementNumber"),
        "UsageReportingEnabled": call.is_set("UsageReportingEnabled"),
        "MarketplaceSyndicationEnabled": call.is_set("MarketplaceSyndicationEnabled"),
    }
    call.keep(TOKEN, wanted)
    yield base64.b64encode(json.dumps(wanted).encode()).decode()


def _activated(call: Invocation) -> Iterator[Any]:
    key = call.text("ActivationKey")
    wanted = call.kept(TOKEN) or {}
    digest = hashlib.sha256(key.encode()).hexdigest()
    call.keep(ACTIVATION, {"keyDigest": digest, "since": call.state.clock.text()} | {"token": wanted})
    yield from ()


def _deactivated(call: Invocation) -> Iterator[Any]:
    if call.kept(ACTIVATION) is None:
        raise Failure("NotActivated", "Azure Stack is not activated.", "ObjectNotFound")
    call.keep(ACTIVATION, None)
    yield from ()


CMDLETS = (
    Cmdlet(
        "New-RegistrationToken",
        _token,
        ("BillingModel", "AgreementNumber", "MsAssetTag"),
        ("UsageReportingEnabled", "MarketplaceSyndicationEnabled"),
        ("BillingModel",),
    ),
    Cmdlet(
        "New-AzureStackActivation",
        planned("New-AzureStackActivation", _activated),
        ("ActivationKey", "TimeoutInSeconds"),
        mandatory=("ActivationKey",),
    ),
    Cmdlet(
        "Remove-AzureStackActivation",
        planned("Remove-AzureStackActivation", _deactivated),
        ("TimeoutInSeconds",),
    ),
)
