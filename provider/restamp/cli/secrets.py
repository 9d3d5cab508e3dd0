"""Look: `secrets`, what is sealed in the runbook, for whom, and who opens it."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restamp.cli.here import RunbookOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restamp.secrets.files import Sealing
    from restamp.secrets.look import Look

KEYS = (
    "Private keys are the .pfx or PEM files that RESTAMP_OPENERS names, comma separated; RESTAMP_OPENER_PASSWORD is "
    "their password, and a terminal is asked where it is not set."
)
Json = Annotated[bool, typer.Option("--json", help="Everything, as JSON on standard output.")]
group = typer.Typer(
    name="secrets",
    help="What is sealed in the runbook, for whom, and who opens it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add this group and its commands."""
    app.add_typer(group)


@group.command(epilog=KEYS)
def check(runbook: RunbookOption = None, as_json: Json = False) -> None:
    """Say which certificates each value is sealed for, and which private keys at hand open it. Shows no value.

    Exits with 0 only if every value is sealed for all recipients, opens with each key at hand that it is sealed for,
    and no certificate is near its end.
    """
    from restamp.secrets.look import look

    sealing = _sealing(runbook)
    seen = look(sealing.seals, {file.name: file.places for file in sealing.files}, sealing.found)
    if as_json:
        print(json.dumps(seen.as_json(), indent=1, ensure_ascii=False))
    else:
        _show(seen)
    if any(finding.level != "note" for finding in seen.findings):
        raise typer.Exit(4)


@group.command(epilog=KEYS)
def rekey(runbook: RunbookOption = None) -> None:
    """Seal every value for the certificates that are in recipients/ now. Takes one private key that opens it.

    Changes the lists of ciphertexts and nothing else in any file; all files or none.
    """
    from restamp.errors import NothingHappened

    sealing = _sealing(runbook)
    values = sum(len(file.places) for file in sealing.files)
    if not values and not sealing.found:
        raise NothingHappened("sealed")
    files, changed = sealing.rekeyed()
    _write(runbook, files)
    names = ", ".join(item.name for item in sealing.seals.recipients)
    print(f"{changed} of {values} values sealed anew for {names}; {len(files)} files changed")


@group.command(epilog=KEYS)
def reveal(
    document: Annotated[str, typer.Argument(help="The file within the runbook.", metavar="DOCUMENT")],
    field: Annotated[str, typer.Argument(help="The field, such as secrets.app/erp-kv/db-password.", metavar="FIELD")],
    runbook: RunbookOption = None,
) -> None:
    """Show one value in clear, on a terminal only."""
    from restamp.errors import Refused
    from restamp.models.finding import Finding

    if not sys.stdout.isatty():
        hint = "Run it by hand. What a program needs it opens itself; nothing in clear goes into a pipe or a file."
        raise Refused([Finding("no-terminal", "stop", "standard output", "is no terminal", hint)])
    sealing = _sealing(runbook)
    place = sealing.at(document, field)
    print(sealing.seals.open(place.identity, place.value, f"{document}: {place.field}"))


@group.command(epilog=KEYS)
def add(
    file: Annotated[Path, typer.Argument(help="Any file, such as secrets of App Service.", metavar="FILE")],
    name: Annotated[str, typer.Option(help="What steps ask for it by: a-z, 0-9, dots and dashes.", metavar="NAME")],
    runbook: RunbookOption = None,
) -> None:
    """Seal a file into the runbook, as secrets/NAME.yaml. Again with the same file it changes nothing."""
    sealing = _sealing(runbook)
    changed = sealing.added(file, name)
    _write(runbook, changed)
    names = ", ".join(item.name for item in sealing.seals.recipients)
    print(f"secrets/{name}.yaml: {'sealed' if changed else 'sealed already'} for {names}")
    if changed:
        print(f"next: git add {' '.join(sorted(changed))}, and keep {file} nowhere else than where it has to be")


def _sealing(runbook: Path | None) -> "Sealing":
    from restamp.cli.here import runbook_folder
    from restamp.journal import home
    from restamp.runbook import text
    from restamp.runbook.staged import complete
    from restamp.secrets.at_hand import at_hand
    from restamp.secrets.files import Sealing

    folder = runbook_folder(runbook)
    complete(folder)
    return Sealing(folder, at_hand(folder, _password), home() / "keys", text)


def _write(runbook: Path | None, changed: "Mapping[str, str]") -> None:
    """All files or none."""
    from restamp.cli.here import runbook_folder
    from restamp.runbook.staged import complete, stage

    if changed:
        stage(runbook_folder(runbook), changed, [])
        complete(runbook_folder(runbook))


def _password(name: str) -> str:
    import getpass

    if (given := os.environ.get("RESTAMP_OPENER_PASSWORD")) is not None or not sys.stdin.isatty():
        return given or ""
    return getpass.getpass(f"password of {name}: ")


def _show(seen: "Look") -> None:
    from restamp.cli import output

    for title, lines in seen.lines():
        print(f"{title}:")
        for line in output.capped(lines, "--json shows all"):
            print(f"  {line}")
    output.findings(seen.findings)
    sys.stderr.flush()
    print(seen.summary())
