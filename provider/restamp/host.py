"""Our host for dynamic resources: many threads, one-line errors on their own row, live text, and no orphans.

The engine starts it through `provider/host/pulumi-resource-pulumi-python` and talks the provider protocol with it.
The stock host does the same work with four threads and tracebacks: this one is speed and manners, not correctness.
"""

import asyncio
import base64
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar

import dill
import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from grpc_status import rpc_status
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.runtime import proto, rpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from restamp import failpoints
from restamp.errors import RestampError
from restamp.resources import live
from restamp.resources.session import end_all

_KEY = "__provider"
_THREADS = 64
_GRACE = 30.0  # seconds running work has to end once the engine is gone
_SEVERITY = {"info": engine_pb2.INFO, "warning": engine_pb2.WARNING}
T = TypeVar("T")
Props = dict[str, Any]


class Host(provider_pb2_grpc.ResourceProviderServicer):
    """The provider protocol for every `pulumi.dynamic` resource of a program."""

    def __init__(self, engine: str) -> None:
        """`engine` is the address the engine listens on for log lines; empty where there is none."""
        channel = grpc.insecure_channel(engine, options=_GRPC_CHANNEL_OPTIONS) if engine else None
        self._engine = engine_pb2_grpc.EngineStub(channel) if channel else None
        self._providers: dict[str, ResourceProvider] = {}
        self._lock = threading.Lock()
        self._config: Props = {}
        self.cancelled = threading.Event()

    def Configure(self, request: Any, _context: Any) -> Any:
        """Keep the stack's whole config; providers ask for what is theirs."""
        self._config = {key: rpc.unwrap_rpc_secret(value) for key, value in _read(request.args).items()}
        return proto.ConfigureResponse(acceptSecrets=False)

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        """The version of the protocol's stock implementation."""
        return proto.PluginInfo(version="0.1.0")

    def Cancel(self, _request: Any, _context: Any) -> Any:
        """Ctrl-C, and every normal end: what has not begun answers `waiting`."""
        failpoints.reached("host.over")
        self.cancelled.set()
        end_all()
        return empty_pb2.Empty()

    def Check(self, request: Any, context: Any) -> Any:
        """Ask the provider; hand its inputs on as they came."""
        olds, news = _read(request.olds, unknowns=True), _read(request.news, unknowns=True)

        def answer(provider: ResourceProvider) -> Any:
            failures = provider.check(olds, news).failures
            found = [proto.CheckFailure(property=item.property, reason=item.reason) for item in failures]
            return proto.CheckResponse(inputs=request.news, failures=found)

        return self._run(request, context, news, answer)

    def Diff(self, request: Any, context: Any) -> Any:
        """Ask the provider; name the paths that differ, which the stock host cannot."""
        olds, news = _read(request.olds, unknowns=True), _read(request.news, unknowns=True)

        def answer(provider: ResourceProvider) -> Any:
            result = provider.diff(request.id, olds, news)
            some, none = proto.DiffResponse.DIFF_SOME, proto.DiffResponse.DIFF_NONE
            paths = getattr(result, "fields", [])
            return proto.DiffResponse(
                changes=some if result.changes else none,
                replaces=result.replaces or [],
                hasDetailedDiff=bool(paths),
                diffs=sorted({path.partition(".")[0] for path in paths}),
                detailedDiff={path: _path_diff(path, olds, news, result.replaces or []) for path in paths},
            )

        return self._run(request, context, news, answer)

    def Create(self, request: Any, context: Any) -> Any:
        """Ask the provider, and keep what it answers."""
        props = _read(request.properties)

        def answer(provider: ResourceProvider) -> Any:
            failpoints.reached("host.create.begin")
            made = provider.create(props)
            failpoints.reached("host.create.answered")
            return proto.CreateResponse(id=made.id, properties=_written(made.outs, props))

        return self._run(request, context, props, answer)

    def Update(self, request: Any, context: Any) -> Any:
        """Ask the provider, and keep what it answers."""
        olds, news = _read(request.olds), _read(request.news)

        def answer(provider: ResourceProvider) -> Any:
            done = provider.update(request.id, olds, news)
            failpoints.reached("host.update.answered")
            return proto.UpdateResponse(properties=_written(done.outs, news))

        return self._run(request, context, news, answer)

    def Read(self, request: Any, context: Any) -> Any:
        """Ask the provider; observed inputs come back with the outputs."""
        props = _read(request.properties) or _read(request.inputs)

        def answer(provider: ResourceProvider) -> Any:
            found = provider.read(request.id, props)
            failpoints.reached("host.read.answered")
            if not found.id:
                return proto.ReadResponse(id="")
            inputs = _written(found.inputs, props) if found.inputs is not None else request.inputs
            outs = request.properties if found.outs is props else _written(found.outs, props)  # most are as they were
            return proto.ReadResponse(id=found.id, properties=outs, inputs=inputs)

        return self._run(request, context, props, answer)

    def Delete(self, request: Any, context: Any) -> Any:
        """Ask the provider."""
        props = _read(request.properties)

        def answer(provider: ResourceProvider) -> Any:
            provider.delete(request.id, props)
            return empty_pb2.Empty()

        return self._run(request, context, props, answer)

    def _run(self, request: Any, context: Any, props: Props, answer: Callable[[ResourceProvider], T]) -> T:
        """Call the provider with its row on hand; what it raises becomes one line, with its hint, on that row."""
        try:
            with live.on(live.Row(lambda *said: self._log(request.urn, *said), self.cancelled)):
                return answer(self._provider(props))
        except RestampError as error:
            if isinstance(getattr(error, "outs", None), dict):
                context.abort_with_status(_kept(error, props))
            context.abort(grpc.StatusCode.UNKNOWN, _sentence(error))
        except Exception as error:  # noqa: BLE001 the boundary to code we did not write: any program's own providers
            context.abort(grpc.StatusCode.UNKNOWN, f"{type(error).__name__}: {error}")
        raise AssertionError("abort raises")

    def _provider(self, props: Props) -> ResourceProvider:
        reference = props[_KEY]
        with self._lock:
            if reference not in self._providers:
                provider = dill.loads(base64.b64decode(reference))  # noqa: S301 what the engine kept for us
                provider.configure(ConfigureRequest(Config(self._config, os.environ.get("PULUMI_PROJECT", "project"))))
                self._providers[reference] = provider
            return self._providers[reference]

    def _log(self, urn: str, text: str, severity: live.Severity, ephemeral: bool) -> None:
        if self._engine is None:
            return
        line = engine_pb2.LogRequest(severity=_SEVERITY[severity], message=text, urn=urn, ephemeral=ephemeral)
        try:
            self._engine.Log(line)
        except grpc.RpcError:  # the engine is gone: the watchdog ends us
            self.cancelled.set()


