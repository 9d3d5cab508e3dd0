"""Prepare: `check`, what would stop a recovery today."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restamp.cli.backups import KEYS, SHARE, Json, KeyOption
from restamp.cli.here import CREDENTIALS, CaFile, ClientId, ConnectTo, RunbookOption

if TYPE_CHECKING:
    from restamp.arm.client import Arm
    from restamp.backup.verdict import Said
    from restamp.kinds.backup import BackupLocation
    from restamp.models.finding import Finding
    from restamp.models.stamp import Captured
    from restamp.recovery import Begun
    from restamp.runbook import Runbook
    from restamp.secrets import Opener
    from restamp.steps import Work


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=f"{SHARE}\n\n{KEYS}\n\n{CREDENTIALS}")(check)


def check(
    share: Annotated[
        str, typer.Option(help="The folder that MASBackup is in; left out: what the runbook says.", metavar="SHARE")
    ] = "",
    key: KeyOption = None,
    rpo: Annotated[str, typer.Option(help="The most that may be lost: 24h, 90m, 2d.", metavar="TIME")] = "",
    runbook: RunbookOption = None,
    as_json: Json = False,
    connect_to: ConnectTo = "",
    ca: CaFile = "",
    client_id: ClientId = "",
) -> None:
    """Say everything that would stop a recovery today, at once; for a scheduler, every night. Changes nothing anywhere.

    Looks at the runbook, its sealed secrets and pinned files, keys and certificates, the plugins it uses, the share of
    the infrastructure backup, and the stamp where it answers. What could not be looked at is said too.

    Exits with 0 where nothing would stop it, 4 where something would.
    """
    from restamp.cli import output
    from restamp.cli.backup_check import in_time
    from restamp.cli.backups import keys_at_hand
    from restamp.cli.here import runbook_folder

    lost, openers = in_time(rpo), keys_at_hand(key)
    loaded, broken = _loaded(runbook_folder(runbook))
    said, found = _said(loaded, (connect_to, ca, client_id))
    with output.progress("checked", 3) as step:
        for name, part in (
            ("runbook and plugins", broken or _runbook(loaded)),
            ("certificates and secrets", _keys(loaded)),
            ("backups and places", _backups(loaded, said, share, openers)),
        ):
            before = len(found)
            found += _as_far_as_it_goes(name, part)
            step(name, len(found) - before)
    found += _as_far_as_it_goes("share", _share(share or _path(loaded), said, openers, lost))
    found = list(dict.fromkeys(found))
    _tell(found, None if broken else loaded.captured, as_json=as_json)
    raise typer.Exit(4 if any(finding.level == "stop" for finding in found) else 0)


def _tell(found: "list[Finding]", last: "Captured | None", *, as_json: bool) -> None:
    from restamp.cli import output

    if as_json:
        covered = {"insideCovered": last.inside_covered, "subscriptions": last.subscriptions} if last else {}
        print(json.dumps(covered | {"findings": output.as_data(found)}, indent=1, ensure_ascii=False))
        return
    if last:
        print(f"inside covered: {last.inside_covered} of {last.subscriptions} subscriptions")
    output.findings(sorted(found, key=lambda finding: ("stop", "warn", "note").index(finding.level)))
    stops = sum(finding.level == "stop" for finding in found)
    print(f"{stops} of {len(found)} findings would stop a recovery today")


def _loaded(folder: Path) -> "tuple[Runbook, Sequence[Finding]]":
    """The runbook; one that cannot be read, or wants a plugin that is missing, without its documents, and why."""
    from restamp.cli.here import stamp_of
    from restamp.errors import Refused
    from restamp.plugins import all_kinds
    from restamp.runbook import Runbook, load

    try:
        return load(folder, all_kinds()), ()
    except Refused as refused:
        return Runbook(stamp_of(folder), (), all_kinds(), folder), refused.findings


def _as_far_as_it_goes(about: str, part: "Iterable[Finding]") -> "Iterator[Finding]":
    """What a part finds; what ends it is found too, and the other parts go on."""
    from restamp.errors import Refused, RestampError
    from restamp.models.finding import Finding

    try:
        yield from part
    except Refused as refused:
        yield from refused.findings
    except RestampError as error:
        yield Finding("not-checked", "stop", about, str(error), error.hint)


def _runbook(runbook: "Runbook") -> "Iterator[Finding]":
    """What git, kits and this machine say, plugins asked; of plugins that cannot be used, the others all the same."""
    from restamp.check.kits import of_kits
    from restamp.check.plugins import for_steps, of_plugins
    from restamp.check.runbook import of_signoffs
    from restamp.plugins import fitting
    from restamp.steps.run import Around

    yield from of_kits(runbook)
    used, wrong = fitting(runbook.stamp, runbook.captured)
    yield from wrong
    yield from of_plugins(used, Around(runbook, _under_way(runbook), lambda: _connect(runbook, ("", "", ""))))
    if not wrong:
        work = _work(runbook)
        yield from of_signoffs(runbook, work)
        yield from for_steps(runbook, work.steps, lambda _plugin, _name: True)  # secrets are asked for on the day


def _under_way(runbook: "Runbook") -> "Begun | None":
    """The newest recovery, until what came back was captured."""
    from restamp.recovery import chosen, known

    begun = chosen(runbook.folder) if known(runbook.folder) else None
    over = begun and runbook.captured and runbook.captured.deployment == begun.document.target.deployment
    return None if over else begun


def _work(runbook: "Runbook") -> "Work":
    """What is to be done in the newest recovery, else in one that would begin today."""
    from restamp.models.stamp import RecoveryDocument
    from restamp.recovery import Begun, chosen, known
    from restamp.steps import work

    begun = chosen(runbook.folder) if known(runbook.folder) else Begun("today", RecoveryDocument(way="native"))
    return work(runbook, begun, runbook.kinds)


def _keys(runbook: "Runbook") -> "Iterator[Finding]":
    from restamp.check.keys import of_certificates
    from restamp.cli.secrets import looked_at

    yield from of_certificates(runbook, _lead(runbook), dt.datetime.now(dt.UTC))
    yield from looked_at(runbook.folder).findings


def _lead(runbook: "Runbook") -> dt.timedelta:
    """The longest that any step of a recovery has to wait for."""
    from restamp.errors import RestampError

    with suppress(RestampError):  # said already
        return max((step.lead for step in _work(runbook).steps), default=dt.timedelta())
    return dt.timedelta()


def _said(runbook: "Runbook", way: tuple[str, str, str]) -> "tuple[list[Said], list[Finding]]":
    """What the stamp says of its backups, where it answers, and what the last capture recorded; what is wrong there."""
    from restamp.backup.verdict import Said
    from restamp.check.stamp import asked
    from restamp.errors import Refused
    from restamp.runbook.read import recorded_backups

    live, findings = asked(lambda: _connect(runbook, way))
    said = [Said(live, "now")] if live else []
    with suppress(Refused):  # said with the runbook
        recorded = recorded_backups(runbook.folder)
        said += [Said(recorded, "at the last capture")] if recorded else []
    return said, findings


def _backups(
    runbook: "Runbook", said: "Sequence[Said]", share: str, openers: "Sequence[Opener]"
) -> "Iterator[Finding]":
    """Their keys, where they and all else are, and whether the runbook is as new as they."""
    from restamp.check.keys import of_backups
    from restamp.check.places import of_places
    from restamp.check.runbook import of_runbook

    told, settings = said[0].backups if said else None, _settings(runbook)
    thumbprints = {facts.thumbprint for facts in told.backups if facts.thumbprint} if told else set()
    thumbprints |= {settings.thumbprint} if settings and settings.thumbprint else set()
    yield from of_backups(sorted(thumbprints), openers, _lead(runbook), dt.datetime.now(dt.UTC))
    yield from of_places(runbook, [path] if (path := share or _path(runbook)) else [])
    yield from of_runbook(runbook, told)


def _settings(runbook: "Runbook") -> "BackupLocation | None":
    from restamp.kinds.backup import BackupLocation

    return next((item for item in runbook.documents if isinstance(item, BackupLocation)), None)


def _path(runbook: "Runbook") -> str:
    settings = _settings(runbook)
    return settings.path if settings else ""


def _share(
    share: str, said: "Sequence[Said]", openers: "Sequence[Opener]", rpo: dt.timedelta | None
) -> "Iterator[Finding]":
    """What the share holds, with how far its reading is: that may take hours."""
    from restamp.backup.catalogue import catalogue
    from restamp.backup.chains import whole
    from restamp.backup.proof import Proof
    from restamp.check.backups import of_share
    from restamp.cli import output
    from restamp.cli.backups import opened
    from restamp.errors import Refused, RestampError
    from restamp.models.finding import Finding

    if not share:
        hint = "restamp check --share SHARE; a capture writes down where it is."
        yield Finding("no-share", "warn", "backups", "nobody says where their share is: not looked at", hint)
        return
    try:
        with opened(share) as here, output.reading("proved") as reading:
            found = catalogue(here)
            parts = whole(found, found.backups[0])
            reading.expect(parts.size if parts else 0)
            yield from of_share(found, said, Proof(here, openers, reading.step), rpo)
    except Refused as refused:
        yield from refused.findings
    except RestampError as error:
        hint = error.hint or "RESTAMP_SHARE_USER and RESTAMP_SHARE_PASSWORD sign in to it."
        yield Finding("no-share", "stop", f"share {share}", f"cannot be read: {error}", hint)


def _connect(runbook: "Runbook", way: tuple[str, str, str]) -> "Arm":
    from restamp.cli.here import arm_of

    return arm_of(runbook.stamp.suffix, *way)
