"""pypsrp's side of a session: the only module that imports it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from xml.etree.ElementTree import ParseError

import requests
from pypsrp.complex_objects import ComplexObject, GenericComplexObject, ObjectMeta, PSCredential, PSInvocationState
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from spnego.exceptions import SpnegoError
from urllib3.exceptions import HTTPError, NewConnectionError

from restamp import failpoints
from restamp.arm.dialling import Elsewhere, cause
from restamp.errors import CmdletFailed, NoAdministrator, Rejected, Unanswered, Unreachable

from .consent import consenting
from .endpoint import Endpoint, Host, Say
from .values import Certificate, Credential, Secret, secrets_of

logging.getLogger("pypsrp").setLevel(logging.CRITICAL)  # it writes whole messages, with what is secret in them
NO_SHELL = 2150858843  # a session that is not there, or is somebody else's
TIMEOUT = 30  # seconds to connect, and between two signs of life: a running cmdlet gives one every 20 s
LOST = (requests.RequestException, HTTPError, WinRMError, SpnegoError, ParseError)
CERTIFICATE = ["System.Security.Cryptography.X509Certificates.X509Certificate2", "System.Object"]
STREAMS = ("progress", "verbose", "warning")


class Gone(Exception):
    """The session is not there any longer; what was asked was not run."""


class Session:
    """One open session at one host."""

    def __init__(self, endpoint: Endpoint, host: Host) -> None:
        """Open it; StampError when the host does not answer, or lets nobody in, or gives no session."""
        self._host = host.name
        self._way = _way(endpoint, host)
        whoever = consenting() if endpoint.consents else None
        self._pool = RunspacePool(self._way, configuration_name=endpoint.configuration, host=whoever)
        with _opening(endpoint, host.name):
            try:
                self._pool.open()
            except BaseException:
                self._way.close()
                raise

    def close(self) -> None:
        """End it; a host that is gone has ended it by itself."""
        with suppress(*LOST):
            self._pool.close()
        self._way.close()

    def run(
        self, cmdlets: Sequence[str], parameters: Mapping[str, Any], say: Say, secrets: tuple[str, ...]
    ) -> list[Any]:
        """What a pipe of cmdlets puts out; `say` is called with what they say, but for lines with a secret in them."""
        shell, cmdlet = PowerShell(self._pool), " | ".join(cmdlets)
        with self._asking(cmdlet):
            if any(secrets_of(parameters)):
                self._pool.exchange_keys()
            shell.add_cmdlet(cmdlets[0])
            shell.add_parameters({name: self._sent(value) for name, value in parameters.items()})
            for each in cmdlets[1:]:
                shell.add_cmdlet(each)
            shell.begin_invoke()
        told = dict.fromkeys(STREAMS, 0)
        with self._waiting(cmdlet):
            while shell.state == PSInvocationState.RUNNING:
                shell.poll_invoke()
                for line in _new(shell, told):
                    if not any(secret and secret in line for secret in secrets):
                        say(line)
        with suppress(*LOST):
            shell.close()
        failpoints.reached("answer.received")
        return _result(cmdlet, shell)

    @contextmanager
    def _asking(self, cmdlet: str) -> Iterator[None]:
        try:
            yield
        except LOST as error:
            if isinstance(error, NewConnectionError) or getattr(error, "code", None) == NO_SHELL:
                raise Gone from error
            raise Unanswered(f"{cmdlet} at {self._host}", _reason(error)) from error

    @contextmanager
    def _waiting(self, cmdlet: str) -> Iterator[None]:
        try:
            yield
        except LOST as error:
            raise Unanswered(f"{cmdlet} at {self._host}", _reason(error)) from error

    def _sent(self, value: Any) -> Any:
        """A value as pypsrp takes it."""
        if isinstance(value, Secret):
            return self._pool.serialize(value.text, ObjectMeta("SS"))
        if isinstance(value, Credential):
            secret = self._sent(Secret(value.password))
            return PSCredential(username=value.user, password=secret)  # type: ignore[no-untyped-call]
        if isinstance(value, Certificate):
            made = GenericComplexObject()
            made.types = CERTIFICATE
            made.adapted_properties["RawData"] = value.der
            return made
        return [self._sent(each) for each in value] if isinstance(value, list | tuple) else value


def _way(endpoint: Endpoint, host: Host) -> WSMan:
    way = WSMan(
        host.name,
        port=host.port,
        username=endpoint.user,
        password=endpoint.password,
        ssl=host.tls,
        auth=endpoint.auth,
        connection_timeout=TIMEOUT,
        read_timeout=TIMEOUT,
        no_proxy=True,
    )
    session = way.transport._build_session()  # private to pypsrp: pinned, and tests/test_remoting.py watches it
    session.trust_env = False  # proxy and CA variables of the machine do not apply; our settings do
    session.proxies, session.verify = {}, endpoint.ca or True
    for scheme in ("https://", "http://"):
        session.mount(scheme, Elsewhere(endpoint.where))
    way.transport.session = session
    return way


@contextmanager
def _opening(endpoint: Endpoint, host: str) -> Iterator[None]:
    try:
        yield
    except (AuthenticationError, SpnegoError) as error:
        raise NoAdministrator(endpoint.user, f"{host} does not let {endpoint.auth} in") from error
    except WSManFaultError as error:
        what = f"a session of {endpoint.configuration} at {host}"
        raise Rejected(what, 500, str(error.code), error.reason or "no reason is given") from error
    except LOST as error:
        raise Unreachable(host, _reason(error)) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, WSManFaultError):
        return f"{error.code}: {error.reason}"
    if isinstance(error, WinRMTransportError):
        return f"it answers {error.code} to PowerShell remoting"
    if isinstance(error, ParseError):
        return "what answers there is no PowerShell remoting"
    return cause(error) or type(error).__name__


def _new(shell: PowerShell, told: dict[str, int]) -> Iterator[str]:
    """What a cmdlet said since it was asked last."""
    for stream in STREAMS:
        records = getattr(shell.streams, stream)
        yield from (_line(record) for record in records[told[stream] :])
        told[stream] = len(records)


def _line(record: Any) -> str:
    if hasattr(record, "activity"):
        return f"{record.activity}: {record.description}"
    return str(record.message)


def _result(cmdlet: str, shell: PowerShell) -> list[Any]:
    """The output; an error that ended the cmdlet, or came instead of any output, is raised."""
    output = [_plain(each) for each in shell.output]
    if shell.streams.error and (shell.had_errors or not output):
        first = shell.streams.error[0]
        raise CmdletFailed(cmdlet, str(first.fq_error or "no code"), str(first))
    return output


def _plain(value: Any) -> Any:
    if isinstance(value, GenericComplexObject):
        found = value.adapted_properties | value.extended_properties
        return {str(name): _plain(each) for name, each in found.items()} if found else value.to_string
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return str(value) if isinstance(value, ComplexObject) else value
