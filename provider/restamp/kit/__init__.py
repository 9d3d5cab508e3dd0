"""A kit: all that a recovery needs, in one folder that runs on a bare Linux machine, for the day without a network.

What runs on this machine is copied as it is: the interpreter, the distributions as they are installed, the engine.
Wheels would have to be fetched when a kit is made, and installed on the day by a pip that a bare machine lacks; and
they need not be those that captured the runbook. What pip and uv installed they checked by its hash, and every file is
compared with its distribution's RECORD before it goes into a kit, so that a damaged installation is not handed on.

    restamp             the launcher; before its first use it checks the kit, then makes `work` for all that changes
    SHA256SUMS          of every file
    kit.yaml            what the kit is of, and what it needs of a machine
    python, site        the interpreter; restamp, its plugins, and what they need
    engine              Pulumi, its host of Python programs, and the scripts that these start
    repository          the runbook's repository as it is read without git; `repository.bundle` is the repository itself
    state.json          the Pulumi state, with secrets encrypted as they were
    docs, README
"""

from restamp.kit.about import Kit, about
from restamp.kit.make import make
from restamp.kit.parts import STEPS, Contents
from restamp.kit.repository import repository_of

__all__ = ["STEPS", "Contents", "Kit", "about", "make", "repository_of"]
