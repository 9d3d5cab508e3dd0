"""A stamp behind HTTPS on one port: plain ASGI under uvicorn, in a thread of its own."""

import asyncio
import contextlib
import itertools
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .certificates import authority, pem_of, write
from .messages import Request, Response, path_of, query_of
from .stamp import Stamp

START_TIMEOUT = 15.0
_numbers = itertools.count(1)


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, which also lets the app end a connection without an answer."""

    def connection_made(self, transport: Any) -> None:
        """Begin a connection, which is told from all others."""
        super().connection_made(transport)
        self.number = next(_numbers)

    def on_message_begin(self) -> None:
        """Begin a request, with the way to cut its connection in the scope."""
        super().on_message_begin()
        self.scope["restamp.cut"] = self.transport.abort  # type: ignore[typeddict-unknown-key]
        self.scope["restamp.break"] = self.transport.close  # type: ignore[typeddict-unknown-key]
        self.scope["restamp.connection"] = str(self.number)  # type: ignore[typeddict-unknown-key]

    def shutdown(self) -> None:
        """End the connection at once: a client that keeps it open would hold up the end of the stamp for long."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            self.cycle.keep_alive = False
            self.loop.call_later(1.0, self.transport.abort)


class Prompt(uvicorn.Server):
    """uvicorn's server, which ends when it is told to: its own looks ten times a second, and then waits as long."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._over = asyncio.Event()

    def end(self) -> None:
        """Answer what has begun, and stop; called from another thread."""
        self._loop.call_soon_threadsafe(self._over.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        """Do what there is to do until the end."""
        await self._over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and end all connections."""
        for listens in (*self.servers, *(sockets or ())):
            listens.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # those with nothing to answer are gone then
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wait_tasks_to_complete(), self.config.timeout_graceful_shutdown)


@dataclass(frozen=True)
class Server:
    """A running stamp: where it listens and how to reach it under its true names."""

    stamp: Stamp
    host: str
    port: int
    ca: Path
    thread: threading.Thread
    clear: int = 0  # the port without TLS, for a privileged endpoint

    @property
    def url(self) -> str:
        """The admin Resource Manager under its true name."""
        return f"https://{self.stamp.state.host('adminmanagement')}"

    @property
    def connect_to(self) -> str:
        """The map from true names to where the stamp listens, in the form of curl's `--connect-to`, with wildcard."""
        remoting = {5986: self.port} | ({5985: self.clear} if self.clear else {}) if self.stamp.remoting else {}
        ports = {443: self.port} | remoting
        return ",".join(f"*.{self.stamp.state.home}:{port}={self.host}:{to}" for port, to in ports.items())

    def wait(self) -> None:
        """Return when the server has stopped; what is due meanwhile happens though nobody asks."""
        while self.thread.is_alive():
            self.thread.join(0.2)
            self.stamp.catch_up()


@contextlib.contextmanager
def serve(stamp: Stamp, host: str = "127.0.0.1", port: int = 0, *, folder: Path | None = None) -> Iterator[Server]:
    """Serve `stamp` over HTTPS while the context lasts; port 0 takes a free one, `folder` keeps the CA's file."""
    kept = stamp.state.store.note("authority")
    ca = authority(tuple(kept) if kept else None)
    if not kept:
        stamp.state.store.write_note("authority", pem_of(ca))
    with tempfile.TemporaryDirectory(prefix="restamp-simulator-") as scratch, contextlib.ExitStack() as running:
        files = write(ca, stamp.region, stamp.domain, folder or Path(scratch))
        tls = running.enter_context(_listening(stamp, host, port, ssl_certfile=files.chain, ssl_keyfile=files.key))
        clear = running.enter_context(_listening(stamp, host, 0)) if stamp.remoting else None
        yield Server(stamp, host, tls.port, files.ca, tls.thread, clear.port if clear else 0)


@dataclass(frozen=True)
class Listening:
    """One port that is listened on."""

    port: int
    thread: threading.Thread


@contextlib.contextmanager
def _listening(stamp: Stamp, host: str, port: int, **tls: Any) -> Iterator[Listening]:
    listening = socket.create_server((host, port))
    config = uvicorn.Config(
        App(stamp),
        http=Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
        **tls,
    )
    server = Prompt(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True, name="stamp")
    thread.start()
    try:
        _await_start(server, thread)
        yield Listening(listening.getsockname()[1], thread)
    finally:
        if server.started and thread.is_alive():
            server.end()
        thread.join(10)
        listening.close()


def _await_start(server: Prompt, thread: threading.Thread) -> None:
    end = time.monotonic() + START_TIMEOUT
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise RuntimeError("the simulated stamp did not start")
        time.sleep(0.005)


class App:
    """The ASGI side of a stamp."""

    def __init__(self, stamp: Stamp) -> None:
        self._stamp = stamp

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; one that ended amid its body was none."""
        if (body := await _body(receive)) is None:
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(
            method=scope["method"],
            host=headers.get("host", ""),
            path=path_of(scope["raw_path"].decode("latin-1")),
            query=query_of(scope["query_string"].decode("latin-1")),
            headers=headers,
            body=body,
            scheme=scope["scheme"],
            connection=scope["restamp.connection"],
        )
        response = self._stamp.handle(request)
        if response.delay:
            await asyncio.sleep(response.delay)
        if response.closes:
            scope["restamp.cut"]()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(response, scope, send)


async def _body(receive: Any) -> bytes | None:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _send(response: Response, scope: Any, send: Any) -> None:
    body = response.encoded()
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in response.headers.items()]
    if response.status not in {204, 304}:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.halves:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        scope["restamp.break"]()
        return
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
