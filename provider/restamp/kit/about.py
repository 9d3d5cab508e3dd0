"""`kit.yaml`: what a kit is of, and what it needs of the machine it runs on."""

from pathlib import Path

from pydantic import AwareDatetime, Field

from restamp.errors import Refused
from restamp.models.document import Model
from restamp.models.finding import Finding
from restamp.runbook.read import read_own

NAME = "kit.yaml"
REPOSITORY = "repository"


class Kit(Model):
    """Written when a kit is made."""

    stamp: str = Field(description="<region>.<external domain>")
    runbook: str = Field(description="the runbook's folder in the repository")
    commit: str = Field(description="what is checked out, in full")
    made: AwareDatetime
    restamp: str = Field(description="version of restamp")
    machine: str = Field(description="processors it runs on, as `uname -m` names them")
    glibc: str = Field(description="the oldest C library it runs on")
    plugins: dict[str, str] = Field(default_factory=dict, description="plugins in it, with versions")


def about(folder: Path) -> Kit | None:
    """What a kit says of itself; None where there is none. Refused where it says it in a way that is not ours."""
    found: list[Finding] = []
    kit = read_own(folder / NAME, Kit, folder, found) if (folder / NAME).exists() else None
    if found:
        raise Refused(found)
    return kit
