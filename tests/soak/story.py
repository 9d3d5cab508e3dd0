"""One recovery of a small stamp, begun as often as needed, and what the stamp has to say for itself afterwards."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.flows.world import NAME, World
from tests.keys import written
from tests.soak import small

from restamp.failpoints import ENDED
from restamp.simulator import Fault, Stamp
from restamp.simulator.messages import Request, Response

_OF_THE_MOMENT = {"createdOn", "updatedOn", "created", "updated", "etag", "version", "acquisitionTime"}
_VAULT = "/providers/microsoft.keyvault/vaults/"


class Scene(NamedTuple):
    """The stamp as it was, with everything on it; and redeployed, with those alone who survive its loss."""

    lost: Callable[[Stamp], object]
    deployed: Callable[[Stamp], object]


SMALL, MANY = Scene(small.lost, small.deployed), Scene(small.many_lost, small.deployed)


class WorksOnIt(Fault):
    """The stamp does what it is asked for, answers 202, and is polled where the object is."""

    def change(self, request: Request, response: Response, now: float) -> None:
        """The operation is over when somebody asks for it."""
        if request.method == "PUT" and response.status < 300:
            where = f"https://{request.host}{request.path}?api-version={request.api_version}"
            response.status, response.headers = 202, {"location": where, "retry-after": "0"}


class Story(World):
    """A world with a captured runbook whose recovery has begun; each stamp is the same new one, without anything."""

    def __init__(self, folder: Path, scene: Scene = SMALL) -> None:
        """Capture the stamp that is lost, with its secrets sealed."""
        super().__init__(folder)
        self._scene = scene
        self.runbook.mkdir(parents=True)
        self.key = written(self.runbook, "ann").rename(folder / "ann.pfx")
        with self.stamp_of(1) as stamp:
            scene.lost(stamp)
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
    def new_stamp(self, **options: Any) -> Iterator[Stamp]:
        """The redeployed stamp, as it was before anything was written to it; some of its PUTs are operations."""
        with self.stamp_of(2, **options) as stamp:
            stamp.faults.append(WorksOnIt("PUT .*Network.Admin/.*/quotas/.*", times=None))
            self._scene.deployed(stamp)
            yield stamp

    def killed(self, at: str, home: dict[str, str], *options: str) -> tuple[bool, str]:
        """Whether a run came to `at`, a point with its count and way, and so was killed there; and what it printed."""
        seen = Path(home["RESTAMP_HOME"]) / "seen"
        seen.unlink(missing_ok=True)
        told = self.restamp("up", *options, status=None, **home, RESTAMP_FAIL_AT=at, RESTAMP_FAIL_SEEN=str(seen))
        return seen.exists() and ENDED in seen.read_text().split(), told


class Undisturbed(NamedTuple):
    """A recovery that nobody disturbed: where it came by how often, what it wrote, what the stamp is then."""

    passed: Counter[str]
    effects: Counter[str]
    left: dict[str, Any]

    def unlike(self, stamp: Stamp) -> list[str]:
        """How a stamp differs that was brought back in many runs: what was written again, and what is another.

        A vault that lets nobody in is entered and left in each run, and is as it was in the end.
        """
        again = (effects(stamp) - self.effects).items()
        found = [f"{path}: {count} times more" for path, count in again if not _is_vault(path)]
        here = left(stamp)
        others = sorted(key for key in {*here, *self.left} if here.get(key) != self.left.get(key))
        return found + [f"{key}: {here.get(key)}, not {self.left.get(key)}" for key in others]


def undisturbed(stamp: Stamp, seen: Path) -> Undisturbed:
    """What all others are compared with; `seen` has the points that were passed."""
    return Undisturbed(Counter(seen.read_text().split()), effects(stamp), left(stamp))


def effects(stamp: Stamp) -> Counter[str]:
    """How often each object was written with effect: by method, host of a vault, and path."""
    return Counter(f"{record.method} {record.plane}{record.path.lower()}" for record in stamp.effects)


def left(stamp: Stamp) -> dict[str, Any]:
    """All that is on a stamp, secrets with the values of all their versions, without times and names of versions."""
    mine = [body for body in stamp.objects() if "/updatelocations/" not in body["id"].lower()]  # says what time it is
    secrets = [body for _, body in stamp.state.store.of_type(("", "vault/secrets"))]
    return {body["id"].lower(): _without_times(body) for body in (*mine, *secrets)}


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if key not in _OF_THE_MOMENT}
    if isinstance(value, list):  # the engine hands maps on in any order, and some are lists on the wire
        return sorted((_without_times(item) for item in value), key=str)
    return value


def _is_vault(path: str) -> bool:
    return _VAULT in path and "/" not in path.partition(_VAULT)[2]
