"""Sealed secrets: what opens them, what is told of all that does not, and that nothing plain is ever shown."""

import datetime as dt
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import pkcs12
from pydantic import ValidationError

from restamp.errors import NoKey, Refused, Tampered
from restamp.models.finding import Finding, Position
from restamp.models.sealed import SealedValue
from restamp.secrets import Seals, openers, recipients
from restamp.secrets.capture_key import for_sealing, with_capture_key
from restamp.secrets.places import identity_of, places, rewritten

KEY = bytes(range(32))
HERE = "c66cb1bf-3d5e-4a44-9f0a-0d5a1c2b7e11/erp-kv/db-password"
THERE = "c66cb1bf-3d5e-4a44-9f0a-0d5a1c2b7e11/erp-kv/api-key"
PLAIN = "correct horse battery staple"


def pair(name: str) -> tuple[Any, x509.Certificate]:
    """The key and certificate of a name, as sound as `written` makes them."""
    return _pair(name, 2048, 365)


@cache
def _pair(name: str, kind: int | str, days: int) -> tuple[Any, x509.Certificate]:
    """A private key and its own certificate, valid until so many days from now."""
    key: Any = ec.generate_private_key(ec.SECP256R1()) if kind == "EC" else rsa.generate_private_key(65537, int(kind))
    now, subject = dt.datetime.now(dt.UTC), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - dt.timedelta(days=800)).not_valid_after(now + dt.timedelta(days=days))
    return key, made.sign(key, hashes.SHA256())


def written(folder: Path, name: str, kind: int | str = 2048, days: int = 365, password: str = "") -> Path:
    """`recipients/<name>.cer` and `<name>.pfx` in the folder; the path of the latter."""
    key, certificate = _pair(name, kind, days)
    (folder / "recipients").mkdir(exist_ok=True)
    (folder / "recipients" / f"{name}.cer").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    encryption: Any = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    path = folder / f"{name}.pfx"
    path.write_bytes(pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, None, encryption))
    return path


def pem(path: Path, name: str, password: str = "", *, certificate: bool = True) -> Path:
    """A PEM file with the private key of `name`, and its certificate."""
    key, own = pair(name)
    encryption: Any = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    path.write_bytes(text + (own.public_bytes(serialization.Encoding.PEM) if certificate else b""))
    return path


def unasked(name: str) -> str:
    raise AssertionError(f"the password of {name} was asked for")


def seals(folder: Path, *names: str, key: bytes | None = KEY) -> Seals:
    """Recipients of these names, and a private key for each."""
    files = [written(folder, name) for name in names]
    return Seals(recipients(folder / "recipients"), openers(files, unasked), key)


