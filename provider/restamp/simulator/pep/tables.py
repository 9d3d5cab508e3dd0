"""Every cmdlet of the endpoint."""

from collections.abc import Iterator
from typing import Any

from . import accounts, actions, applications, integration, registration, settings, stamp, validation
from .cmdlet import Cmdlet, Invocation

SERVICES = (stamp, validation, integration, accounts, applications, registration, settings, actions)


def _commands(call: Invocation) -> Iterator[Any]:
    wanted = {name.lower() for name in call.texts("Name")}
    for each in sorted(CMDLETS.values(), key=lambda cmdlet: cmdlet.name):
        if not wanted or each.name.lower() in wanted:
            syntax = " ".join([each.name, *(f"[-{name} <Object>]" for name in each.parameters)])
            syntax += "".join(f" [-{name}]" for name in each.switches)
            yield syntax if call.is_set("Syntax") else {"CommandType": "Function", "Name": each.name}


ALL: tuple[Cmdlet, ...] = (
    Cmdlet("Get-Command", _commands, ("Name",), ("Syntax",)),
    *(each for them in SERVICES for each in them.CMDLETS),
)
CMDLETS = {each.name.lower(): each for each in ALL}
