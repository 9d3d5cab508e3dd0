"""The repository that a runbook is in: itself as a bundle, and checked out, to be read where there is no git."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from restamp.errors import NotMade, Refused
from restamp.history import git, unpack
from restamp.models.finding import Finding


@dataclass(frozen=True)
class Repository:
    """A repository by its top folder, the commit that is checked out, and the runbook's folder in it."""

    top: Path
    commit: str
    runbook: str


def repository_of(folder: Path) -> Repository:
    """The repository of a runbook; Refused where it is in none, or nothing was committed yet."""
    asked = ("--show-toplevel", "--show-prefix", "HEAD")
    top, below, commit = (git(folder, "rev-parse", what) for what in asked)
    if top is None or commit is None:
        hint = "git init, git add and git commit: a kit has the whole repository in it."
        raise Refused([Finding("no-repository", "stop", str(folder), "is not committed to a git repository", hint)])
    return Repository(Path(_line(top)), _line(commit), _line(below).rstrip("/"))


def problems(repository: Repository) -> Iterator[Finding]:
    """What is not committed: a kit has what is, and nothing else."""
    if changed := (git(repository.top, "status", "--porcelain") or b"").decode().splitlines():
        count = "1 file is" if len(changed) == 1 else f"{len(changed)} files are"
        named = ", ".join(line[3:] for line in changed[:3])
        message = f"{count} not committed, and would be missing in the kit: {named}"
        yield Finding("not-committed", "stop", str(repository.top), message, "git add and git commit, or git stash.")


def bundle(repository: Repository, to: Path) -> None:
    """Write what is checked out, and every branch that has the runbook, into a file that `git clone` takes."""
    branches = _line(git(repository.top, "for-each-ref", "--format=%(refname)", "refs/heads")).splitlines()
    having = [name for name in branches if git(repository.top, "rev-parse", "--verify", f"{name}:{repository.runbook}")]
    if git(repository.top, "bundle", "create", "--quiet", str(to.absolute()), "HEAD", *having) is None:
        raise NotMade(str(to), "git bundle create failed")


def check_out(repository: Repository, to: Path) -> None:
    """Write the files of what is checked out into a folder."""
    unpack(git(repository.top, "archive", "--format=tar", repository.commit) or b"", to)


def _line(said: bytes | None) -> str:
    return (said or b"").decode().strip()
