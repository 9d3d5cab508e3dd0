"""What a recovery began and finished on a server: in a database of restamp's own, as tenants' are not to be touched."""

from typing import Any

DATABASE = "restamp_recovery"
ACCOUNTS = ""  # no database is called so
_MAKE = (
    f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    f"CREATE TABLE IF NOT EXISTS {DATABASE}.restored (recovery VARCHAR(40), name VARCHAR(64), begun DATETIME NOT NULL,"
    " finished DATETIME NULL, PRIMARY KEY (recovery, name)) ENGINE=InnoDB",
)


class Marks:
    """The marks of one recovery; `cursor` is one of a connection that commits by itself."""

    def __init__(self, cursor: Any, recovery: str) -> None:
        self._cursor, self._recovery = cursor, recovery

    def of(self, name: str) -> str:
        """`begun`, `finished`, or nothing."""
        self._cursor.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (DATABASE,))
        if not self._cursor.fetchone():
            return ""
        sql = f"SELECT finished FROM {DATABASE}.restored WHERE recovery = %s AND name = %s"  # noqa: S608 no input of anybody's
        self._cursor.execute(sql, (self._recovery, name))
        row = self._cursor.fetchone()
        return "" if row is None else "finished" if row[0] else "begun"

    def begin(self, name: str) -> None:
        """It is this recovery's from now on."""
        for statement in _MAKE:
            self._cursor.execute(statement)
        sql = f"INSERT IGNORE INTO {DATABASE}.restored VALUES (%s, %s, UTC_TIMESTAMP(), NULL)"  # noqa: S608 as above
        self._cursor.execute(sql, (self._recovery, name))

    def finish(self, name: str) -> None:
        """It is back, and tenants may write to it."""
        sql = f"UPDATE {DATABASE}.restored SET finished = UTC_TIMESTAMP() WHERE recovery = %s AND name = %s"  # noqa: S608 as above
        self._cursor.execute(sql, (self._recovery, name))
