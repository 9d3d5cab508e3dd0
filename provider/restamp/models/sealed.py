"""A sealed value as it stands in git; fields that hold one carry the mark `Sealed`."""

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from restamp.models.document import Count, Model

_SEEN = re.compile(r"[0-9a-f]{32}")
_JWE = re.compile(r"eyJ[\w-]*(\.[\w-]+){4}", re.ASCII)


def _is_seen(value: str) -> str:
    if not _SEEN.fullmatch(value):
        raise ValueError("is no fingerprint of restamp's: 32 hexadecimal digits")
    return value


def _is_jwe(value: str) -> str:
    """The message never repeats the value: somebody may have written a secret in plain."""
    if not _JWE.fullmatch(value):
        raise ValueError("is no sealed value, or one that was cut off: five parts with dots between them")
    return value


def _is_there(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("is empty: nobody could open it")
    return value


class SealedValue(Model):
    """One secret, sealed once for each certificate, in the order of their thumbprints."""

    seen: Annotated[str, AfterValidator(_is_seen)] = Field(
        description="HMAC of identity and value under the capture key: equal where the value is"
    )
    sealed: Annotated[tuple[Annotated[str, AfterValidator(_is_jwe)], ...], AfterValidator(_is_there)] = Field(
        description="compact JWEs, one a certificate", json_schema_extra={"minItems": 1}
    )


class SealedFile(Model):
    """`secrets/<name>.yaml`: any file, sealed; what a step needs and no stamp has."""

    name: str = Field(description="what steps ask for it by, and its file's name")
    size: Count = Field(description="bytes, before it was sealed")
    on: dt.date | None = Field(None, description="the day, UTC, on which this content was sealed first")
    value: SealedValue
    note: str | None = None
