"""Applications of AD FS: made here, they can sign in afterwards, and have no rights until somebody grants them."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding

from restamp.simulator.principals import Principal
from restamp.simulator.state import guid

from .cmdlet import Cmdlet, Failure, Invocation

LONGEST = 50  # characters of a name (documented)
ASSUMED = (
    "Graph applications: on an AD FS stamp alone; one certificate each, the first; -ChangeClientSecret does what"
    " -ResetClientSecret does; codes of refusals; -ClientRedirectUris is taken and ignored.",
)


def _new(call: Invocation) -> Iterator[Any]:
    _check_identity(call)
    name = call.text("Name")
    if len(name) > LONGEST:
        raise Failure("InvalidName", f"The name '{name}' has more than {LONGEST} characters.", "InvalidArgument", name)
    client, certificate = guid(), _certificate(call)
    if not certificate and not call.is_set("GenerateClientSecret"):
        text = "Either ClientCertificates or GenerateClientSecret has to be given."
        raise Failure("MissingCredential", text, "InvalidArgument", name)
    secret = secrets.token_urlsafe(30) if call.is_set("GenerateClientSecret") else ""
    made = Principal(
        client, call.state.object_id(client), f"Azurestack-{name}-{guid()}", "adfs", secret, certificate or None
    )
    call.state.directory.put(made)
    yield _shown(made, secret=secret)


def _listed(call: Invocation) -> Iterator[Any]:
    _check_identity(call)
    wanted, name = call.text("ApplicationIdentifier").lower(), call.text("ApplicationName").lower()
    for each in call.state.directory:
        fits = wanted in ("", each.object_id.lower()) and name in ("", each.name.lower())
        if each.kind == "Application" and fits:
            yield _shown(each)


def _changed(call: Invocation) -> Iterator[Any]:
    found = _found(call)
    if call.is_set("ResetClientSecret") or call.is_set("ChangeClientSecret"):
        secret = secrets.token_urlsafe(30)
        call.state.directory.put(replace(found, secret=secret))
        yield _shown(found, secret=secret)
    elif certificate := _certificate(call):
        changed = replace(found, certificate=certificate)
        call.state.directory.put(changed)
        yield _shown(changed) | {"ClientId": None}  # as the documented example shows it
    else:
        yield _shown(found)


def _removed(call: Invocation) -> Iterator[Any]:
    found = _found(call)
    call.say.verbose(f"Deleting graph application with identifier {found.object_id}.")
    call.state.directory.forget(found.object_id)
    call.say.verbose(f"Application with identifier {found.object_id} was deleted.")
    yield from ()


def _check_identity(call: Invocation) -> None:
    if call.state.identity != "ADFS":
        text = "Graph applications are those of AD FS, and this stamp uses Azure Active Directory."
        raise Failure("NotAdfs", text, "InvalidOperation")


def _found(call: Invocation) -> Principal:
    _check_identity(call)
    wanted = call.text("ApplicationIdentifier")
    found = call.state.directory.get(wanted)
    if found is None or found.kind != "Application":
        raise Failure("ApplicationNotFound", f"No application has the identifier '{wanted}'.", "ObjectNotFound", wanted)
    return found


def _certificate(call: Invocation) -> str:
    """Return the certificate that was given, as PEM; empty when none was."""
    given = call.given.get("ClientCertificates")
    raw = given[0] if isinstance(given, list) and given else given
    if not raw:
        return ""
    try:
        return x509.load_der_x509_certificate(bytes(raw)).public_bytes(Encoding.PEM).decode()
    except (TypeError, ValueError) as wrong:
        raise Failure("InvalidCertificate", "ClientCertificates holds no certificate.", "InvalidArgument") from wrong


def _shown(principal: Principal, secret: str = "") -> dict[str, Any]:
    certificate = x509.load_pem_x509_certificate(principal.certificate.encode()) if principal.certificate else None
    return {
        "ApplicationIdentifier": principal.object_id,
        "ClientId": principal.client_id,
        "Thumbprint": certificate.fingerprint(SHA1()).hex().upper() if certificate else None,  # noqa: S303 - Windows' name of a certificate
        "ApplicationName": principal.name,
        "ClientSecret": secret or None,
    }


_WHICH = ("ApplicationIdentifier",)
_WITH = ("ClientCertificates", "ClientRedirectUris")
CMDLETS = (
    Cmdlet("New-GraphApplication", _new, ("Name", *_WITH), ("GenerateClientSecret",), ("Name",)),
    Cmdlet("Get-GraphApplication", _listed, (*_WHICH, "ApplicationName")),
    Cmdlet("Set-GraphApplication", _changed, (*_WHICH, *_WITH), ("ResetClientSecret", "ChangeClientSecret"), _WHICH),
    Cmdlet("Remove-GraphApplication", _removed, _WHICH, mandatory=_WHICH),
)
