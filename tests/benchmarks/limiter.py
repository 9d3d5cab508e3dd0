"""How much of what a stamp allows is used, and how often it has to refuse: `python -m tests.benchmarks.limiter`.

The simulator is in a process of its own, behind TLS. SECONDS is how long each row runs, 60 if not set. Ends with 1 when
less than 95 % is used, when more than 1 % of calls are answered 429, or when one subscription holds up the others.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from tests.asking import Dial

from restamp.arm.limiter import Limiter
from restamp.simulator import Stamp, serve
from restamp.simulator.budgets import Budgets, Latency
from restamp.simulator.circumstances import put_under
from restamp.simulator.population import population

SECONDS = float(os.environ.get("SECONDS", "60"))
THREADS = 40
ROWS: tuple[tuple[str, int, dict[str, float], bool], ...] = (
    ("10 writes/s in each of 4 subscriptions", 4, {"writes_per_second": 10}, True),
    ("10 each in 8, and 40 in all", 8, {"writes_per_second": 10, "global_writes_per_second": 40}, True),
    ("40 in all, 8 subscriptions", 8, {"global_writes_per_second": 40}, True),
    ("10 each in 4, counts not shown", 4, {"writes_per_second": 10}, False),
    (
        "10 each in 8, 40 in all, counts not shown",
        8,
        {"writes_per_second": 10, "global_writes_per_second": 40},
        False,
    ),
)


@dataclass
class Result:
    """What one row came to."""

    used: float
    refused: float
    least: float  # what the subscription with the fewest writes got of an equal share
    seconds_waited: float

    @property
    def held(self) -> bool:
        return self.used >= 0.95 and self.refused <= 0.01 and self.least >= 0.9


def stamp_in_this_process(lanes: int, budgets: dict[str, float]) -> None:
    """Serve until standard input ends; the first line says how to reach it."""
    stamp = put_under(Stamp("redmond", "ext.contoso.example"), Budgets(**budgets), Latency(0.02, 0.05, 0.3))  # type: ignore[arg-type]
    stamp.load(population(stamp, lanes))
    bench = stamp.add_principal("bench", "Owner", scope="/")
    token = stamp.identities.issue(bench, stamp.identities.audience("tenant"), 1e6)
    users = [body["subscriptionId"] for body in stamp.objects() if "offerId" in body]
    with serve(stamp) as server:
        host = stamp.state.host("management")
        print(json.dumps({"host": host, "port": server.port, "ca": str(server.ca), "token": token, "users": users}))
        sys.stdout.flush()
        sys.stdin.read()


@contextmanager
def stamp_of_its_own(lanes: int, budgets: dict[str, float]) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.benchmarks.limiter", str(lanes), json.dumps(budgets)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait()


def writer(at: dict[str, Any]) -> Callable[[str, int], requests.Response]:
    session = requests.Session()
    session.trust_env, session.verify = False, at["ca"]
    session.headers["authorization"] = f"Bearer {at['token']}"
    session.mount("https://", Dial(at["port"]))

    def write(user: str, number: int) -> requests.Response:
        url = f"https://{at['host']}/subscriptions/{user}/resourcegroups/g{number % 50}?api-version=2016-06-01"
        return session.put(url, json={"location": "redmond"})

    return write


def measured(lanes: int, budgets: dict[str, float], shown: bool) -> Result:
    """The first subscription has ten times as many to write as the others."""
    limiter, done, wrong = Limiter(16), Counter[str](), Counter[int]()
    lock = threading.Lock()
    with stamp_of_its_own(lanes, budgets) as at:
        end = time.monotonic() + SECONDS

        def work(user: str) -> None:
            write, number = writer(at), 0
            while time.monotonic() < end:
                number += 1
                with limiter.slot(user, "write") as ticket:
                    answer = write(user, number)
                    headers = {name.lower(): value for name, value in answer.headers.items()}
                    ticket.answered(answer.status_code, headers if shown else without_counts(headers))
                with lock:
                    done[user] += answer.status_code < 300
                    wrong[answer.status_code] += answer.status_code >= 300

        users = at["users"]
        shares = [users[0]] * (THREADS - 3 * (lanes - 1)) + [user for user in users[1:] for _ in range(3)]
        threads = [threading.Thread(target=work, args=(user,)) for user in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if set(+wrong) - {429}:
        raise SystemExit(f"answers: {dict(wrong)}")
    allowed = min(lanes * budgets.get("writes_per_second", 1e9), budgets.get("global_writes_per_second", 1e9)) * SECONDS
    stats, good = limiter.stats["write"], sum(done.values())
    return Result(good / allowed, stats.throttled / stats.calls, min(done.values()) * lanes / good, stats.waited)


def without_counts(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if "ratelimit" not in name}


def main() -> int:
    print(f"{SECONDS:.0f} s each, {THREADS} threads, 16 requests at once, {os.cpu_count()} cores\n")
    print("| budgets | used of the allowed | answered 429 | least subscription's share | held |\n|---|---|---|---|---|")
    held = True
    for what, lanes, budgets, shown in ROWS:
        row = measured(lanes, budgets, shown)
        held = held and row.held
        yes = "yes" if row.held else "**no**"
        print(f"| {what} | {row.used:.1%} | {row.refused:.2%} | {row.least:.0%} | {yes} |", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        stamp_in_this_process(int(sys.argv[1]), json.loads(sys.argv[2]))
    else:
        sys.exit(main())
