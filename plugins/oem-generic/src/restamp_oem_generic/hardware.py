"""The machines of a stamp as documents: what Fabric says of each scale unit and its nodes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from restamp.hookspecs import Runbook
from restamp.kind import Kind, Wire
from restamp.models.document import Count, Document, Model, Name
from restamp.models.finding import Finding

if TYPE_CHECKING:
    from restamp.arm.client import Arm

_FABRIC = "/subscriptions/{provider}/resourceGroups/System.{region}/providers/Microsoft.Fabric.Admin"
_NODES = f"{_FABRIC}/fabricLocations/{{region}}/scaleUnitNodes"
_VERSION = "2016-05-01"  # recorded


class Node(Model):
    """One machine of a scale unit."""

    name: Name
    vendor: str
    model: str
    serial_number: str
    bmc_address: str
    cores: Count
    memory_gb: Count

    @property
    def make(self) -> str:
        """What has to be ordered: `Dell PowerEdge R740xd`."""
        return f"{self.vendor} {self.model}".strip() or "an unnamed machine"


class ScaleUnit(Document):
    """The machines of a stamp; there is one scale unit in a region."""

    name: Name
    nodes: tuple[Node, ...] = ()


SCALE_UNIT = Kind("ScaleUnit", "scale-units", ScaleUnit, Wire.nowhere("{name}"), comes_from="plugin")


def captured(arm: "Arm") -> Iterator[ScaleUnit]:
    """Every scale unit (recorded: one), with its nodes in the order of their names."""
    listed = arm.list_or_none(_NODES.format_map(arm.place.values()), _VERSION) or []
    units: dict[str, list[Node]] = {}
    for item in listed:
        said = item.get("properties") or {}
        units.setdefault(_last(said.get("scaleUnitName")) or "scale-unit", []).append(_node(item, said))
    for name, nodes in sorted(units.items()):
        yield ScaleUnit(name=name, nodes=tuple(sorted(nodes, key=lambda node: node.name)))


def _node(item: dict[str, Any], said: dict[str, Any]) -> Node:
    capacity = said.get("capacity") or {}
    return Node(
        name=_last(item["name"]),
        vendor=said.get("vendor") or "",
        model=said.get("model") or "",
        serial_number=said.get("serialNumber") or "",
        bmc_address=said.get("bmcAddress") or "",
        cores=int(capacity.get("cores") or 0),
        memory_gb=round(capacity.get("memoryGB") or 0),
    )


def _last(name: str | None) -> str:
    """What stands behind the region: `node01` of `redmond/node01` (recorded)."""
    return (name or "").rpartition("/")[2]


def nodes_of(runbook: Runbook) -> tuple[Node, ...]:
    """Every machine that a capture knew of."""
    return tuple(node for unit in runbook.documents if isinstance(unit, ScaleUnit) for node in unit.nodes)


def told(nodes: Iterable[Node]) -> str:
    """Machines as an order has them: `4 x Dell PowerEdge R740xd`; empty where there are none."""
    return ", ".join(f"{count} x {make}" for make, count in sorted(Counter(node.make for node in nodes).items()))


def check(runbook: Runbook) -> Iterator[Finding]:
    """That no capture knows the machines: whoever orders new ones has to look elsewhere."""
    if not nodes_of(runbook):
        hint = "Capture while the stamp lives: restamp capture --commit"
        yield Finding("hardware", "warn", "scale-units", "no capture knows the stamp's machines", hint)
