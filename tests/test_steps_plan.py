"""The order of a recovery's steps, and what it takes."""

import datetime as dt
from typing import Any

import pytest

from restamp.errors import Refused
from restamp.models.step import GATES, Gate, Step
from restamp.steps import Plan, planned
from restamp.steps.times import Span, times

KINDS: dict[str, Gate] = dict.fromkeys(
    ("ResourceGroup", "Plan", "Offer", "DirectoryTenant", "Subscription"), "control-plane-restored"
) | {"BytesQuota": "rps-restored"}


def step(name: str, phase: str = "restore", **more: Any) -> Step:
    """A step of this id."""
    return Step.model_validate({"id": name, "title": name, "phase": phase} | more)


def hours(best: float, worst: float | None = None) -> tuple[dt.timedelta, dt.timedelta]:
    """A duration."""
    return dt.timedelta(hours=best), dt.timedelta(hours=best if worst is None else worst)


def places(plan: Plan) -> dict[str, tuple[str | None, str]]:
    """Behind which gate each begins, and which it holds."""
    return {item.id: (item.begins, item.holds) for item in plan.steps}


def test_a_redeploy_step_holds_the_first_gate_and_waits_for_none() -> None:
    """There is no stamp yet."""
    assert places(planned([step("oem/rack", "redeploy")], KINDS)) == {"oem/rack": (None, "stamp-ready")}


def test_a_restore_step_stands_between_the_gate_it_names_and_the_next() -> None:
    """Nothing named: right behind the first."""
    found = planned([step("hub/test"), step("hub/register", after=["control-plane-restored"])], KINDS)

    assert places(found) == {
        "hub/test": ("stamp-ready", "stamp-checked"),
        "hub/register": ("control-plane-restored", "registered"),
    }
    assert found.gates == ("stamp-ready", "stamp-checked", "control-plane-restored", "registered")


def test_a_gate_that_nothing_holds_is_not_there_and_what_it_was_named_for_stands_behind_the_one_before() -> None:
    """A recovery without a backup has no gate for it."""
    found = planned([step("rp/data", after=["registered"])], KINDS)

    assert places(found) == {"rp/data": ("control-plane-restored", "rps-restored")}


def test_a_step_that_needs_another_begins_no_earlier() -> None:
    """Its gate is the other's, where that is a later one."""
    first, second = step("rp/server", after=["registered"]), step("rp/data", needs=["rp/server"])

    assert places(planned([second, first], KINDS))["rp/data"] == ("control-plane-restored", "rps-restored")


def test_order_comes_from_what_steps_say_and_then_from_their_names() -> None:
    """Never from the order of registration."""
    steps = [step("c/one", before=["a/two"]), step("b/three", after=["a/two"]), step("a/two"), step("a/four")]

    assert [item.id for item in planned(steps, KINDS).steps] == ["a/four", "c/one", "a/two", "b/three"]
    assert planned(steps, KINDS) == planned(reversed(steps), KINDS)


def test_documents_can_be_waited_for_and_can_wait() -> None:
    """Consent of a guest directory stands between directories and subscriptions."""
    (found,) = planned([step("hub/consent", after=["DirectoryTenant"], before=["Subscription"])], KINDS).steps

    assert (found.after_kinds, found.before_kinds) == (("DirectoryTenant",), ("Subscription",))
    assert (found.begins, found.holds) == ("stamp-ready", "control-plane-restored")
    assert found.reasons == ("after DirectoryTenant", "before Subscription")


def test_a_phase_means_all_of_its_steps_but_those_that_say_the_same() -> None:
    """The backup is copied before anything else; what restamp does once a stamp is deployed comes last."""
    first = [step("hub/copy", "redeploy", before=["redeploy"]), step("a/copy", "redeploy", before=["redeploy"])]
    last = [step("hub/sign-in", "redeploy", after=["redeploy"]), step("a/graph", "redeploy", after=["redeploy"])]
    rest = [step("oem/deploy", "redeploy", needs=["oem/rack"]), step("oem/rack", "redeploy"), step("hub/test")]
    found = planned([*last, *rest, *first], KINDS)

    order = ["a/copy", "hub/copy", "oem/rack", "oem/deploy", "a/graph", "hub/sign-in", "hub/test"]
    assert [item.id for item in found.steps] == order
    (graph,) = (item for item in found.steps if item.id == "a/graph")
    assert (graph.needs, graph.reasons) == (("a/copy", "hub/copy", "oem/deploy", "oem/rack"), ("after redeploy",))


def test_a_phase_that_is_over_anyway_is_not_waited_for_step_by_step() -> None:
    """A gate stands between the two."""
    found = planned([step("oem/rack", "redeploy", before=["restore"]), step("hub/test", after=["redeploy"])], KINDS)

    assert [item.needs for item in found.steps] == [(), ()]


def test_documents_of_a_provider_that_comes_back_late_hold_a_later_gate() -> None:
    """Its quotas wait for the step that deploys it."""
    (found,) = planned([step("rp/deploy", after=["registered"], before=["BytesQuota"])], KINDS).steps

    assert (found.begins, found.holds) == ("control-plane-restored", "rps-restored")


