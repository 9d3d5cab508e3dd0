"""Whether the data of snapshots is what the stamp wrote: read once a run, however many backups build on it."""

from collections.abc import Callable, Sequence

from restamp.backup import contents
from restamp.backup.contents import Quotas
from restamp.backup.envelope import Opener, Plain, envelope, prove, unwrap
from restamp.backup.layout import Snapshot
from restamp.backup.share import Share
from restamp.errors import Damaged, NoKey, Unreadable
from restamp.models.finding import Finding


class Proof:
    """Reads, and remembers what it found."""

    def __init__(
        self, share: Share, at_hand: Sequence[Opener], step: Callable[[int], None] = lambda _bytes: None
    ) -> None:
        """`at_hand` may be empty: then only what stands before the ciphertext is looked at. `step` hears bytes read."""
        self.at_hand = at_hand
        self._share, self._step = share, step
        self._found: dict[str, tuple[Finding, ...]] = {}

    def of(self, snapshot: Snapshot) -> tuple[Finding, ...]:
        """What is wrong with a snapshot's data; nothing where it opens and its MAC is right, or it is not there."""
        if snapshot.name not in self._found:
            self._found[snapshot.name] = self._looked(snapshot) if snapshot.size else ()
        return self._found[snapshot.name]

    def quotas(self, snapshot: Snapshot) -> Quotas:
        """The quotas in a snapshot; Damaged, NoKey or Unreadable where there is no way to them."""
        if snapshot.facts is not None:
            unwrap(snapshot.facts, snapshot.name, self.at_hand)
        found = self._opened(snapshot)
        if found is None:
            raise Damaged(snapshot.name, "contents", "has no quotas that restamp could open")
        return found

    def _looked(self, snapshot: Snapshot) -> tuple[Finding, ...]:
        try:
            self._opened(snapshot)
        except Damaged as error:
            return (Finding(error.code, "stop", error.path, error.reason, error.hint),)
        except Unreadable as error:
            return (Finding("unreadable", "stop", error.path, error.reason, error.hint),)
        except NoKey as error:
            return (Finding("no-key", "stop", error.about, error.reason, error.hint),)
        return ()

    def _opened(self, snapshot: Snapshot) -> Quotas | None:
        data, facts, name = snapshot.data, snapshot.facts, f"{snapshot.name}.zip"
        if data is None:
            raise Damaged(name, "no-data", "is not on the share")
        with self._share.open(data.path) as file:
            around = envelope(file, name, data.size)
            if facts is None or not self.at_hand:
                return None
            keys = unwrap(facts, snapshot.name, self.at_hand)
            prove(file, around, keys, self._step)
            plain = Plain(file, around, keys)
            contents.begins_rightly(plain, name)
            full = snapshot.kind == "Full" and contents.has_quotas(snapshot.repository)
            return contents.quotas(plain, snapshot.repository, name) if full else None
