"""App Service as its controllers show it: files, services and the documented cmdlets, on machines of a stamp."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from restamp.simulator import Stamp
from restamp.simulator.pep import Machine
from restamp.simulator.pep.cmdlet import Choice, Cmdlet, Failure, Invocation

SUFFIX = "redmond.ext.contoso.example"
CONTROLLERS = f"https://cn0-vm.{SUFFIX},https://cn1-vm.{SUFFIX}"
PASSWORD = "Fit-f0r-roles"
SECRETS = json.dumps({"StampSecrets": {"SystemKey": "0c1d-very-secret"}})


@dataclass
class AppService:
    """One deployment with two controllers, new and empty."""

    files: dict[str, str] = field(default_factory=dict)
    services: dict[str, set[str]] = field(default_factory=dict)  # running, by controller
    restored: dict[str, str] = field(default_factory=dict)  # what Restore-AppServiceStamp was given
    done: list[str] = field(default_factory=list)
    starting: int = 2  # how often management servers are asked until one is ready

    def on(self, stamp: Stamp) -> None:
        """Put its controllers on a stamp."""
        for name in ("cn0-vm", "cn1-vm"):
            self.services[name] = {"WebFarmService", "ResourceMetering"}
            stamp.machines[name] = Machine(stamp.state, lambda: {"roleadmin": PASSWORD}, self._cmdlets(name))

    def _cmdlets(self, controller: str) -> Iterator[Cmdlet]:
        running = self.services[controller]

        def stop(call: Invocation) -> Iterator[Any]:
            running.difference_update(call.texts("Name"))
            yield from ()

        def start(call: Invocation) -> Iterator[Any]:
            running.update(call.texts("Name"))
            yield from ()

        yield Cmdlet("Test-Path", self._exists, ("Path",))
        yield Cmdlet("New-Item", self._made, ("Path", "ItemType"), ("Force",))
        yield Cmdlet("Set-Content", self._written, ("Path", "Value", "Encoding"))
        yield Cmdlet("Remove-Item", self._removed, ("Path",), ("Force",))
        yield Cmdlet("Stop-Service", stop, ("Name",))
        yield Cmdlet("Start-Service", start, ("Name",))
        given = ("FilePath", "OverrideDatabaseServer", "OverrideContentShare")
        yield Cmdlet("Restore-AppServiceStamp", self._restore, given)
        yield Cmdlet("Restore-AppServiceRoles", self._roles)
        yield Cmdlet("Get-AppServiceServer", self._servers, ("ServerType",))
        yield Cmdlet("Get-AppServiceSite", self._sites)
        yield Cmdlet("Get-AppServiceServerFarm", self._farms)
        yield Cmdlet("Sync-AppServiceObject", self._synced)

    def _exists(self, call: Invocation) -> Iterator[Any]:
        yield call.text("Path") in self.files

    def _made(self, call: Invocation) -> Iterator[Any]:
        self.files[call.text("Path")] = ""
        yield {"FullName": call.text("Path")}

    def _written(self, call: Invocation) -> Iterator[Any]:
        self.files[call.text("Path")] = call.text("Value")
        yield from ()

    def _removed(self, call: Invocation) -> Iterator[Any]:
        del self.files[call.text("Path")]
        yield from ()

    def _restore(self, call: Invocation) -> Iterator[Any]:
        if any("WebFarmService" in running for running in self.services.values()):
            raise Failure("ServicesRun", "WebFarmService is running.")
        secrets = json.loads(self.files[call.text("FilePath")])
        if (yield Choice("Reconfigure App Service from backup?", ("&Continue", "&Suspend"))) == 0:
            self.restored = {name: str(value) for name, value in call.given.items()} | secrets["StampSecrets"]
            self.done.append("stamp")

    def _roles(self, call: Invocation) -> Iterator[Any]:
        if "stamp" not in self.done:
            raise Failure("NotRestored", "App Service is not configured.")
        self.done.append("roles")
        yield from ()

    def _servers(self, call: Invocation) -> Iterator[Any]:
        assert call.text("ServerType") == "ManagementServer"
        self.starting -= all("WebFarmService" in running for running in self.services.values())
        yield {"Name": "MN0-VM", "Status": "Ready" if self.starting <= 0 else "Installing"}

    def _sites(self, call: Invocation) -> Iterator[Any]:
        if (yield Choice("Get all sites?", ("&Yes", "&No"), default=1)) == 0:
            yield {"Name": "erp"}

    def _farms(self, call: Invocation) -> Iterator[Any]:
        if (yield Choice("Get all server farms?", ("&Yes", "&No"), default=1)) == 0:
            yield {"Name": "farm"}

    def _synced(self, call: Invocation) -> Iterator[Any]:
        self.done += [f"synchronised {each['Name']}" for each in call.piped]
        yield from ()
