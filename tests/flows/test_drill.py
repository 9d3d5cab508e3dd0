"""`restamp drill`: whole recoveries rehearsed, from bare hardware of another OEM to a verified stamp."""

import io
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from tests import forks
from tests.flows.world import ROOT

from restamp import cli
from restamp.drill import Asked, Drill
from restamp.drill.artefacts import asking

API = "2015-11-01"
NEWER = "1.2306.0.10"  # the release behind that of the stamp that is lost
STAGES = [
    "a living stamp, and its runbook in git",
    "the stamp is lost",
    "people redeploy it",
    "restamp up, until nobody is waited for",
    "is it the same?",
]


class Meddling(io.StringIO):
    """What a drill prints. While it recovers, the share of the backups is gone, until somebody looks how it stands.

    Right before it compares, a plan on the stamp that came back gets another title.
    """

    spoilt = ""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.drill = Drill(Asked(), folder, ROOT, lambda _line: None)

    def write(self, text: str) -> int:
        """Keep it; the drill goes on when this returns."""
        share = self.drill.share / self.drill.region
        gone = share.with_name("gone")
        if text == "\n== restamp up, until nobody is waited for":
            share.rename(gone)
        if text.startswith("$ restamp status") and gone.exists():
            gone.rename(share)
        if text == "\n== is it the same?":
            self.spoilt = spoilt(self.drill)
        return super().write(text)


@pytest.mark.timeout(900)  # a whole recovery; the usual 300 s were not enough on a busy machine
def test_a_native_drill_sees_the_one_thing_that_is_not_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On more machines of another OEM, one release newer; its share goes away before the restore, and comes back.

    One plan is changed before the comparison: nothing else is.

    `verify` and the second capture see it, and so the drill has failed, and its folder stays.
    """
    folder = tmp_path / "drill"
    machines = ["--oem", "fabrikam-g6", "--nodes", "6", "--version", NEWER, "--subscriptions", "2"]
    monkeypatch.setattr(sys, "argv", ["restamp", "drill", "--native", *machines, "--folder", str(folder)])
    with redirect_stdout(Meddling(folder)) as said, pytest.raises(SystemExit) as ended:
        cli.main()

    told = said.getvalue()
    assert ended.value.code == 4
    assert [line.strip() for line in capsys.readouterr().err.splitlines() if said.spoilt in line] == [
        f"Plan offers-rg/{said.spoilt}: update",
        f"the runbook changed: M plans/{said.spoilt}.yaml",
    ]
    recovery = (said.drill.runbook / "recoveries" / "drill" / "recovery.yaml").read_text()
    assert "oem: Fabrikam, Inc." in recovery
    assert re.search("^  deployed: .*, 6 nodes of Fabrikam, Inc.$", told, re.MULTILINE)
    assert f"version: {NEWER}" in recovery
    assert "Step hub-core/restore: failed" in told
    gates = "stamp-ready, stamp-checked, backup-restored, control-plane-restored, registered, recovered"
    assert f"  gates open: {gates}\n" in told


@pytest.mark.timeout(900)
def test_a_rebuild_ends_with_what_was_lost_and_says_how_long_it_took(tmp_path: Path) -> None:
    """By another OEM, with a resource provider that people deploy anew. Measured and declared are never added up."""
    asked = ("--rebuild", "--oem", "fabrikam-g6", "--nodes", "5", "--subscriptions", "2")
    plugins = tuple(f"--plugin={name}" for name in ("hub-core", "oem-generic", "rp-eventhubs"))
    status, told = forks.restamp(("drill", *asked, *plugins, "--folder", str(tmp_path / "drill")), ROOT, os.environ)

    assert status == 0, told
    assert re.search(r"^  0 differences; (\d+) of \1 objects equal$", told, re.MULTILINE)
    gates = "stamp-ready, stamp-checked, control-plane-restored, registered, rps-restored, recovered"
    assert f"  gates open: {gates}\n" in told
    _, measured, declared = re.split(
        "^restamp's own time, measured .*:$|^what the steps declare .*:$", told, flags=re.M
    )
    assert re.findall(r"^ +\d+\.\d s  (.*)$", measured, re.MULTILINE) == STAGES
    assert len(measured.strip().splitlines()) == len(STAGES)
    *steps, end = declared.strip().splitlines()
    assert end == "the stamp that came back is the one that was lost"
    for step in filter(None, steps):
        assert re.search(r"(^ +nobody says  \S+ \(\w+\)$|  \S+ \(\w+\)  \[.+\]$)", step), step
    assert (
        "10 min to 15 min  hub-core/registration (operator)  [Microsoft, Register Azure Stack Hub with Azure]" in told
    )


def spoilt(drill: Drill) -> str:
    """The name of a plan that somebody gave another title, on the stamp that came back."""
    with asking(drill) as arm:
        plans = f"/subscriptions/{arm.place.provider}/providers/Microsoft.Subscriptions.Admin/plans"
        plan = min(arm.admin.list_all(arm.admin.url(plans, API)), key=lambda item: str(item["name"]))
        plan["properties"]["displayName"] = "Fools' gold"
        arm.admin.write("PUT", arm.admin.url(str(plan["id"]), API), plan)
        return str(plan["name"])
