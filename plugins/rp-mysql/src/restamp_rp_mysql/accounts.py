"""Who may sign in to a server, as the statements that make them again."""

from collections.abc import Sequence
from typing import Any

from restamp_databases import Account
from restamp_rp_mysql.marks import ACCOUNTS, Marks

_OWN = ("root", "mysql", "mariadb.sys", "mysql.sys", "mysql.session", "mysql.infoschema", "")


def accounts(cursor: Any, ours: str) -> list[Account]:
    """Every account but the server's own and ours, in the order of their names; roles are not among them."""
    cursor.execute("SHOW VARIABLES LIKE 'print_identified_with_as_hex'")
    if cursor.fetchone():  # MySQL's hashes are bytes, which a text may break (documented)
        cursor.execute("SET SESSION print_identified_with_as_hex = ON")
    cursor.execute("SELECT user, host FROM mysql.user WHERE host <> '' ORDER BY user, host")
    names = [(user, host) for user, host in cursor.fetchall() if user not in (*_OWN, ours)]
    return [_account(cursor, f"{_quoted(user)}@{_quoted(host)}") for user, host in names]


def restore(cursor: Any, wanted: Sequence[Account], ours: str, marks: Marks) -> list[str]:
    """Make those that are missing; nothing, and the names, where some are there and are others."""
    if (mark := marks.of(ACCOUNTS)) == "finished":
        return []
    there = {account.name: account for account in accounts(cursor, ours)}
    others = [account.name for account in wanted if account.name in there and there[account.name] != account]
    if others and not mark:
        return others
    marks.begin(ACCOUNTS)
    for account in wanted:
        for statement in account.statements:
            cursor.execute(statement)
    marks.finish(ACCOUNTS)
    return []


def _account(cursor: Any, name: str) -> Account:
    cursor.execute(f"SHOW CREATE USER {name}")
    made = cursor.fetchone()[0].replace("CREATE USER ", "CREATE USER IF NOT EXISTS ", 1)
    cursor.execute(f"SHOW GRANTS FOR {name}")
    return Account(name, (made, *sorted(grant for (grant,) in cursor.fetchall())))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
