"""What is sealed, for whom, and who opens it: the look before the day it matters."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from restamp.errors import Shut
from restamp.models.finding import Finding, Position
from restamp.secrets.openers import Opener
from restamp.secrets.openers import expired as expired_openers
from restamp.secrets.places import Place
from restamp.secrets.recipients import Recipient
from restamp.secrets.recipients import expired as expired_recipients
from restamp.secrets.seal import Seals

_SOON = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Seen:
    """One sealed value: where, for whom (names), opened by which files, and what is wrong with it."""

    file: str
    place: Place
    sealed_for: tuple[str, ...]
    opened_by: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """All sealed values of a runbook, and what people should do about them."""

    seals: Seals
    values: tuple[Seen, ...]
    findings: tuple[Finding, ...]

    def summary(self) -> str:
        """One line: how many values, how many of them opened, how many findings."""
        opened = sum(1 for value in self.values if value.opened_by)
        checked = "checked" if self.seals.tells_changes else "not checked: the capture key is not at hand"
        return f"{opened} of {len(self.values)} values opened; fingerprints {checked}; {len(self.findings)} findings"

    def lines(self) -> Iterator[tuple[str, list[str]]]:
        """For people: certificates, private keys, values."""
        yield "recipients", [f"{item.name}, until {item.expires:%Y-%m-%d}" for item in self.seals.recipients]
        yield "private keys at hand", [f"{item.name}, until {item.expires:%Y-%m-%d}" for item in self.seals.openers]
        yield (
            "values",
            [
                f"{value.place.identity}: for {', '.join(value.sealed_for) or 'nobody known'}; "
                f"opened by {', '.join(value.opened_by) or 'none'}"
                for value in self.values
            ],
        )

    def as_json(self) -> dict[str, Any]:
        """For programs: the same and more; no value in clear."""
        return {
            "recipients": [_certificate(item) for item in self.seals.recipients],
            "openers": [_certificate(item) for item in self.seals.openers],
            "captureKey": self.seals.tells_changes,
            "values": [
                {
                    "file": value.file,
                    "field": value.place.field,
                    "identity": value.place.identity,
                    "sealedFor": list(value.sealed_for),
                    "openedBy": list(value.opened_by),
                }
                for value in self.values
            ],
            "findings": [
                {
                    "code": item.code,
                    "level": item.level,
                    "about": item.about,
                    "message": item.message,
                    "hint": item.hint,
                }
                for item in self.findings
            ],
        }


def look(seals: Seals, files: Mapping[str, Sequence[Place]], found: Sequence[Finding] = ()) -> Look:
    """Look at every sealed value of files (name -> places); `found` is what was wrong with them before."""
    findings = [*found, *_of_certificates(seals)]
    values = [_seen(seals, file, place, findings) for file, places in files.items() for place in places]
    if not values:
        findings.append(Finding("no-values", "warn", "the runbook", "has no sealed value", "Was it captured?"))
    return Look(seals, tuple(values), tuple(findings))


def _seen(seals: Seals, file: str, place: Place, findings: list[Finding]) -> Seen:
    about = f"{file}: {place.field}"
    try:
        names = seals.named(place.identity, place.value, about)
        opened = seals.open_all(place.identity, place.value, about)
    except Shut as shut:
        findings.append(Finding("shut", "stop", place.field, shut.reason, shut.hint, Position(file)))
        return Seen(file, place, (), ())
    findings += _of_value(seals, file, place, opened)
    return Seen(file, place, names, opened)


def _of_value(seals: Seals, file: str, place: Place, opened: tuple[str, ...]) -> Iterator[Finding]:
    today = {item.thumbprint: item.name for item in seals.recipients}
    sealed_for = seals.sealed_for(place.identity, place.value)
    where, hint = Position(file), "Run `restamp secrets rekey` with a private key that opens it."
    if missing := [name for thumbprint, name in today.items() if thumbprint not in sealed_for]:
        yield Finding("not-for-all", "warn", place.field, f"is not sealed for {', '.join(missing)}", hint, where)
    if former := [thumbprint for thumbprint in sealed_for if thumbprint not in today]:
        message = f"is sealed for {len(former)} certificates that are not in recipients/"
        yield Finding("former-recipient", "warn", place.field, message, hint, where)
    if seals.openers and not opened:
        message = "none of the private keys at hand opens it"
        yield Finding("no-key", "warn", place.field, message, "RESTAMP_OPENERS names the files with keys.", where)


def _of_certificates(seals: Seals) -> Iterator[Finding]:
    if not seals.recipients:
        hint = "Put the certificates (.cer) of those who may open the secrets there."
        yield Finding("no-recipients", "warn", "recipients/", "has no certificate", hint)
    yield from expired_recipients(seals.recipients)
    for item in seals.recipients:
        if not item.expired() and item.expires < dt.datetime.now(dt.UTC) + _SOON:
            message, hint = f"expires on {item.expires:%Y-%m-%d}", "Put its successor into recipients/, and rekey."
            yield Finding("expires", "warn", f"recipient {item.name}", message, hint)
    yield from expired_openers(seals.openers)
    if not seals.openers:
        hint = "RESTAMP_OPENERS names the files with keys; without them nothing is opened here."
        yield Finding("no-openers", "note", "RESTAMP_OPENERS", "no private key is at hand", hint)


def _certificate(item: Recipient | Opener) -> dict[str, Any]:
    return {"name": item.name, "thumbprint": item.thumbprint, "expires": f"{item.expires:%Y-%m-%dT%H:%M:%SZ}"}
