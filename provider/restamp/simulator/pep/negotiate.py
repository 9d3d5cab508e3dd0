"""Negotiate, as WinRM takes it: NTLM for a connection, and the messages on it encrypted where TLS does not do that.

pyspnego is the acceptor. It finds accounts in a file that an environment variable names, and nowhere else: the file is
there while it looks.
"""

import base64
import binascii
import os
import re
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import spnego
from spnego.exceptions import SpnegoError

from restamp.simulator.messages import Request, Response

DOMAIN = "azurestack"  # the stamp's own, as documents call it
BOUNDARY, PROTOCOL = "Encrypted Boundary", "application/HTTP-SPNEGO-session-encrypted"
KIND = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="{BOUNDARY}"'
OCTETS = b"\tContent-Type: application/octet-stream\r\n"
AT_MOST = 256  # connections that are remembered
_looking = threading.Lock()
Accounts = Callable[[], Mapping[str, str]]  # passwords by name, as they are now
Asked = Callable[[Request, str], Response]  # a request in clear, and who asks -> the answer


class Negotiate:
    """Who is at the other end of each connection."""

    def __init__(self, accounts: Accounts) -> None:
        self._known = accounts
        self._contexts: dict[str, Any] = {}

    def takes(self, request: Request) -> bool:
        """Return whether a request is for this way in: it negotiates, or its connection has done so."""
        return request.headers.get("authorization", "").startswith("Negotiate ") or self._user(request) is not None

    def answer(self, request: Request, asked: Asked) -> Response:
        """Return the answer: the next token, or what `asked` answers, encrypted as the request was."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        more = self._step(request.connection, token) if kind == "Negotiate" else b""
        user = self._user(request)
        if user is None:
            offered = f" {base64.b64encode(more).decode()}" if more else ""
            return Response(401, None, {"www-authenticate": f"Negotiate{offered}"})
        headers = {"www-authenticate": f"Negotiate {base64.b64encode(more).decode()}"} if more else {}
        if not request.body:
            return Response(200, b"", headers)
        if not request.headers.get("content-type", "").startswith("multipart/encrypted"):
            return self._in_clear(request, asked, user)
        return self._encrypted(request, asked, user)

    def _in_clear(self, request: Request, asked: Asked, user: str) -> Response:
        if request.scheme != "https":
            return Response(500)  # WinRM takes nothing that can be read on the way
        return asked(request, user)

    def _encrypted(self, request: Request, asked: Asked, user: str) -> Response:
        context = self._contexts[request.connection]
        try:
            body = _unwrapped(context, request.body)
        except (SpnegoError, ValueError, struct.error):
            return Response(400)
        answer = asked(request.holding(body), user)
        return Response(answer.status, _wrapped(context, answer.encoded()), {"content-type": KIND})

    def _step(self, connection: str, token: str) -> bytes:
        """Return the next token of a connection; one that has failed begins anew."""
        try:
            with _accounts(self._known()):
                if connection not in self._contexts or self._contexts[connection].complete:
                    self._contexts[connection] = spnego.server(protocol="negotiate")
                more = self._contexts[connection].step(base64.b64decode(token, validate=True))
        except (SpnegoError, binascii.Error, ValueError, struct.error):
            self._contexts.pop(connection, None)
            return b""
        while len(self._contexts) > AT_MOST:
            del self._contexts[next(iter(self._contexts))]
        return more or b""

    def _user(self, request: Request) -> str | None:
        context = self._contexts.get(request.connection)
        if context is None or not context.complete:
            return None
        return str(context.client_principal).rpartition("\\")[2].lower()


@contextmanager
def _accounts(known: Mapping[str, str]) -> Iterator[None]:
    lines = (f"{domain}:{name}:{word}\n" for name, word in known.items() for domain in (DOMAIN, ""))
    with _looking, tempfile.TemporaryDirectory(prefix="restamp-simulator-") as folder:
        file = Path(folder) / "accounts"
        file.touch(mode=0o600)
        file.write_text("".join(lines), "utf-8")
        before = os.environ.get("NTLM_USER_FILE")
        os.environ["NTLM_USER_FILE"] = str(file)
        try:
            yield
        finally:
            os.environ.pop("NTLM_USER_FILE")
            if before is not None:
                os.environ["NTLM_USER_FILE"] = before


def _unwrapped(context: Any, body: bytes) -> bytes:
    """Return the message in a multipart body (MS-WSMV 2.2.9.1)."""
    _, marked, sealed = body.partition(OCTETS)
    if not marked:
        raise ValueError("no part of octets")
    sealed = re.sub(rb"--\s*" + BOUNDARY.encode() + rb"--\r\n$", b"", sealed)
    (length,) = struct.unpack("<i", sealed[:4])
    return bytes(context.unwrap_winrm(sealed[4 : 4 + length], sealed[4 + length :]))


def _wrapped(context: Any, message: bytes) -> bytes:
    header, sealed, padding = context.wrap_winrm(message)
    head = (
        f"--{BOUNDARY}\r\n\tContent-Type: {PROTOCOL}\r\n"
        f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(message) + padding}\r\n"
        f"--{BOUNDARY}\r\n"
    )
    end = f"--{BOUNDARY}--\r\n".encode()
    return b"".join((head.encode(), OCTETS, struct.pack("<i", len(header)), header, sealed, end))
