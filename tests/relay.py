"""A network that breaks: a relay which ends a connection in the middle of something large that a client sends."""

import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LARGE = 20_000  # bytes without an answer: no handshake and no small request has as many


class Relay(socketserver.ThreadingTCPServer):
    """Passes on what comes to `port`, but for half of the first large request; `broken` is how many connections."""

    daemon_threads = True

    def __init__(self, to: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.to, self.port, self.broken = to, self.socket.getsockname()[1], 0


class _Connection(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        here, unanswered = self.request, 0
        with socket.create_connection(self.server.to) as there:
            while True:
                for end in select.select([here, there], [], [])[0]:
                    if not (piece := end.recv(65_536)):
                        return
                    unanswered = unanswered + len(piece) if end is here else 0
                    if unanswered > _LARGE and not self.server.broken:
                        self.server.broken += 1
                        there.sendall(piece[: len(piece) // 2])
                        return
                    (there if end is here else here).sendall(piece)


@contextmanager
def relay(to: tuple[str, int]) -> Iterator[Relay]:
    """A relay to where somebody listens, while the context lasts."""
    with Relay(to) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()
