"""A recovery as a Pulumi program: the stack is named after its stamp, and its runbook is `runbooks/<stamp>`."""

import gc
import sys
from pathlib import Path

import pulumi

from restamp.plugins import all_kinds
from restamp.resources import Recovery, configured
from restamp.runbook.outline import outline

sys.tracebacklimit = 8  # the engine keeps the whole way to each resource in its state: half of it all, for nobody
gc.disable()  # a program of some seconds: collecting cycles costs it a sixth of its time (docs/performance.md)
runbook = outline(Path(configured("runbook", f"runbooks/{pulumi.get_stack()}")), all_kinds())
Recovery(pulumi.get_stack(), runbook=runbook, recovery=configured("recovery"))
