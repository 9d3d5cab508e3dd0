"""One session at an endpoint: opened when the first cmdlet runs, opened anew when it is gone."""

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from restamp.errors import CmdletFailed, StampError, Unreachable

from .endpoint import Endpoint, Say
from .values import secrets_of

if TYPE_CHECKING:
    from .session import Session

_SESSIONS = 5  # opened for one cmdlet, at most: each that is gone ran nothing


class Remote:
    """Runs cmdlets at an endpoint, one at a time; close it, or use it as a context."""

    def __init__(self, endpoint: Endpoint, say: Say) -> None:
        self.endpoint = endpoint
        self._say = say
        self._session: Session | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, cmdlet: str, *into: str, **parameters: Any) -> list[Any]:
        """What a cmdlet puts out, as plain values: an object is a dict of its properties.

        Args:
            cmdlet: Its name. No scripts: the privileged endpoint refuses them.
            into: Cmdlets that its output is piped into, one after the other; the privileged endpoint has no pipes.
            parameters: Its own, under their names; a switch is True. Text, numbers, lists, bytes, and `Secret`,
                `Credential`, `Certificate`.

        Raises:
            CmdletFailed: It ended with an error; `code` is PowerShell's own, such as CommandNotFoundException.
            Unreachable: No host answers.
            NoAdministrator: Name and password let nobody in.
            Rejected: A host answers, and gives no session.
            Unanswered: The connection ended while it ran; it may have been done.
        """
        secrets = (self.endpoint.password, *secrets_of(parameters))
        with self._lock:
            try:
                return self._ran((cmdlet, *into), parameters, secrets)
            except StampError as error:
                if not isinstance(error, CmdletFailed):
                    self.close()
                error.tell_without(secrets)
                raise

    def close(self) -> None:
        """End the session, if there is one."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ran(self, cmdlets: Sequence[str], parameters: Mapping[str, Any], secrets: tuple[str, ...]) -> list[Any]:
        """A pipe's output; a session ends when nobody used it for long, or its host restarts: then in a new one."""
        from .session import Gone

        for _ in range(_SESSIONS):
            try:
                return self._opened().run(cmdlets, parameters, self._say, secrets)
            except Gone:  # nothing was run
                self.close()
        hosts = ", ".join(host.name for host in self.endpoint.each())
        raise Unreachable(hosts, f"{_SESSIONS} sessions ended before {cmdlets[0]} was run")

    def _opened(self) -> "Session":
        """The session; or a new one, at the first host that gives one."""
        from .session import Session

        refused: list[StampError] = []
        for host in self.endpoint.each() if self._session is None else ():
            try:
                self._session = Session(self.endpoint, host)
                break
            except Unreachable as error:  # another host may answer; a password is wrong at all of them
                refused.append(error)
        if self._session is None:
            raise _nowhere(refused)
        return self._session


def _nowhere(refused: list[StampError]) -> StampError:
    """The one error for hosts that all do not answer."""
    if len(refused) == 1:
        return refused[0]
    hosts = ", ".join(error.host for error in refused if isinstance(error, Unreachable))
    reasons = sorted({str(error).partition(": ")[2] for error in refused})
    return Unreachable(hosts, "; ".join(reasons))
