"""A runspace pool as a shell holds it: fragments in, pipelines of cmdlets run, fragments out. Nothing but memory."""

import logging
import struct
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar
from xml.etree.ElementTree import ParseError

from psrpcore import (
    Command,
    CreatePipelineEvent,
    PipelineHostResponseEvent,
    PSRPCoreError,
    PSRPPayload,
    ServerPipeline,
    ServerRunspacePool,
    StreamType,
)
from psrpcore.types import (
    ErrorCategory,
    ErrorCategoryInfo,
    ErrorRecord,
    HostMethodIdentifier,
    NETException,
    PipelineState,
    PSCredential,
    PSCustomObject,
    PSInvocationState,
    PSSecureString,
)

from .cmdlet import Choice, Failure, Given, Say, scripts, unanswerable, unknown

logging.getLogger("psrpcore").setLevel(logging.CRITICAL)  # it writes whole messages, with what is secret in them
T = TypeVar("T")
FRAGMENT = 32_768  # bytes of one fragment, as Windows sends them
Run = Callable[[str, Given, Sequence[Any], Say], Iterator[Any]]  # cmdlet, parameters, input, how it speaks -> output
Asking = Generator[Any, int | None, T]  # yields output and choices, and is sent what was chosen
NONSENSE = (PSRPCoreError, ParseError, struct.error, AttributeError, LookupError, TypeError, ValueError)
ENDED = frozenset({PSInvocationState.Completed, PSInvocationState.Failed, PSInvocationState.Stopped})


class Runspace:
    """One client's pool of runspaces; `run` is asked for each cmdlet; with `pipes` a pipeline may have many."""

    def __init__(self, run: Run, *, pipes: bool = False) -> None:
        self._run, self._pipes = run, pipes
        self._asking: dict[uuid.UUID, Asking[None]] = {}  # pipelines that wait for their client's choice
        self._pool = ServerRunspacePool()
        self._waiting: dict[uuid.UUID | None, deque[bytes]] = {None: deque()}

    def feed(self, data: bytes, pipeline: uuid.UUID | None = None) -> None:
        """Take what a client sent, and do what it asks: a pipeline whose last fragment came is run at once.

        Raises:
            ValueError: What was sent are no fragments of messages.
        """
        try:
            self._fed(data, pipeline)
        except NONSENSE as wrong:  # psrpcore takes what it is sent to be right
            raise ValueError(str(wrong)) from wrong
        while (payload := self._pool.data_to_send(FRAGMENT)) is not None:
            self._waiting[payload.pipeline_id].append(payload.data)

    def _fed(self, data: bytes, pipeline: uuid.UUID | None) -> None:
        if pipeline is not None and pipeline not in self._pool.pipeline_table:
            ServerPipeline(self._pool, pipeline)
            self._waiting[pipeline] = deque()
        self._pool.receive_data(PSRPPayload(data, StreamType.default, pipeline))
        while (event := self._pool.next_event()) is not None:
            if isinstance(event, CreatePipelineEvent):
                started = self._pool.pipeline_table[event.pipeline_id]
                started.start()
                self._go_on(started, self._output(started, event.pipeline.commands))
            elif isinstance(event, PipelineHostResponseEvent) and event.pipeline_id in self._asking:
                asking = self._asking.pop(event.pipeline_id)
                self._go_on(self._pool.pipeline_table[event.pipeline_id], asking, event.result)
            elif pipeline is not None and self._pool.pipeline_table[pipeline].state not in ENDED:
                _fail(self._pool.pipeline_table[pipeline], unknown(type(event).__name__))

    def take(self, pipeline: uuid.UUID | None, size: int) -> list[bytes]:
        """Return what waits for a client, of the pool itself or of a pipeline: as much as `size` bytes hold."""
        waiting, found = self._waiting[pipeline], list[bytes]()
        while waiting and (not found or sum(map(len, found)) + len(waiting[0]) <= size):
            found.append(waiting.popleft())
        return found

    def has(self, pipeline: uuid.UUID | None) -> bool:
        """Return whether there is such a pipeline."""
        return pipeline in self._waiting

    def is_over(self, pipeline: uuid.UUID | None) -> bool:
        """Return whether a pipeline has ended, and all it said was taken."""
        if pipeline is None or self._waiting[pipeline]:
            return False
        return self._pool.pipeline_table[pipeline].state in ENDED

    def forget(self, pipeline: uuid.UUID) -> None:
        """End a pipeline: the client is done with it, or does not want it any longer."""
        self._waiting.pop(pipeline, None)
        self._asking.pop(pipeline, None)
        self._pool.pipeline_table.pop(pipeline, None)

    def _go_on(self, pipeline: ServerPipeline, output: Asking[None], chosen: int | None = None) -> None:
        """Run a pipeline to its end, or to where it asks its client."""
        try:
            while True:
                found = output.send(chosen)
                chosen = None
                if isinstance(found, Choice) and not _answers(pipeline):
                    raise unanswerable()
                if isinstance(found, Choice):
                    self._asking[pipeline.pipeline_id] = output
                    pipeline.host_call(HostMethodIdentifier.PromptForChoice, _asked(found))
                    return
                pipeline.write_output(_shown(found))
        except StopIteration:
            pipeline.complete()
        except Failure as failed:
            _fail(pipeline, failed)

    def _output(self, pipeline: ServerPipeline, commands: Sequence[Command]) -> Asking[None]:
        """Each statement's output; what a cmdlet before the last one puts out goes to the next."""
        for statement in _statements(commands, pipes=self._pipes):
            piped: list[Any] = []
            for command in statement[:-1]:
                running = self._run(command.command_text, _given(command), piped, _say(pipeline))
                piped = yield from _gathered(running)
            yield from self._run(statement[-1].command_text, _given(statement[-1]), piped, _say(pipeline))


