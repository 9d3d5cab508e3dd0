"""Certificates that secrets are sealed for, and private keys that open them: what is wrong with one is told by file."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from restamp.errors import NoKey, Refused
from restamp.secrets import Seals, openers, recipients

from .keys import HERE, KEY, PLAIN, pair, pem, seals, unasked, written


def refusals(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [str(finding) for finding in refused.value.findings]


def test_without_a_key_that_fits_nothing_opens(tmp_path: Path) -> None:
    """The error names whom it is sealed for."""
    sealed = seals(tmp_path, "ann").seal(HERE, PLAIN)
    other = Seals(recipients(tmp_path / "recipients"), openers([written(tmp_path, "ben")], unasked))

    with pytest.raises(NoKey, match=f"^{HERE}: none of the 1 private keys at hand opens it; for ann$"):
        other.open(HERE, sealed)
    with pytest.raises(NoKey, match="none of the 0 private keys"):
        Seals().open(HERE, sealed)


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
