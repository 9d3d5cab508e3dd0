"""What a benchmark starts from: a project as an operator has it, stamps in processes of their own, rows with bars."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.flows.world import REGION, ROOT
from tests.keys import written

RUNS = int(os.environ.get("RUNS", "3"))


@dataclass
class Row:
    what: str
    measured: float
    unit: str
    bar: float
    at_most: bool = True

    @property
    def held(self) -> bool:
        return self.measured <= self.bar if self.at_most else self.measured >= self.bar

    def __str__(self) -> str:
        sign = "at most" if self.at_most else "at least"
        held = "yes" if self.held else "**no**"
        return f"| {self.what} | {self.measured:.2f} {self.unit} | {sign} {self.bar:g} | {held} |"


def seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def table(rows: list[Row]) -> int:
    """Print the rows as Markdown; 1 where a bar is missed."""
    print("| what | measured | bar | held |\n|---|---|---|---|")
    print("\n".join(map(str, rows)))
    return 0 if all(row.held for row in rows) else 1


def median(run: Callable[[], Any], before: Callable[[], Any] = lambda: None) -> float:
    taken = []
    for _ in range(RUNS):
        before()
        taken.append(seconds(run))
    return statistics.median(taken)


class Bench:
    """A project and its stamps, as an operator has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runbook = folder / "stacks" / "runbooks" / REGION
        (folder / "stacks").mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(
            (ROOT / "Pulumi.yaml").read_text().replace("provider/host", str(ROOT / "provider/host"))
        )
        (folder / "stacks" / "__main__.py").write_text((ROOT / "stacks" / "__main__.py").read_text())
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PULUMI", "RESTAMP"))},
            "RESTAMP_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'home' / 'pulumi'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": str(folder / "engine"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            "PULUMI_SKIP_CHECKPOINTS": os.environ.get("PULUMI_SKIP_CHECKPOINTS", "true"),
            "PYTHONPATH": str(ROOT),
        }
        (folder / "home" / "pulumi").mkdir(parents=True)

    def run(self, *command: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            command, cwd=cwd or self.folder, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
        return done.stdout

    def with_recipient(self) -> None:
        """Secrets can be sealed and opened."""
        self.runbook.mkdir(parents=True)
        opener = written(self.runbook, "operator")
        self.env["RESTAMP_OPENERS"] = str(opener.rename(self.folder / opener.name))

    @contextmanager
    def stamp(self, number: int, *options: str) -> Any:
        kept = self.folder / f"stamp{number}"
        command = [sys.executable, "-m", "restamp", "simulator", "--deployment", str(number), "--folder", str(kept)]
        process = subprocess.Popen([*command, *options], env=self.env, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            while "ready" not in (line := process.stdout.readline()):
                assert line, "the stamp did not start"
            for line in (kept / "env.sh").read_text().splitlines():
                name, _, value = line.removeprefix("export ").partition("=")
                self.env[name] = value.strip("'")
            yield
        finally:
            process.terminate()
            process.wait()
