"""What goes wrong in a recovery, and that `restamp up` again is always right."""

import json
import re

import pytest
from tests.flows.world import NAME, REGION, World

from restamp.journal import Journal
from restamp.simulator import Fault

PLAN = "PUT .*/plans/gold"


@pytest.fixture
def begun(world: World) -> World:
    """A captured runbook; each story deploys its own stamp."""
    world.captured()
    return world


def test_one_object_that_fails_holds_up_nothing_else(begun: World) -> None:
    """The others go on, what needs it is blocked, the gate names the cause; the next `up` writes what was missing."""
    with begun.stamp_of(2) as stamp:
        stamp.faults.append(
            Fault(PLAN, times=None, status=403, body={"error": {"code": "AuthorizationFailed", "message": "no"}})
        )
        begun.restamp("begin")
        told = begun.restamp("up", status=4)

        assert "control-plane-restored stays closed: 5 of" in told
        assert "Plan offers-rg/gold: failed: PUT /subscriptions/" in told
        assert "Offer offers-rg/gold: blocked: waits for plans/offers-rg/gold (failed" in told
        assert "Traceback" not in told
        assert {"compute/small", "storage/small"} <= {
            name for name, out in begun.state().items() if out.get("status") == "done"
        }
        assert "next: remove the cause, then restamp up" in begun.restamp("status", status=4)

        stamp.faults.clear()
        written = len(stamp.writes)
        begun.restamp("up")
        assert [record.path.rpartition("/")[0].rpartition("/")[2] for record in stamp.writes[written:]] == [
            "plans",
            "offers",
            "subscriptions",
            "subscriptions",
            "subscriptions",
        ]
        assert "0 differences" in begun.restamp("verify")


def test_drift_is_shown_by_field_and_repaired(begun: World) -> None:
    """`pulumi refresh` and `preview --diff` show the field; `restamp up` writes it back, and nothing else."""
    with begun.stamp_of(2) as stamp:
        begun.restamp("begin")
        begun.restamp("up")
        quota = next(o for o in stamp.objects() if o["id"].endswith("Compute.Admin/locations/redmond/quotas/small"))
        stamp.load([quota | {"properties": quota["properties"] | {"coresLimit": 7}}])

        assert "~ ComputeQuota compute/small\n    coresLimit: 7 -> 20" in begun.restamp("diff")
        assert "1 differences" in begun.restamp("verify", status=4)
        begun.pulumi("refresh", "--yes", "--skip-preview")
        shown = begun.pulumi("preview", "--diff")
        assert "coresLimit: 7 => 20" in " ".join(shown.split()), shown
        written = len(stamp.writes)
        assert "updated coresLimit" in begun.restamp("up")
        assert len(stamp.writes) == written + 1
        assert "0 differences" in begun.restamp("verify")


def test_an_object_deleted_from_the_stamp_comes_back(begun: World) -> None:
    """`restamp up` looks first, so what somebody deleted is written again."""
    with begun.stamp_of(2) as stamp:
        begun.restamp("begin")
        begun.restamp("up")
        stamp.state.store.delete(
            next(o["id"] for o in stamp.objects() if o["id"].endswith("9f0a-000000000001")).lower()
        )

        begun.restamp("up")
        assert "0 differences" in begun.restamp("verify")


def test_a_removed_document_is_retained_and_destroy_deletes_nothing(begun: World) -> None:
    """Nothing leaves the stamp by accident, and verify calls it unexpected; `onDestroy: delete` deletes."""
    with begun.stamp_of(2) as stamp:
        begun.restamp("begin")
        begun.restamp("up")
        gone = next((begun.runbook / "subscriptions").glob("*000000000001.yaml"))
        gone.unlink()
        quota = begun.runbook / "quotas" / "network" / "Default.yaml"
        told = begun.restamp("up")
        assert "retain" in told
        assert "1 unexpected" in begun.restamp("verify", status=4)

        mine = begun.runbook / "quotas" / "network" / "mine.yaml"
        mine.write_text(quota.read_text().replace("name: Default", "name: mine") + "onDestroy: delete\n")
        begun.restamp("up")
        assert any(o["id"].endswith("/quotas/mine") for o in stamp.objects())
        before = len(stamp.objects())
        begun.pulumi("destroy", "--yes", "--skip-preview")
        assert not any(o["id"].endswith("/quotas/mine") for o in stamp.objects())
        assert len(stamp.objects()) == before - 1