def refusals(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [str(finding) for finding in refused.value.findings]


def test_what_is_sealed_opens_with_any_of_its_private_keys(tmp_path: Path) -> None:
    """Two certificates, two JWEs in the order of thumbprints; each key alone opens the value, texts and bytes alike."""
    both = seals(tmp_path, "ann", "ben")
    sealed = both.seal(HERE, PLAIN)
    blob = both.seal("file/settings", bytes(range(256)))

    assert list(both.sealed_for(HERE, sealed)) == sorted(item.thumbprint for item in both.recipients)
    for name in ("ann", "ben"):
        alone = Seals((), openers([tmp_path / f"{name}.pfx"], unasked))
        assert alone.open(HERE.upper(), sealed) == PLAIN
        assert alone.open_bytes("file/settings", blob).get_secret_value() == bytes(range(256))


def test_sealing_twice_is_no_change_and_takes_no_private_key(tmp_path: Path) -> None:
    """Same value: the old ciphertext itself. Another value, another secret or one more recipient: a new one."""
    first = seals(tmp_path, "ann")
    old = first.seal(HERE, PLAIN)
    nightly = Seals(first.recipients, (), KEY)

    assert nightly.seal(HERE, PLAIN, old) is old
    assert nightly.same(HERE, old, PLAIN)
    assert not nightly.same(HERE, old, PLAIN + " ")
    assert nightly.seal(HERE, "another", old).seen != old.seen
    assert nightly.seal(THERE, PLAIN, old).seen != old.seen
    more = seals(tmp_path, "ann", "ben").seal(HERE, PLAIN, old)
    assert (more.seen, len(more.sealed)) == (old.seen, 2)
    assert nightly.seal(HERE, PLAIN, more) is more


def test_a_fingerprint_is_the_same_for_ever_and_tells_nothing_apart_by_chance() -> None:
    """It is a file format: this value; and what is framed cannot be shifted between identity and value."""
    told = Seals(key=KEY)

    assert told.seen("a/b", "c") == "e1cef23cf49c7293f5e21a41a2bf319f"
    assert told.seen("a/b", "c") == told.seen("A/B", b"c")
    assert len({told.seen("a", "bc"), told.seen("ab", "c"), told.seen("abc", "")}) == 3
    assert Seals(key=bytes(32)).seen("a/b", "c") != told.seen("a/b", "c")


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


def test_without_a_key_that_fits_nothing_opens(tmp_path: Path) -> None:
    """The error names whom it is sealed for."""
    sealed = seals(tmp_path, "ann").seal(HERE, PLAIN)
    other = Seals(recipients(tmp_path / "recipients"), openers([written(tmp_path, "ben")], unasked))

    with pytest.raises(NoKey, match=f"^{HERE}: none of the 1 private keys at hand opens it; for ann$"):
        other.open(HERE, sealed)
    with pytest.raises(NoKey, match="none of the 0 private keys"):
        Seals().open(HERE, sealed)


def test_a_wrong_key_under_the_right_certificates_name_opens_nothing(tmp_path: Path) -> None:
    """A JWE relabelled for another certificate is changed, not opened."""
    both = seals(tmp_path, "ann", "ben")
    one, two = both.seal(HERE, PLAIN).sealed
    relabelled = ".".join([one.partition(".")[0], two.partition(".")[2]])

    with pytest.raises(Tampered, match="changed or cut off"):
        both.open(HERE, SealedValue(seen="0" * 32, sealed=(relabelled,)))


def test_what_is_missing_for_sealing_is_refused(tmp_path: Path) -> None:
    """No recipients, no capture key, an expired recipient: each with the way out."""
    ready = seals(tmp_path, "ann")
    with pytest.raises(Refused, match="there is nobody to seal for"):
        Seals(key=KEY).seal(HERE, PLAIN)
    with pytest.raises(Refused, match="the capture key is not at hand"):
        Seals(ready.recipients).seal(HERE, PLAIN)
    late = written(tmp_path, "late", days=-1)
    old = ready.seal(HERE, PLAIN)
    with pytest.raises(Refused, match="recipient late: expired on") as refused:
        Seals(recipients(tmp_path / "recipients"), (), KEY).seal(HERE, PLAIN, old)
    assert "restamp secrets rekey" in refused.value.hint
    expired = openers([late], unasked)
    assert Seals((), expired).openers == expired


def test_every_bad_recipient_is_told_at_once(tmp_path: Path) -> None:
    """Short keys, other keys, private keys, chains and junk are refused by file; DER and PEM are taken."""
    written(tmp_path, "short", 1024)
    written(tmp_path, "curve", "EC")
    written(tmp_path, "good")
    folder = tmp_path / "recipients"
    one, two = (pair(name)[1].public_bytes(serialization.Encoding.PEM) for name in ("good", "ben"))
    pem(folder / "private.pem", "ann")
    (folder / "chain.pem").write_bytes(one + two)
    (folder / "junk.cer").write_bytes(b"\x30\x82")
    (folder / "text.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    with pytest.raises(Refused) as refused:
        recipients(folder)

    assert refusals(refused) == [
        "recipients/chain.pem: holds 2 certificates: one file, one recipient",
        "recipients/curve.cer: has no RSA key, and RSA alone can be sealed for",
        "recipients/junk.cer: is no certificate",
        "recipients/private.pem: holds a private key, which must not be in git",
        "recipients/short.cer: has an RSA key of 1024 bits, below 2048",
        "recipients/text.pem: is no certificate",
    ]
    for path in folder.iterdir():
        path.unlink()
    (folder / "again.cer").write_bytes(one)
    (folder / "other.pem").write_bytes(two)
    (folder / "same.pem").write_bytes(one)
    assert sorted(item.name for item in recipients(folder)) == ["again", "other"]
    assert recipients(tmp_path / "nowhere") == ()


def test_private_keys_come_in_pfx_and_pem_with_and_without_password(tmp_path: Path) -> None:
    """A password is asked for by file, and only where the file has one."""
    sealed = seals(tmp_path, "ann").seal(HERE, PLAIN)
    asked: list[str] = []

    def password(name: str) -> str:
        asked.append(name)
        return "s3cret"

    files = [
        written(tmp_path, "ann", password="s3cret"),
        pem(tmp_path / "open.pem", "ann"),
        pem(tmp_path / "closed.pem", "ann", "s3cret"),
    ]
    found = openers(files, password)
    assert [opener.name for opener in found] == ["ann.pfx", "open.pem", "closed.pem"]
    assert asked == ["ann.pfx", "closed.pem"]
    assert all(Seals((), [opener]).open(HERE, sealed) == PLAIN for opener in found)


def test_every_bad_private_key_is_told_at_once(tmp_path: Path) -> None:
    """Wrong password, no key, no certificate, another kind of key, no file: by file, and no password is repeated."""
    bare = pem(tmp_path / "bare.pem", "ann", certificate=False)
    public = tmp_path / "public.pem"
    public.write_bytes(pair("ann")[1].public_bytes(serialization.Encoding.PEM))
    (tmp_path / "junk.pfx").write_bytes(b"junk")
    locked = [written(tmp_path, "ben", password="right"), pem(tmp_path / "locked.pem", "ann", "right")]
    files = [*locked, bare, public, tmp_path / "junk.pfx", written(tmp_path, "curve", "EC"), tmp_path / "no.pfx"]
    with pytest.raises(Refused) as refused:
        openers(files, lambda _name: "wr0ng")

    wrong = "the password is wrong, or the file holds no private key"
    assert [line.replace(f"{tmp_path}/", "") for line in refusals(refused)] == [
        f"ben.pfx: {wrong}",
        f"locked.pem: {wrong}",
        "bare.pem: the certificate that belongs to the private key is not in the file",
        f"public.pem: {wrong}",
        f"junk.pfx: {wrong}",
        "curve.pfx: the private key is no RSA key",
        "no.pfx: the file cannot be read",
    ]
    assert "wr0ng" not in str(refused.value) + refused.value.hint


def test_a_new_set_of_certificates_takes_over(tmp_path: Path) -> None:
    """Rekeyed with an old key alone: the new certificate's key opens it, the one that left does not, `seen` stays."""
    before = seals(tmp_path, "ann", "ben")
    old = before.seal(HERE, PLAIN)
    (tmp_path / "recipients" / "ann.cer").unlink()
    written(tmp_path, "cem")
    now = Seals(recipients(tmp_path / "recipients"), openers([tmp_path / "ann.pfx"], unasked))
    new = now.reseal(HERE, old)

    assert new.seen == old.seen
    assert now.reseal(HERE, new) is new
    assert Seals((), openers([tmp_path / "cem.pfx"], unasked)).open(HERE, new) == PLAIN
    with pytest.raises(NoKey):
        now.open(HERE, new)


def test_nothing_that_is_printed_shows_a_secret(tmp_path: Path) -> None:
    """Values, openers and the capture key hide in every repr."""
    both = seals(tmp_path, "ann")
    value = both.open_bytes(HERE, both.seal(HERE, PLAIN))

    told = " ".join([repr(both), repr(value), str(value), repr(both.openers), f"{both.openers[0]!s}"])
    assert PLAIN not in told
    assert KEY.hex() not in told
    assert "object at" not in told


def test_many_threads_seal_and_open_at_once(tmp_path: Path) -> None:
    """A fan-out shares one `Seals`."""
    both = seals(tmp_path, "ann", "ben")

    def there_and_back(number: int) -> bool:
        identity = f"s/v/{number}"
        return both.open(identity, both.seal(identity, f"value {number}")) == f"value {number}"

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(200)))


