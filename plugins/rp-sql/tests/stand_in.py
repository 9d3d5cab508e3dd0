"""A stand-in for SQL Server: what Microsoft documents of backups, restores and logins, as far as the plugin says it.

Behind the wire of `tds.py`. Statements are read by rules; one that is none of these is a syntax error.
"""

import json
import re
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .tds import SqlError, Table, TdsServer

ADMIN, PASSWORD = "sa", "P@ss'wörd; 1"
_NAME = r"\[((?:[^\]]|\]\])+)\]"
_TEXT = r"N'((?:[^']|'')*)'"


@dataclass
class Database:
    """One database: what it was born as, what is in it, and the backup it came from."""

    tables: dict[str, int]
    family: uuid.UUID = field(default_factory=uuid.uuid4)
    state: str = "ONLINE"
    files: tuple[tuple[str, str, str], ...] = (("data", r"D:\old\data.mdf", "D"), ("log", r"L:\old\log.ldf", "L"))


@dataclass
class StandIn:
    """A server; `seen` is this machine's name of the folder that it calls `folder`."""

    seen: Path
    folder: str = r"\\files\sql"
    databases: dict[str, Database] = field(default_factory=dict)
    logins: dict[str, tuple[str, str, str, int]] = field(default_factory=dict)  # name -> SID, hash, database, disabled
    roles: list[tuple[str, str]] = field(default_factory=list)
    history: list[tuple[str, uuid.UUID]] = field(default_factory=list)  # restores: database, backup set
    said: list[str] = field(default_factory=list)
    slow: bool = False  # what takes long goes on until somebody kills it
    port: int = 0

    def __post_init__(self) -> None:
        """Nothing was killed yet."""
        self._killed: dict[int, threading.Event] = {}

    def answer(self, batch: str, session: int) -> Table | None:
        """What it says to a batch."""
        self.said.append(batch)
        for rule, does in _RULES:
            if found := re.fullmatch(rule, batch, re.DOTALL):
                return does(self, session, *(_unquoted(part) for part in found.groups()))  # type: ignore[no-any-return]
        raise SqlError(102, f"Incorrect syntax near '{batch[:40]}'.")

    def here(self, file: str) -> Path:
        """A file of its folder, as this machine sees it."""
        if not file.startswith(self.folder):
            raise SqlError(3201, f"Cannot open backup device '{file}'. Operating system error 3.")
        return self.seen.joinpath(*file.removeprefix(self.folder).strip("\\").split("\\"))

    def emptied(self) -> "StandIn":
        """As if built anew."""
        self.databases, self.logins, self.roles, self.history = {}, {}, [], []
        return self

    def there(self, name: str) -> Database:
        """A database, or the error that it has none."""
        if name not in self.databases:
            raise SqlError(911, f"Database '{name}' does not exist.")
        return self.databases[name]

    def until_killed(self, session: int) -> None:
        """Work that never ends by itself, where the server is slow."""
        if self.slow:
            self._killed[session] = threading.Event()
            assert self._killed[session].wait(30), "nobody killed it"
            raise SqlError(596, "Cannot continue the execution because the session is in the kill state.")

    def kill(self, session: int) -> None:
        """End another session's work."""
        self._killed[session].set()


def _unquoted(part: str | None) -> str:
    return (part or "").replace("''", "'").replace("]]", "]")


def _backup(server: StandIn, session: int, database: str, file: str) -> None:
    found = server.there(database)
    server.until_killed(session)
    told = {"set": str(uuid.uuid4()), "database": database, "family": str(found.family), "tables": found.tables}
    path = server.here(file)
    if not path.parent.is_dir():
        raise SqlError(3201, f"Cannot open backup device '{file}'. Operating system error 3.")
    path.write_text(json.dumps(told | {"files": found.files}))