def test_throttling_and_lost_answers_cost_time_and_nothing_else(begun: World) -> None:
    """429 with and without Retry-After, a lost answer, a 503: all is there, and nothing was sent twice.

    The last lines of `up` say what the run came to: objects, calls, what was throttled, time, rate, what to do next.
    """
    with begun.stamp_of(2) as stamp:
        stamp.faults += [
            Fault("PUT .*/quotas/small", times=1, status=429, headers={"Retry-After": "1"}),
            Fault("PUT .*/offers/gold", times=1, status=429),
            Fault("GET .*/plans", times=1, status=429, headers={"Retry-After": "1"}),
            Fault(PLAN, times=1, lose_answer=True),
            Fault("PUT .*/subscriptions/c66cb1bf.*2$", times=1, status=503),
        ]
        begun.restamp("begin")
        told = begun.restamp("up").splitlines()
        asked = [record.path for record in stamp.requests]
        signed_in = len(asked) - asked[::-1].index("/adfs/oauth2/token")
        calls = len(asked) - signed_in - 1  # the answer of one was lost
        came_to = rf"this run: 8 created, 6 unchanged; {calls} calls, 3 answered 429; \d+ s, \d+ objects/s"
        assert re.fullmatch(came_to, told[-4]), told[-4:]
        assert told[-3:] == [
            "14 of 14 objects done: 8 created, 6 unchanged",
            "gates open: stamp-ready, control-plane-restored",
            "next: restamp verify",
        ]

        assert "0 differences" in begun.restamp("verify")
        assert len([record for record in stamp.writes if record.path.endswith("/plans/gold")]) == 1


NEVER = Fault("GET /subscriptions/never", times=None, status=202)


def left_by_a_killed_run(world: World, target: str) -> None:
    """An operation that never ends, in the journal of a run for one deployment."""
    journal = Journal(NAME, world.home / "journal")
    poll = f"https://adminmanagement.{NAME}/subscriptions/never"
    journal.write("session", {"target": target})
    record = {"what": "PUT /never", "poll": poll, "style": "location", "result": None, "wait": 0.2}
    journal.write("operation", {"id": "killed-1", **record})
    journal.close()


def test_an_operation_of_a_lost_stamp_is_not_waited_for(begun: World) -> None:
    """It ended with the stamp: on the new one nobody answers for it, and `up` does not ask."""
    with begun.stamp_of(2) as stamp:
        stamp.faults.append(NEVER)
        left_by_a_killed_run(begun, "the deployment that was lost")
        begun.restamp("begin")
        begun.restamp("up")
        assert not [record for record in stamp.requests if "never" in record.path]


def test_an_operation_of_a_killed_run_is_waited_for_and_its_end_written_down(begun: World) -> None:
    """On the same stamp the next `up` takes it up first; the one after that does not."""
    with begun.stamp_of(2) as stamp:
        stamp.faults.append(Fault("GET /subscriptions/never", times=2, status=202))
        stamp.faults.append(Fault("GET /subscriptions/never", times=1, status=200))
        left_by_a_killed_run(begun, stamp.deployment_id)
        begun.restamp("begin")
        begun.restamp("up")
        asked = [record for record in stamp.requests if "never" in record.path]
        assert [record.status for record in asked] == [202, 202, 200]
        journal = Journal(NAME, begun.home / "journal")
        assert journal.unfinished() == []
        assert [entry["id"] for entry in journal.entries() if entry["event"] == "operation-ended"] == ["killed-1"]


