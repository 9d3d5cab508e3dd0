"""A sealed value that was changed, moved, cut off or forged is told by name, and never opens."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from restamp.errors import NoKey, Tampered
from restamp.models.sealed import SealedValue
from restamp.secrets import Seals, openers

from .keys import HERE, PLAIN, THERE, pair, seals, unasked, written


def changed(jwe: str, part: int, how: str) -> str:
    """A JWE with one of its five parts damaged."""
    parts = jwe.split(".")
    data = bytearray(urlsafe_b64decode(parts[part] + "=="))
    if how == "flipped":
        data[len(data) // 2] ^= 1
    elif how == "shorter":
        del data[-1]
    elif how == "empty":
        data.clear()
    parts[part] = encoded(bytes(data))
    return ".".join(parts)


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("how", ["flipped", "shorter", "empty"])
@pytest.mark.parametrize("part", range(5))
def test_a_change_in_any_part_is_told(part: int, how: str, tmp_path: Path) -> None:
    """Header, key, nonce, ciphertext, tag: flipped, shortened, emptied: the error names the field, never the value."""
    both = seals(tmp_path, "ann")
    sealed = both.seal(HERE, PLAIN)
    broken = SealedValue.model_construct(seen=sealed.seen, sealed=(changed(sealed.sealed[0], part, how),))

    for able in (both, Seals((), both.openers)):
        with pytest.raises((Tampered, NoKey), match=r"^subscriptions/erp\.yaml: secrets: ") as told:
            able.open(HERE, broken, "subscriptions/erp.yaml: secrets")
        assert PLAIN not in repr(told.value)
        assert part == 0 or "it was changed" in str(told.value)


def test_every_single_letter_counts(tmp_path: Path) -> None:
    """Any letter of a JWE replaced by another one, or left out: an error."""
    both = seals(tmp_path, "ann")
    sealed = both.seal(HERE, PLAIN)
    jwe = sealed.sealed[0]
    for at in range(0, len(jwe), 7):
        for letter in ("", "A" if jwe[at] != "A" else "B", "."):
            broken = SealedValue.model_construct(seen=sealed.seen, sealed=(jwe[:at] + letter + jwe[at + 1 :],))
            if broken.sealed == sealed.sealed:
                continue
            with pytest.raises((Tampered, NoKey)):
                both.open(HERE, broken)


def crafted(header: str, identity: str = HERE, secret: bytes = bytes(32), nonce: bytes = bytes(12)) -> SealedValue:
    """What anybody with Ann's certificate can make: right in all but what is given."""
    public = pair("ann")[1].public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    wrapped = public.encrypt(secret, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    head = encoded(header.encode())
    cipher = AESGCM(secret).encrypt(nonce, f"{identity}\nforged".encode(), head.encode())
    parts = [head, *map(encoded, (wrapped, nonce, cipher[:-16], cipher[-16:]))]
    return SealedValue.model_construct(seen="0" * 32, sealed=(".".join(parts),))


def test_a_crafted_ciphertext_is_told_and_never_crashes(tmp_path: Path) -> None:
    """Other algorithms, more or odd headers, keys and nonces of other sizes, another identity inside: all refused."""
    ann = Seals((), openers([written(tmp_path, "ann")], unasked))
    own = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "x5t#S256": ann.openers[0].thumbprint, "sub": HERE}
    odd: dict[str, str] = {
        **{name: json.dumps(own | {name: "dir"}) for name in ("alg", "enc")},
        **{name: json.dumps(own | {name: ["sub"]}) for name in ("crit", "zip", "cty")},
        **{f"no {name}": json.dumps({key: value for key, value in own.items() if key != name}) for name in own},
        "list": "[" * 5000,
        "number": json.dumps(own | {"sub": 1}),
        "escapes": json.dumps(own | {"sub": "\x1b[2J"}),
        "nothing": "",
    }

    assert ann.open(HERE, crafted(json.dumps(own))) == "forged"
    for header in odd.values():
        with pytest.raises(Tampered) as told:
            ann.open(HERE, crafted(header))
        assert "\x1b" not in str(told.value)
    for broken in (crafted(json.dumps(own), THERE), crafted(json.dumps(own), secret=bytes(16))):
        with pytest.raises(Tampered):
            ann.open(HERE, broken)
    with pytest.raises(Tampered):
        ann.open(HERE, crafted(json.dumps(own), nonce=bytes(16)))