def test_a_capture_that_knows_the_last_values_gives_them_back(tmp_path: Path) -> None:
    """By identity, in any case; a value that stands under another identity, or was moved there, is sealed anew."""
    first = seals(tmp_path, "ann")
    here, there = first.seal(HERE, PLAIN), first.seal(THERE, PLAIN)
    nightly = Seals(first.recipients, (), KEY).keeping({HERE.upper(): here, THERE: here})

    assert nightly.seal(HERE, PLAIN) is here
    assert nightly.seal(THERE, PLAIN) is not here
    moved = SealedValue(seen=there.seen, sealed=here.sealed)
    assert first.open(THERE, nightly.seal(THERE, PLAIN, moved)) == PLAIN


def test_a_capture_key_is_made_once_whoever_is_first(tmp_path: Path) -> None:
    """Eight captures begin at once on a machine without a key: all go on with the same one."""
    ready, keys = seals(tmp_path, "ann", key=None), tmp_path / "state" / "keys"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: for_sealing(ready, keys, "r.d.e", None)[0].key(), range(8)))

    assert [path.name for path in keys.iterdir()] == ["r.d.e.key"]
    assert set(made) == {bytes.fromhex((keys / "r.d.e.key").read_text())}


def test_the_sealed_capture_key_is_checked_like_any_value(tmp_path: Path) -> None:
    """One of another stamp, or one that somebody put in its place, is not taken."""
    ready, keys = seals(tmp_path, "ann", key=None), tmp_path / "keys"
    able, sealed = for_sealing(ready, keys, "r.d.e", None)
    assert with_capture_key(ready, tmp_path / "none", "r.d.e", sealed).key() == able.key()
    assert for_sealing(ready, keys, "r.d.e", sealed)[1] is sealed
    with pytest.raises(Tampered, match="it was moved here"):
        with_capture_key(ready, tmp_path / "none", "other.d.e", sealed)
    forged = SealedValue(seen="0" * 32, sealed=sealed.sealed)
    with pytest.raises(Refused, match="its fingerprint is another key's"):
        with_capture_key(ready, tmp_path / "none", "r.d.e", forged)


