"""What `check` looks at, part by part: each yields what it finds, and what ends one leaves the others alone."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restamp.arm.client import Arm
    from restamp.backup.catalogue import Catalogue
    from restamp.backup.chains import Whole
    from restamp.backup.verdict import Said
    from restamp.hookspecs import Recovery
    from restamp.kinds.backup import BackupLocation
    from restamp.models.backup import Backups
    from restamp.models.finding import Finding
    from restamp.models.step import Step
    from restamp.plugins import Used
    from restamp.recovery import Begun
    from restamp.runbook import Runbook
    from restamp.secrets import Opener


@dataclass(frozen=True)
class Today:
    """A runbook, the way to its stamp, the share that options name, and the keys at hand."""

    runbook: "Runbook"
    way: tuple[str, str, str]
    named: str
    keys: Sequence[Path]
    openers: "Sequence[Opener]"

    def of_the_stamp(self) -> "Iterator[Finding]":
        """What is wrong with the settings of its backups; where it does not answer, with those that were captured."""
        from restamp.check.backups import of_settings

        yield from self._asked[1]
        if self._asked[0] is None and self._settings:
            yield from of_settings(self._settings.scheduler, None, ", by the last capture")

    def of_the_runbook(self) -> "Iterator[Finding]":
        """What git, kits and this machine say, plugins asked; of plugins that cannot be used, the others all the same.

        Secrets may be brought on the day, so one that is not at hand is no stop; what has to be sealed before, plugins
        say themselves.
        """
        from restamp.check.kits import of_kits
        from restamp.check.plugins import at_hand, for_steps, of_plugins
        from restamp.check.runbook import of_signoffs
        from restamp.steps import work
        from restamp.steps.run import Around

        yield from of_kits(self.runbook)
        yield from self.unfit
        yield from of_plugins(self._fitting[0], Around(self.runbook, self._under_way, self._connect))
        used, _, wrong = self._planning
        yield from wrong
        if self._under_way:
            yield from of_signoffs(self.runbook, self._under_way, self._steps)
        yield from for_steps(self.runbook, self._steps, lambda *secret: at_hand(self.runbook, *secret), "warn")
        work(self.runbook, self._planned_for, self.runbook.kinds, used)  # Refused where they have no order

    def of_the_keys(self) -> "Iterator[Finding]":
        """Certificates that a redeploy needs, and sealed secrets that stay shut."""
        from restamp.check.keys import of_certificates
        from restamp.cli.secrets import looked_at

        yield from of_certificates(self.runbook, self._lead, dt.datetime.now(dt.UTC))
        yield from looked_at(self.runbook.folder).findings

    def of_the_backups(self) -> "Iterator[Finding]":
        """Their keys, where they and all else are, and whether the runbook is as new as they."""
        from restamp.check.backups import of_last
        from restamp.check.places import of_places
        from restamp.check.runbook import of_runbook

        told = self.said[0].backups if self.said else None
        yield from of_last(told)
        yield from self._of_the_backups_keys(told)
        yield from of_places(self.runbook, [self.share] if self.share else [], self.keys)
        yield from of_runbook(self.runbook, told)

    def of_the_share(self, rpo: dt.timedelta | None) -> "Iterator[Finding]":
        """What the share holds, with how far its reading is: that may take hours."""
        from restamp.backup.catalogue import catalogue
        from restamp.backup.chains import whole
        from restamp.backup.proof import Proof
        from restamp.check.backups import of_share
        from restamp.cli import output
        from restamp.cli.backups import opened
        from restamp.errors import Refused, RestampError
        from restamp.models.finding import Finding

        if not self.share:
            hint = "restamp check --share SHARE; a capture writes down where it is."
            yield Finding("no-share", "stop", "backups", "nobody says where their share is: none is proven", hint)
            return
        try:
            with opened(self.share) as here, output.reading("proved") as reading:
                found = catalogue(here)
                meant = whole(found, self._backup or found.backups[0])
                yield from self._of_the_catalogue(found, meant)
                reading.expect(meant.size if meant else 0)
                yield from of_share(found, self.said, Proof(here, self.openers, reading.step), rpo, self._backup)
        except Refused as refused:
            yield from refused.findings
        except RestampError as error:
            hint = error.hint or "RESTAMP_SHARE_USER and RESTAMP_SHARE_PASSWORD sign in to it."
            yield Finding("no-share", "stop", f"share {self.share}", f"cannot be read: {error}", hint)

    @property
    def share(self) -> str:
        """Where the backups are: as options say, else as the stamp's captured settings do; empty where neither does."""
        return self.named or (self._settings.path if self._settings else "")

    @property
    def unfit(self) -> "list[Finding]":
        """Why plugins that the runbook names cannot be used."""
        return self._fitting[1]

    @cached_property
    def said(self) -> "list[Said]":
        """What the stamp says of its backups, where it answers, and what the last capture recorded."""
        from restamp.backup.verdict import Said
        from restamp.errors import Refused
        from restamp.runbook.read import recorded_backups

        said = [Said(self._asked[0], "now")] if self._asked[0] else []
        with suppress(Refused):  # said with the runbook
            recorded = recorded_backups(self.runbook.folder)
            said += [Said(recorded, "at the last capture")] if recorded else []
        return said

    def _of_the_backups_keys(self, told: "Backups | None") -> "Iterator[Finding]":
        """A stop without the key of what a recovery begins with, and of what comes next; others may be missed."""
        from restamp.check.keys import of_backups

        backup = self._backup or (told.newest.id if told and told.newest else "")
        meant, now = told.find(backup) if told else None, dt.datetime.now(dt.UTC)
        needed = {item.thumbprint.upper() for item in (meant, self._settings) if item and item.thumbprint}
        others = {facts.thumbprint.upper() for facts in (told.backups if told else ()) if facts.thumbprint} - needed
        yield from of_backups(sorted(needed), self.openers, self._lead, now)
        yield from of_backups(sorted(others), self.openers, self._lead, now, "warn")

    def _of_the_catalogue(self, found: "Catalogue", meant: "Whole | None") -> "Iterator[Finding]":
        """What the share alone tells of keys, and where no stamp does, of room and the runbook's age."""
        from restamp.backup.chains import whole
        from restamp.check.backups import of_room
        from restamp.check.keys import of_backups
        from restamp.check.runbook import older

        thumbprints = meant.said("thumbprint") if meant else []
        yield from of_backups(thumbprints, self.openers, self._lead, dt.datetime.now(dt.UTC))
        if self._asked[0] is None:
            newest = whole(found, found.backups[0])
            yield from of_room(self.share)
            yield from older(self.runbook, newest.begun if newest else None)

    @cached_property
    def _asked(self) -> "tuple[Backups | None, list[Finding]]":
        from restamp.check.stamp import asked

        return asked(self._connect)

    @cached_property
    def _fitting(self) -> "tuple[tuple[Used, ...], list[Finding]]":
        from restamp.plugins import fitting

        return fitting(self.runbook.stamp, self.runbook.captured)

    @cached_property
    def _planning(self) -> "tuple[tuple[Used, ...], list[Step], list[Finding]]":
        from restamp.check.plugins import planning

        return planning(self._fitting[0], self.runbook, self._planned_for)

    @cached_property
    def _under_way(self) -> "Begun | None":
        """The newest recovery, until what came back was captured."""
        from restamp.recovery import chosen, is_over, known

        begun = chosen(self.runbook.folder) if known(self.runbook.folder) else None
        return None if begun and is_over(begun, self.runbook.captured) else begun

    @property
    def _planned_for(self) -> "Recovery":
        """The recovery under way, else one that would begin today."""
        from restamp.models.stamp import RecoveryDocument
        from restamp.recovery import Begun

        return self._under_way or Begun("today", RecoveryDocument(way="native"))

    @cached_property
    def _steps(self) -> "list[Step]":
        """What is to be done in it by the plugins that say so, whether there is an order for that or not."""
        steps = self._planning[1]
        gone = {step.instead_of for step in steps}
        return [step for step in steps if step.phase != "backup" and step.id not in gone]

    @property
    def _backup(self) -> str:
        """The backup that the recovery under way names; empty: the newest."""
        from restamp.errors import Refused

        with suppress(Refused):  # said with the runbook
            document = self._under_way.document if self._under_way else None
            return (document.backup_id or "") if document and document.way == "native" else ""
        return ""

    @cached_property
    def _lead(self) -> dt.timedelta:
        """The longest that any step of a recovery has to wait for."""
        from restamp.errors import Refused

        with suppress(Refused):  # said with the runbook
            return max((step.lead for step in self._steps), default=dt.timedelta())
        return dt.timedelta()

    @property
    def _settings(self) -> "BackupLocation | None":
        from restamp.kinds.backup import BackupLocation

        return next((item for item in self.runbook.documents if isinstance(item, BackupLocation)), None)

    def _connect(self) -> "Arm":
        from restamp.cli.here import arm_of

        return arm_of(self.runbook.stamp.suffix, *self.way)
