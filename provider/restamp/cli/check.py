"""Prepare: `check`, what would stop a recovery today."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restamp.cli.backups import KEYS, SHARE, Json, KeyOption
from restamp.cli.here import CREDENTIALS, CaFile, ClientId, ConnectTo, RunbookOption

if TYPE_CHECKING:
    from restamp.models.finding import Finding
    from restamp.models.stamp import Captured
    from restamp.runbook import Runbook


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

    Exits with 0 where nothing would stop it, 4 where something would, and 3 where the backup is not proven: nothing
    speaks against it, and something is not known, such as the stamp's own word.
    """
    from restamp.cli import output
    from restamp.cli.backup_check import in_time
    from restamp.cli.backups import keys_at_hand
    from restamp.cli.here import runbook_folder
    from restamp.cli.today import Today

    lost, openers = in_time(rpo), keys_at_hand(key)
    loaded, broken = _loaded(runbook_folder(runbook))
    today = Today(loaded, (connect_to, ca, client_id), share, key or (), openers)
    found: list[Finding] = []
    with output.progress("checked", 4) as step:
        for name, part in (
            ("stamp", today.of_the_stamp()),
            ("runbook and plugins", (*broken, *today.unfit) if broken else today.of_the_runbook()),
            ("certificates and secrets", today.of_the_keys()),
            ("backups and places", today.of_the_backups()),
        ):
            before = len(found)
            found += _as_far_as_it_goes(name, part)
            step(name, len(found) - before)
    found += _as_far_as_it_goes("share", today.of_the_share(lost))
    found = list(dict.fromkeys(found))
    _tell(found, None if broken else loaded.captured, as_json=as_json)
    raise typer.Exit(_status(found))


def _status(found: "Sequence[Finding]") -> int:
    if any(finding.level == "stop" for finding in found):
        return 4
    return 3 if any(finding.code == "not-proven" for finding in found) else 0


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
    """The runbook; without its documents where they cannot be read, and why. Missing plugins are said elsewhere."""
    from restamp.cli.here import stamp_of
    from restamp.errors import Refused
    from restamp.plugins import all_kinds
    from restamp.runbook import Runbook, load

    stamp, kinds = stamp_of(folder), all_kinds()
    try:
        return load(folder, replace(kinds, plugins=kinds.plugins | set(stamp.plugins))), ()
    except Refused as refused:
        return Runbook(stamp, (), kinds, folder), refused.findings


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
