"""What people do in a rehearsal, and sign off: the redeploy itself, and whatever `up` waits for."""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from restamp import rack
from restamp.drill import artefacts
from restamp.errors import Refused

if TYPE_CHECKING:
    from restamp.drill.rehearsal import Drill

Told = Mapping[str, Any]  # a step, as `status --all --format json` tells it
_SET = re.compile(r"export (RESTAMP_[A-Z_]+)=([^\s;,.]+)")
_DEPLOYS = "/deployment"


def redeployed(drill: "Drill") -> None:
    """Everything that people do before a stamp answers; the deployment is the simulator's."""
    deployed = False
    for step in drill.steps():
        if step["holds"] != "stamp-ready" or step["by"] == "restamp":
            continue
        if step["id"].endswith(_DEPLOYS):
            _deploy(drill)
            deployed = True
        _sign(drill, step)
    if not deployed:
        _deploy(drill)
    drill.restamp("begin", drill.recovery, shown="target")


def done(drill: "Drill", waiting: Iterable[Told]) -> bool:
    """Do and sign off what is waited for; whether there was anything of that kind."""
    mine = [step for step in waiting if step["by"] != "restamp" or step.get("destructive")]
    for step in mine:
        _sign(drill, step)
    return bool(mine)


def exported(drill: "Drill", waiting: Iterable[Told]) -> bool:
    """Set what a step asks people to set, such as the new application's id; whether one did."""
    found = dict(pair for step in waiting for pair in _SET.findall(step["message"]))
    drill.export(**found)
    return bool(found)


def named(drill: "Drill", told: str) -> bool:
    """Say that the stamp which answers is the target, where `up` asks for that; whether it did."""
    found = re.search(rf"restamp begin {drill.recovery} --target ([0-9a-f-]+)", told)
    if found:
        drill.restamp("begin", drill.recovery, "--target", found[1], shown="target")
    return found is not None


@contextmanager
def hurried(drill: "Drill") -> Iterator[None]:
    """Within this half a day goes by on the stamp each second: what only takes time, takes little."""
    over = threading.Event()

    def hurry() -> None:
        while not over.wait(0.5):
            with suppress(Refused, OSError, ValueError):
                rack.asked(drill.folder / "stamp", "clock", {"seconds": 21_600})

    thread = threading.Thread(target=hurry, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _deploy(drill: "Drill") -> None:
    asked = drill.asked
    options = ["--hardware", asked.hardware, "--nodes", str(asked.nodes)]
    if asked.way == "native":
        options += ["--recover", drill.backup, "--pfx", str(artefacts.key(drill.folder)), "--by-call"]
    drill.restamp("simulator", "redeploy", *options, shown="^deployed")


def _sign(drill: "Drill", step: Told) -> None:
    drill.restamp("signoff", step["id"], "--by", step["by"] if step["by"] != "restamp" else "operator", shown="says")
