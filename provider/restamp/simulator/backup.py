"""Backup.Admin: the one location of infrastructure backups, and operations on it."""

import binascii
from base64 import b64decode
from copy import deepcopy
from datetime import timedelta
from hashlib import sha1
from typing import Any

from . import operations
from .messages import Response, error, refuse
from .rules import GET, LIST, PUT, Call, Rule
from .store import Wire
from .verbs import canonical, check_fields

NAMESPACE = "Microsoft.Backup.Admin"
VERSION = "2018-09-01"
WRITTEN = ("path", "userName", "backupFrequencyInHours", "isBackupSchedulerEnabled", "backupRetentionPeriodInDays")
FIELDS = {"backupFrequencyInHours": int, "backupRetentionPeriodInDays": int, "isBackupSchedulerEnabled": bool}
NOTED = "what the backup location is written with"  # the password is kept under this: nothing ever shows it


def missing(call: Call) -> Response:
    """Return Backup's 404 (assumed)."""
    return error(404, "ResourceNotFound", f"The resource '{call.address.name}' was not found.")


def put_location(call: Call) -> Response:
    """Set the location, as an operation (recorded); it is so at once, and the operation done later."""
    sent = call.sent().get("properties") or {}
    given = sent.get("externalStoreDefault") if isinstance(sent, dict) else None
    if not isinstance(given, dict):
        raise refuse(400, "InvalidRequestContent", "The property 'externalStoreDefault' is missing.")
    check_fields(call, given)
    if not all(isinstance(given.get(name), str) and given[name] for name in ("path", "userName", "password")):
        raise refuse(400, "InvalidRequestContent", "A path, a user name and a password are needed.")
    old = call.state.store.get(call.address.key) or {}
    kept = (old.get("properties") or {}).get("externalStoreDefault") or {}
    thumbprint = _thumbprint(given.get("encryptionCertBase64")) or kept.get("encryptionCertThumbprint")
    if not thumbprint:
        raise refuse(400, "InvalidRequestContent", "A certificate to encrypt backups with is needed.")
    call.state.store.write_note(NOTED, given["password"])
    call.state.store.put(call.address.key, _body(call, old, _store(call, given, kept, thumbprint)))
    return started(call)


def _thumbprint(certificate: Any) -> str | None:
    if not certificate:
        return None
    try:
        return sha1(b64decode(certificate, validate=True), usedforsecurity=False).hexdigest().upper()
    except (binascii.Error, TypeError, ValueError):
        raise refuse(400, "InvalidRequestContent", "The certificate is not base64.") from None


def _store(call: Call, given: Wire, kept: Wire, thumbprint: str) -> Wire:
    """Return what is shown of the place backups go to: never the password, nor the certificate (recorded: null)."""
    shown = {name: given.get(name, kept.get(name)) for name in WRITTEN}
    hours = shown["backupFrequencyInHours"]
    due = call.state.clock.now() + timedelta(hours=min(hours or 0, 24 * 365))
    return {
        "path": shown["path"],
        "userName": shown["userName"],
        "password": None,
        "encryptionCertBase64": None,
        "encryptionCertThumbprint": thumbprint,
        "backupFrequencyInHours": hours,
        "availableCapacity": "1.00 TB",
        "isBackupSchedulerEnabled": bool(shown["isBackupSchedulerEnabled"]),
        "nextBackupTime": due.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z" if hours else None,
        "lastBackupTime": kept.get("lastBackupTime"),
        "backupRetentionPeriodInDays": shown["backupRetentionPeriodInDays"],
    }


def _body(call: Call, old: Wire, store: Wire) -> Wire:
    place = {"id": old.get("id") or canonical(call), "name": call.state.region, "type": call.rule.shown_type}
    return place | {"location": call.state.region, "tags": {}, "properties": {"externalStoreDefault": store}}


def started(call: Call) -> Response:
    """Return the 202 of Backup's operations, with `Location` alone (recorded)."""
    return Response(
        202, None, _headers(call, f"{call.address.path}/operationResults/{operations.begin(call.state, 5)}")
    )


def polled(call: Call) -> Response:
    """Return how an operation stands: 202, empty, with the same headers; then what it was about (recorded)."""
    done = operations.is_done(call.state, call.address.name)
    if done is None:
        raise refuse(404, "ResourceNotFound", "The operation was not found.")
    if not done:
        return Response(202, None, _headers(call, call.address.path))
    found = call.state.store.get(call.address.key.rpartition("/operationresults/")[0])
    return Response(200, deepcopy(found))


def _headers(call: Call, path: str) -> dict[str, str]:
    url = f"https://{call.request.host}{path}?api-version={call.request.api_version}"
    return {"location": url, "retry-after": "5"}


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of Backup has in common."""
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "types": types,
        "versions": (VERSION,),
        "source": "recorded",
        "missing": missing,
        "headers": {"server": "Microsoft-HTTPAPI/2.0"},
    }
    return Rule(**common | more)


RULES = (
    row(
        "backupLocations",
        methods={GET, LIST, PUT},
        answers={PUT: put_location},
        listing="value-and-null-link",
        fields=FIELDS,
        assumed=(
            "Backup: nothing but its location is there, and not before it was written; a PUT without path, user or"
            " password is 400, one without a certificate keeps the one it has; neither is tried out.",
        ),
    ),
    row("backupLocations/operationResults", methods={GET}, answers={GET: polled}),
)
