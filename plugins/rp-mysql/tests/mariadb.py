"""Real servers: MariaDB with a data directory of its own, TLS, and a port of this machine alone."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest
import tenacity
import trustme

PATH = f"{os.environ['PATH']}:/usr/sbin"
ADMIN, PASSWORD = "adm", "p\"#\\'w ö"
_OWN = ("information_schema", "performance_schema", "mysql", "sys")


@dataclass(frozen=True)
class MariaDb:
    """A running server; `say` runs statements as its root, over a socket that no document knows."""

    port: int
    socket: Path
    ca: Path

    def say(self, *statements: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """What the last statement answers."""
        with (
            closing(
                pymysql.connect(unix_socket=str(self.socket), user="root", database=database, charset="utf8mb4")
            ) as db,
            db.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            db.commit()
            return list(cursor.fetchall())

    def emptied(self) -> "MariaDb":
        """The server without databases of anybody, and with nobody but an administrator."""
        for (name,) in self.say("SHOW DATABASES"):
            if name not in _OWN:
                self.say(f"DROP DATABASE `{name}`")
        others = (
            "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user WHERE user NOT IN ('root', 'mariadb.sys')"
        )
        for (account,) in self.say(others):
            self.say(f"DROP USER {account}")
        secret = PASSWORD.replace("\\", "\\\\").replace("'", "''")
        self.say(
            f"CREATE USER {ADMIN}@'%' IDENTIFIED BY '{secret}'", f"GRANT ALL ON *.* TO {ADMIN}@'%' WITH GRANT OPTION"
        )
        return self


@contextmanager
def running(folder: Path) -> Iterator[MariaDb]:
    """A server in a folder; the test is skipped where MariaDB is not on this machine."""
    programs = [shutil.which(name, path=PATH) for name in ("mariadbd", "mariadb-install-db", "mariadb-dump")]
    if None in programs:
        pytest.skip("MariaDB is not on this machine: apt install mariadb-server-core mariadb-client")
    port, path = _free_port(), folder / "s"
    data, own = folder / "data", f"--user={_me()}"
    made = [str(programs[1]), "--no-defaults", f"--datadir={data}", own, "--skip-test-db"]
    made.append("--auth-root-authentication-method=normal")
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    _certificates(folder)
    command = [str(programs[0]), "--no-defaults", f"--datadir={data}", own, f"--socket={path}", f"--port={port}"]
    command += [
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--connect-timeout=300",
        f"--ssl-cert={folder}/cert.pem",
    ]
    command += [f"--ssl-key={folder}/key.pem", "--innodb-flush-log-at-trx-commit=0", f"--pid-file={folder}/pid"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log, stdout=log) as process:
        server = MariaDb(port, path, folder / "ca.pem")
        try:
            _answers(server)
            yield server
        finally:
            process.terminate()


@tenacity.retry(
    wait=tenacity.wait_fixed(0.05),
    stop=tenacity.stop_after_delay(60),
    retry=tenacity.retry_if_exception_type(OSError),
)
def _answers(server: MariaDb) -> None:
    with socket.create_connection(("127.0.0.1", server.port)):
        server.say("SELECT 1")


def _certificates(folder: Path) -> None:
    ca = trustme.CA()
    issued = ca.issue_cert("localhost", "127.0.0.1")
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _me() -> str:
    return "root" if os.geteuid() == 0 else str(os.environ.get("USER", ""))
