"""A stamp behind HTTPS on one port: plain ASGI under uvicorn, in a thread of its own."""

import asyncio
import contextlib
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


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, which also lets the app end a connection without an answer."""

    def on_message_begin(self) -> None:
        """Begin a request, with the way to cut its connection in the scope."""
        super().on_message_begin()
        self.scope["restamp.cut"] = self.transport.abort  # type: ignore[typeddict-unknown-key]
        self.scope["restamp.break"] = self.transport.close  # type: ignore[typeddict-unknown-key]

    def shutdown(self) -> None:
        """End the connection at once: a client that keeps it open would hold up the end of the stamp for long."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            self.cycle.keep_alive = False
            self.loop.call_later(1.0, self.transport.abort)


@dataclass(frozen=True)
class Server:
    """A running stamp: where it listens and how to reach it under its true names."""

    stamp: Stamp
    host: str
    port: int
    ca: Path
    thread: threading.Thread

    @property
    def url(self) -> str:
        """The admin Resource Manager under its true name."""
        return f"https://{self.stamp.state.host('adminmanagement')}"

    @property
    def connect_to(self) -> str:
        """The map from true names to where the stamp listens, in the form of curl's `--connect-to`, with wildcard."""
        ports = (443, 5986) if self.stamp.pep else (443,)  # WS-Management's own, where it is served
        return ",".join(f"*.{self.stamp.state.home}:{port}={self.host}:{self.port}" for port in ports)

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
    with tempfile.TemporaryDirectory(prefix="restamp-simulator-") as scratch:
        files = write(ca, stamp.region, stamp.domain, folder or Path(scratch))
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
            ssl_certfile=files.chain,
            ssl_keyfile=files.key,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True, name="stamp")
        thread.start()
        try:
            _await_start(server, thread)
            yield Server(stamp, host, listening.getsockname()[1], files.ca, thread)
        finally:
            server.should_exit = True
            thread.join(10)
            listening.close()


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
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
        """Answer one request."""
        body = await _body(receive)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(
            method=scope["method"],
            host=headers.get("host", ""),
            path=path_of(scope["raw_path"].decode("latin-1")),
            query=query_of(scope["query_string"].decode("latin-1")),
            headers=headers,
            body=body,
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


async def _body(receive: Any) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
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
