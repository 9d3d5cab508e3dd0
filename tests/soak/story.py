"""One recovery of a small stamp, begun as often as needed, and what the stamp has to say for itself afterwards."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.flows.world import NAME, World
from tests.soak.small import SECRETS, SHUT, deployed, lost
from tests.test_secrets import written

from restamp.simulator import Fault, Stamp
from restamp.simulator.messages import Request, Response

_OF_THE_MOMENT = {"createdOn", "updatedOn", "created", "updated", "etag", "version", "acquisitionTime", "versions"}
TWICE = 2  # a vault that has to be entered: a policy for us, and away with it


class WorksOnIt(Fault):
    """The stamp does what it is asked for, answers 202, and is polled where the object is."""

    def change(self, request: Request, response: Response, now: float) -> None:
        """The operation is over when somebody asks for it."""
        if request.method == "PUT" and response.status < 300:
            where = f"https://{request.host}{request.path}?api-version={request.api_version}"
            response.status, response.headers = 202, {"location": where, "retry-after": "0"}


class Story(World):
    """A world with a captured runbook whose recovery has begun; each stamp is the same new one, without anything."""

    def __init__(self, folder: Path) -> None:
        """Capture the stamp that is lost, with its secrets sealed."""
        super().__init__(folder)
        self.runbook.mkdir(parents=True)
        self.key = written(self.runbook, "ann").rename(folder / "ann.pfx")
        with self.stamp_of(1) as stamp:
            lost(stamp)
            self.restamp("capture", "--stamp", NAME)
        with self.new_stamp():
            self.restamp("begin")

    def env(self, **more: str) -> dict[str, str]:
        """Where the private key is, and that nothing but a test arms a point."""
        return super().env(**{"RESTAMP_OPENERS": str(self.key)} | more)

    def at_home_in(self, folder: Path) -> dict[str, str]:
        """Settings under which nothing is known of other runs: another journal, another Pulumi state."""
        (folder / "pulumi").mkdir(exist_ok=True)
        return {"RESTAMP_HOME": str(folder), "PULUMI_BACKEND_URL": f"file://{folder / 'pulumi'}"}

    @contextmanager
    def new_stamp(self) -> Iterator[Stamp]:
        """The redeployed stamp, as it was before anything was written to it; one of its PUTs is an operation."""
        with self.stamp_of(2) as stamp:
            stamp.faults.append(WorksOnIt("PUT .*Network.Admin/.*/quotas/small", times=None))
            yield deployed(stamp)


def left(stamp: Stamp) -> dict[str, Any]:
    """All that is on a stamp, secrets with their values, without times and versions."""
    mine = [body for body in stamp.objects() if "/updatelocations/" not in body["id"].lower()]  # says what time it is
    return {body["id"].lower(): _without_times(body) for body in mine} | values(stamp)


def values(stamp: Stamp) -> dict[str, str]:
    """What is in the vaults."""
    found = {name: stamp.state.get(f"/vault/{name.replace('/', '/secrets/')}") for name in SECRETS}
    return {name: body["versions"][-1]["value"] for name, body in found.items() if body}


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if key not in _OF_THE_MOMENT}
    return [_without_times(item) for item in value] if isinstance(value, list) else value


def effects(stamp: Stamp) -> Counter[str]:
    """How often each object was written with effect; by its path on the stamp, for secrets by their names."""
    return Counter(f"{record.method} {record.path.lower()}" for record in stamp.effects)


def twice(stamp: Stamp, undisturbed: Counter[str]) -> list[str]:
    """What was written more often than in a run that nobody disturbed; a vault is entered and left as a pair."""
    more = effects(stamp) - undisturbed
    return [name for name, count in more.items() if not (name.endswith(f"/{SHUT}") and count in (1, TWICE, TWICE + 1))]
