"""Broken runbooks and settings: each says what is wrong, where, and what to do, and all of it at once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from restamp.arm.settings import complete, read
from restamp.errors import Refused
from restamp.plugins import all_kinds
from restamp.recovery import chosen
from restamp.runbook import load

CASES = sorted((Path(__file__).parent / "cases" / "runbook").glob("*.yaml"))
SETTINGS = sorted((Path(__file__).parent / "cases" / "settings").glob("*.yaml"))
SOUND = {
    "stamp.yaml": """\
        kind: Stamp
        format: 1
        region: redmond
        domain: ext.contoso.example
        identity: ADFS
        """,
    "groups/offers-rg.yaml": """\
        kind: ResourceGroup
        name: offers-rg
        """,
    "quotas/compute/small.yaml": """\
        kind: ComputeQuota
        name: small
        coresLimit: 50
        virtualMachineCount: 20
        availabilitySetCount: 10
        maxAllocationStandardManagedDisksAndSnapshots: 2048
        maxAllocationPremiumManagedDisksAndSnapshots: 2048
        """,
    "plans/gold.yaml": """\
        kind: Plan
        name: gold
        group: offers-rg
        displayName: Gold
        quotas:
        - compute/small
        """,
    "offers/gold.yaml": """\
        kind: Offer
        name: gold
        group: offers-rg
        displayName: Gold
        state: Public
        basePlans:
        - gold
        """,
    "subscriptions/contoso-erp--c66cb1bf-3d5e-4a44-9f0a-0d5a1c2b7e11.yaml": """\
        kind: Subscription
        id: c66cb1bf-3d5e-4a44-9f0a-0d5a1c2b7e11
        displayName: Contoso ERP
        owner: erp@contoso.example
        tenant: 0a9c9a9e-0000-4000-8000-000000000001
        offer: gold
        state: Enabled
        """,
}


def written(folder: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """A sound runbook with some of its files replaced, added, or (None) left out."""
    sound = {name: "".join(line.lstrip() for line in text.splitlines(keepends=True)) for name, text in SOUND.items()}
    for name, content in (sound | dict(files)).items():
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def told(case: Mapping[str, Any], folder: Path) -> list[tuple[str, str]]:
    """What is said of a case, line by line, each with its hint."""
    written(folder, case["files"])
    try:
        load(folder, all_kinds())
        if "recovery" in case:
            chosen(folder, case["recovery"])
    except Refused as refused:
        found = [(str(finding), finding.hint) for finding in refused.findings]
        return [(line.replace(str(folder), "<folder>"), hint.replace(str(folder), "<folder>")) for line, hint in found]
    return []


def expected(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lines of a case file: a text, or a map of it to its hint."""
    return [next(iter(item.items())) if isinstance(item, dict) else (item, "") for item in case["expect"]]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_problem_of_a_runbook_is_told_with_its_place_and_the_way_out(path: Path, tmp_path: Path) -> None:
    """Each file in `cases/runbook` breaks a sound runbook and expects exactly these lines and hints, in this order."""
    case = yaml.safe_load(path.read_text("utf-8"))

    assert told(case, tmp_path) == expected(case)


def test_the_runbook_that_the_cases_break_is_sound(tmp_path: Path) -> None:
    """What the cases say is about what they change."""
    assert told({"files": {}}, tmp_path) == []


@pytest.mark.parametrize(
    "word", ["no", "007", "12:30", "1.10", "null", "~", "yes", "0x1F", "1e3", "2026-11-23", "1_000"]
)
def test_a_scalar_that_yaml_would_twist_means_itself_in_a_text(word: str, tmp_path: Path) -> None:
    """`no` is a display name like any other."""
    text = f"kind: Plan\nname: {word}\ngroup: offers-rg\ndisplayName: {word}\ndescription: {word}\n"
    plan = load(written(tmp_path, {f"plans/{word.replace(':', '%3A')}.yaml": text.replace("~", "'~'")}), all_kinds())

    found = plan.find("plans", f"offers-rg/{word}")
    assert found is not None
    assert (found.name, found.display_name, found.description) == (word, word, word)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
def test_every_wrong_setting_is_told_by_both_its_names(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file in `cases/settings` sets variables of the environment and expects exactly these lines and hints."""
    case = yaml.safe_load(path.read_text("utf-8"))

    assert told_of_settings(case, tmp_path, monkeypatch) == expected(case)


def told_of_settings(case: Mapping[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is said of settings, each line with its hint; `<folder>` in a value is a folder with the case's files."""
    for name in [name for name in os.environ if name.startswith("RESTAMP_")]:
        monkeypatch.delenv(name)
    for name, content in case.get("files", {}).items():
        (folder / name).write_text(content)
    for name, value in case["environment"].items():
        monkeypatch.setenv(name, value.replace("<folder>", str(folder)))
    try:
        complete(read())
    except Refused as refused:
        return [(str(finding).replace(str(folder), "<folder>"), finding.hint) for finding in refused.findings]
    return []
