"""Look: `backups`, the infrastructure backup on its share, read and never written to."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from restamp.backup.address import Address
    from restamp.backup.catalogue import Catalogue
    from restamp.backup.chains import Whole
    from restamp.backup.share import Share
    from restamp.secrets import Opener

SHARE = (
    "SHARE is a folder, smb://user@host[:port]/share/folder, or '\\\\host\\share\\folder' in single quotes: what "
    "MASBackup is in. RESTAMP_SHARE_USER (DOMAIN\\user) and RESTAMP_SHARE_PASSWORD sign in; a terminal is asked."
)
ShareArgument = Annotated[
    str, typer.Argument(help="The folder that MASBackup is in, here or over SMB.", metavar="SHARE")
]
Json = Annotated[bool, typer.Option("--json", help="Everything, as JSON on standard output.")]
KEYS = (
    "Private keys: --key, and the files that RESTAMP_OPENERS names; RESTAMP_OPENER_PASSWORD is their password, and a "
    "terminal is asked where it is not set."
)
KeyOption = Annotated[
    list[Path] | None,
    typer.Option("--key", help=".pfx or PEM file of the certificate backups are encrypted for.", metavar="FILE"),
]
group = typer.Typer(
    name="backups",
    help="The infrastructure backup on its share: what is there, and whether a stamp can be recovered from it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add this group and its commands."""
    from restamp.cli import backup_check, backup_take  # noqa: F401 - they add their commands

    app.add_typer(group)


@group.command(name="list", epilog=SHARE)
def list_(share: ShareArgument, as_json: Json = False) -> None:
    """List the backups on a share, newest first, and whether their chains are whole. Opens no data, needs no key."""
    from restamp.backup.catalogue import catalogue
    from restamp.backup.chains import whole
    from restamp.cli import output

    with opened(share) as here, output.progress("found", 2) as step:
        found = catalogue(here, step)
    backups = [item for item in (whole(found, backup) for backup in found.backups) if item is not None]
    if as_json:
        told = {"share": share, "backups": [_as_data(item) for item in backups]}
        told |= {"ofStore": [entry.path for entry in found.of_store], "findings": output.as_data(found.findings)}
        print(json.dumps(told, indent=1))
        return
    for line in output.capped(_lines(found, backups), "--json shows all"):
        print(line)
    output.findings(found.findings)
    print(_summary(found, backups))


def _lines(found: "Catalogue", backups: "list[Whole]") -> Iterator[str]:
    if backups:
        head = f"{'backup':36}  {'state of (UTC)':16}  {'repositories':12}  {'size':>8}"
        yield f"{head}  {'version':14}  certificate  chains"
    for item in backups:
        stops = sum(finding.level == "stop" for finding in item.findings)
        state = many(stops, "problem") if stops else "whole"
        size, version = in_words(item.size), item.one("stamp_version")
        repositories = f"{len(item.chains)} of {len(found.repositories(item.tips[0].store))}"
        yield (
            f"{item.backup}  {item.begun:%Y-%m-%d %H:%M}  {repositories:>12}  {size:>8}  {version:14}  "
            f"{item.one('thumbprint')[:8]:11}  {state}"
        )


def _summary(found: "Catalogue", backups: "list[Whole]") -> str:
    ids = set(found.backups)
    between = sum(1 for snapshot in found.snapshots if snapshot.backup not in ids)
    told = f"{many(len(backups), 'backup')}, {many(len(found.snapshots), 'snapshot')}"
    told += f", {between} of them between backups (inferred)"
    return f"{told}; whether one can be recovered from: restamp backups check"


def _as_data(item: "Whole") -> dict[str, Any]:
    from restamp.cli import output

    return {
        "backup": item.backup,
        "begun": item.begun.isoformat(),
        "repositories": len(item.chains),
        "snapshots": len(item.links),
        "bytes": item.size,
        "stampVersion": item.one("stamp_version"),
        "oemVersion": item.one("oem_version"),
        "deployment": item.one("deployment"),
        "thumbprint": item.one("thumbprint"),
        "whole": not any(finding.level == "stop" for finding in item.findings),
        "findings": output.as_data(item.findings),
    }


@contextmanager
def opened(share: str) -> "Iterator[Share]":
    """The share that is meant."""
    from restamp.backup.address import opened as at

    with at(share, _credentials) as here:
        yield here


def _credentials(address: "Address") -> tuple[str, str]:
    import os

    from restamp.cli.output import secret

    user = address.user or os.environ.get("RESTAMP_SHARE_USER", "")
    return user, secret("RESTAMP_SHARE_PASSWORD", f"{user or 'whom'} on {address}") if user else ""


def keys_at_hand(files: Sequence[Path] | None) -> "tuple[Opener, ...]":
    """The private keys that are named, and those of the environment; Refused where one does not open."""
    from restamp.cli.output import secret
    from restamp.secrets.at_hand import openers_at_hand
    from restamp.secrets.openers import openers

    def password(name: str) -> str:
        return secret("RESTAMP_OPENER_PASSWORD", name)

    return (*openers(files or (), password), *openers_at_hand(password))


def many(count: int, one: str, more: str = "") -> str:
    """A number of things: `1 snapshot`, `2 snapshots`."""
    return f"{count} {one if count == 1 else more or f'{one}s'}"


def in_words(size: float) -> str:
    """A number of bytes for people: `3.2 GB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
