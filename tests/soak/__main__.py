"""Kill a recovery KILLS times at random points, and see that it ends as if nobody had; `make soak SEED=n` plays again.

Every point that a first run comes to is aimed at once in every way, in an order and at a count that the seed decides,
then any. A recovery that gets done is judged, and the next begins on a stamp without anything. Ends with 1 on the first
that is not as it should be.
"""

import itertools
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.soak.small import READERS
from tests.soak.story import Scene, Story, Undisturbed, undisturbed

from restamp.failpoints import NAMES, WAYS
from restamp.simulator import Stamp
from restamp.simulator.population import people, population

SUBSCRIPTIONS = 8
DONE = "next: restamp verify"
AFTER_A_KILL = ("up.takes-up", "resume.before", "resume.after")  # what no run comes to that nobody disturbed


def _lost(stamp: Stamp) -> None:
    """In every other vault restamp reads as one of a group, in which it is no more once the stamp is another."""
    readers = stamp.add_group(READERS).object_id
    objects = population(stamp, SUBSCRIPTIONS, contents=True, everywhere=stamp.admin)
    for vault in [body for body in objects if body.get("type") == "Microsoft.KeyVault/vaults"][::2]:
        for policy in vault["properties"]["accessPolicies"]:
            policy["objectId"] = readers if policy["objectId"] == stamp.admin.object_id else policy["objectId"]
    stamp.load(objects)  # our own entry too, in no group
    stamp.add_principal(stamp.admin.name, "Owner", scope="/", groups=[readers])


def _deployed(stamp: Stamp) -> None:
    stamp.add_principal(stamp.admin.name, "Owner", scope="/")
    stamp.load(people(stamp, SUBSCRIPTIONS))


def kills(seed: int, whole: Undisturbed) -> Iterator[str]:
    """Points with their counts and ways, without end; the same for the same seed."""
    chance = random.Random(seed)
    names = [name for name in NAMES if whole.passed[name] or name in AFTER_A_KILL]
    every = [pair for pair in itertools.product(names, WAYS) if not (pair[0].startswith("up.") and pair[1] == "engine")]
    chance.shuffle(every)
    for name, way in itertools.chain(every, iter(lambda: chance.choice(every), None)):
        most = chance.randint(1, max(1, whole.passed[name]))  # a run that goes on comes to fewer
        yield f"{name}#{chance.randint(1, most)}:{way}"


def soak(folder: Path, seed: int, wanted: int) -> int:
    """The exit status, once `wanted` runs were killed."""
    story = Story(folder, Scene(_lost, _deployed))
    home = _home(story, folder, "undisturbed")
    with story.new_stamp() as stamp:
        assert DONE in story.restamp("up", **home, RESTAMP_FAIL_SEEN=str(folder / "seen"))
        whole = undisturbed(stamp, folder / "seen")
    print(f"seed {seed}: undisturbed, {whole.passed.total()} points and {whole.effects.total()} writes", flush=True)
    points, done = kills(seed, whole), 0
    for number in itertools.count(1):
        done += _recovery(story, _home(story, folder, f"recovery-{number}"), points, whole, wanted - done)
        if done >= wanted:
            print(f"seed {seed}: {done} kills in {number} recoveries, each as if nobody had disturbed it")
            return 0
    raise AssertionError("it goes on until there were enough")


def _home(story: Story, folder: Path, name: str) -> dict[str, str]:
    (folder / name).mkdir()
    return story.at_home_in(folder / name)


def _recovery(story: Story, home: dict[str, str], points: Iterator[str], whole: Undisturbed, wanted: int) -> int:
    """How often one recovery was killed before it was done, or `wanted` times and then left alone."""
    done, told = 0, ""
    with story.new_stamp() as stamp:
        while done < wanted and DONE not in told:
            at = next(points)
            was_killed, told = story.killed(at, home)
            done += was_killed
            print(f"  {at:32} {'killed' if was_killed else 'not reached'}", flush=True)
            if not was_killed and DONE not in told:
                print(told, flush=True)
        told = told if DONE in told else story.restamp("up", status=None, **home)
        if (wrong := whole.unlike(stamp)) or DONE not in told:
            print(*wrong, told, sep="\n")
            sys.exit(1)
    print(f"done after {done} kills", flush=True)
    return done


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="restamp-soak-") as scratch:
        sys.exit(soak(Path(scratch), *map(int, sys.argv[1:3])))
