"""Backup.Admin's location: where backups go and how often; and the headers of the service's operations."""

import binascii
from base64 import b64decode
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from . import operations
from .backups import controller, restoring, retention, settings
from .messages import Response, refuse
from .rules import Call
from .state import State
from .store import Wire
from .verbs import canonical, check_fields

WRITTEN = ("path", "userName", "backupFrequencyInHours", "isBackupSchedulerEnabled", "backupRetentionPeriodInDays")
FIELDS = {"backupFrequencyInHours": int, "backupRetentionPeriodInDays": int, "isBackupSchedulerEnabled": bool}
LIMITS = {"backupFrequencyInHours": (4, 12, 12), "backupRetentionPeriodInDays": (2, 14, 7)}  # documented, with default
TAKES = 5.0  # seconds until new settings are said to be so
SMALLEST = 2048  # bits of the certificate's key


def put(call: Call) -> Response:
    """Set the location, as an operation (recorded); it is so at once, and the operation done later."""
    sent = call.sent().get("properties") or {}
    given = sent.get("externalStoreDefault") if isinstance(sent, dict) else None
    if not isinstance(given, dict):
        raise refuse(400, "InvalidRequestContent", "The property 'externalStoreDefault' is missing.")
    check_fields(call, given)
    if not all(isinstance(given.get(name), str) and given[name] for name in ("path", "userName", "password")):
        raise refuse(400, "InvalidRequestContent", "A path, a user name and a password are needed.")
    _check_limits(given)
    old = call.state.store.get(call.address.key) or {}
    kept = (old.get("properties") or {}).get("externalStoreDefault") or {}
    certificate = _certificate(given.get("encryptionCertBase64"))
    print_of = restoring.thumbprint(certificate) if certificate else kept.get("encryptionCertThumbprint")
    if not print_of:
        raise refuse(400, "InvalidRequestContent", "A certificate to encrypt backups with is needed.")
    if certificate:
        call.state.store.write_note(settings.CERTIFICATE, certificate.public_bytes(Encoding.PEM).decode())
    call.state.store.write_note(settings.PASSWORD, given["password"])
    call.state.store.put(call.address.key, _body(call, old, _store(call, given, kept, print_of)))
    retention.expire(call.state)
    return started(call, operations.begin(call.state, TAKES, what="settings", retry="5"))


def _check_limits(given: Wire) -> None:
    for name, (least, most, _) in LIMITS.items():
        if (value := given.get(name)) is not None and not least <= value <= most:
            raise refuse(400, "InvalidRequestContent", f"'{name}' has to be from {least} to {most}, not {value}.")


def _certificate(given: Any) -> x509.Certificate | None:
    """Return the certificate that was sent; what is none, has a private key or a short one is refused."""
    if not given:
        return None
    try:
        found = x509.load_der_x509_certificate(b64decode(given, validate=True))
    except (binascii.Error, TypeError, ValueError):
        raise refuse(400, "InvalidRequestContent", "The encryption cert must be a .cer certificate.") from None
    key = found.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SMALLEST:
        raise refuse(400, "InvalidRequestContent", f"The encryption cert needs an RSA key of {SMALLEST} bits or more.")
    return found


def _store(call: Call, given: Wire, kept: Wire, print_of: str) -> Wire:
    """Return what is shown of the place backups go to: never the password, nor the certificate (recorded: null)."""
    usual = {name: default for name, (_, _, default) in LIMITS.items()}
    shown = {name: given.get(name, kept.get(name, usual.get(name))) for name in WRITTEN}
    due = controller.plan(call.state, shown["backupFrequencyInHours"] or usual["backupFrequencyInHours"])
    return {
        "path": shown["path"],
        "userName": shown["userName"],
        "password": None,
        "encryptionCertBase64": None,
        "encryptionCertThumbprint": print_of,
        "backupFrequencyInHours": shown["backupFrequencyInHours"],
        "availableCapacity": _capacity(call.state),
        "isBackupSchedulerEnabled": bool(shown["isBackupSchedulerEnabled"]),
        "nextBackupTime": settings.moment(due),
        "lastBackupTime": kept.get("lastBackupTime"),
        "backupRetentionPeriodInDays": shown["backupRetentionPeriodInDays"],
    }


def _capacity(state: State) -> str:
    """Return how much fits on the share, as a text (recorded)."""
    return f"{state.share.free / 1024**4:.2f} TB"


def _body(call: Call, old: Wire, store: Wire) -> Wire:
    place = {"id": old.get("id") or canonical(call), "name": call.state.region, "type": call.rule.shown_type}
    return place | {"location": call.state.region, "tags": {}, "properties": {"externalStoreDefault": store}}


def started(call: Call, operation: str, here: str = "") -> Response:
    """Return the 202 of Backup's operations, with `Location`; pruning has the other header too (recorded)."""
    return Response(202, None, headers(call, operation, here or call.address.path))


def headers(call: Call, operation: str, here: str) -> dict[str, str]:
    """Return the headers of an operation that goes on; `here` is the path of its location."""
    kept = operations.kept(call.state, operation) or {}
    url = f"https://{call.request.host}{here}/operationResults/{operation}?api-version={call.request.api_version}"
    both = {"azure-asyncoperation": f"{url}&IsAsyncOperation=1"} if kept["what"] == "prune" else {}
    return both | {"location": url, "retry-after": kept["retry"]}
