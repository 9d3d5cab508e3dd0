"""A whole recovery rehearsed, from bare hardware of another OEM to a verified stamp, through the real engine."""

from pathlib import Path

import pytest
from tests.flows.world import ROOT

from restamp.drill import Asked, Drill
from restamp.drill.artefacts import asking
from restamp.errors import NotTheSame

PLUGINS = ("hub-core", "oem-generic", "oem-redfish")
API = "2015-11-01"


@pytest.mark.timeout(900)  # a whole recovery; the usual 300 s were not enough on a busy machine
def test_a_drill_ends_with_what_was_lost_and_sees_the_one_thing_that_is_not(tmp_path: Path) -> None:
    """Natively, on more machines of another OEM. One plan is changed just before the comparison: nothing else differs.

    `verify` and the second capture see it, and so the drill has failed.
    """
    told: list[str] = []
    changed: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        if line == "\n== is it the same?":
            changed.append(spoilt(drill))

    drill = Drill(Asked("native", 2, "fabrikam-g6", 6, PLUGINS), tmp_path / "drill", ROOT, tell)
    drill.folder.mkdir()
    with pytest.raises(NotTheSame) as found:
        drill.run()

    assert [line.strip() for line in str(found.value).splitlines()[1:]] == [
        f"Plan offers-rg/{changed[0]}: update",
        f"the runbook changed: M plans/{changed[0]}.yaml",
    ]
    assert [stage.title for stage in drill.stages][-1] == "is it the same?"
    recovery = (drill.runbook / "recoveries" / "drill" / "recovery.yaml").read_text()
    assert "oem: Fabrikam, Inc." in recovery
    assert any(line.startswith("  deployed: ") and line.endswith(", 6 nodes of Fabrikam, Inc.") for line in told)
    gates = "stamp-ready, stamp-checked, backup-restored, control-plane-restored, registered, recovered"
    assert f"  gates open: {gates}" in told


def spoilt(drill: Drill) -> str:
    """The name of a plan that somebody gave another title, on the stamp that came back."""
    with asking(drill) as arm:
        plans = f"/subscriptions/{arm.place.provider}/providers/Microsoft.Subscriptions.Admin/plans"
        plan = min(arm.admin.list_all(arm.admin.url(plans, API)), key=lambda item: str(item["name"]))
        plan["properties"]["displayName"] = "Fools' gold"
        arm.admin.write("PUT", arm.admin.url(str(plan["id"]), API), plan)
        return str(plan["name"])
