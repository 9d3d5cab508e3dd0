"""Make a kit beside the one that was there, try it, and only then put it in its place."""

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from restamp import failpoints
from restamp.errors import NotMade, Refused
from restamp.kit import distributions, imports, interpreter, parts, repository
from restamp.kit.about import NAME, Kit
from restamp.models.finding import Finding

_WORK = "work"  # what a kit has that was used
_IMPORTS = "import json, sys; from restamp.kit.imports import failing; print(json.dumps(failing(sys.argv[1:])))"


def make(contents: parts.Contents, to: Path, step: parts.Step) -> Kit:
    """Write a kit into a folder, and say what it is of; `step(name, files)` after each of `parts.STEPS` parts.

    Refused with everything that stands in the way; NotMade where the folder does not take it, or it does not run.
    A kit that was there stays until the new one runs. Killed between the last two renames we leave it as
    `<to>.restamp-old`, and the next run puts it back.
    """
    to = to.absolute()
    part, old = to.with_name(f"{to.name}.restamp-part"), to.with_name(f"{to.name}.restamp-old")
    if old.exists() and not to.exists():
        old.rename(to)
    _refuse(contents, to)
    try:
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)
        kit = parts.write(contents, part, step)
        _try(part)
        os.sync()  # before somebody pulls the stick
        failpoints.reached("kit.written")
        if to.exists():
            to.rename(old)
        failpoints.reached("kit.between")
        part.rename(to)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, tarfile.TarError, subprocess.CalledProcessError) as error:
        raise NotMade(str(to), getattr(error, "strerror", None) or str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return kit


def _refuse(contents: parts.Contents, to: Path) -> None:
    looks = (
        _of_place(contents, to),
        parts.problems(contents),
        interpreter.problems(),
        distributions.problems(),
        repository.problems(contents.repository),
    )
    if found := [finding for look in looks for finding in look]:
        raise Refused(found)


def _of_place(contents: parts.Contents, to: Path) -> Iterator[Finding]:
    if to.resolve().is_relative_to(contents.repository.top.resolve()):
        message = "lies in the runbook's repository, which goes into the kit"
        yield Finding("in-repository", "stop", str(to), message, "Name a folder elsewhere with --to.")
    if (to / _WORK).exists():
        message = "was used: its work folder has a journal, a Pulumi state, and what people wrote into its runbook"
        hint = "Name another folder with --to; or take the work folder away, if nobody needs it."
        yield Finding("used", "stop", str(to), message, hint)
    elif to.exists() and not (to / NAME).exists() and (not to.is_dir() or any(to.iterdir())):
        yield Finding("no-kit", "stop", str(to), "is there, and is no kit", "Name an empty or a new folder with --to.")


def _try(kit: Path) -> None:
    """Start what is in it, with nothing of this environment, and import whatever restamp and the plugins ever do.

    What cannot be imported here either, as nobody installed that extra, is not missing in a kit.
    """
    _run(kit, f"{kit}/engine/pulumi", "version")
    packages = distributions.packages()
    failing = json.loads(_run(kit, f"{kit}/python/bin/python3", "-BP", "-c", _IMPORTS, *packages))
    if failing and (missing := failing.keys() - imports.failing(packages).keys()):
        told = "; ".join(f"{where}: {failing[where]}" for where in sorted(missing))
        raise NotMade(str(kit), f"lacks what restamp or a plugin imports: {told}")


def _run(kit: Path, *command: str) -> str:
    env = {"PYTHONPATH": f"{kit}/site", "PATH": "/usr/bin:/bin", "HOME": str(kit), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=kit)
    if done.returncode:
        raise NotMade(command[0], f"does not run: {done.stderr.strip()[-500:]}")
    return done.stdout
