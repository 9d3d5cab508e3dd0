"""A recovery as a Pulumi program: the stack is named after its stamp, and its runbook is `runbooks/<stamp>`."""

import gc
from pathlib import Path

import pulumi

from restamp.plugins import all_kinds
from restamp.resources import Recovery, configured
from restamp.runbook.outline import outline

gc.disable()  # a program of some seconds: collecting cycles costs it a sixth of its time (docs/performance.md)
runbook = outline(Path(configured("runbook", f"runbooks/{pulumi.get_stack()}")), all_kinds())
Recovery(pulumi.get_stack(), runbook=runbook, recovery=configured("recovery"))
