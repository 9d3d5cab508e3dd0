"""What is to be done and what speaks against it, by runbook and recovery alone: each file in `cases` is one."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from restamp.check import called, for_steps
from restamp.models.finding import Finding
from restamp.models.stamp import RecoveryDocument
from restamp.plugins import all_kinds
from restamp.recovery import Begun
from restamp.runbook.outline import Outline, outline
from restamp.steps.run import Around
from restamp.steps.times import times
from restamp.steps.work import Work, work

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
STAMP = {"kind": "Stamp", "format": "1", "region": "redmond", "domain": "ext.contoso.example", "identity": "ADFS"}
CAPTURED = {"kind": "Captured", "on": "2026-11-20", "restamp": "0.1.0", "documents": "0", "subscriptions": "0"}
NOTHING_KEPT = ("nobody keeps", "no capture knows")  # what is said in most cases, which are about something else


def runbook(folder: Path, case: dict[str, Any]) -> Outline:
    """The runbook of a case in a folder; files that it names beside `stamp` and `captured` are written as they are."""
    plugins = {"oem-generic": case.get("use", {})}
    documents = {"stamp.yaml": STAMP | {"plugins": plugins}, "captured.yaml": CAPTURED | case.get("captured", {})}
    for name, content in (documents | case.get("documents", {})).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))
    for name, text in case.get("files", {}).items():
        (folder / name).write_text(text)
    return outline(folder, all_kinds())


def findings(found: Work, read: Outline, begun: Begun) -> list[Finding]:
    """What is wrong with its files, and what its check says; nothing is signed in to."""
    (used,) = found.used
    files = for_steps(read, found.steps, lambda _plugin, _name: True)
    return [*files, *called("check", used, Around(read, begun, lambda: pytest.fail("a check asked the stamp")))]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_redeploy_is_planned(path: Path, tmp_path: Path) -> None:
    """Steps in their order, what their texts say, which files they need, how long it takes, and what stops it."""
    case = yaml.safe_load(path.read_text())
    read, begun = runbook(tmp_path, case), Begun("loss", RecoveryDocument.model_validate(case["recovery"]))
    found, wanted = work(read, begun, all_kinds()), case["expect"]

    assert work(read, begun, all_kinds()) == found
    steps = {placed.id.partition("/")[2]: placed for placed in found.plan.steps}
    if "order" in wanted:
        assert list(steps) == wanted["order"]
    assert {placed.holds for placed in steps.values()} == {"stamp-ready"}
    for name, texts in wanted.get("says", {}).items():
        how = " ".join(steps[name].step.how.split())
        assert [text for text in texts if text not in how] == [], how
    assert {name: list(placed.step.files) for name, placed in steps.items() if placed.step.files} == wanted.get(
        "needs files", {}
    )
    if "days" in wanted:
        assert [round(span.total_seconds() / 86400, 1) for span in _span(found)] == wanted["days"]
    told = [f"{finding.level} {finding}. {finding.hint}" for finding in findings(found, read, begun)]
    if "all findings" not in wanted:
        told = [line for line in told if not any(words in line for words in NOTHING_KEPT)]
    texts = wanted.get("all findings", wanted.get("findings"))
    assert [text for text in texts if not any(text in line for line in told)] == [], told
    assert len(told) == len(texts), told


def _span(found: Work) -> tuple[Any, Any]:
    end = times(found.plan).end
    return end.best, end.worst