def test_what_was_written_when_and_how_it_went(begun: World) -> None:
    """The journal ties each intent to its result, long operations to their end, and holds no secret."""
    with begun.stamp_of(2) as stamp:
        stamp.faults.append(Fault(PLAN, times=1, status=403, body={"error": {"code": "No", "message": "not you"}}))
        poll = f"https://adminmanagement.{NAME}/subscriptions/poll"
        stamp.faults.append(Fault("PUT .*/offers-rg$", times=1, status=202, headers={"Location": poll}))
        stamp.faults.append(Fault("GET /subscriptions/poll", times=1, status=200, body={}))
        assert begun.restamp("journal").startswith("0 in ")
        begun.restamp("begin", "r")
        begun.restamp("up", status=4)

        told = begun.restamp("journal")
        assert "created    ComputeQuota compute/small (" in told
        failed = begun.restamp("journal", "--failed").splitlines()
        assert any("failed     Plan offers-rg/gold (" in line and line.endswith("403 No: not you") for line in failed)
        found = [json.loads(line) for line in begun.restamp("journal", "--json", "--recovery", "r").splitlines()]
        assert {item["what"] for item in found if item["outcome"] == "created"} >= {"StorageQuota storage/small"}
        assert [len(item["operations"]) for item in found if item["what"] == "ResourceGroup offers-rg"] == [1]
        assert begun.restamp("journal", "--json", "--recovery", "other") == ""

        journal = Journal(NAME, begun.home / "journal")
        assert journal.unfinished() == []
        text = journal.path.read_text()
        assert stamp.admin.secret not in text
        assert "eyJ" not in text
        assert "Bearer" not in text


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"RESTAMP_CLIENT_SECRET": "wrong"}, 4, "was refused"),
        ({"RESTAMP_CLIENT_SECRET": ""}, 2, "RESTAMP_CLIENT_SECRET (restamp:clientSecret): is not set"),
        (
            {"RESTAMP_CONNECT_TO": f"*.{REGION}.ext.contoso.example:443=127.0.0.1:1"},
            4,
            "cannot reach adminmanagement.redmond",
        ),
        ({"RESTAMP_CA": ""}, 4, "its certificate is not signed by a CA known here"),
        ({"RESTAMP_CONNECT_TO": "nonsense"}, 2, "'nonsense' is not of the form name:port=address:port"),
    ],
    ids=["wrong secret", "no secret", "unreachable", "unknown ca", "bad map"],
)
def test_what_stops_a_run_is_one_clear_line(begun: World, change: dict[str, str], status: int, said: str) -> None:
    """Nothing is written, no traceback, and the line says what to do; bare `pulumi up` says the same on its row."""
    with begun.stamp_of(2) as stamp:
        begun.restamp("begin")
        told = begun.restamp("up", status=status, **change)
        assert said in told
        assert "Traceback" not in told
        begun.run("pulumi", "--non-interactive", "stack", "init", REGION, status=None)
        told = begun.pulumi("up", "--yes", "--skip-preview", status=None, **change)
        assert said in told
        assert "Traceback" not in told
        assert stamp.writes == []


def test_another_stamp_than_the_runbooks_is_refused(begun: World) -> None:
    """Another region, domain or identity system: refused before the first write."""
    with begun.stamp_of(2, identity="AzureAD") as stamp:
        told = begun.restamp("up", status=2) + begun.restamp("begin")
        assert "no recovery has begun" in told
        told = begun.restamp("up", status=2)
        assert "identity is AzureAD, and the runbook says ADFS" in told
        assert "identity is AzureAD" in begun.restamp("capture", status=2)
        assert stamp.writes == []


def test_a_stamp_of_another_region_is_refused(begun: World) -> None:
    """Names mapped to a stamp of another region: its certificate gives it away before anything is written."""
    with begun.stamp_of(2, region="seattle") as stamp:
        there = {"RESTAMP_CONNECT_TO": f"*.{REGION}.ext.contoso.example:443=127.0.0.1:{begun.server.port}"}
        begun.restamp("begin", **there)
        for command in ("up", "verify", "capture"):
            assert "its certificate is for another name" in begun.restamp(command, status=4, **there)
        assert stamp.writes == []


def test_another_domain_or_region_behind_the_right_name_is_refused(begun: World) -> None:
    """By its certificate, or where that says nothing by what the stamp calls itself."""
    with begun.stamp_of(2, domain="ext.fabrikam.example") as stamp:
        there = {"RESTAMP_CONNECT_TO": f"*.{REGION}.ext.contoso.example:443=127.0.0.1:{begun.server.port}"}
        begun.restamp("begin", "loss", "--target", stamp.deployment_id, **there)
        assert "its certificate is for another name" in begun.restamp("up", status=4, **there)
    with begun.stamp_of(2) as stamp:
        seattle = {"value": [{"name": "seattle", "id": "/locations/seattle"}]}
        stamp.faults.append(Fault("GET .*Subscriptions.Admin/locations$", times=None, status=200, body=seattle))
        told = begun.restamp("up", status=2)
        assert "region is seattle, and the runbook says redmond" in told
        assert stamp.writes == []


def test_a_principal_without_rights_is_told_so(begun: World) -> None:
    """A principal that sees no default provider subscription is refused, and the hint names the role."""
    with begun.stamp_of(2) as stamp:
        stranger = stamp.add_principal("stranger", role=None)
        env = {"RESTAMP_CLIENT_ID": stranger.client_id, "RESTAMP_CLIENT_SECRET": stranger.secret}
        begun.restamp("begin")
        for command in ("up", "diff", "verify", "capture"):
            told = begun.restamp(command, status=4, **env)
            assert "Give restamp's principal Contributor" in told
        reader = stamp.add_principal("reader", role="Reader")
        told = begun.restamp("up", status=4, RESTAMP_CLIENT_ID=reader.client_id, RESTAMP_CLIENT_SECRET=reader.secret)
        assert "403" in told
        assert not [record for record in stamp.writes if record.status < 400]