def _read(server: StandIn, file: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(server.here(file).read_text())
    except FileNotFoundError:
        raise SqlError(3201, f"Cannot open backup device '{file}'. Operating system error 2.") from None
    except ValueError:
        raise SqlError(3241, f"The media family on device '{file}' is incorrectly formed.") from None
    return told


def _header(server: StandIn, _session: int, file: str) -> Table:
    told = _read(server, file)
    row = (told["database"], uuid.UUID(told["set"]), uuid.UUID(told["family"]))
    return Table(("DatabaseName", "BackupSetGUID", "FamilyGUID"), [row])


def _restore(server: StandIn, session: int, database: str, file: str, replace: str, moves: str) -> None:
    told = _read(server, file)
    if database in server.databases and not replace:
        raise SqlError(3154, f"The backup set holds a backup of a database other than the existing '{database}'.")
    wanted = {logical for logical, _place, _type in told["files"]}
    moved = dict(re.findall(rf", MOVE {_TEXT} TO {_TEXT}", moves))
    assert set(moved) == wanted, "each file goes somewhere"
    found = Database(dict(told["tables"]), uuid.UUID(told["family"]), "RESTORING")
    found.files = tuple((name, moved[name], kind) for name, _, kind in told["files"])
    server.databases[database] = found
    server.until_killed(session)
    found.state = "ONLINE"
    server.history.append((database, uuid.UUID(told["set"])))


def _standing(server: StandIn, _session: int, name: str) -> Table:
    found = server.databases.get(name)
    last = [str(backup).upper() for database, backup in server.history if database == name]
    known = str(found.family).upper() if found and found.state == "ONLINE" else None
    return Table(("", "", ""), [(found.state, known, last[-1] if last else None)] if found else [])


def _tables(server: StandIn, _session: int, name: str, *_again: str) -> Table:
    return Table(("", ""), list(server.there(name).tables.items()))


def _files(server: StandIn, _session: int, file: str) -> Table:
    return Table(("LogicalName", "PhysicalName", "Type"), _read(server, file)["files"])


def _made(server: StandIn, _session: int, name: str, secret: str, sid: str, database: str) -> None:
    server.logins.setdefault(name, (sid, secret, database, 0))


def _off(server: StandIn, _session: int, name: str) -> None:
    server.logins[name] = (*server.logins[name][:3], 1)


_RULES: tuple[tuple[str, Any], ...] = (
    (r"use \[master\]", lambda *_: None),
    (r"SELECT @@SPID", lambda _server, session: Table(("",), [(session,)])),
    (r"SELECT .*'ProductVersion'.*", lambda *_: Table(("", ""), [("15.0.2000.5", 2)])),
    (r"SELECT .*'InstanceDefaultDataPath'.*", lambda *_: Table(("", ""), [("E:\\data\\", "F:\\log\\")])),
    (
        r"SELECT d\.name, SUM.* FROM sys\.databases .*",
        lambda server, _: Table(("name", ""), [(name, 8 << 20) for name in server.databases]),
    ),
    (
        r"SELECT l\.name, .* FROM sys\.sql_logins .*",
        lambda server, _: Table(("", "", "", "", ""), [(name, *rest) for name, rest in sorted(server.logins.items())]),
    ),
    (r"SELECT r\.name, m\.name FROM sys\.server_role_members .*", lambda server, _: Table(("", ""), server.roles)),
    (
        rf"BACKUP DATABASE {_NAME} TO DISK = {_TEXT} WITH COPY_ONLY, FORMAT, INIT, CHECKSUM, COMPRESSION",
        _backup,
    ),
    (rf"RESTORE VERIFYONLY FROM DISK = {_TEXT} WITH CHECKSUM", lambda server, _, file: _read(server, file) and None),
    (rf"RESTORE HEADERONLY FROM DISK = {_TEXT}", _header),
    (rf"RESTORE FILELISTONLY FROM DISK = {_TEXT}", _files),
    (
        rf"RESTORE DATABASE {_NAME} FROM DISK = {_TEXT} WITH RECOVERY, CHECKSUM(, REPLACE)?"
        rf"((?:, MOVE {_TEXT} TO {_TEXT})+)",
        lambda server, session, database, file, replace, moves, *_: _restore(
            server, session, database, file, replace, moves
        ),
    ),
    (rf"SELECT d\.state_desc, .* WHERE d\.name = {_TEXT}", _standing),
    (rf"SELECT s\.name .* FROM {_NAME}\.sys\.tables .*", _tables),
    (r"SELECT .*percent_complete.* session_id = (\d+)", lambda *_: Table(("",), [(40,)])),
    (r"KILL (\d+)", lambda server, _, session: server.kill(int(session))),
    (
        rf"IF SUSER_ID\({_TEXT}\) IS NULL CREATE LOGIN {_NAME} WITH PASSWORD = (0x\w+) HASHED, SID = (0x\w+),"
        rf" DEFAULT_DATABASE = {_NAME}, CHECK_POLICY = OFF",
        lambda server, session, _, name, secret, sid, database: _made(server, session, name, secret, sid, database),
    ),
    (rf"ALTER LOGIN {_NAME} DISABLE", _off),
    (rf"ALTER SERVER ROLE {_NAME} ADD MEMBER {_NAME}", lambda server, _, role, who: server.roles.append((role, who))),
)


@contextmanager
def running(server: StandIn, tls: ssl.SSLContext | None) -> Iterator[StandIn]:
    """The stand-in, listening."""
    with TdsServer({ADMIN: PASSWORD}, server.answer, tls) as listening:
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
