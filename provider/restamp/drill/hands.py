"""What people do in a rehearsal, and sign off: the redeploy itself, and whatever `up` waits for."""

import re
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Any

from restamp import rack
from restamp.drill import artefacts
from restamp.entering import OWNER
from restamp.errors import Refused
from restamp.kinds.authorization import ROLE_ASSIGNMENT, RoleAssignment
from restamp.objects import put
from restamp.plugins import all_kinds

if TYPE_CHECKING:
    from restamp.drill.rehearsal import Drill

Told = Mapping[str, Any]  # a step, as `status --all --format json` tells it
_SET = re.compile(r"export (RESTAMP_[A-Z_]+)=([^\s;,.]+)")
_TICK = 0.14  # seconds
_DEPLOYS = "/deployment"
_GRANT = re.compile(r"by tenant: (\S+), its owner, .*? -ObjectId (\S+) .*? -Scope /subscriptions/([0-9a-z-]+)")
_MEANING = uuid.uuid5(uuid.NAMESPACE_URL, "a drill's tenants let restamp in")


def redeployed(drill: "Drill") -> None:
    """Everything that people do before a stamp answers; the deployment is the simulator's."""
    mine = [step for step in drill.declared if step["holds"] == "stamp-ready" and step["by"] != "restamp"]
    before = list(takewhile(lambda step: not step["id"].endswith(_DEPLOYS), mine))
    _sign(drill, before)
    deployment = _deploy(drill)
    _sign(drill, mine[len(before) :])
    drill.restamp("begin", drill.recovery, "--target", deployment, shown="target")


def done(drill: "Drill", steps: Iterable[Told]) -> bool:
    """Sign off what is waited for, and in one go what will be: each `up` less is time; whether anything was."""
    mine = [step for step in steps if step["by"] != "restamp" or step.get("destructive")]
    waited_for = any(step["status"] == "waiting" for step in mine)
    if waited_for:
        _sign(drill, [step for step in mine if step["status"] != "done"])
    return waited_for


def exported(drill: "Drill", waiting: Iterable[Told]) -> bool:
    """Set what a step asks people to set, such as the new application's id; whether one did."""
    found = dict(pair for step in waiting for pair in _SET.findall(step["message"]))
    drill.export(**found)
    return bool(found)


def let_in(drill: "Drill", told: str) -> bool:
    """What each tenant does: the owner of a subscription makes restamp's principal an Owner; whether one was asked."""
    asked = set(_GRANT.findall(told))
    if asked:
        kinds = all_kinds()
        with artefacts.asking(drill) as arm:
            for owner, principal, subscription in sorted(asked):
                role = RoleAssignment(name=str(uuid.uuid5(_MEANING, subscription)), role=OWNER, principal=principal)
                put(ROLE_ASSIGNMENT, role, arm.as_user(subscription, "adfs", (owner, f"{owner}'s own")), kinds)
        drill.tell(f"  {len(asked)} subscriptions: their owners signed in and gave restamp a role")
    return bool(asked)


@contextmanager
def hurried(drill: "Drill") -> Iterator[None]:
    """Within this half a day goes by on the stamp each second: what only takes time, takes little."""
    over = threading.Event()

    def hurry() -> None:
        while not over.wait(_TICK):
            with suppress(Refused, OSError, ValueError):
                rack.asked(drill.folder / "stamp", "clock", {"seconds": 43_200 * _TICK})

    thread = threading.Thread(target=hurry, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _deploy(drill: "Drill") -> str:
    """The deployment that is there now, as whoever deployed it tells."""
    asked = drill.asked
    options = ["--hardware", asked.hardware, "--nodes", str(asked.nodes)]
    options += ["--version", asked.version] if asked.version else []
    if asked.way == "native":
        options += ["--recover", drill.backup, "--pfx", str(artefacts.key(drill.folder)), "--by-call"]
    told = re.search(r"^deployed: ([0-9a-f-]+)", drill.restamp("simulator", "redeploy", *options, shown="^deployed"))
    assert told, "the simulator says which deployment it is"
    return told[1]


def _sign(drill: "Drill", steps: Iterable[Told]) -> None:
    """Each person signs off what is theirs; what destroys something the operator allows."""

    def signs(step: Told) -> str:
        return "operator" if step["by"] == "restamp" else str(step["by"])

    for by, theirs in groupby(sorted(steps, key=signs), signs):
        drill.restamp("signoff", *(step["id"] for step in theirs), "--by", by, shown="says")
