"""The endpoint: who may open a session, under which configuration, and which cmdlets there are in it."""

import base64
import binascii
import hmac
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from restamp.simulator.messages import Request, Response
from restamp.simulator.state import State

from . import shell, wsman
from .accounts import BUILT_IN, passwords, settle
from .cmdlet import Cmdlet, Given, Invocation, Say, unknown
from .negotiate import DOMAIN, Accounts, Negotiate
from .runspace import Runspace
from .shell import CONFIGURATION, IDLE, NO_SHELL, Shell
from .tables import ALL
from .wsman import Fault, Message

DEFAULT = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"
ASSUMED = (
    "The privileged endpoint: listens on WinRM's two ports under names in the stamp's external domain; by Negotiate it"
    " takes NTLM alone, in the domain azurestack or none; over HTTPS Basic too. Every host is the same endpoint.",
    "The privileged endpoint: cmdlets take no time, and none can be stopped; no disconnected sessions, no -AsJob, no"
    " pipes but to Out-Default, no transcripts; which number a fault has for a configuration that is not there.",
)


def basic(request: Request, known: Mapping[str, str]) -> str | None:
    """Return who has proved by name and password to be one of these, whatever the name's case and domain."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    name = re.split(r"[\\@]", name)[-1 if "\\" in name else 0]
    wanted = next((found for each, found in known.items() if each.lower() == name.lower()), None)
    is_right = wanted is not None and hmac.compare_digest(wanted.encode(), password.encode())
    return name.lower() if kind.lower() == "basic" and is_right else None


class Machine:
    """A machine with PowerShell remoting: lets in by Negotiate, and by Basic where TLS hides the password."""

    def __init__(
        self, state: State, accounts: Accounts, cmdlets: Iterable[Cmdlet], configuration: str = DEFAULT
    ) -> None:
        self._state, self._accounts, self._configuration = state, accounts, configuration
        self._cmdlets = {each.name.lower(): each for each in cmdlets}
        self.ran: list[str] = []  # the cmdlets that were called, by their names
        self._begin()

    def _begin(self) -> None:
        """Begin with nobody signed in: each deployment has machines of its own."""
        self._deployment, self._negotiate = self._state.deployment_id, Negotiate(self._accounts)
        self._shells: dict[str, Shell] = {}

    def keep(self, seconds: float) -> None:
        """Let sessions outlive a jump of the clock: their clients were not silent for so long."""
        for each in list(self._shells.values()):
            each.asked += seconds

    def answer(self, request: Request) -> Response:
        """Return the answer to a request to any of its hosts."""
        if self._deployment != self._state.deployment_id:
            self._begin()
        if self._negotiate.takes(request):
            return self._negotiate.answer(request, self._asked)
        user = basic(request, self._accounts()) if request.scheme == "https" else None
        if user is None:
            more = ', Basic realm="WSMAN"' if request.scheme == "https" else ""
            return Response(401, None, {"www-authenticate": f"Negotiate{more}"})
        return self._asked(request, user)

    def _asked(self, request: Request, user: str) -> Response:
        if (request.method, request.path) != ("POST", "/wsman"):
            return Response(404)
        identifier, headers = "", {"content-type": "application/soap+xml;charset=UTF-8"}
        try:
            message = wsman.read(request.body)
            identifier = message.identifier
            return Response(200, wsman.answer(message, self._done(message, user)), headers)
        except Fault as wrong:
            return Response(500, wsman.fault(identifier, wrong), headers)

    def _done(self, message: Message, user: str) -> str:
        if message.action == "Create":
            return self._opened(message, user)
        actions = {
            "Command": shell.command,
            "Send": shell.send,
            "Receive": shell.receive,
            "Signal": shell.signal,
            "Delete": self._deleted,
            "Get": shell.shown,
        }
        if message.action not in actions:
            raise Fault(2150858752, f"The action {message.action} is not supported.", "a:ActionNotSupported")
        return actions[message.action](message, self._shell(message, user))

    def _opened(self, message: Message, user: str) -> str:
        if message.resource.lower() != self._configuration.lower():
            raise _no_configuration(message.resource)
        wanted, opening = message.find("rsp:Shell"), message.find("rsp:Shell/ps:creationXml")
        identifier = (wanted.get("ShellId") if wanted is not None else None) or str(uuid.uuid4())
        runspace = Runspace(partial(self._run, user), pipes=self._configuration == DEFAULT)
        made = Shell(user, runspace, self._state.clock.time())
        shell.feed(made, opening.text if opening is not None else "")
        self._shells[identifier.upper()] = made
        return shell.created(self._configuration, identifier.upper(), user)

    def _shell(self, message: Message, user: str) -> Shell:
        now = self._state.clock.time()
        self._shells = {name: each for name, each in self._shells.items() if now - each.asked < IDLE}
        found = self._shells.get(message.shell)
        if found is None or found.owner != user:
            text = f"The WinRM Shell client cannot process the request. The shell {message.shell} was not found."
            raise Fault(NO_SHELL, text, "w:InvalidSelectors")
        found.asked = now
        return found

    def _deleted(self, message: Message, _: Shell) -> str:
        del self._shells[message.shell]
        return ""

    def _run(self, user: str, name: str, given: Given, piped: Sequence[Any], say: Say) -> Iterator[Any]:
        found = self._cmdlets.get(name.lower())
        if found is None:
            raise unknown(name)
        self.ran.append(found.name)
        return found.run(Invocation(self._state, user, say, found.bound(given), piped))


class Pep(Machine):
    """The privileged endpoint of a stamp: no language, no pipes, its own cmdlets alone."""

    def __init__(self, state: State) -> None:
        super().__init__(state, lambda: passwords(state), ALL, CONFIGURATION)

    def _begin(self) -> None:
        super()._begin()
        settle(self._state)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names it answers to."""
        return tuple(f"azs-ercs0{number}.{self._state.home}" for number in (1, 2, 3))

    @property
    def cloud_admin(self) -> tuple[str, str]:
        """Name and password of the built-in administrator."""
        return f"{DOMAIN}\\{BUILT_IN}", passwords(self._state)[BUILT_IN]


def _no_configuration(resource: str) -> Fault:
    """Return what WinRM says: CloudAdmin may not use the configuration that every Windows has, and knows no others."""
    if resource.lower() == DEFAULT.lower():
        return Fault(5, "Access is denied. ", "w:AccessDenied")
    name = resource.rpartition("/")[2]
    text = f"Cannot find the {name} session configuration in the WSMan: drive on the computer."
    return Fault(2150858811, f"The WS-Management service cannot process the request. {text}", "w:InvalidResourceURI")
