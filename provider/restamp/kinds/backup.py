"""Where the infrastructure backup writes to: Microsoft.Backup.Admin. A stamp never shows password and certificate."""

from base64 import b64decode
from binascii import Error
from hashlib import sha1
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from restamp.errors import Refused
from restamp.kind import Body, Kind, Place, Wire
from restamp.models.document import Count, Document, Local, Name, OnWire, Sealed, Truth
from restamp.models.finding import Finding
from restamp.models.sealed import SealedValue

_PLACE = "/subscriptions/{provider}/resourceGroups/system.{region}/providers/Microsoft.Backup.Admin/backupLocations"
_STORE, _THUMBPRINT, _CERTIFICATE = "externalStoreDefault", "encryptionCertThumbprint", "encryptionCertBase64"


class BackupLocation(Document):
    """The settings of the infrastructure backup; its name is the region's. Drift of the two secrets shows nowhere."""

    name: Name
    path: str
    user_name: str
    password: Annotated[SealedValue | None, Local(), Sealed()] = Field(
        None, description="of the user; from people, for no stamp shows it: a capture keeps it"
    )
    frequency: Annotated[Count, OnWire("backupFrequencyInHours")] = Field(0, description="hours")
    retention: Annotated[Count, OnWire("backupRetentionPeriodInDays")] = Field(0, description="days")
    scheduler: Annotated[Truth, OnWire("isBackupSchedulerEnabled")] = False
    thumbprint: Annotated[str, AfterValidator(str.upper), OnWire(_THUMBPRINT)] = Field(
        "", description="of the certificate that backups are encrypted with"
    )
    certificate: Annotated[str | None, Local(), OnWire(_CERTIFICATE)] = Field(
        None, description="the .cer file in base64, no secret; from people, for no stamp shows it: a capture keeps it"
    )


def _from_wire(fields: dict[str, Any], _place: Place) -> dict[str, Any]:
    """What is read as null is left out, so that nobody compares it (recorded)."""
    whole = {key: value for key, value in fields.items() if key != _STORE}
    return whole | {key: value for key, value in (fields.get(_STORE) or {}).items() if value is not None}


def _to_wire(fields: dict[str, Any], place: Place) -> dict[str, Any]:
    """The settings as they are sent; Refused without the password, and where another certificate is meant.

    The thumbprint is the service's own: it follows from the certificate.
    """
    wanted, given = fields.pop(_THUMBPRINT, None), fields.get(_CERTIFICATE)
    about, found = f"BackupLocation {place.region}", []
    if not fields.get("password"):
        hint = f"restamp secrets set 'BackupLocation {place.region}' password: no stamp takes these settings without."
        found.append(Finding("no-password", "stop", about, "has no password, and no stamp shows one", hint))
    if wanted and given and wanted != thumbprint_of(given):
        hint = "Write the thumbprint of the certificate, or the certificate of the thumbprint."
        found.append(Finding("wrong-certificate", "stop", about, f"its certificate is not {wanted}", hint))
    if found:
        raise Refused(found)
    return {_STORE: fields}


def thumbprint_of(certificate: str) -> str:
    """The thumbprint of a .cer file in base64, as a stamp shows it; empty where it is none."""
    try:
        return sha1(b64decode(certificate, validate=True), usedforsecurity=False).hexdigest().upper()
    except (Error, ValueError):
        return ""


def _not_set(body: Body) -> bool:
    """A location without a path: nobody has set up backups (assumed)."""
    return not ((body.get("properties") or {}).get(_STORE) or {}).get("path")


LOCATION = Kind(
    name="BackupLocation",
    folder="backup",
    model=BackupLocation,
    wire=Wire(
        id=f"{_PLACE}/{{name}}",
        listed=_PLACE,
        api_version="2018-09-01",
        source="recorded",
        located=True,
        bound_to="backup/{name}/password",
        afterwards="backups are enabled again at the end, to a new folder",
        computed=frozenset({"availableCapacity", "nextBackupTime", "lastBackupTime", "tags"}),
        absent=_not_set,
        decode=_from_wire,
        encode=_to_wire,
    ),
)