def _gathered(running: Iterator[Any]) -> Asking[list[Any]]:
    """What a cmdlet puts out; its choices are passed on."""
    found: list[Any] = []
    chosen: int | None = None
    while True:
        try:
            each = running.send(chosen) if isinstance(running, Generator) else next(running)
        except StopIteration:
            return found
        chosen = None
        if isinstance(each, Choice):
            chosen = yield each
        else:
            found.append(each)


def _answers(pipeline: ServerPipeline) -> bool:
    """Return whether there is somebody at the other end who can be asked."""
    host = getattr(pipeline.metadata, "host", None)
    return host is not None and not host.IsHostUINull


def _asked(choice: Choice) -> list[Any]:
    """The arguments of PromptForChoice: caption, message, choices, default."""
    choices = [PSCustomObject(label=label, helpMessage="") for label in choice.choices]
    return ["Confirm", choice.message, choices, choice.default]


def _statements(commands: Sequence[Command], *, pipes: bool) -> list[list[Command]]:
    """Return the statements, each of one cmdlet or a pipe; what goes to Out-Default is shown, as anything else is."""
    if any(command.is_script for command in commands):
        raise scripts()
    found: list[list[Command]] = [[]]
    for command in commands:
        if command.command_text.lower() != "out-default":
            if found[-1] and not pipes:
                raise unknown(command.command_text)
            found[-1].append(command)
        if command.end_of_statement:
            found.append([])
    return [statement for statement in found if statement]


def _given(command: Command) -> Given:
    return [(str(name) if name else None, _plain(value)) for name, value in command.parameters]


def _plain(value: Any) -> Any:
    """Return what a client sent as plain values: a credential is its name and password, a certificate its bytes."""
    if isinstance(value, PSCredential):
        return str(value.UserName), _plain(value.Password)
    if isinstance(value, PSSecureString):
        return str(value.decrypt())
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    raw = getattr(value, "RawData", None)
    return value if raw is None else bytes(raw)


def _shown(value: Any) -> Any:
    """Return a value as PowerShell's objects: a mapping is an object with properties."""
    if isinstance(value, dict):
        return PSCustomObject(**{name: _shown(each) for name, each in value.items()})
    return [_shown(each) for each in value] if isinstance(value, list | tuple) else value


def _say(pipeline: ServerPipeline) -> Say:
    def progress(activity: str, at: str, percent: int) -> None:
        pipeline.write_progress(activity, 1, at, percent_complete=percent)

    return Say(pipeline.write_verbose, pipeline.write_warning, progress)


def _fail(pipeline: ServerPipeline, failed: Failure) -> None:
    """End a pipeline with an error; psrpcore has a word for every end but this one."""
    record = ErrorRecord(
        Exception=NETException(Message=str(failed)),
        CategoryInfo=ErrorCategoryInfo(Category=ErrorCategory[failed.category], TargetName=failed.target),
        TargetObject=failed.target or None,
        FullyQualifiedErrorId=failed.identifier,
    )
    state = PSInvocationState.Failed
    pipeline.prepare_message(PipelineState(PipelineState=int(state), ExceptionAsErrorRecord=record))
    pipeline.state = state
