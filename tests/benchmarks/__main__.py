"""Measure speed and size, as ratios within one run where machines differ; prints Markdown, ends with 1 on a miss.

The simulator runs in a process of its own; every figure is the median of RUNS whole processes.
"""

import os
import resource
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import tenants
from tests.benchmarks.bench import RUNS, Bench, Row, median, seconds, table
from tests.flows.world import NAME, REGION, ROOT

OBJECTS = int(os.environ.get("OBJECTS", "1000"))
# the same shape as a recovery: one component, one gate before, one need each, one gate behind
NOOP = f"""
import pulumi
from tests.benchmarks.noop import Nothing
class Component(pulumi.ComponentResource):
    def __init__(self): super().__init__("noop:index:Component", "component")
inside = pulumi.ResourceOptions(parent=Component())
gate = Nothing("gate", inside)
offer = Nothing("offer", inside, after=gate.status)
tenant = "8272fdc6-5ec8-4aed-b10c-c09e3221910c"
fields = dict(displayName="Contoso ERP", owner="erp@contoso.example", tenant=tenant, offer="offers-rg/gold")
made = {{}}
for number in range({OBJECTS}):
    name = f"c66cb1bf-3d5e-4a44-9f0a-{{number:012d}}"
    document = {{"id": name, "state": "Enabled", "routingResourceManagerType": "Default", **fields}}
    wiring = dict(recovery="2026-11-23", target=tenant, needs=["offers/gold"], results={{"offers/gold": offer.status}})
    made[name] = Nothing(name, inside, document=document, stamp="redmond.ext.contoso.example", **wiring)
Nothing("last", inside, results={{name: one.status for name, one in made.items()}})
"""


def no_op(bench: Bench) -> tuple[float, float]:
    """Seconds of a first and of an unchanged `pulumi up` of resources that do nothing, on our host."""
    folder = bench.folder / "noop"
    folder.mkdir()
    plugins = f"plugins:\n  providers:\n    - name: pulumi-python\n      path: {ROOT / 'provider/host'}\n"
    (folder / "Pulumi.yaml").write_text(
        f"name: noop\nruntime:\n  name: python\n  options:\n    toolchain: pip\n{plugins}"
    )
    (folder / "__main__.py").write_text(NOOP)
    up = ("pulumi", "--non-interactive", "up", "--yes", "--skip-preview", "--parallel", "64", "--stack", "noop")
    bench.run("pulumi", "--non-interactive", "stack", "init", "noop", cwd=folder)

    def again() -> None:
        bench.run("pulumi", "--non-interactive", "destroy", "--yes", "--skip-preview", "--stack", "noop", cwd=folder)

    first = median(lambda: bench.run(*up, cwd=folder), again)
    return first, median(lambda: bench.run(*up, cwd=folder))


def recovery(bench: Bench) -> tuple[int, float, float, float]:
    """Documents, and seconds of a first `restamp up`, an unchanged bare `pulumi up`, an unchanged `restamp up`."""
    bare = ("pulumi", "--non-interactive", "up", "--yes", "--skip-preview", "--parallel", "64", "--stack", REGION)
    taken = []
    for number in range(2, 2 + RUNS):
        with bench.stamp(number):
            bench.run("restamp", "begin", f"r{number}")
            taken.append(seconds(lambda: bench.run("restamp", "up")))
            if number == 1 + RUNS:
                unchanged = median(lambda: bench.run(*bare))
                whole = median(lambda: bench.run("restamp", "up"))
    documents = sum(1 for _ in bench.runbook.rglob("*.yaml"))
    return documents, statistics.median(taken), unchanged, whole


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="restamp-bench-") as scratch:
        bench = Bench(Path(scratch) / "contoso")
        with bench.stamp(1, "--population", str(OBJECTS - 40)):
            capture = seconds(lambda: bench.run("restamp", "capture", "--stamp", NAME))
            again = median(lambda: bench.run("restamp", "capture"))
            verify = median(lambda: bench.run("restamp", "verify"))
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        helped = median(lambda: bench.run("restamp", "--help"))
        documents, first, unchanged, whole = recovery(bench)
        engine_first, engine_unchanged = no_op(bench)
    rows = [
        Row("capture", documents / capture, "objects/s", 300, at_most=False),
        Row("capture again, nothing changed", documents / again, "objects/s", 300, at_most=False),
        Row("verify", documents / verify, "objects/s", 300, at_most=False),
        Row("peak memory of capture and verify", peak, "MB", 200),
        Row(
            f"`restamp up` of {documents} objects / engine's no-op of as many",
            first / engine_first,
            "times",
            3,
        ),
        Row("unchanged bare `pulumi up` / engine's unchanged no-op", unchanged / engine_unchanged, "times", 1.2),
        Row("unchanged `restamp up` / unchanged bare `pulumi up`", whole / unchanged, "times", 1.5),
        Row("`restamp --help`", helped, "s", 0.3),
    ]
    print(f"{documents} documents, median of {RUNS} runs, {os.cpu_count()} cores\n")
    print(f"seconds: capture {capture:.1f}, verify {verify:.1f}; up {first:.1f}, engine's no-op {engine_first:.1f};")
    print(f"unchanged: restamp up {whole:.1f}, pulumi up {unchanged:.1f}, engine's no-op {engine_unchanged:.1f}\n")
    return table([*rows, *tenants.rows()])


if __name__ == "__main__":
    sys.exit(main())
