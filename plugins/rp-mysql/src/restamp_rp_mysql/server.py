"""A MySQL or MariaDB server: what is on it, dumped and brought back with its own programs."""

import gzip
import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymysql

from restamp_databases import (
    Account,
    Broken,
    Differences,
    Saved,
    ShutOut,
    Silent,
    Standing,
    Tick,
    Unverified,
    kept,
)
from restamp_rp_mysql import accounts
from restamp_rp_mysql.client import Client
from restamp_rp_mysql.digests import Digests
from restamp_rp_mysql.kind import MySqlHostingServer
from restamp_rp_mysql.marks import DATABASE, Marks

_OWN = ("information_schema", "performance_schema", "mysql", "sys", DATABASE)
_PIECE = 1 << 20  # bytes read at a time
_DENIED, _BROKEN_VIEW = (1044, 1045, 1698), 1356
_TABLES = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s"
_ROUTINES = "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = %s"
_EVENTS = "SELECT COUNT(*) FROM information_schema.events WHERE event_schema = %s"


@contextmanager
def connected(document: MySqlHostingServer, password: str, runbook: Path) -> Iterator["MySqlServer"]:
    """The server, signed in to; Silent, ShutOut, or Broken where a statement ends with an error."""
    with closing(_connection(document, password, runbook)) as connection, connection.cursor() as cursor:
        try:
            yield MySqlServer(document, Client(document, password, runbook), cursor)
        except pymysql.MySQLError as error:
            raise Broken(str(document), _said(error)) from error


def _connection(document: MySqlHostingServer, password: str, runbook: Path) -> "pymysql.Connection[Any]":
    try:
        return pymysql.connect(
            host=document.host,
            port=document.port,
            user=document.user,
            password=password.encode(),  # as text pymysql would send it in Latin-1
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=20,
            ssl=_tls(document, runbook),
            ssl_disabled=document.tls == "off",
        )
    except pymysql.MySQLError as error:
        if error.args and error.args[0] in _DENIED:
            hint = f"Is the password of {document.user} right?"
            raise ShutOut(str(document), f"{document.user} in: {_said(error)}", hint) from error
        if isinstance(getattr(error, "original_exception", None), ssl.SSLError):
            raise Unverified(str(document), _said(error)) from error
        raise Silent(str(document), _said(error)) from error


def _tls(document: MySqlHostingServer, runbook: Path) -> ssl.SSLContext | None:
    if document.tls == "off":
        return None
    context = ssl.create_default_context(cafile=str(runbook / document.ca) if document.ca else None)
    if document.tls == "encrypt":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _said(error: pymysql.MySQLError) -> str:
    """What a server said, without what it repeats of a statement: that may be tenants' data."""
    text = " ".join(str(error.args[-1] if error.args else error).split())
    return text.partition(" near '")[0][:300]


