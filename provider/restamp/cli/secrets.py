"""Look: `secrets`, what is sealed in the runbook, for whom, and who opens it."""

import json
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
    seen = looked_at(runbook)
    if as_json:
        print(json.dumps(seen.as_json(), indent=1, ensure_ascii=False))
    else:
        _show(seen)
    if any(finding.level != "note" for finding in seen.findings):
        raise typer.Exit(4)


def looked_at(runbook: Path | None) -> "Look":
    """All sealed values of a runbook, as far as the keys at hand go."""
    from restamp.secrets.look import look

    sealing = _sealing(runbook)
    return look(sealing.seals, {file.name: file.places for file in sealing.files}, sealing.found)


@group.command(epilog=KEYS)
def rekey(runbook: RunbookOption = None) -> None:
    """Seal every value for the certificates that are in recipients/ now. Takes one private key that opens it.

    Changes the lists of ciphertexts and nothing else in any file; all files or none.
    """
    from restamp.cli import output
    from restamp.errors import NothingHappened
    from restamp.secrets.openers import expired

    sealing = _sealing(runbook)
    output.findings(list(expired(sealing.seals.openers)))
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
    from restamp.cli import output
    from restamp.errors import Refused
    from restamp.models.finding import Finding
    from restamp.secrets.openers import expired

    if not sys.stdout.isatty():
        hint = "Run it by hand. What a program needs it opens itself; nothing in clear goes into a pipe or a file."
        raise Refused([Finding("no-terminal", "stop", "standard output", "is no terminal", hint)])
    sealing = _sealing(runbook)
    place = sealing.at(document, field)
    output.findings(list(expired(sealing.seals.openers)))
    print(sealing.seals.open(place.identity, place.value, f"{document}: {place.field}"))


@group.command("set", epilog=KEYS)
def set_(
    document: Annotated[str, typer.Argument(help="Its file, or its name as `diff` prints it.", metavar="DOCUMENT")],
    field: Annotated[
        str, typer.Argument(help="The field, such as password or secrets.app/erp-kv/db-password.", metavar="FIELD")
    ],
    runbook: RunbookOption = None,
) -> None:
    """Seal one value into its document: what no stamp shows, such as the password of backups.

    A terminal is asked for it; else it is standard input, without the line's end. Never an argument, which others see.
    """
    from restamp.cli.here import runbook_folder
    from restamp.errors import Refused
    from restamp.given import field_of, given
    from restamp.only import Alone, file_in, named, save
    from restamp.plugins import all_kinds
    from restamp.runbook import load
    from restamp.runbook.staged import complete
    from restamp.sealing import for_capture
    from restamp.secrets.seal import nobody

    folder = runbook_folder(runbook)
    complete(folder)
    before = load(folder, all_kinds())
    whose = named(before, document)
    wanted, file = field_of(before, whose, field), file_in(before, whose)
    seals = for_capture(before, _password)
    if seals is None:
        raise Refused([nobody(field)])
    after = given(before, wanted, _value(field), seals)
    changed = save(Alone(after, named(after, file, folder), ()), file)
    names = ", ".join(item.name for item in seals.recipients)
    print(f"{file}: {field}: {'sealed' if changed else 'sealed already'} for {names}")
    if changed:
        print(f"next: git add {folder} && git commit")


@group.command(epilog=KEYS)
def add(
    file: Annotated[Path, typer.Argument(help="Any file, such as secrets of App Service.", metavar="FILE")],
    name: Annotated[str, typer.Option(help="What steps ask for it by: a-z, 0-9, dots and dashes.", metavar="NAME")],
    runbook: RunbookOption = None,
) -> None:
    """Seal a file into the runbook, as secrets/NAME.yaml. Again with the same file it changes nothing."""
    from restamp.secrets.files import content

    sealing = _sealing(runbook)
    changed = sealing.added(content(file), name)
    _write(runbook, changed)
    names = ", ".join(item.name for item in sealing.seals.recipients)
    print(f"secrets/{name}.yaml: {'sealed' if changed else 'sealed already'} for {names}")
    if changed:
        print(f"next: git add {' '.join(sorted(changed))}, and keep {file} nowhere else than where it has to be")


def _value(field: str) -> str:
    """What is to be sealed: asked for twice on a terminal, else all of standard input."""
    import getpass

    from restamp.errors import Refused
    from restamp.models.finding import Finding

    wrong = ""
    if sys.stdin.isatty():
        value = getpass.getpass(f"value of {field}: ")
        wrong = "" if value == getpass.getpass("again: ") else "the two are not the same"
    else:
        value = sys.stdin.buffer.read().decode(errors="replace").removesuffix("\n").removesuffix("\r")
        wrong = "is no text: `restamp secrets add` seals files" if "\ufffd" in value else ""
    if not value or wrong:
        raise Refused([Finding("no-value", "stop", field, wrong or "got no value", "Give it once more.")])
    return value


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
    from restamp.cli.output import secret

    return secret("RESTAMP_OPENER_PASSWORD", name)


def _show(seen: "Look") -> None:
    from restamp.cli import output

    for title, lines in seen.lines():
        print(f"{title}:")
        for line in output.capped(lines, "--json shows all"):
            print(f"  {line}")
    output.findings(seen.findings)
    sys.stderr.flush()
    print(seen.summary())
