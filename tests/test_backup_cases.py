"""Every corruption of a backup has a case: what was done to the share, the verdict, and each sentence about it.

In the cases `<CRP 1>` is the name of a snapshot, `<1>` the id of a backup (0 is the oldest), `<cert backup>` the
thumbprint of a certificate.
"""

import datetime as dt
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from restamp.backup.catalogue import Catalogue, catalogue
from restamp.backup.proof import Proof
from restamp.backup.share import Folder
from restamp.backup.verdict import Said, judge
from restamp.errors import RestampError
from restamp.models.backup import BackupFacts, Backups
from restamp.secrets import Opener, openers

from .damage import done
from .shares import DEPLOYMENT, EVERY, FIRST, OEM, REPOSITORIES, STAMP, Made, backup_id, made, name_of, pair

CASES = sorted((Path(__file__).parent / "cases" / "backup").glob("*.yaml"))


def facts(number: int, **other: Any) -> BackupFacts:
    """What a stamp says of a backup that it made as it should."""
    created = FIRST + number * EVERY + dt.timedelta(minutes=30)
    sound = {
        "id": backup_id(number),
        "status": "Succeeded",
        "completely_uploaded": True,
        "cloud_recovery_ready": True,
        "created": created,
        "took": dt.timedelta(minutes=26),
        "stamp_version": STAMP,
        "oem_version": OEM,
        "deployment": DEPLOYMENT,
        "thumbprint": pair("backup").thumbprint,
        "roles": {name.partition(";")[0]: "Succeeded" for name in REPOSITORIES},
    }
    return BackupFacts.model_validate(sound | other)


def said(case: dict[str, Any], backups: int) -> list[Said]:
    """What the stamp said: of all backups, unless the case says otherwise."""
    told = case.get("said", {})
    if told is None:
        return []
    whose = range(backups) if told != "nothing" else ()
    other = told if isinstance(told, dict) else {}
    return [Said(Backups(backups=tuple(facts(number, **other) for number in whose)), "now")]


def in_short(text: str) -> str:
    """A sentence with the names of the cases in place of long ones."""
    for name in REPOSITORIES:
        for number in range(9):
            for kind in ("Full", "Progressive"):
                text = text.replace(name_of(name, number, kind), f"<{name.partition(';')[0]} {number}>")
            stamped = f"{FIRST + number * EVERY:%Y%m%d%H%M}"
            text = text.replace(f"{stamped}/{backup_id(number)}/{name}", f"<{name.partition(';')[0]} {number}>")
    for number in range(9):
        text = text.replace(backup_id(number), f"<{number}>")
    for name in ("backup", "other"):
        text = text.replace(pair(name).thumbprint, f"<cert {name}>")
    return text


@cache
def held(keys: tuple[str, ...], password: str) -> tuple[Opener, ...]:
    """The private keys somebody has, in .pfx files."""
    with TemporaryDirectory() as folder:
        return openers([pair(name).pfx(Path(folder) / f"{name}.pfx") for name in keys], lambda _name: password)


class Judged:
    """A share with what a case did to it, and what is then said."""

    def __init__(self, case: dict[str, Any], folder: Path) -> None:
        how = {"backups": 2} | case.get("share", {})
        self.share = made(folder / "share", **how)
        done(self.share, case.get("do", []))
        self.meanwhile = case.get("meanwhile", [])
        at_hand = held(tuple(case.get("keys", ["backup"])), case.get("password", "sesame"))
        here = Folder(self.share.folder)
        self.found: Catalogue = catalogue(here)
        backup = backup_id(case.get("backup", how["backups"] - 1))
        self.verdict = judge(backup, self.found, said(case, how["backups"]), Proof(here, at_hand, self.step))

    def step(self, _size: int) -> None:
        """What happens while the data is read, once."""
        done(self.share, self.meanwhile)
        self.meanwhile = []

    def told(self) -> dict[str, Any]:
        findings = [*self.verdict.findings, *self.found.findings]
        assert all(item.hint for item in findings)
        return {
            "verdict": self.verdict.word,
            "findings": [f"{item.level} {item.code}: {item}" for item in findings],
        }


def outcome(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What is said, in the words of the cases."""
    try:
        told = Judged(case, folder).told()
    except RestampError as error:
        told = {"error": re.sub(r": /\S*/", ": <here>/", f"{type(error).__name__}: {error}")}
    return {
        key: [in_short(item) for item in value] if isinstance(value, list) else in_short(value)
        for key, value in told.items()
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_corruption_is_told_as_what_it_is(path: Path, tmp_path: Path) -> None:
    """Each file in `cases/backup` damages a share, and expects a verdict with every sentence, or an error."""
    case = yaml.safe_load(path.read_text("utf-8"))

    assert outcome(case, tmp_path) == case["expect"]


def test_nothing_on_a_share_changes_while_it_is_read(tmp_path: Path) -> None:
    """Contents, times, names: a share that was listed and checked is what it was."""
    Judged({}, tmp_path)
    share = Made(tmp_path / "share")
    before = state(share.folder)
    here = Folder(share.folder)
    verdict = judge(backup_id(1), catalogue(here), [], Proof(here, held(("backup",), "sesame")))

    assert verdict.word == "not proven"
    assert state(share.folder) == before


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder with its time and content."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }
