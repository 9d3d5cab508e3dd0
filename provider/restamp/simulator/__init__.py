"""A stamp in a process: what an Azure Stack Hub answers on its public endpoints, from state and rules.

Judged by recorded traffic of real stamps (`tests/conformance`), by clients we did not write, and by Microsoft's
swagger. What none of them shows is marked `assumed` and listed by `restamp.simulator.assumed.listed`.
"""

from .backups.share import Share
from .baseline import Baseline
from .faults import Fault
from .principals import Principal
from .server import serve
from .stamp import Stamp

__all__ = ["Baseline", "Fault", "Principal", "Share", "Stamp", "serve"]
