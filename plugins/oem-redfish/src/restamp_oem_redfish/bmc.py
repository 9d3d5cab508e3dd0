"""A BMC asked over Redfish, with sushy: what its machine is, how it is, and its power."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import sushy
from sushy.exceptions import AccessError, MissingAttributeError, ResourceNotFoundError, SushyError
from sushy.exceptions import ConnectionError as NoConnection
from urllib3.exceptions import HTTPError

from restamp.arm.dialling import Elsewhere, cause
from restamp.arm.settings import Settings as Way
from restamp.errors import Unreachable

from .errors import NoEntry, NotRedfish
from .machine import Disk, Machine, Nic

T = TypeVar("T")
TIMEOUT = 60  # seconds; BMCs are slow


@dataclass(frozen=True)
class Login:
    """Who signs in at every BMC, and the way there."""

    user: str
    password: str
    way: Way  # restamp's own settings: the CA, the connect-to map


class Bmc:
    """One BMC, signed in to."""

    def __init__(self, name: str, root: Any) -> None:
        self.name, self._root = name, root

    @cached_property
    def _system(self) -> Any:
        return self._root.get_system()

    def machine(self) -> Machine:
        """The machine, as a document."""
        system = self._system
        summary = system.json.get("ProcessorSummary") or {}
        return Machine(
            name=self.name,
            manufacturer=system.manufacturer or "",
            model=system.model or "",
            serial=system.serial_number or "",
            processors=summary.get("Count"),
            processor=summary.get("Model") or "",
            memory_gib=system.memory_summary.size_gib if system.memory_summary else None,
            firmware=dict(sorted(_whole(self._firmware))),
            bios={name: str(value) for name, value in sorted(_whole(lambda: system.bios.attributes.items()))},
            disks={name: _disk(drive) for name, drive in _whole(lambda: _drives(system))},
            nics={nic.identity: _nic(nic) for nic in _whole(lambda: _nics(system))},
        )

    def troubles(self) -> list[str]:
        """What of the machine says that it is not well: its parts with their health."""
        system = self._system
        parts = [("the machine", system.status)]
        parts += [(name, drive.status) for name, drive in _whole(lambda: _drives(system))]
        parts += [(f"network port {nic.identity}", nic.status) for nic in _whole(lambda: _nics(system))]
        return [f"{name} is {status.health.value}" for name, status in parts if _is_unwell(status)]

    @property
    def is_on(self) -> bool:
        """Whether the machine is on."""
        return bool(self._system.power_state == sushy.PowerState.ON)

    def switch_off(self) -> None:
        """Switch the machine off at once, whatever runs on it."""
        self._system.reset_system(sushy.ResetType.FORCE_OFF)

    def start_from_network(self) -> None:
        """Start the machine, which is off, from the network, once."""
        system = self._system
        system.set_system_boot_options(sushy.BootSource.PXE, sushy.BootSourceOverrideEnabled.ONCE)
        system.reset_system(sushy.ResetType.ON)

    def _firmware(self) -> Iterator[tuple[str, str]]:
        for each in self._root.get_update_service().firmware_inventory.get_members():
            if each.version:
                yield each.name, each.version


def _whole(part: Callable[[], Iterable[T]]) -> list[T]:
    """A part of what a machine tells; nothing where its BMC has no such part."""
    try:
        return list(part())
    except (MissingAttributeError, ResourceNotFoundError):
        return []


def _is_unwell(status: Any) -> bool:
    return status is not None and status.health not in (None, sushy.Health.OK)


def _nics(system: Any) -> list[Any]:
    return system.ethernet_interfaces.get_members()  # type: ignore[no-any-return]


def _drives(system: Any) -> Iterator[tuple[str, Any]]:
    for storage in system.storage.get_members():
        yield from ((f"{storage.identity}/{drive.identity}", drive) for drive in storage.drives)


def _disk(drive: Any) -> Disk:
    return Disk(
        model=drive.model or "",
        gb=(drive.capacity_bytes or 0) // 10**9,
        media=drive.media_type or "",
        protocol=drive.protocol.value if drive.protocol else "",
        firmware=drive.revision or "",
    )


def _nic(nic: Any) -> Nic:
    return Nic(mac=nic.permanent_mac_address or nic.mac_address or "", mbps=nic.speed_mbps or None)


@contextmanager
def signed_in(name: str, login: Login) -> Iterator[Bmc]:
    """A BMC to ask, until the end of the context.

    Raises:
        Unreachable: It does not answer, or cannot prove its name.
        NoEntry: The user name or the password is wrong.
        NotRedfish: It answers something else, or refuses.
    """
    connector = sushy.connector.Connector(
        f"https://{name}", verify=login.way.ca or True, default_request_timeout=TIMEOUT
    )
    connector._session.trust_env = False  # of the machine nothing applies; restamp's own settings do
    connector._session.mount("https://", Elsewhere(login.way.where))
    auth = sushy.auth.BasicAuth(login.user, login.password)  # nothing to sign out of when a process is killed
    try:
        yield Bmc(name, _root(name, auth, connector))
    except AccessError as error:
        raise NoEntry(name, login.user) from error
    except (NoConnection, HTTPError) as error:
        raise Unreachable(name, cause(error)) from error
    except SushyError as error:
        raise NotRedfish(name, str(error).splitlines()[0]) from error
    finally:
        connector.close()


def _root(name: str, auth: Any, connector: Any) -> Any:
    try:
        return sushy.Sushy(f"https://{name}", auth=auth, connector=connector)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # sushy takes an answer to be what it should be
        raise NotRedfish(name, f"what answers there is no Redfish: {error}") from error
