"""What a rehearsal compares: the second capture with the first, but for the rack and roles nobody can bring back."""

import subprocess
from pathlib import Path

import pytest

from restamp.drill.comparison import changed

GONE, KEPT = "79cc98af-0771-4df7-9c97-dcadffc399ec", "5a0c6d6e-6f0a-4f55-8b8f-0b4f5f1f0a11"
SUBSCRIPTION = "subscriptions/erp.yaml"
ERP = f"""kind: Subscription
owner: erp@contoso.example
roleAssignments:
  resourceGroups/app/{GONE}:
    role: Reader
  {KEPT}:
    role: Owner
"""
WITHOUT = ERP.replace(f"  resourceGroups/app/{GONE}:\n    role: Reader\n", "")
FOUND = f"the runbook changed: M {SUBSCRIPTION}"


@pytest.fixture
def runbook(tmp_path: Path) -> Path:
    """As captured before the loss, in git."""
    for name, text in {SUBSCRIPTION: ERP, "captured.yaml": "at: before\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    who = ["-c", "user.name=drill", "-c", "user.email=drill@contoso.example"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "captured"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_the_same_stamp_on_another_rack_is_the_same(runbook: Path) -> None:
    """When and of which deployment a capture was made is another after every loss."""
    (runbook / "captured.yaml").write_text("at: after\n", "utf-8")
    assert list(changed(runbook, ())) == []


def test_what_plugins_capture_of_hardware_is_another_and_what_others_capture_is_not(runbook: Path) -> None:
    """Machines are those that stand there now; an image has to be the one that was."""
    for folder in ("scale-units", "images/platform"):
        (runbook / folder).mkdir(parents=True)
        (runbook / folder / "one.yaml").write_text("kind: another\n", "utf-8")
    assert list(changed(runbook, ())) == ["the runbook changed: ?? images/"]


def test_a_role_that_verify_leaves_out_may_be_missing_and_no_other(runbook: Path) -> None:
    """Its principal went with the stamp; a role of somebody who is there has to be there."""
    (runbook / SUBSCRIPTION).write_text(WITHOUT, "utf-8")
    assert list(changed(runbook, {GONE})) == []
    assert list(changed(runbook, {KEPT})) == [FOUND]
    assert list(changed(runbook, ())) == [FOUND]


def test_a_field_that_is_another_beside_a_role_that_is_gone_is_a_difference(runbook: Path) -> None:
    """What is let go of a file lets nothing else of it go."""
    (runbook / SUBSCRIPTION).write_text(WITHOUT.replace("erp@", "heir@"), "utf-8")
    assert list(changed(runbook, {GONE})) == [FOUND]


def test_a_document_too_many_or_too_few_is_a_difference(runbook: Path) -> None:
    """Both are named."""
    (runbook / SUBSCRIPTION).unlink()
    (runbook / "extra.yaml").write_text("kind: Plan\n", "utf-8")
    assert sorted(changed(runbook, {GONE})) == [
        "the runbook changed: ?? extra.yaml",
        f"the runbook changed: D {SUBSCRIPTION}",
    ]
