"""Sealing and opening: one secret for all recipients, bound to its identity, with a fingerprint that tells changes."""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256

from pydantic import SecretBytes

from restamp.errors import NoKey, Refused, Tampered
from restamp.models.finding import Finding
from restamp.models.sealed import SealedValue
from restamp.secrets import jwe
from restamp.secrets.openers import Opener
from restamp.secrets.recipients import Recipient, expired

_DIGITS = 32


class Seals:
    """What this machine can do with secrets: seal for `recipients`, open with `openers`, tell changes with `key`.

    Any of the three may be missing. Immutable and thread-safe; nothing that was opened is kept.
    """

    def __init__(
        self,
        recipients: Sequence[Recipient] = (),
        openers: Sequence[Opener] = (),
        key: bytes | None = None,
        kept: Mapping[str, SealedValue] | None = None,
    ) -> None:
        """`key` is the capture key, 32 bytes; `kept` is what `keeping` is about."""
        self.recipients = tuple(sorted(recipients, key=lambda item: item.thumbprint))
        self.openers = tuple(openers)
        self._key = key
        self._kept = {_own(identity): value for identity, value in (kept or {}).items()}
        self._by_thumbprint = {opener.thumbprint: opener for opener in openers}

    def __repr__(self) -> str:
        return f"Seals({len(self.recipients)} recipients, {len(self.openers)} openers)"

    @property
    def tells_changes(self) -> bool:
        """Whether the capture key is there."""
        return self._key is not None

    def key(self) -> bytes:
        """The capture key itself; Refused where it is not at hand."""
        if self._key is None:
            hint = "Run this where captures run, or name the .pfx that opens it in RESTAMP_OPENERS."
            raise Refused([Finding("no-capture-key", "stop", "", "the capture key is not at hand", hint)])
        return self._key

    def with_key(self, key: bytes) -> "Seals":
        """The same with this capture key."""
        return Seals(self.recipients, self.openers, key, self._kept)

    def keeping(self, values: Mapping[str, SealedValue]) -> "Seals":
        """The same, which knows the values of the last capture by identity: `old` of `seal`, where none is given."""
        return Seals(self.recipients, self.openers, self._key, values)

    def seen(self, identity: str, value: str | bytes) -> str:
        """The fingerprint of a value: the same for the same value of the same secret; Refused without a capture key."""
        framed = b"".join(len(part).to_bytes(8, "big") + part for part in (_own(identity).encode(), _bytes(value)))
        return hmac.new(self.key(), framed, sha256).hexdigest()[:_DIGITS]

    def seal(self, identity: str, value: str | bytes, old: SealedValue | None = None) -> SealedValue:
        """The value, sealed for every recipient; `old` (or the kept one) where it says the same and lacks no recipient.

        Refused without recipients, with an expired one among them, and without the capture key.
        """
        seen = self.seen(identity, value)
        old = old or self._kept.get(_own(identity))
        if old is not None and hmac.compare_digest(seen, old.seen) and self._serves(_own(identity), old):
            return old
        return SealedValue(seen=seen, sealed=self._sealed(_own(identity), _bytes(value)))

    def reseal(self, identity: str, old: SealedValue, about: str = "") -> SealedValue:
        """The same value for today's recipients, which takes a private key; `old` where it is sealed for just these."""
        if self.sealed_for(identity, old, about) == tuple(item.thumbprint for item in self.recipients):
            return old
        value = self.open_bytes(identity, old, about).get_secret_value()
        return SealedValue(seen=old.seen, sealed=self._sealed(_own(identity), value))

    def open(self, identity: str, sealed: SealedValue, about: str = "") -> str:
        """The value as a text; errors as those of `open_bytes`."""
        try:
            return self.open_bytes(identity, sealed, about).get_secret_value().decode()
        except UnicodeDecodeError:
            raise Tampered(about or identity, "it is a file and no text") from None

    def open_bytes(self, identity: str, sealed: SealedValue, about: str = "") -> SecretBytes:
        """The value, in a wrapper that no log shows.

        Tampered where it was moved, changed or cut off, or is not what its fingerprint says (known where the capture
        key is at hand); NoKey where no opener fits. Both name `about`, which is the identity where left out.
        """
        for text, thumbprint in zip(sealed.sealed, self.sealed_for(identity, sealed, about), strict=True):
            if thumbprint in self._by_thumbprint:
                return self._opened(identity, sealed, text, about)
        wanted = ", ".join(self.named(identity, sealed, about))
        raise NoKey(about or identity, f"none of the {len(self.openers)} private keys at hand opens it; for {wanted}")

    def open_all(self, identity: str, sealed: SealedValue, about: str = "") -> tuple[str, ...]:
        """The names of the openers that open the value; Tampered where it is not one and the same for all of them."""
        found = [
            (self._by_thumbprint[thumbprint].name, self._opened(identity, sealed, text, about))
            for text, thumbprint in zip(sealed.sealed, self.sealed_for(identity, sealed, about), strict=True)
            if thumbprint in self._by_thumbprint
        ]
        if len({value.get_secret_value() for _, value in found}) > 1:
            raise Tampered(about or identity, "it is not the same for all its certificates")
        return tuple(name for name, _ in found)

    def same(self, identity: str, sealed: SealedValue, value: str | bytes) -> bool:
        """Whether the value is the sealed one, in constant time: by the capture key, else by opening."""
        if self._key is not None:
            return hmac.compare_digest(sealed.seen, self.seen(identity, value))
        return hmac.compare_digest(self.open_bytes(identity, sealed).get_secret_value(), _bytes(value))

    def sealed_for(self, identity: str, sealed: SealedValue, about: str = "") -> tuple[str, ...]:
        """The thumbprints a value is sealed for, in its order; Tampered where a part of it is another secret's."""
        try:
            headers = [jwe.header(text) for text in sealed.sealed]
        except ValueError as error:
            raise Tampered(about or identity, str(error)) from None
        for header in headers:
            if header.identity != _own(identity):
                raise Tampered(about or identity, f"it was moved here: it is the value of {header.identity}")
        return tuple(header.thumbprint for header in headers)

    def named(self, identity: str, sealed: SealedValue, about: str = "") -> tuple[str, ...]:
        """Whom a value is sealed for, by the names of the recipients, or by thumbprint where it is none of them."""
        names = {item.thumbprint: item.name for item in self.recipients}
        return tuple(names.get(item, item) for item in self.sealed_for(identity, sealed, about))

    def _opened(self, identity: str, sealed: SealedValue, text: str, about: str) -> SecretBytes:
        try:
            value = jwe.opened(text, _own(identity), self._by_thumbprint[jwe.header(text).thumbprint].key)
        except ValueError as error:
            raise Tampered(about or identity, str(error)) from None
        if self._key is not None and not hmac.compare_digest(sealed.seen, self.seen(identity, value)):
            raise Tampered(about or identity, "it is not the value that was captured: its fingerprint is another")
        return SecretBytes(value)

    def _serves(self, identity: str, old: SealedValue) -> bool:
        try:
            return {item.thumbprint for item in self.recipients} <= set(self.sealed_for(identity, old))
        except Tampered:
            return False  # sealed anew: the value is at hand

    def _sealed(self, identity: str, value: bytes) -> tuple[str, ...]:
        if not self.recipients:
            raise Refused([nobody(identity)])
        if late := tuple(expired(self.recipients)):
            raise Refused(late)
        return tuple(jwe.sealed(identity, value, item.thumbprint, item.key) for item in self.recipients)


def nobody(about: str) -> Finding:
    """The finding for a runbook without recipients."""
    hint = "Put the certificates (.cer) of those who may open them into the runbook's folder recipients/."
    return Finding("no-recipients", "stop", about, "there is nobody to seal for", hint)


def _own(identity: str) -> str:
    """An identity in its one form: the stamp knows names without regard to case."""
    if not identity.isprintable():
        raise ValueError("an identity is one line of printable characters")
    return identity.lower()


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
