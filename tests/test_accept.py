"""What people go on without: written down with a reason, counted until its day, and repeated as long as it counts."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.flows.world import World

from restamp.cli.standing import Resource, Standing
from restamp.errors import Refused
from restamp.models.stamp import Acceptance
from restamp.recovery import accept, accepted
from restamp.resources.gate import GateProvider, NotOpen

TODAY = dt.date(2026, 11, 24)
GOLD = Acceptance(subject="Plan rg/gold", reason="its service is gone", by="alice", on=TODAY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A runbook's folder with one recovery."""
    (tmp_path / "recoveries" / "r").mkdir(parents=True)
    return tmp_path


def gate(results: dict[str, str], accepted: list[str] | None = None) -> dict[str, Any]:
    """A gate's inputs."""
    props = {"name": "restored", "expects": sorted(results), "results": results, "recovery": "r"}
    return props | ({"accepted": accepted} if accepted is not None else {})


def test_it_counts_until_its_day_and_the_last_word_wins(folder: Path) -> None:
    """Another decision about the same subject takes the place of the first one; others stay."""
    other = GOLD.model_copy(update={"subject": "Offer rg/gold", "until": TODAY})
    accept(folder, "r", GOLD.model_copy(update={"reason": "for now"}))
    accept(folder, "r", other)
    assert accept(folder, "r", GOLD) == folder / "recoveries" / "r" / "accepted.yaml"

    assert accepted(folder, "r", TODAY) == {"Plan rg/gold": GOLD, "Offer rg/gold": other}
    assert list(accepted(folder, "r", TODAY + dt.timedelta(days=1))) == ["Plan rg/gold"]
    assert accepted(folder, "another", TODAY) == {}


def test_a_broken_file_is_told_with_its_place(folder: Path) -> None:
    """It is edited by people: what is wrong in it stops the recovery, and nothing is forgotten in silence."""
    path = accept(folder, "r", GOLD)
    path.write_text(path.read_text().replace("by: alice", "who: alice"))
    with pytest.raises(Refused, match=r"recoveries/r/accepted\.yaml:5:3: .*who"):
        accepted(folder, "r", TODAY)


def test_a_gate_opens_on_done_or_accepted() -> None:
    """All names that are not done have to be accepted; a document's second resource goes with it."""
    results = {"Plan a": "done for r", "Plan b": "failed: no", "Offer c": "done for r", "Offer c/state": "failed: no"}
    with pytest.raises(NotOpen, match="restored stays closed: 1 of 4 not done\n  Offer c/state: failed: no"):
        GateProvider().create(gate(results, ["Plan b"]))
    opened = GateProvider().create(gate(results, ["Plan b", "Offer c"])).outs

    assert opened is not None
    assert (opened["open"], opened["opened"]) == (True, "r")
    assert not GateProvider().diff("", opened, gate(results, ["Plan b", "Offer c"])).changes
    assert GateProvider().diff("", opened, gate(results, ["Plan b"])).changes
    done = dict.fromkeys(results, "done for r")
    assert GateProvider().diff("", opened, gate(done)).changes
    assert not GateProvider().diff("", GateProvider().create(gate(done)).outs or {}, gate(done, [])).changes


def test_what_no_run_came_to_is_not_accepted() -> None:
    """An excluded member has not failed: nobody knows yet whether it can be restored."""
    props = gate({"Plan a": "done for r"}, ["Plan b"]) | {"expects": ["Plan a", "Plan b"]}
    with pytest.raises(NotOpen, match="Plan b: not run"):
        GateProvider().create(props)


def test_a_gates_message_is_complete_alone() -> None:
    """Ten lines of bearable width, causes first, where the rest is, and the command that goes on without the cause."""
    results = {f"Offer {number:02}": "blocked: waits" for number in range(20)} | {"Plan it's": "failed: " + "x" * 900}
    with pytest.raises(NotOpen) as raised:
        GateProvider().create(gate(results))
    lines = str(raised.value).splitlines()

    assert lines[0] == "restored stays closed: 21 of 21 not done"
    assert lines[1].startswith("  Plan it's: failed: xxx")
    assert max(map(len, lines)) <= 300
    assert lines[-1] == "  and 11 more: restamp status"
    assert len(lines) == 12
    assert raised.value.hint.endswith("""restamp accept 'Plan it'"'"'s' --reason <why>""")
    with pytest.raises(NotOpen) as raised:
        GateProvider().create(gate({"Plan a": "waiting: cancelled"}))
    assert raised.value.hint == "Run `restamp up` again: it goes on with these alone."


def test_status_repeats_what_was_accepted() -> None:
    """It fails nothing and is not done: it is said again each time, with who decided and until when."""
    failed = Resource("Plan", "rg/gold", {"status": "failed", "message": "no"}, "Plan rg/gold")
    late = Resource("Plan", "rg/x", {"status": "done", "outcome": "created"}, "Plan rg/x")
    until = GOLD.model_copy(update={"until": TODAY})
    standing = Standing((failed, late), (), accepted={"Plan rg/gold": until, "Plan rg/x": until})

    assert standing.exit_status == 0
    assert standing.summary().splitlines() == [
        "1 of 2 objects done: 1 created",
        "gates open: none",
        "  accepted until 2026-11-24: Plan rg/gold: its service is gone (alice, 2026-11-24)",
        "next: restamp verify",
    ]
    assert Standing((failed, late), ("Plan rg/y",), accepted={"Plan rg/y": until}).exit_status == 4


def test_people_accept_from_the_command_line(tmp_path: Path) -> None:
    """The subject as it is printed, a reason, and a day that is not over; what is unknown is refused."""
    world = World(tmp_path)
    world.captured()
    with world.stamp_of(2):
        world.restamp("begin", "r")
        command = ("accept", "Plan", "offers-rg/gold", "--reason", "its service is gone")
        assert "next: restamp up" in world.restamp(*command, "--by", "alice", "--until", "2999-01-01")
        read = yaml.safe_load((world.runbook / "recoveries" / "r" / "accepted.yaml").read_text())
        assert read["kind"] == "Accepted"
        assert [(item["subject"], item["by"], item["until"]) for item in read["accepted"]] == [
            ("Plan offers-rg/gold", "alice", "2999-01-01")
        ]
        told = world.restamp("verify", status=4)
        assert "accepted until 2999-01-01: Plan offers-rg/gold: its service is gone (alice" in told
        world.restamp("accept", "ComputeQuota compute/small", "--reason", "no", "--recovery", "r")
        for wrong, said in (
            (("Plan", "offers-rg/Gold", "--reason", "x"), "Did you mean Plan offers-rg/gold?"),
            (("Plan", "offers-rg/gold", "--reason", " "), "--reason: says nothing"),
            (("Plan", "offers-rg/gold", "--reason", "x", "--until", "soon"), "'soon' is no day"),
            (("Plan", "offers-rg/gold", "--reason", "x", "--until", "2026-01-01"), "2026-01-01 is over"),
            (("Plan", "offers-rg/gold", "--reason", "x", "--recovery", "z"), "there is no recovery z"),
        ):
            assert said in world.restamp("accept", *wrong, status=2)