@dataclass(frozen=True)
class MySqlServer:
    """One that let us in."""

    document: MySqlHostingServer
    client: Client
    cursor: Any

    @property
    def product(self) -> str:
        """`MariaDB 10.11.19`."""
        version = str(self._one("SELECT VERSION()")[0])
        return f"{'MariaDB' if 'MariaDB' in version else 'MySQL'} {version.partition('-')[0]}"

    def databases(self) -> Mapping[str, int]:
        """Every database of tenants, with its data and indexes in bytes, which the server estimates."""
        self.cursor.execute(
            "SELECT s.schema_name, COALESCE(SUM(t.data_length + t.index_length), 0) FROM information_schema.schemata s"
            " LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name GROUP BY s.schema_name"
        )
        return {name: int(size) for name, size in self.cursor.fetchall() if name not in _OWN}

    def dump(self, database: str, part: Path, tick: Tick) -> Saved:
        """A database as SQL, compressed; one moment of all its InnoDB tables."""
        path = part / f"{quote(database, safe='')}.sql.gz"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed:
            contents = self._read(database, tick, packed)
        size = self.databases().get(database, 0)
        told = {"database": database, "bytes": size, "contents": contents, "left_out": self._broken_views(database)}
        return Saved.model_validate(kept(path) | told)

    def accounts(self) -> Sequence[Account]:
        """Everybody's but the server's own and ours."""
        return accounts.accounts(self.cursor, self.document.user)

    def standing(self, saved: Saved, recovery: str, token: str) -> Standing:  # noqa: ARG002 the server itself remembers
        """By the mark that a recovery leaves, else by what is there."""
        mark = Marks(self.cursor, recovery).of(saved.database)
        if mark == "begun":
            return "begun"
        if not any(self._counts(sql, saved.database) for sql in (_TABLES, _ROUTINES, _EVENTS)):
            return "absent"
        return "restored" if mark else "other" if self.differences(saved) else "same"

    def restore(self, saved: Saved, folder: Path, recovery: str, tick: Tick) -> None:
        """Make it, fill it, compare it; Broken where it is not the same then, and nothing counts that is half."""
        marks, name = Marks(self.cursor, recovery), _quoted(saved.database)
        if marks.of(saved.database) == "begun":
            self.cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        marks.begin(saved.database)
        letters = f"CHARACTER SET {saved.contents['charset']} COLLATE {saved.contents['collation']}"
        self.cursor.execute(f"CREATE DATABASE IF NOT EXISTS {name}")
        self.cursor.execute(f"ALTER DATABASE {name} {letters}")
        with (folder / saved.file).open("rb") as raw, self.client.read(saved.database) as server:
            packed = gzip.GzipFile(fileobj=raw)
            while piece := packed.read(_PIECE):
                server.write(piece)
                tick(raw.tell())
        if found := self.differences(saved):
            reason = f"restored, and not the same: {found}"
            if self._counts(_EVENTS, saved.database):
                reason += ". Its events run already: SET GLOBAL event_scheduler = OFF until all is back"
            raise Broken(f"{self.document}, {saved.database}", reason)
        marks.finish(saved.database)

    def restore_accounts(self, wanted: Sequence[Account], recovery: str) -> list[str]:
        """All that are missing; none where some are others'."""
        return accounts.restore(self.cursor, wanted, self.document.user, Marks(self.cursor, recovery))

    def differences(self, saved: Saved) -> Differences:
        """By a dump that is written nowhere: table by table, and all definitions together."""
        now = self._read(saved.database, lambda _done: None)
        missing = [name for name in saved.contents if name not in now]
        changed = [name for name, digest in saved.contents.items() if name in now and now[name] != digest]
        return Differences(missing, changed)

    def _read(self, database: str, tick: Tick, into: gzip.GzipFile | None = None) -> dict[str, str]:
        """A dump, read once: what it says in short."""
        digests, done = Digests(), 0
        with self.client.dump(database, self._broken_views(database)) as lines:
            while some := lines.readlines(_PIECE):
                digests.feed(some)
                if into is not None:
                    into.writelines(some)
                tick(done := done + sum(map(len, some)))
        charset, collation = self._one(
            "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
            " WHERE schema_name = %s",
            database,
        )
        return {"charset": charset, "collation": collation} | digests.told()

    def _broken_views(self, database: str) -> list[str]:
        """Views of what is gone: MySQL's own program makes no dump of a database that has one."""
        self.cursor.execute("SELECT table_name FROM information_schema.views WHERE table_schema = %s", (database,))
        return [name for (name,) in self.cursor.fetchall() if self._is_broken(database, name)]

    def _is_broken(self, database: str, view: str) -> bool:
        try:
            self.cursor.execute(f"SHOW FIELDS FROM {_quoted(database)}.{_quoted(view)}")
        except pymysql.MySQLError as error:
            if error.args[0] == _BROKEN_VIEW:
                return True
            raise
        return False

    def _counts(self, sql: str, database: str) -> int:
        return int(self._one(sql, database)[0])

    def _one(self, sql: str, *values: str) -> tuple[Any, ...]:
        self.cursor.execute(sql, values or None)
        row: tuple[Any, ...] | None = self.cursor.fetchone()
        if row is None:
            raise Broken(str(self.document), "a database is gone that was there before")
        return row


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
