"""`restamp plugins`: every plugin of an environment, and if a runbook does not use it, why."""

import os
import subprocess
import sys
from pathlib import Path

from .outsiders import installed

STAMP = "kind: Stamp\nformat: 1\nregion: redmond\ndomain: a.example\nidentity: ADFS\n"
USES = "plugins:\n  oem-good: {}\n  oem-old: {}\n  oem-lost: {}\n"
CAPTURED = (
    "kind: Captured\non: '2026-11-01'\nrestamp: 0.1.0\ndocuments: '1'\nsubscriptions: '0'\nplugins: {oem-old: '2.0'}\n"
)
SOURCE = """
from restamp.hookspecs import hookimpl
from restamp.models.step import PluginCard, Step

@hookimpl
def plugin_card():
    return PluginCard(name="{name}", role="oem", title="Racks of {name}")

@hookimpl
def steps({argument}):
    return []
"""


def source(name: str, argument: str = "runbook") -> str:
    """A plugin that says nothing in its one hook."""
    return SOURCE.format(name=name, argument=argument)


def told(folder: Path, runbook: Path | None = None) -> list[str]:
    """What the command prints where these plugins are installed, beside those of this environment."""
    env = os.environ | {"PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "restamp", "plugins", *(["--runbook", str(runbook)] if runbook else [])]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=folder, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_each_plugin_is_shown_and_if_it_is_not_used_why(tmp_path: Path) -> None:
    """Used; not named; broken, in each way that one can be; older than at capture; named and not there."""
    site, runbook = tmp_path / "site", tmp_path / "runbook"
    for name in ("oem-good", "oem-idle"):
        installed(site, name, source=source(name))
    installed(site, "oem-odd", source=source("oem-odd", "planet"))
    installed(site, "oem-none", source="import no_such_module")
    installed(site, "oem-cardless", source=source("oem-cardless").replace("def plugin_card", "def plugin_cart"))
    installed(site, "oem-raises", source=source("oem-raises").replace('role="oem"', 'role="king"'))
    installed(site, "oem-old", version="1.0", source=source("oem-old"))
    installed(site, "oem-twice", source=source("oem-twice"))
    rival = site / "rival-1.0.dist-info"
    rival.mkdir()
    (rival / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 1.0\n")
    (rival / "entry_points.txt").write_text("[restamp]\noem-twice = oem_twice\n")
    runbook.mkdir()
    (runbook / "stamp.yaml").write_text(STAMP + USES)
    (runbook / "captured.yaml").write_text(CAPTURED)

    lines = told(site, runbook)
    at = lines.index("oem-good 1.0: used")
    assert lines[at + 1 : at + 3] == ["  oem: Racks of oem-good", "  hooks: plugin_card, steps"]
    assert "oem-idle 1.0: not used: stamp.yaml does not name it (restamp plugins use oem-idle)" in lines
    why = {line.partition(" ")[0]: line for line in lines}
    for name, reason in (
        ("oem-odd", "NOT USABLE: "),
        ("oem-none", "NOT USABLE: No module named 'no_such_module'"),
        ("oem-cardless", "NOT USABLE: "),
        ("oem-raises", "NOT USABLE: plugin oem-raises, plugin_card: ValidationError"),
        ("oem-old", "NOT USABLE: is version 1.0, and 2.0 captured the runbook."),
        ("oem-twice", "NOT USABLE: restamp-oem-twice and rival both have it: pip uninstall one of them"),
    ):
        assert reason in why[name], why[name]
    assert "planet" in why["oem-odd"]
    assert "oem-lost: named in stamp.yaml, and NOT INSTALLED: pip install restamp-oem-lost" in lines
    assert "oem-good 1.0: installed; there is no runbook here" in told(site)