@pytest.mark.parametrize(
    ("document", "path", "identity"),
    [
        ({"kind": "Subscription", "id": "C66C"}, ("secrets", "app/Erp-KV/pw", "value"), "c66c/erp-kv/pw"),
        ({"kind": "Subscription", "id": "C66C"}, ("secrets", "erp-kv/pw", "value"), None),
        ({"kind": "Subscription", "id": "C66C"}, ("vaults", "app/erp-kv/pw", "value"), None),
        ({"kind": "Subscription"}, ("secrets", "app/erp-kv/pw", "value"), None),
        ({"kind": "BackupLocation", "region": "Redmond"}, ("password",), "backup/redmond/password"),
        ({"kind": "BackupLocation", "name": "redmond"}, ("password",), "backup/redmond/password"),
        ({"kind": "SealedFile", "name": "app"}, ("value",), "file/app"),
        ({"kind": "Stamp", "region": "r", "domain": "d.e"}, ("captureKey",), "capture-key/r.d.e"),
        ({"kind": "Stamp", "region": "r", "domain": "d.e"}, ("other",), None),
        ({"kind": "Plan", "name": "gold"}, ("password",), None),
        ({}, ("password",), None),
    ],
)
def test_what_a_value_is_bound_to_follows_from_where_it_stands(
    document: dict[str, str], path: tuple[str, ...], identity: str | None
) -> None:
    """One rule a kind; where none fits there is no identity, and a plugin adds a rule of its own."""
    assert identity_of(document, path) == identity
    assert identity_of(document, path, {str(document.get("kind")): lambda _document, path: "/".join(path)}) == (
        "/".join(path).lower()
    )


def test_every_sealed_value_of_a_document_is_found(tmp_path: Path) -> None:
    """Deep in maps and lists; what has no rule is told with its place; `unmodelled` and look-alikes are left alone."""
    value = seals(tmp_path, "ann").seal(HERE, PLAIN)
    given = {"seen": value.seen, "sealed": list(value.sealed)}
    document = {
        "kind": "Subscription",
        "id": HERE.partition("/")[0],
        "secrets": {"app/erp-kv/db-password": {"value": given}, "app/erp-kv/odd": {"value": given | {"more": "x"}}},
        "tags": {"seen": "yes", "sealed": "no"},
        "list": [{"deep": given}],
        "unmodelled": {"x": given},
    }
    found: list[Finding] = []
    placed = list(places(document, lambda path: Position("f.yaml", len(path)), found))

    assert [(place.identity, place.field, place.value) for place in placed] == [
        (HERE, "secrets.app/erp-kv/db-password", value)
    ]
    assert [str(finding) for finding in found] == [
        "f.yaml:4: secrets.app/erp-kv/odd.value.more: Extra inputs are not permitted",
        "f.yaml:3: list.0.deep: a Subscription has no sealed value here",
    ]


@pytest.mark.parametrize("end", ["\n", ""])
def test_lists_of_ciphertexts_are_replaced_wherever_they_stand(end: str) -> None:
    """Longer or shorter, quoted or not, at the end of a file without a line end: nothing else moves."""
    before = "a:\n  sealed:\n  - 'x1'\n  -  x2  \nb: x1 # x1\nc:\n- y1" + end
    changes = {("x1", "x2"): ("n1",), ("y1",): ("m1", "m2")}

    assert rewritten(before, changes) == "a:\n  sealed:\n  - n1\nb: x1 # x1\nc:\n- m1\n- m2" + end
    assert rewritten(before, {}) == before
    for odd in ("sealed: [x1, x2]\n", "- x1\n# why\n- x2\n", "- x1\n", "- x2\n- x1\n", ""):
        with pytest.raises(ValueError, match="one item a line"):
            rewritten(odd, {("x1", "x2"): ("n1",)})


def test_five_thousand_values_are_sealed_in_seconds(tmp_path: Path) -> None:
    """Sealing takes public keys alone: a capture is not slower for it."""
    both = seals(tmp_path, "ann", "ben")
    began = time.perf_counter()
    values = {f"s/v/{number}": both.seal(f"s/v/{number}", "x" * 40) for number in range(5000)}
    kept = both.keeping(values)

    assert all(kept.seal(identity, "x" * 40) is value for identity, value in values.items())
    assert time.perf_counter() - began < 20
