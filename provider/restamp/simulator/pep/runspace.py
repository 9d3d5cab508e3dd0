"""A runspace pool as a shell holds it: fragments in, pipelines of cmdlets run, fragments out. Nothing but memory."""

import logging
import struct
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import ParseError

from psrpcore import (
    Command,
    CreatePipelineEvent,
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
    NETException,
    PipelineState,
    PSCredential,
    PSCustomObject,
    PSInvocationState,
    PSSecureString,
)

from .cmdlet import Failure, Given, Say, scripts, unknown

logging.getLogger("psrpcore").setLevel(logging.CRITICAL)  # it writes whole messages, with what is secret in them
FRAGMENT = 32_768  # bytes of one fragment, as Windows sends them
Run = Callable[[str, Given, Say], Iterator[Any]]  # cmdlet, parameters, how it speaks -> output
NONSENSE = (PSRPCoreError, ParseError, struct.error, AttributeError, LookupError, TypeError, ValueError)
ENDED = frozenset({PSInvocationState.Completed, PSInvocationState.Failed, PSInvocationState.Stopped})


class Runspace:
    """One client's pool of runspaces; `run` is asked for each cmdlet of a pipeline."""

    def __init__(self, run: Run) -> None:
        self._run = run
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
                self._ran(self._pool.pipeline_table[event.pipeline_id], event.pipeline.commands)
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
        self._pool.pipeline_table.pop(pipeline, None)

    def _ran(self, pipeline: ServerPipeline, commands: Sequence[Command]) -> None:
        pipeline.start()
        try:
            for command in _single(commands):
                for found in self._run(command.command_text, _given(command), _say(pipeline)):
                    pipeline.write_output(_shown(found))
        except Failure as failed:
            _fail(pipeline, failed)
        else:
            pipeline.complete()


def _single(commands: Sequence[Command]) -> list[Command]:
    """Return the statements, each of one cmdlet; what goes to Out-Default is shown, as anything else is."""
    if any(command.is_script for command in commands):
        raise scripts()
    found = [command for command in commands if command.command_text.lower() != "out-default"]
    for one, after in pairwise(commands):
        if not one.end_of_statement and after in found:
            raise unknown(after.command_text)
    return found


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
