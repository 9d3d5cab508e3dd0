"""The server's half of TDS 7.4, as far as python-tds speaks it (MS-TDS): TLS, sign-in, batches, rows, errors."""

import socketserver
import ssl
import struct
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_BATCH, _REPLY, _LOGIN, _PRELOGIN = 0x01, 0x04, 0x10, 0x12
_ENCRYPTED, _PLAIN = 0x01, 0x02
_PIECE = 4096
_COLLATION = bytes.fromhex("0904d00034")


class SqlError(Exception):
    """An answer that is an error: its number, and what it says."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


@dataclass
class Table:
    """Rows with named columns: texts, numbers, GUIDs."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]] = field(default_factory=tuple)


Answer = Callable[[str, int], Table | None]  # a batch and its session; SqlError where it is refused


class TdsServer(socketserver.ThreadingTCPServer):
    """Listens; `allowed` has users and passwords, `answer` is asked each batch."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, allowed: dict[str, str], answer: Answer, tls: ssl.SSLContext | None) -> None:
        self.allowed, self.answer, self.tls = allowed, answer, tls
        self.sessions = 50
        super().__init__(("127.0.0.1", 0), _Session)


class _Session(socketserver.BaseRequestHandler):
    server: TdsServer

    def handle(self) -> None:
        """One client, until it goes."""
        self.server.sessions += 1
        self.number, self.inside = self.server.sessions, None
        try:
            self._greet()
            if self._signed_in():
                while True:
                    kind, body = self._message()
                    self._answered(kind, body)
        except (EOFError, ConnectionError, ssl.SSLError):
            return

    def _greet(self) -> None:
        kind, asked = self._message()
        assert kind == _PRELOGIN
        wants = _options(asked)[1][0] in (0x01, 0x03)
        mode = _ENCRYPTED if self.server.tls else _PLAIN
        self._send(_REPLY, b"\0\0\x0b\0\6" + b"\1\0\x11\0\1" + b"\xff" + b"\x0f\0\x07\xd0\0\0" + bytes([mode]))
        if self.server.tls and wants:
            self._handshake(self.server.tls)

    def _handshake(self, context: ssl.SSLContext) -> None:
        """TLS within prelogin packets; what follows is TLS alone."""
        self._coming, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        inside = context.wrap_bio(self._coming, self._going, server_side=True)
        while True:
            try:
                inside.do_handshake()
                break
            except ssl.SSLWantReadError:
                if self._going.pending:
                    self._send(_PRELOGIN, self._going.read())
                self._coming.write(self._message()[1])
        if self._going.pending:
            self._send(_PRELOGIN, self._going.read())
        self.inside = inside

    def _signed_in(self) -> bool:
        kind, body = self._message()
        assert kind == _LOGIN
        user, password = (_login_field(body, place) for place in (40, 44))
        known = self.server.allowed.get(user)
        if known is None or known != _clear(password):
            self._send(_REPLY, _error(SqlError(18456, f"Login failed for user '{user}'.")) + _done(0x02))
            return False
        program = "Microsoft SQL Server"
        told = b"\x01" + struct.pack(">I", 0x74000004) + _short(program) + bytes([15, 0, 7, 208])
        self._send(_REPLY, b"\xad" + struct.pack("<H", len(told)) + told + _done(0))
        return True

    def _answered(self, kind: int, body: bytes) -> None:
        assert kind == _BATCH, f"nobody said that {kind:#x} is sent"
        (headers,) = struct.unpack_from("<I", body)
        try:
            table = self.server.answer(body[headers:].decode("utf-16-le"), self.number)
        except SqlError as error:
            self._send(_REPLY, _error(error) + _done(0x02))
        else:
            self._send(_REPLY, (_table(table) if table else b"") + _done(0x10, len(table.rows) if table else 0))

    def _message(self) -> tuple[int, bytes]:
        found = b""
        while True:
            kind, status, length = struct.unpack(">BBH4x", self._read(8))
            found += self._read(length - 8)
            if status & 1:
                return kind, found

    def _send(self, kind: int, body: bytes) -> None:
        pieces = [body[at : at + _PIECE - 8] for at in range(0, len(body), _PIECE - 8)]
        for number, piece in enumerate(pieces, 1):
            last = number == len(pieces)
            self._write(struct.pack(">BBHHBB", kind, last, len(piece) + 8, self.number, number % 256, 0) + piece)

    def _read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = self._read_inside(size - len(found)) if self.inside else self.request.recv(size - len(found))
            if not piece:
                raise EOFError
            found += piece
        return found

    def _read_inside(self, size: int) -> bytes:
        while True:
            try:
                return self.inside.read(size)
            except ssl.SSLWantReadError:
                piece = self.request.recv(_PIECE)
                if not piece:
                    return b""
                self._coming.write(piece)

    def _write(self, data: bytes) -> None:
        if self.inside:
            self.inside.write(data)
            data = self._going.read()
        self.request.sendall(data)


def _options(body: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while body[at] != 0xFF:
        token, offset, length = struct.unpack_from(">BHH", body, at)
        found[token] = body[offset : offset + length]
        at += 5
    return found


def _login_field(body: bytes, place: int) -> str:
    offset, length = struct.unpack_from("<HH", body, place)
    return body[offset : offset + 2 * length].decode("utf-16-le", "surrogatepass")


def _clear(password: str) -> str:
    coded = password.encode("utf-16-le", "surrogatepass")
    swapped = bytes((byte ^ 0xA5) for byte in coded)
    return bytes((byte >> 4 | byte << 4) & 0xFF for byte in swapped).decode("utf-16-le")


def _short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("utf-16-le")


def _done(status: int, rows: int = 0) -> bytes:
    return struct.pack("<BHHQ", 0xFD, status, 0, rows)


def _error(error: SqlError) -> bytes:
    text = str(error).encode("utf-16-le")
    told = struct.pack("<iBBH", error.number, 1, 16, len(text) // 2) + text + _short("SQL01") + _short("") + b"\1\0\0\0"
    return b"\xaa" + struct.pack("<H", len(told)) + told


def _table(table: Table) -> bytes:
    kinds = [_kind(table, number) for number in range(len(table.columns))]
    columns = b"".join(b"\0\0\0\0\x01\0" + kind + _short(name) for name, kind in zip(table.columns, kinds, strict=True))
    rows = b"".join(b"\xd1" + b"".join(map(_value, row, kinds)) for row in table.rows)
    return b"\x81" + struct.pack("<H", len(table.columns)) + columns + rows


def _kind(table: Table, number: int) -> bytes:
    values = [row[number] for row in table.rows if row[number] is not None]
    if values and isinstance(values[0], int):
        return b"\x26\x08"
    if values and isinstance(values[0], uuid.UUID):
        return b"\x24\x10"
    return b"\xe7" + struct.pack("<H", 8000) + _COLLATION


def _value(value: Any, kind: bytes) -> bytes:
    if kind[0] == 0x26:
        return b"\0" if value is None else b"\x08" + struct.pack("<q", value)
    if kind[0] == 0x24:
        return b"\0" if value is None else b"\x10" + value.bytes_le
    if value is None:
        return b"\xff\xff"
    data = str(value).encode("utf-16-le")
    return struct.pack("<H", len(data)) + data
