"""Look: `backups open` and `backups copy`, what is inside a backup, and all of it in another place."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restamp.cli.backups import (
    KEYS,
    SHARE,
    Json,
    KeyOption,
    ShareArgument,
    group,
    in_words,
    keys_at_hand,
    many,
    opened,
)

if TYPE_CHECKING:
    from restamp.backup.chains import Whole
    from restamp.backup.contents import Quotas
    from restamp.backup.proof import Proof
    from restamp.models.finding import Finding

BackupArgument = Annotated[str, typer.Argument(help="The backup's id; `backups list` shows them.", metavar="BACKUP")]


@group.command(name="open", epilog=f"{SHARE}\n\n{KEYS}")
def open_(
    share: ShareArgument,
    backup: BackupArgument,
    key: KeyOption = None,
    to: Annotated[Path | None, typer.Option(help="Write the JSON files there, as they are.", metavar="FOLDER")] = None,
    as_json: Json = False,
) -> None:
    """Show the quotas inside a backup: those of Compute, Network and Storage. Of all else nothing is opened.

    Exits with 4 where one of the three could not be opened.
    """
    from restamp.backup.catalogue import catalogue
    from restamp.backup.chains import named
    from restamp.backup.proof import Proof
    from restamp.cli import output

    at_hand, findings = keys_at_hand(key), list["Finding"]()
    with opened(share) as here:
        found = catalogue(here)
        parts = named(found, backup)
        quotas = list(_quotas(parts, Proof(here, at_hand), findings))
    if to is not None:
        _write(quotas, to)
    if as_json:
        told = [{"repository": item.repository, "file": item.file, "items": item.items} for item in quotas]
        print(json.dumps({"quotas": told, "findings": output.as_data(findings)}, indent=1, ensure_ascii=False))
    else:
        for line in (line for item in quotas for line in _lines(item)):
            print(line)
        count = many(sum(len(item.items) for item in quotas), "quota")
        print(f"{count}; {many(len(quotas), 'file')} in {to}" if to else count)
    output.findings(findings)
    if findings:
        raise typer.Exit(4)


@group.command(epilog=SHARE)
def copy(
    share: ShareArgument,
    backup: BackupArgument,
    to: Annotated[Path, typer.Option(help="Where to: made if it is not there.", metavar="FOLDER")],
) -> None:
    """Copy everything a backup is made of, and read each file back. Again, it goes on where it stopped.

    The copy is a share that all of `restamp backups` reads; SHA256SUMS in it checks it without restamp. Nothing there
    is overwritten, and the share stays as it is. Exits with 4 where something is missing, or another file was there.
    """
    from restamp.backup.copy import chain_copied
    from restamp.cli import output

    with opened(share) as here, output.reading("copied") as reading:
        done = chain_copied(here, backup, to, reading.at)
    output.findings(done.findings)
    kept = f", {done.kept} of them by an earlier run" if done.kept else ""
    print(f"{done.files} of {done.wanted} files, {in_words(done.size)}, are in {to}{kept}, and were read back")
    print(f"next: restamp backups check {to} {backup} --key FILE")
    if any(finding.level == "stop" for finding in done.findings):
        raise typer.Exit(4)


def _quotas(parts: "Whole", proof: "Proof", findings: "list[Finding]") -> "Iterator[Quotas]":
    from restamp.backup.contents import has_quotas
    from restamp.errors import Damaged, NothingHappened, Shut, Unreadable
    from restamp.models.finding import Finding

    tips = [tip for tip in parts.tips if has_quotas(tip.repository)]
    if not tips:
        raise NothingHappened("opened")
    for tip in tips:
        try:
            yield proof.quotas(tip)
        except (Damaged, Unreadable, Shut) as error:
            about = error.about if isinstance(error, Shut) else error.path
            finding = Finding("shut", "stop", about, error.reason, error.hint)
            findings += [finding] if finding not in findings else []


def _write(quotas: "list[Quotas]", to: Path) -> None:
    """All files or none; what is there and says the same is left."""
    from restamp.errors import Refused
    from restamp.models.finding import Finding

    other = [
        to / item.file for item in quotas if (to / item.file).exists() and (to / item.file).read_bytes() != item.content
    ]
    if other:
        hint = "Name another folder with --to."
        raise Refused(
            [Finding("different", "stop", str(path), "is there, and says something else", hint) for path in other]
        )
    to.mkdir(parents=True, exist_ok=True)
    for item in quotas:
        (to / item.file).write_bytes(item.content)


def _lines(quotas: "Quotas") -> Iterator[str]:
    from restamp.plugins import all_kinds

    kinds = all_kinds()
    for item in quotas.items:
        title, fields = _as_document(item, kinds)
        yield f"{title}  # {quotas.repository}"
        yield from (f"  {name}: {value}" for name, value in fields.items())


def _as_document(item: dict[str, Any], kinds: Any) -> tuple[str, dict[str, Any]]:
    """A quota in the words of the runbook; in its own where no kind knows it."""
    from pydantic import ValidationError

    from restamp import ids
    from restamp.kind import Place
    from restamp.translation import decode

    for kind in kinds.in_collection("quotas"):
        values = ids.take(kind.wire.id, str(item.get("id", "")))
        if values is not None:
            with suppress(ValidationError, TypeError, AttributeError):
                document = decode(kind, item, Place(values["region"], values["provider"]), kinds)
                fields = document.model_dump(mode="json", by_alias=True, exclude={"name", "note", "on_destroy"})
                return f"{kind.name} {values['name']}", fields | fields.pop("unmodelled")
            return f"{kind.name} {values['name']}", dict(item.get("properties") or {})
    return str(item.get("name", "a quota without a name")), dict(item.get("properties") or item)
