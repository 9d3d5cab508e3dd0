"""The hardware of a stamp: a Redfish service a node, from trees of fixtures, as a BMC answers it.

Shapes as DMTF's Redfish schemas document them; vendors, models and versions are made up.
"""

from .service import Nodes
from .tree import HARDWARE, maker, tree, write

__all__ = ["HARDWARE", "Nodes", "maker", "tree", "write"]
