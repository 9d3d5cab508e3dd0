"""Processes made by forks of a warm one, which has imported all: what tests start a thousand times starts at once."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from restamp import cli, failpoints

TIMEOUT = 600  # seconds
WARM = ("tests.soak.provider", "restamp.arm.client", "restamp.cli.pulumi", "restamp.compare", "restamp.verification")
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__, *WARM, *(entry.module for entry in entry_points(group="restamp"))])


def status_of(target: Callable[..., None], *arguments: Any) -> int:
    """The exit status of a process of its own that does this; -9 where it was killed."""
    process = _forks.Process(target=target, args=arguments)
    process.start()
    process.join(TIMEOUT)
    assert process.exitcode is not None, f"{target.__name__}{arguments}: it did not end"
    return process.exitcode


def restamp(arguments: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit status of `restamp ...`, in a folder and a process group of its own, and what it printed."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as told:
        status = status_of(_restamp, arguments, folder, dict(env), told.name)
        return status, told.read()


def _restamp(arguments: tuple[str, ...], folder: Path, env: dict[str, str], told: str) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.path[1:1] = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    printed = os.open(told, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(printed, stream)
    failpoints.arm(env.get("RESTAMP_FAIL_AT", ""), env.get("RESTAMP_FAIL_SEEN", ""))
    sys.argv = ["restamp", *arguments]
    cli.main()