def test_the_value_of_another_secret_is_told_by_name(tmp_path: Path) -> None:
    """Moved whole, or its JWEs alone, or with the header of this one: never taken for this secret's."""
    both = seals(tmp_path, "ann")
    here, there = both.seal(HERE, PLAIN), both.seal(THERE, "another")
    with pytest.raises(Tampered, match=f"it was moved here: it is the value of {THERE}"):
        both.open(HERE, there)
    with pytest.raises(Tampered, match="it was moved here"):
        both.open(HERE, SealedValue(seen=here.seen, sealed=there.sealed))
    swapped = ".".join([here.sealed[0].partition(".")[0], there.sealed[0].partition(".")[2]])
    with pytest.raises(Tampered, match="it was changed or cut off"):
        both.open(HERE, SealedValue(seen=here.seen, sealed=(swapped,)))


def test_a_value_that_was_not_captured_is_told_where_the_capture_key_is(tmp_path: Path) -> None:
    """Certificates are public: anybody can seal. An older or a forged value has another fingerprint."""
    both = seals(tmp_path, "ann")
    now, before = both.seal(HERE, PLAIN), both.seal(HERE, "last year's")
    mixed = SealedValue(seen=now.seen, sealed=before.sealed)

    assert Seals((), both.openers).open(HERE, mixed) == "last year's"
    with pytest.raises(Tampered, match="not the value that was captured"):
        both.open(HERE, mixed)
    assert not both.same(HERE, mixed, "last year's")


def test_two_values_under_one_name_are_told(tmp_path: Path) -> None:
    """What one certificate's holder would read must be what the other's reads."""
    both = seals(tmp_path, "ann", "ben")
    one, two = both.seal(HERE, PLAIN), both.seal(HERE, "another")
    mixed = SealedValue(seen=one.seen, sealed=(one.sealed[0], two.sealed[1]))

    assert len(both.open_all(HERE, one)) == 2
    with pytest.raises(Tampered, match="not the same for all its certificates"):
        Seals((), both.openers).open_all(HERE, mixed)


@pytest.mark.parametrize("cut", [1, 5, 40, 400])
def test_a_value_that_was_cut_off_does_not_load(cut: int, tmp_path: Path) -> None:
    """Where dots are missing the model says so, and where letters are, opening does."""
    both = seals(tmp_path, "ann")
    sealed = both.seal(HERE, PLAIN)
    text = sealed.sealed[0][:-cut]
    if text.count(".") < 4:
        with pytest.raises(ValidationError, match="cut off"):
            SealedValue(seen=sealed.seen, sealed=(text,))
    else:
        with pytest.raises(Tampered):
            both.open(HERE, SealedValue(seen=sealed.seen, sealed=(text,)))


def test_a_secret_in_plain_is_refused_and_not_repeated() -> None:
    """Somebody writes the password itself into the file: what is told of it does not say it."""
    with pytest.raises(ValidationError) as told:
        SealedValue(seen="hunter2", sealed=("hunter2",))

    assert [error["msg"] for error in told.value.errors()] == [
        "Value error, is no fingerprint of restamp's: 32 hexadecimal digits",
        "Value error, is no sealed value, or one that was cut off: five parts with dots between them",
    ]


def test_a_wrong_key_under_the_right_certificates_name_opens_nothing(tmp_path: Path) -> None:
    """A JWE relabelled for another certificate is changed, not opened."""
    both = seals(tmp_path, "ann", "ben")
    one, two = both.seal(HERE, PLAIN).sealed
    relabelled = ".".join([one.partition(".")[0], two.partition(".")[2]])

    with pytest.raises(Tampered, match="changed or cut off"):
        both.open(HERE, SealedValue(seen="0" * 32, sealed=(relabelled,)))
