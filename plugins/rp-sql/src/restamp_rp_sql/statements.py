"""What is said to a SQL Server, in its own language. Pure; names and texts are quoted here and nowhere else."""

# ruff: noqa: S608 that is what is quoted here

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SPID = "SELECT @@SPID"
ABOUT = "SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')), CONVERT(int, SERVERPROPERTY('EngineEdition'))"
FOLDERS = (
    "SELECT CONVERT(nvarchar(260), SERVERPROPERTY('InstanceDefaultDataPath')), "
    "CONVERT(nvarchar(260), SERVERPROPERTY('InstanceDefaultLogPath'))"
)
DATABASES = (
    "SELECT d.name, SUM(CONVERT(bigint, f.size)) * 8192 FROM sys.databases d JOIN sys.master_files f"
    " ON f.database_id = d.database_id WHERE d.database_id > 4 AND d.source_database_id IS NULL"
    " AND d.is_distributor = 0 GROUP BY d.name"
)
LOGINS = (
    "SELECT l.name, CONVERT(nvarchar(200), l.sid, 1), CONVERT(nvarchar(600), l.password_hash, 1),"
    " l.default_database_name, l.is_disabled FROM sys.sql_logins l"
    " WHERE l.principal_id > 1 AND l.name NOT LIKE '##%' ORDER BY l.name"
)
MEMBERS = (
    "SELECT r.name, m.name FROM sys.server_role_members x JOIN sys.server_principals r ON"
    " r.principal_id = x.role_principal_id JOIN sys.server_principals m ON m.principal_id = x.member_principal_id"
    " ORDER BY r.name, m.name"
)
_COMPRESS = (2, 3, 8)  # editions that can: Standard, Enterprise, Managed Instance (documented)


def name(text: str) -> str:
    """A name, quoted."""
    return f"[{text.replace(']', ']]')}]"


def text(value: str) -> str:
    """A text, quoted."""
    return f"N'{value.replace(chr(39), chr(39) * 2)}'"


def backup(database: str, file: str, edition: int) -> str:
    """A full backup that is no link of anybody's chain, with checksums of its pages."""
    compressed = ", COMPRESSION" if edition in _COMPRESS else ""
    return f"BACKUP DATABASE {name(database)} TO DISK = {text(file)} WITH COPY_ONLY, FORMAT, INIT, CHECKSUM{compressed}"


def header(file: str) -> str:
    """What is in a file of backups."""
    return f"RESTORE HEADERONLY FROM DISK = {text(file)}"


def verify(file: str) -> str:
    """Read a file of backups from end to end, with its checksums."""
    return f"RESTORE VERIFYONLY FROM DISK = {text(file)} WITH CHECKSUM"


def files(file: str) -> str:
    """The files of the database in a backup."""
    return f"RESTORE FILELISTONLY FROM DISK = {text(file)}"


def restore(database: str, file: str, moved: Mapping[str, str], *, replace: bool) -> str:
    """A whole restore, each logical file to a place; `replace` takes the place of a restore that was cut off."""
    moves = "".join(f", MOVE {text(logical)} TO {text(place)}" for logical, place in moved.items())
    over = ", REPLACE" if replace else ""
    return f"RESTORE DATABASE {name(database)} FROM DISK = {text(file)} WITH RECOVERY, CHECKSUM{over}{moves}"


def moved(database: str, listed: Iterable[Mapping[str, Any]], data: str, log: str) -> dict[str, str]:
    """Where each file of a database goes on a server: its own folders, whatever they were on the old one."""
    found = {}
    for item in listed:
        logical, was = str(item["LogicalName"]), str(item["PhysicalName"])
        ends = was.rpartition(".")[2] if "." in was.replace("\\", "/").rpartition("/")[2] else ""
        called = "".join(char if char.isalnum() or char in "-_." else "_" for char in f"{database}_{logical}")
        place = log if item["Type"] == "L" else data
        found[logical] = f"{place}{called}" + (f".{ends}" if ends else "")
    return found


def standing(database: str) -> str:
    """State, the database that it once was, and the backup that it was last restored from; no row: not there."""
    last = (
        "SELECT TOP 1 CONVERT(nvarchar(36), b.backup_set_uuid) FROM msdb.dbo.restorehistory h JOIN msdb.dbo.backupset b"
        " ON b.backup_set_id = h.backup_set_id WHERE h.destination_database_name = d.name"
        " ORDER BY h.restore_history_id DESC"
    )
    return (
        f"SELECT d.state_desc, CONVERT(nvarchar(36), r.family_guid), ({last}) FROM sys.databases d LEFT JOIN"
        f" sys.database_recovery_status r ON r.database_id = d.database_id WHERE d.name = {text(database)}"
    )


def tables(database: str) -> str:
    """Tables of a database, and how many rows each has."""
    at = name(database)
    return (
        f"SELECT s.name + N'.' + t.name, SUM(p.rows) FROM {at}.sys.tables t JOIN {at}.sys.schemas s"
        f" ON s.schema_id = t.schema_id JOIN {at}.sys.partitions p ON p.object_id = t.object_id"
        " AND p.index_id IN (0, 1) GROUP BY s.name, t.name"
    )


def percent(session: int) -> str:
    """How far a backup or a restore of another session is."""
    return f"SELECT CONVERT(int, percent_complete) FROM sys.dm_exec_requests WHERE session_id = {session:d}"


@dataclass(frozen=True)
class Login:
    """Somebody who may sign in; users of databases know them by their SID."""

    name: str
    sid: str
    password: str  # a hash
    database: str
    disabled: bool
    roles: tuple[str, ...] = ()

    def statements(self) -> tuple[str, ...]:
        """What makes it, and changes nothing where it is there."""
        whose, where = name(self.name), name(self.database)
        made = (
            f"IF SUSER_ID({text(self.name)}) IS NULL CREATE LOGIN {whose} WITH PASSWORD = {self.password} HASHED,"
            f" SID = {self.sid}, DEFAULT_DATABASE = {where}, CHECK_POLICY = OFF"
        )
        off = (f"ALTER LOGIN {whose} DISABLE",) if self.disabled else ()
        return (made, *off, *(f"ALTER SERVER ROLE {name(role)} ADD MEMBER {whose}" for role in self.roles))