def _read(struct: Any, unknowns: bool = False) -> Props:
    found: Props = rpc.deserialize_properties(struct, unknowns)
    return found


def _written(outs: Props | None, props: Props) -> Any:
    """Properties for the wire, with the reference to the provider that the engine hands back next time."""
    given = {key: value for key, value in (outs or {}).items() if value is not None} | {_KEY: props[_KEY]}
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(rpc.serialize_properties(given, {}))
    finally:
        loop.close()


def _path_diff(path: str, olds: Props, news: Props, replaces: list[str]) -> Any:
    """How one path differs: added, removed or updated; as a replacement where it is the identity."""

    def stands(props: Props) -> bool:
        value: Any = props
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value is not None

    kind = "ADD" if not stands(olds) else "UPDATE" if stands(news) else "DELETE"
    kind += "_REPLACE" if path.partition(".")[0] in replaces else ""
    return proto.PropertyDiff(kind=getattr(proto.PropertyDiff, kind), inputDiff=path != "status")


def _sentence(error: RestampError) -> str:
    return f"{error}\n{error.hint}" if error.hint else str(error)


def _kept(error: RestampError, props: Props) -> Any:
    """A failure that keeps its outputs: the row says failed, and the next `up` updates it by itself."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=getattr(error, "id", ""),
        properties=_written(getattr(error, "outs", {}), props),
        reasons=_sentence(error).splitlines(),
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    return rpc_status.to_status(status_pb2.Status(code=2, message=str(error).partition("\n")[0], details=[packed]))


def main() -> NoReturn:
    """Serve until the engine ends us, or is gone."""
    host = Host(sys.argv[-1] if len(sys.argv) > 1 else "")
    server = grpc.server(ThreadPoolExecutor(max_workers=_THREADS), options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    failpoints.below(parent)
    failpoints.reached("host.started")
    while os.getppid() == parent:
        threading.Event().wait(0.5)
    host.cancelled.set()
    server.stop(_GRACE).wait()
    os._exit(1)


if __name__ == "__main__":
    main()