def test_what_may_be_absent_is_left_out_quietly() -> None:
    """`after` and `before` of another plugin's step, gate or kind."""
    (found,) = planned([step("a/one", after=["b/two", "Bucket"], before=["c/three"])], KINDS).steps

    assert (found.needs, found.reasons) == ((), ())


def test_a_step_stands_in_anothers_place() -> None:
    """And all that was said of the other is said of it."""
    steps = [step("hub/copy"), step("hub/check", needs=["hub/copy"]), step("oem/copy", instead_of="hub/copy")]
    found = planned(steps, KINDS)

    assert [item.id for item in found.steps] == ["oem/copy", "hub/check"]
    assert found.find("hub/check") is not None
    assert found.steps[1].needs == ("oem/copy",)
    assert found.left_out == {"hub/copy": "oem/copy"}


def test_backup_steps_are_not_in_a_recovery() -> None:
    """They run while the stamp lives."""
    assert planned([step("rp/dump", "backup")], KINDS).steps == ()


REFUSED: dict[str, tuple[list[Step], str]] = {
    "unknown step": ([step("a/one", needs=["b/two"])], "needs b/two, and no plugin in use has such a step"),
    "unknown gate": (
        [step("a/one", after=["stamp-redy"])],
        "names 'stamp-redy', which is no step, gate, phase or kind",
    ),
    "needed kind": ([step("a/one", needs=["Bucket"])], "names 'Bucket', which is no step, gate, phase or kind"),
    "circle": (
        [step("a/one", needs=["b/two"]), step("b/two", after=["a/one"])],
        "each waits for the one before it: ",
    ),
    "itself": ([step("a/one", needs=["a/one"])], "each waits for the one before it: a/one -> a/one"),
    "twice": ([step("a/one"), step("a/one")], "a/one: is there twice"),
    "two for one job": (
        [step("a/copy", instead_of="hub/copy"), step("b/copy", instead_of="hub/copy")],
        "hub/copy: both a/copy and b/copy want to stand in its place",
    ),
    "redeploy behind a gate": (
        [step("a/one", "redeploy", after=["stamp-ready"])],
        "is a redeploy step, and waits for stamp-ready, when a stamp answers",
    ),
    "backwards": (
        [step("a/one", after=["registered"], before=["control-plane-restored"])],
        "has to be done before control-plane-restored, and begins behind registered",
    ),
    "backwards by another": (
        [step("a/late", after=["registered"]), step("a/one", needs=["a/late"], before=["stamp-checked"])],
        "has to be done before stamp-checked, and begins behind registered",
    ),
    "phase backwards": (
        [step("oem/rack", "redeploy", after=["restore"]), step("hub/test")],
        "is a redeploy step, and waits for stamp-ready",
    ),
    "documents backwards": (
        [step("a/one", after=["Subscription"], before=["Offer"])],
        "waits for every Subscription, and every Offer, which comes first, waits for it",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_order_that_cannot_be_is_refused_before_anything_runs(case: str) -> None:
    """Naming the steps, and the way out."""
    steps, message = REFUSED[case]
    with pytest.raises(Refused) as refused:
        planned(steps, KINDS)

    assert message in str(refused.value)
    assert all(finding.hint for finding in refused.value.findings)


def test_what_people_do_says_what_to_do() -> None:
    """A manual step without a text helps nobody."""
    with pytest.raises(ValueError, match="`how` does not say what they have to do"):
        step("a/one", by="oem")


def test_gates_are_in_the_order_of_a_recovery() -> None:
    """Which is what plugins rely on."""
    assert GATES[0], GATES[-1] == ("stamp-ready", "recovered")


def test_times_follow_the_longest_chain() -> None:
    """An order that takes weeks runs from the begin on, beside everything else."""
    weeks = dt.timedelta(weeks=3)
    plan = planned(
        [
            step("oem/deploy", "redeploy", needs=["oem/rack"], takes=hours(8, 20)),
            step("oem/rack", "redeploy", takes=hours(4, 8), lead=weeks),
            step("hub/register", after=["control-plane-restored"], takes=hours(0.25, 0.5)),
            step("rp/data", after=["registered"]),
        ],
        KINDS,
    )
    found = times(plan)

    assert found.gates["stamp-ready"] == Span(weeks + dt.timedelta(hours=12), weeks + dt.timedelta(hours=28))
    assert found.end == Span(weeks + dt.timedelta(hours=12.25), weeks + dt.timedelta(hours=28.5))
    assert found.critical == ("oem/rack", "oem/deploy", "hub/register")
    assert found.unknown == ("rp/data",)


def test_what_is_done_takes_no_time() -> None:
    """Weeks later, the rest is what is left."""
    plan = planned(
        [step("oem/rack", "redeploy", takes=hours(4), lead=dt.timedelta(weeks=3)), step("hub/test", takes=hours(1))],
        KINDS,
    )

    assert times(plan, done={"oem/rack"}).end == Span(*hours(1))
