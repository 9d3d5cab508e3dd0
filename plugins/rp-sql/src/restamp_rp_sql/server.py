"""A SQL Server: it writes and reads backups itself, in a folder that this machine sees too."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytds
from OpenSSL import SSL

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp_databases import (
    Account,
    Broken,
    Differences,
    Saved,
    ShutOut,
    Silent,
    Standing,
    Stopped,
    Tick,
    Unverified,
    kept,
)
from restamp_rp_sql import statements
from restamp_rp_sql.kind import SqlHostingServer
from restamp_rp_sql.statements import Login

_SET, _FAMILY, _TABLE = "backup set", "family", "table "
_LOOK = 1.0  # seconds between two looks at how far a backup or a restore is
_ONLINE, _RESTORING = "ONLINE", "RESTORING"


@contextmanager
def connected(document: SqlHostingServer, password: str, runbook: Path) -> Iterator["SqlServer"]:
    """The server, signed in to twice: one session works, and one looks how far it is."""
    first, second = (_connection(document, password, runbook) for _ in range(2))
    with closing(first), closing(second), first.cursor() as works, second.cursor() as looks:
        try:
            yield SqlServer(document, works, looks)
        except pytds.Error as error:
            raise Broken(str(document), _said(error)) from error


def _connection(document: SqlHostingServer, password: str, runbook: Path) -> Any:
    try:
        return pytds.connect(
            dsn=document.host,
            port=document.port,
            user=document.user,
            password=password,
            database="master",
            autocommit=True,  # no backup within a transaction
            login_timeout=10,
            appname="restamp",
            cafile=str(runbook / document.ca) if document.ca and document.tls == "verify" else None,
            validate_host=False,  # python-tds asks pyOpenSSL for what it has no more
            disable_connect_retry=True,
        )
    except SSL.Error as error:
        raise Unverified(str(document), str(error)) from error
    except (pytds.Error, OSError) as error:
        if getattr(error, "number", 0):  # of an error that the server itself told
            hint = f"Is the password of {document.user} right?"
            raise ShutOut(str(document), f"{document.user} in: {_said(error)}", hint) from error
        raise Silent(str(document), _said(error)) from error


def _said(error: Exception) -> str:
    text = str(error.args[0] if isinstance(error, pytds.Error) and error.args else error)
    return (" ".join(text.split()) or type(error).__name__)[:300]


@dataclass(frozen=True)
class SqlServer:
    """One that let us in."""

    document: SqlHostingServer
    works: Any
    looks: Any

    @property
    def product(self) -> str:
        """`SQL Server 15.0.2000.5`."""
        return f"SQL Server {self._about[0]}"

    @property
    def _about(self) -> tuple[str, int]:
        ((version, edition),) = self._rows(statements.ABOUT)
        return str(version), int(edition)

    def databases(self) -> Mapping[str, int]:
        """Every database but the server's own, with the size of its files."""
        return {name: int(size) for name, size in self._rows(statements.DATABASES)}

    def dump(self, database: str, part: Path, tick: Tick) -> Saved:
        """A backup that the server wrote and read back, as this machine sees it."""
        path = part / f"{quote(database, safe='')}.bak"
        file = self.document.at_server(part.name, path.name)
        size = self.databases().get(database, 0)
        self._long(statements.backup(database, file, self._about[1]), size, tick)
        self._long(statements.verify(file), size, tick)
        (told,) = self._named(statements.header(file))
        contents = {_SET: str(told["BackupSetGUID"]).lower(), _FAMILY: str(told["FamilyGUID"]).lower()}
        told_too = {"database": database, "bytes": size, "contents": contents | self._tables(database)}
        return Saved.model_validate(self._seen(path, file) | told_too)

    def _seen(self, path: Path, file: str) -> dict[str, object]:
        """The file as it is here; Refused where the server wrote elsewhere."""
        if path.is_file():
            return kept(path)
        hint = f"Are dumps and serverFolder of sql/servers/{self.document.name}.yaml the same folder?"
        raise Refused([Finding("dump", "stop", str(path), f"is not here, and the server wrote {file}", hint)])

    def accounts(self) -> Sequence[Account]:
        """Every SQL login but the server's own and ours; logins of Windows are the directory's."""
        roles: dict[str, list[str]] = {}
        for role, member in self._rows(statements.MEMBERS):
            roles.setdefault(member, []).append(role)
        logins = [
            Login(name, sid, password, database or "master", bool(off), tuple(roles.get(name, ())))
            for name, sid, password, database, off in self._rows(statements.LOGINS)
            if name.lower() != self.document.user.lower()
        ]
        return [Account(login.name, login.statements()) for login in logins]

    def standing(self, saved: Saved, recovery: str, token: str) -> Standing:  # noqa: ARG002 a backup set is known anywhere
        """By what the server itself has written down of restores."""
        found = self._state(saved.database)
        if found is None:
            return "absent"
        state, family, restored = found
        if state == _RESTORING:
            return "begun" if token == saved.database else "other"
        ours = (family, restored) == (saved.contents[_FAMILY], saved.contents[_SET])
        return "restored" if ours else "other"

    def restore(self, saved: Saved, folder: Path, recovery: str, tick: Tick) -> None:
        """Have the server restore it to its own folders."""
        file = self.document.at_server(folder.name, saved.file)
        ((data, log),) = self._rows(statements.FOLDERS)
        moved = statements.moved(saved.database, self._named(statements.files(file)), data, log)
        begun = self._state(saved.database) is not None
        self._long(statements.restore(saved.database, file, moved, replace=begun), saved.size, tick)
        if self.standing(saved, recovery, "") != "restored":
            raise Broken(f"{self.document}, {saved.database}", "restored, and the server does not say so")

    def restore_accounts(self, wanted: Sequence[Account], recovery: str) -> list[str]:  # noqa: ARG002 as above
        """All that are missing; none where some are others'."""
        there = {account.name.lower(): account for account in self.accounts()}
        made = [(account, there.get(account.name.lower())) for account in wanted]
        if others := [account.name for account, now in made if now and now.statements[0] != account.statements[0]]:
            return others
        for account, now in made:
            for statement in account.statements if now != account else ():
                self._do(statement)
        return []

    def differences(self, saved: Saved) -> Differences:
        """By tables and how many rows each has, and by the backup that it was restored from."""
        state, family, restored = self._state(saved.database) or ("", "", "")
        if state != _ONLINE:
            return Differences(missing=[f"the database, which is {state or 'gone'},"])
        now = self._tables(saved.database) | {_FAMILY: family, _SET: restored}
        return Differences(
            missing=[name for name in saved.contents if name not in now],
            changed=[name for name, value in saved.contents.items() if now.get(name, value) != value],
        )

    def _state(self, database: str) -> tuple[str, str, str] | None:
        rows = self._rows(statements.standing(database))
        return (str(rows[0][0]), str(rows[0][1] or "").lower(), str(rows[0][2] or "").lower()) if rows else None

    def _tables(self, database: str) -> dict[str, str]:
        return {_TABLE + name: f"{rows} rows" for name, rows in self._rows(statements.tables(database))}

    def _long(self, statement: str, size: int, tick: Tick) -> None:
        """A statement that takes long, told how far it is; ended at the server where people ask the run to end."""
        ((session,),) = self._rows(statements.SPID)
        with ThreadPoolExecutor(1) as working:
            done = working.submit(self._do, statement)
            while not wait([done], _LOOK).done:
                self.looks.execute(statements.percent(int(session)))
                percent = [int(row[0]) for row in self.looks.fetchall()]
                try:
                    tick(size * max(percent, default=0) // 100)
                except Stopped:
                    self.looks.execute(f"KILL {int(session)}")
                    wait([done])
                    raise
            done.result()

    def _do(self, statement: str) -> None:
        """To its end: a backup answers in parts."""
        self.works.execute(statement)
        while self.works.nextset():
            pass

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        self.works.execute(statement)
        return list(self.works.fetchall())

    def _named(self, statement: str) -> list[dict[str, Any]]:
        rows = self._rows(statement)
        names = [column[0] for column in self.works.description]
        return [dict(zip(names, row, strict=True)) for row in rows]
