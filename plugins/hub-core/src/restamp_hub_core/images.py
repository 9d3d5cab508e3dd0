"""Images and extensions, from the marketplace and one's own: captured as lists, brought back by people.

No recording shows the marketplace (Azure Bridge): what came from there and what was uploaded look alike.
"""

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from restamp.hookspecs import Run
from restamp.kind import Kind, Wire
from restamp.models.document import Document, Local, Name
from restamp.models.finding import Finding
from restamp_hub_core import stamp
from restamp_hub_core.job import Case, Job, documents, step
from restamp_hub_core.stamp import COMPUTE, properties

if TYPE_CHECKING:
    from restamp.arm.client import Arm

_HOW = """Bring back what tenants deploy machines from, which stands in no list of what a recovery restores (inferred).
In the administrator portal, Marketplace management, download what came from the marketplace{offline}. Upload your own
with Add-AzsPlatformImage and Add-AzsVMExtension; what a document names as its source has the hash beside it.

{listed}"""
_OFFLINE = " (with the marketplace syndication tool, on a machine that reaches Azure)"


class Artifact(Document):
    """What images and extensions have in common."""

    os: str = Field("", description="Windows or Linux")
    source: Annotated[str | None, Local()] = Field(
        None, description="where people keep its file; the stamp's own is lost"
    )
    sha256: Annotated[str | None, Local()] = Field(None, description="of that file")


class PlatformImage(Artifact):
    """An image of machines that tenants can deploy."""

    publisher: Name
    offer: Name
    sku: Name
    version: Name


class MachineExtension(Artifact):
    """An extension of machines that tenants can use."""

    publisher: Name
    type: Name
    version: Name


IMAGE: Kind[PlatformImage] = Kind(
    name="PlatformImage",
    folder="images",
    model=PlatformImage,
    wire=Wire.nowhere("{publisher}/{offer}/{sku}/{version}"),
    comes_from="plugin",
)
EXTENSION: Kind[MachineExtension] = Kind(
    name="MachineExtension",
    folder="extensions",
    model=MachineExtension,
    wire=Wire.nowhere("{publisher}/{type}/{version}"),
    comes_from="plugin",
)


def on(arm: "Arm") -> Iterator[Artifact]:
    """Every image and extension that the stamp has (recorded, both lists)."""
    for body in arm.admin.list_all(stamp.url(arm, COMPUTE, "/artifactTypes/platformImage")):
        publisher, offer, sku, version = str(body["id"]).split("/")[-7::2]
        os = str((properties(body).get("osDisk") or {}).get("osType") or "")
        yield PlatformImage(publisher=publisher, offer=offer, sku=sku, version=version, os=os)
    for body in arm.admin.list_all(stamp.url(arm, COMPUTE, "/artifactTypes/VMExtension")):
        publisher, kind, version = str(body["id"]).split("/")[-5::2]
        os = str(properties(body).get("vmOsType") or "")
        yield MachineExtension(publisher=publisher, type=kind, version=version, os=os)


def jobs(case: Case) -> Iterator[Job]:
    """Once the stamp is registered, which is what lets it into the marketplace."""
    listed = [_line(each) for each in _of(case.runbook)]
    if listed:
        registration = case.settings.registration
        offline = _OFFLINE if registration and not registration.connected else ""
        how = _HOW.format(offline=offline, listed="\n".join(listed))
        title = f"Marketplace and images: {len(listed)} of them"
        yield Job(step("marketplace", title, by="operator", how=how, needs=("hub-core/registration",)))


def missing(run: Run) -> Iterator[Finding]:
    """What the runbook names and the stamp has not."""
    there = {_name(each).lower() for each in on(run.arm)}
    for each in _of(run.runbook):
        if _name(each).lower() not in there:
            hint = "Download it from the marketplace again, or upload it."
            yield Finding("images", "warn", f"{type(each).__name__} {_name(each)}", "is not on the stamp", hint)


def damaged(run: Run) -> Iterator[Finding]:
    """Files that documents name as sources and that are not there, or are others by their hash.

    They are read whole, which takes long, so only as long as no recovery waits for it. What is kept at an address that
    this machine has no folder for is left to people.
    """
    for each in _of(run.runbook):
        if each.source and "://" not in each.source and not each.source.startswith("\\\\"):
            run.say(f"reading {each.source}")
            if wrong := _wrong(each, run.runbook.folder / each.source, read=run.recovery is None):
                hint = "Bring it back, or correct its source and sha256."
                yield Finding("artefact", "warn", f"{type(each).__name__} {_name(each)}", wrong, hint)


def _wrong(artifact: Artifact, file: Path, *, read: bool) -> str:
    if not file.is_file():
        return f"its file {artifact.source} is not there"
    if not artifact.sha256:
        return f"nobody wrote down the hash of its file {artifact.source}, so any other would do"
    try:
        with file.open("rb") as content:
            found = file_digest(content, "sha256").hexdigest() if read else artifact.sha256.lower()
    except OSError as error:
        return f"its file {artifact.source} cannot be read: {error.strerror}"
    return "" if found == artifact.sha256.lower() else f"its file {artifact.source} is another: sha256 {found}"


def _of(runbook: Any) -> list[Artifact]:
    return [*documents(runbook, "PlatformImage"), *documents(runbook, "MachineExtension")]


def _name(artifact: Artifact) -> str:
    kind: Kind[Any] = IMAGE if isinstance(artifact, PlatformImage) else EXTENSION
    return kind.ref(artifact)


def _line(artifact: Artifact) -> str:
    kept = f", kept at {artifact.source}" if artifact.source else ""
    proof = f", sha256 {artifact.sha256}" if artifact.sha256 else ""
    return f"- {type(artifact).__name__} {_name(artifact)} ({artifact.os or 'any system'}){kept}{proof}"
