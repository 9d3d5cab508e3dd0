"""A session of one client, and what WS-Management's actions do in it: commands, streams, signals."""

import base64
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

from . import wsman
from .runspace import Runspace
from .wsman import Fault, Message, malformed

CONFIGURATION = "http://schemas.microsoft.com/powershell/PrivilegedEndpoint"
IDLE = 7200.0  # seconds until a shell that nobody asks is gone: WinRM's default
COMMAND_STATE = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/"
TIMED_OUT, NO_SHELL = 2150858793, 2150858843  # nothing came in time, ask again; no such shell or command


@dataclass
class Shell:
    """One client's session."""

    owner: str
    runspace: Runspace
    asked: float  # when, on the stamp's clock


def command(message: Message, shell: Shell) -> str:
    """Begin a pipeline with its first fragment."""
    line = message.find("rsp:CommandLine")
    first = message.find("rsp:CommandLine/rsp:Arguments")
    identifier = _identifier((line.get("CommandId") if line is not None else None) or str(uuid.uuid4()))
    feed(shell, first.text if first is not None else "", identifier)
    return f"<rsp:CommandResponse><rsp:CommandId>{_written(identifier)}</rsp:CommandId></rsp:CommandResponse>"


def send(message: Message, shell: Shell) -> str:
    """Take more fragments, of the pool or of a pipeline."""
    for stream in message.body.findall("rsp:Send/rsp:Stream", wsman.NAMES):
        feed(shell, stream.text, _of(stream.get("CommandId"), shell))
    return "<rsp:SendResponse/>"


def receive(message: Message, shell: Shell) -> str:
    """Return what waits for the client; a Fault that asks for patience where nothing does."""
    wanted = message.find("rsp:Receive/rsp:DesiredStream")
    pipeline = _of(wanted.get("CommandId") if wanted is not None else None, shell)
    blobs = shell.runspace.take(pipeline, message.size * 3 // 4 - 4096)  # base64, and the envelope around it
    over = shell.runspace.is_over(pipeline)
    if not blobs and not over:
        raise Fault(TIMED_OUT, "The WS-Management service cannot complete the operation in time.", "w:TimedOut")
    command = f' CommandId="{_written(pipeline)}"' if pipeline else ""
    streams = "".join(
        f'<rsp:Stream Name="stdout"{command}>{base64.b64encode(blob).decode()}</rsp:Stream>' for blob in blobs
    )
    state = f'<rsp:CommandState{command} State="{COMMAND_STATE}{"Done" if over else "Running"}"/>' if pipeline else ""
    return f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>"


def signal(message: Message, shell: Shell) -> str:
    """End a pipeline."""
    asked = message.find("rsp:Signal")
    pipeline = _of(asked.get("CommandId") if asked is not None else None, shell)
    if pipeline is not None:
        shell.runspace.forget(pipeline)
    return "<rsp:SignalResponse/>"


def shown(message: Message, shell: Shell) -> str:
    """Return what a shell is."""
    inside = f"<rsp:ShellId>{escape(message.shell)}</rsp:ShellId><rsp:State>Connected</rsp:State>"
    return f"<rsp:Shell>{inside}<rsp:Owner>{escape(shell.owner)}</rsp:Owner></rsp:Shell>"


def created(configuration: str, identifier: str, user: str) -> str:
    """Return what a client needs to know of its new shell: without the selector it would lose it."""
    selectors = f'<w:SelectorSet><w:Selector Name="ShellId">{escape(identifier)}</w:Selector></w:SelectorSet>'
    where = f"<w:ResourceURI>{configuration}</w:ResourceURI>{selectors}"
    shell = f"<rsp:ShellId>{escape(identifier)}</rsp:ShellId><rsp:ResourceUri>{configuration}</rsp:ResourceUri>"
    return (
        f"<x:ResourceCreated><a:Address>*</a:Address><a:ReferenceParameters>{where}</a:ReferenceParameters>"
        f"</x:ResourceCreated><rsp:Shell>{shell}<rsp:Owner>{escape(user)}</rsp:Owner>"
        f"<rsp:IdleTimeOut>PT{IDLE:.3f}S</rsp:IdleTimeOut><rsp:InputStreams>stdin pr</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout</rsp:OutputStreams></rsp:Shell>"
    )


def _identifier(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise malformed(f"{text!r} is not a command's id.") from None


def _of(text: str | None, shell: Shell) -> uuid.UUID | None:
    """Return the pipeline that is meant; None for the pool itself."""
    found = _identifier(text) if text else None
    if not shell.runspace.has(found):
        raise Fault(NO_SHELL, f"The command {text} was not found in the shell.", "w:InvalidSelectors")
    return found


def _written(identifier: uuid.UUID | None) -> str:
    return str(identifier).upper()


def feed(shell: Shell, fragments: str | None, pipeline: uuid.UUID | None = None) -> None:
    """Hand fragments to a shell's runspace; a Fault where they are none."""
    try:
        shell.runspace.feed(base64.b64decode(fragments or "", validate=True), pipeline)
    except ValueError as wrong:
        raise malformed(f"The fragments are none: {wrong}") from wrong
