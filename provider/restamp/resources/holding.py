"""One subscription on its way: as its file says it, as the stamp has it, and what becomes of everything in it."""

from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from restamp import failpoints, inside, objects, principals, withheld
from restamp.inside import Contents, Result
from restamp.models.principals import Principals
from restamp.models.stamp import Taken
from restamp.recovery import taken
from restamp.resources import entered, live, where
from restamp.resources.provider import Props
from restamp.resources.session import Session

if TYPE_CHECKING:
    from restamp.arm.inside import Inside


class Holding:
    """A document and what it holds, as its people are known today, and without access that is withheld."""

    def __init__(self, here: Session, props: Props, before: Props) -> None:
        """Read the file; Refused with what is wrong with it. `before` are the outputs of when it was last done.

        They are empty where anything was changed since: the file, the recovery or its target.
        """
        self._here, self._props, self._before = here, props, before
        self._recovery = str(props.get("recovery") or "")
        folder = where.folder(props)
        document, held = here.outline(folder).read(props["file"])
        people, decision = _people(folder), _decision(folder, self._recovery)
        known = principals.today(document, people), tuple(principals.today(item, people) for item in held)
        self.document, self._held = withheld.without(*known, decision, here.kinds)
        self._closed = withheld.stays_closed(document, decision, here.kinds)
        self._kind = here.kinds.of(document)

    @property
    def label(self) -> str:
        """What people call it."""
        return self._kind.label(self.document)

    @property
    def versions(self) -> str:
        """By which a later look knows secrets without reading them; empty where values could not be told apart."""
        return str(self._stamp.versions) if "_stamp" in vars(self) and self._stamp.place.seals else ""

    def drift(self) -> str:
        """The first things that are not as they were left; empty where all is."""
        kind, document = self._kind, self.document
        found = document if kind.wire.read_only else self._here.seen(kind, kind.ref(document))
        if found is None:
            return "it is gone"
        if changes := objects.compare(kind, document, found):
            return ", ".join(change.field for change in changes)
        differs = self._differing(self._looked()) if self._held else []
        named = ", ".join(f"{item.kind} {item.ref}" for item in differs[:3])
        return named + (f" and {len(differs) - 3} more" if len(differs) > 3 else "")

    def brought(self) -> list[Result]:
        """What became of the subscription and of everything inside it: made, filled, and only then disabled."""
        here, document, late = self._here, self.document, self._kind.wire.late
        closes = objects.at_birth(self._kind, document) != document  # one that opens is opened before it is filled
        later = frozenset({late.field}) if self._held and late and closes else frozenset[str]()
        filled = not self._closed and (bool(self._held) or getattr(document, "contents", "") in ("captured", "kept"))
        own = entered.made(here, document, later, self._recovery, filled=filled)
        failpoints.reached("subscription.created")
        if own.undone or not filled:
            return [own]
        try:
            found = self._filled()
        finally:
            own = entered.given_back(here, document, later, self._recovery, own)
        # what waits for people does not keep it open
        if later and not any(result.undone and result.outcome != "waiting" for result in (own, *found)):
            failpoints.reached("disabled.before")
            last = here.bring(self._kind, document, frozenset(), self._recovery)
            failpoints.reached("disabled.after")
            own = last if own.outcome == "unchanged" else own
        return [own, *found]

    @cached_property
    def _stamp(self) -> "Inside":
        stamp = inside.way_in(self._here.arm, self.document)
        stamp.versions.trust(self._before.get("versions") or "")
        return stamp

    def _looked(self) -> Contents:
        here = self._here
        seen = inside.look(self._stamp, here.kinds, self.document, here.base_plans(self.document))
        if seen.missing(self._held, here.kinds):  # else nobody asks who is still there
            seen.gone = inside.gone(self._held, seen, here.kinds, self._stamp)
        return seen

    def _differing(self, seen: Contents) -> list[inside.Difference]:
        """What has to be written."""
        compared = inside.compare(self._held, seen, self._here.kinds)
        return [item for item in compared if item.action in ("create", "update")]

    def _filled(self) -> list[Result]:
        """What became of everything inside a subscription that is there."""
        here, document, held = self._here, self.document, self._held
        mark = (self._recovery, self._props.get("target") or "", self._props["digest"])
        failpoints.reached("look.before")
        seen = self._looked()
        failpoints.reached("look.after")
        if not held and not seen.unread:
            return []
        seen.file = self._props["file"]
        seen.covered = seen.covered and getattr(document, "access", "") != "tenant"  # who writes it, looks after it
        # a run that was killed keeps no state: then the journal says whether what cannot be read was written
        seen.trusted = bool(self._before) or (bool(seen.unread) and here.was_filled(self._props["ref"], mark))
        open_again = objects.at_birth(self._kind, document)
        if open_again != document and seen.covered and self._has_to_write(seen):
            here.bring(self._kind, open_again, frozenset(), self._recovery)  # nothing can be written inside otherwise
        told = f"{self.label}: {{}} of {len(held)}"
        found = here.fill(self._stamp, document, held, seen, self._recovery, lambda count: live.say(told.format(count)))
        if not any(result.undone for result in found):
            here.filled(self._props["ref"], mark)
        failpoints.reached("filled")
        return found

    def _has_to_write(self, seen: Contents) -> bool:
        """Whether something has to be written; to look into a vault that lets nobody in takes a write as well."""
        kinds = self._here.kinds
        readable = all(seen.was_read(item, kinds) for item in seen.missing(self._held, kinds))
        return bool(self._differing(seen)) or not (seen.trusted or readable)


@cache
def _decision(folder: Path, recovery: str) -> Taken | None:
    return taken(folder, recovery) if recovery else None


@cache
def _people(folder: Path) -> Principals:
    return principals.table(folder)
