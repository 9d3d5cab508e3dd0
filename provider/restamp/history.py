"""The runbook in git: as it was at an earlier commit, and a commit of what a capture found."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from restamp.errors import Refused
from restamp.models.finding import Finding


@dataclass(frozen=True)
class Earlier:
    """A runbook as it was at a commit: its folder for now, and the commit with its day, for people."""

    folder: Path
    commit: str


@contextmanager
def at(folder: Path, revision: str, kept: Sequence[str] = ()) -> Iterator[Earlier]:
    """The runbook of a revision in a folder of its own, which goes again; sealed values are sealed there too.

    What is `kept`, files and folders by name, is as it is today instead.
    Refused where git knows no such revision, or it has no runbook there.
    """
    commit = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        hint = "Name a commit, a tag or a branch: git log --oneline"
        raise _refused(f"--from {revision}", f"there is no such revision in the git repository of {folder}", hint)
    below = (git(folder, "rev-parse", "--show-prefix") or b"").decode().strip()
    name = commit.decode().strip()
    packed = git(folder, "archive", "--format=tar", name)  # of this folder alone, for that is where git is asked
    if packed is None:
        hint = f"See when it came: git log --oneline -- {folder}"
        raise _refused(f"--from {revision}", f"it has no {below or 'runbook'}", hint)
    told = (git(folder, "show", "--no-patch", "--format=%h of %cs", name) or commit).decode().strip()
    with tempfile.TemporaryDirectory(prefix="restamp-") as scratch:
        unpack(packed, Path(scratch))
        for name in kept:
            _replace(folder / name, Path(scratch) / name)
        yield Earlier(Path(scratch), told)


def unpack(packed: bytes, to: Path) -> None:
    """Lay out what `git archive --format=tar` gave; what would land elsewhere is refused, from Python 3.11.4 on."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(to)  # noqa: S202


def _replace(today: Path, then: Path) -> None:
    if then.is_dir():
        shutil.rmtree(then)
    then.unlink(missing_ok=True)
    if today.is_dir():
        shutil.copytree(today, then)
    elif today.exists():
        shutil.copy(today, then)


def commit(folder: Path, message: str) -> str:
    """Commit everything in a runbook's folder, also where nothing changed; the commit's short name.

    What is staged elsewhere stays staged. Refused with what git says.
    """
    for arguments in (("add", "--all", "--", "."), ("commit", "--quiet", "--allow-empty", "-m", message, "--", ".")):
        done = _run(folder, *arguments)
        if done.returncode:
            reason = " ".join((done.stderr or done.stdout).decode(errors="replace").split())
            hint = f"The capture is written. Mend what git says, then: git add {folder} && git commit"
            raise _refused(f"git {arguments[0]}", reason, hint)
    return (git(folder, "rev-parse", "--short", "HEAD") or b"").decode().strip()


def git(folder: Path, *arguments: str) -> bytes | None:
    """What git answers there; None where it does not. Refused where there is no git."""
    done = _run(folder, *arguments)
    return None if done.returncode else done.stdout


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(folder), *arguments], check=False, capture_output=True)
    except FileNotFoundError:
        raise _refused("git", "there is no `git` on PATH", "Install it: the runbook is kept in it.") from None


def _refused(about: str, message: str, hint: str) -> Refused:
    return Refused([Finding("history", "stop", about, message, hint)])
