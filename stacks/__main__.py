"""A recovery as a Pulumi program: the stack is named after its stamp, and its runbook is `runbooks/<stamp>`."""

from pathlib import Path

import pulumi

from restamp.plugins import all_kinds
from restamp.resources import Recovery, configured
from restamp.runbook import load

runbook = load(Path(configured("runbook", f"runbooks/{pulumi.get_stack()}")), all_kinds())
Recovery(pulumi.get_stack(), runbook=runbook, recovery=configured("recovery"))
