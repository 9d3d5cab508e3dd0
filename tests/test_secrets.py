"""Sealed secrets: what is sealed opens, the same value is no change, and nothing plain is ever shown."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from restamp.errors import NoKey, Refused, Tampered
from restamp.models.sealed import SealedValue
from restamp.secrets import Seals, openers, recipients
from restamp.secrets.capture_key import for_sealing, with_capture_key

from .keys import HERE, KEY, PLAIN, THERE, seals, unasked, written


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


def test_a_capture_that_knows_the_last_values_gives_them_back(tmp_path: Path) -> None:
    """By identity, in any case; a value that stands under another identity, or was moved there, is sealed anew."""
    first = seals(tmp_path, "ann")
    here, there = first.seal(HERE, PLAIN), first.seal(THERE, PLAIN)
    nightly = Seals(first.recipients, (), KEY).keeping({HERE.upper(): here, THERE: here})

    assert nightly.seal(HERE, PLAIN) is here
    assert nightly.seal(THERE, PLAIN) is not here
    moved = SealedValue(seen=there.seen, sealed=here.sealed)
    assert first.open(THERE, nightly.seal(THERE, PLAIN, moved)) == PLAIN


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
