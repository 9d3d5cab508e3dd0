"""Whether there is a kit for a day without a network, and whether it has the runbook as it is."""

from collections.abc import Iterator
from pathlib import Path

from restamp.errors import Refused
from restamp.hookspecs import Runbook
from restamp.kit.about import REPOSITORY, about
from restamp.models.finding import Finding
from restamp.sums import digest_of, sums_in


def of_kits(runbook: Runbook) -> Iterator[Finding]:
    """What is wrong with the kits that stamp.yaml names: gone, another stamp's, or older than the runbook."""
    if not runbook.stamp.kits:
        hint = "restamp kit --to FOLDER, then write where it is kept into stamp.yaml: kits: [FOLDER]"
        yield Finding("no-kit", "note", "kits", "nobody says where one is, for a day without a network", hint)
    for name in runbook.stamp.kits:
        try:
            yield from _of_kit(runbook, runbook.folder / name, name)
        except Refused as refused:
            yield from refused.findings


def _of_kit(runbook: Runbook, folder: Path, name: str) -> Iterator[Finding]:
    kit, hint = about(folder), f"restamp kit --to {folder}"
    if kit is None:
        yield Finding("no-kit", "warn", f"kit {name}", "is not there", f"Put in what it is on, or make one: {hint}")
    elif kit.stamp != runbook.stamp.suffix:
        yield Finding("other-stamp", "warn", f"kit {name}", f"is of the stamp {kit.stamp}", "Name this stamp's own.")
    elif changed := _changed(runbook.folder, folder, f"{REPOSITORY}/{kit.runbook}".rstrip("/") + "/"):
        message = f"is of {kit.made:%Y-%m-%d %H:%M} UTC, and is older than the runbook: {len(changed)} of its files"
        message += f" are others now: {', '.join(changed[:3])}"
        yield Finding("older-kit", "warn", f"kit {name}", message, f"Commit, and make it again: {hint}")


def _changed(runbook: Path, kit: Path, prefix: str) -> list[str]:
    """The files that a kit has otherwise, has not, or has still; of new ones the runbook's own, which are YAML."""
    then = {path.removeprefix(prefix): digest for path, digest in sums_in(kit).items() if path.startswith(prefix)}
    new = {path.relative_to(runbook).as_posix() for path in runbook.rglob("*.yaml")} - then.keys()
    now = {name: digest_of(runbook / name) for name in then if (runbook / name).is_file()}
    return sorted({name for name in then if now.get(name) != then[name]} | {name for name in new if name[0] != "."})
