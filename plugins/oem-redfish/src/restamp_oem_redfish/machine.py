"""A machine as a document: what deployment asks of it, and what tells it from others. No I/O."""

from typing import Annotated, Literal

from pydantic import Field

from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Model, Name

Health = Literal["OK", "Warning", "Critical"]


class Disk(Model):
    """One disk."""

    model: str
    gb: Count = Field(description="capacity in 10^9 bytes")
    media: str = ""
    protocol: str = ""
    firmware: str = ""


class Nic(Model):
    """One network port."""

    mac: str
    mbps: Count | None = Field(None, description="speed in Mbit/s; a port without a link says none")


class Machine(Document):
    """One node's machine, as its BMC tells of it."""

    name: Name = Field(description="its BMC, as the plugin's settings name it")
    manufacturer: str
    model: str
    serial: str
    processors: Count | None = None
    processor: str = Field("", description="what its processors are")
    memory_gib: Annotated[Count | None, Field(alias="memoryGiB")] = None
    firmware: dict[str, str] = Field(
        default_factory=dict, description="version by name, as the BMC names it: System BIOS, BMC ..."
    )
    bios: dict[str, str] = Field(default_factory=dict, description="BIOS attributes")
    disks: dict[str, Disk] = Field(default_factory=dict, description="by storage and bay")
    nics: dict[str, Nic] = Field(default_factory=dict)

    @property
    def build(self) -> dict[str, str]:
        """What has to be alike in all machines of a scale unit, in words by name."""
        return {
            "model": f"{self.manufacturer} {self.model}",
            "processors": f"{self.processors or 'unknown'} x {self.processor}",
            "memory": f"{self.memory_gib} GiB",
            "disks": _counted([f"{disk.model} ({disk.gb} GB)" for disk in self.disks.values()]),
            "network ports": _counted([f"{nic.mbps or 'no link'} Mbit/s" for nic in self.nics.values()]),
        }


def _counted(what: list[str]) -> str:
    return ", ".join(f"{what.count(each)} x {each}" for each in sorted(set(what))) or "none"


MACHINE = Kind(
    name="Machine",
    folder="hardware",
    model=Machine,
    wire=Wire[Machine].nowhere("{name}"),
    comes_from="plugin",
)
