"""MySQL's own programs: a dump as a stream of lines, and one read back. Passwords go through a pipe, into no file."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import IO

from restamp.errors import Refused
from restamp.models.finding import Finding
from restamp_databases import Broken
from restamp_rp_mysql.kind import MySqlHostingServer

_PROGRAMS = {"dump": ("mariadb-dump", "mysqldump"), "client": ("mariadb", "mysql")}
_DUMP = (
    "--single-transaction",
    "--quick",
    "--routines",
    "--events",
    "--triggers",
    "--skip-add-drop-table",  # where something is in the way, the restore ends
    "--skip-comments",  # they tell host and time: the same content is the same bytes
    "--no-tablespaces",
    "--default-character-set=utf8mb4",
)
# --binary-mode: what tenants' data says is data, and no command of the client
_READ = ("--binary-mode", "--default-character-set=utf8mb4")
# MySQL's and MariaDB's programs have other options; `loose` ones may be unknown
_TLS = {
    "verify": "loose-ssl-mode=VERIFY_IDENTITY\nloose-ssl\nloose-ssl-verify-server-cert\n",
    "encrypt": "loose-ssl-mode=REQUIRED\nloose-ssl\nloose-skip-ssl-verify-server-cert\n",
    "off": "loose-ssl-mode=DISABLED\nloose-skip-ssl\n",
}


def missing() -> list[Finding]:
    """The programs that this machine lacks."""
    return [_missing(names) for names in _PROGRAMS.values() if _found(names) is None]


def _missing(names: Sequence[str]) -> Finding:
    hint = "On Debian and Ubuntu: apt install mariadb-client"
    return Finding("program", "stop", f"the program {' or '.join(names)}", "is not on this machine", hint)


def _found(names: Sequence[str]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


@dataclass(frozen=True)
class Client:
    """MySQL's programs, for one server."""

    document: MySqlHostingServer
    password: str
    runbook: Path

    @contextmanager
    def dump(self, database: str, without: Iterable[str] = ()) -> Iterator[IO[bytes]]:
        """The lines of a dump, `without` some views; Broken where it did not end well."""
        left_out = [f"--ignore-table={database}.{view}" for view in without]
        with self._started("dump", [*_DUMP, *left_out, "--", database], DEVNULL, PIPE) as process:
            assert process.stdout is not None
            yield process.stdout

    @contextmanager
    def read(self, database: str) -> Iterator[IO[bytes]]:
        """Somewhere to write the lines of a dump to; Broken where the server did not take them all."""
        with self._started("client", [*_READ, "--", database], PIPE, DEVNULL) as process:
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it ended: why, it said
                yield process.stdin
                process.stdin.close()

    @contextmanager
    def _started(self, what: str, options: list[str], stdin: int, stdout: int) -> Iterator[Popen[bytes]]:
        """A program, killed where the caller raises; Broken where it ends with an error."""
        program = _found(_PROGRAMS[what])
        if program is None:
            raise Refused([_missing(_PROGRAMS[what])])
        with tempfile.TemporaryFile() as errors, self._options_file() as number:
            command = [program, f"--defaults-file=/dev/fd/{number}", *options]
            with Popen(command, stdin=stdin, stdout=stdout, stderr=errors, pass_fds=[number]) as process:
                try:
                    yield process
                except BaseException:
                    process.kill()
                    raise
            if process.returncode:
                errors.seek(0)
                raise Broken(f"{Path(program).name} {options[-1]} at {self.document}", _first_error(errors.read()))

    @contextmanager
    def _options_file(self) -> Iterator[int]:
        """The number of an open file that holds the options once: a pipe."""
        reading, writing = os.pipe()
        try:
            with os.fdopen(writing, "w", encoding="utf-8") as file:
                file.write(self._options())
            yield reading
        finally:
            os.close(reading)

    def _options(self) -> str:
        """An options file of MySQL's."""
        server = self.document
        ca = f"ssl-ca={_quoted(str(self.runbook / server.ca))}\n" if server.ca else ""
        return (
            f"[client]\nhost={_quoted(server.host)}\nport={server.port}\nprotocol=TCP\nuser={_quoted(server.user)}\n"
            f"password={_quoted(self.password)}\n{_TLS[server.tls]}{ca}loose-max-allowed-packet=1G\n"
            "[mysqldump]\nloose-set-gtid-purged=OFF\nloose-column-statistics=0\n"
        )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _first_error(said: bytes) -> str:
    """The first error without what the server repeats of a statement: that is tenants' data."""
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if not line.startswith("Warning:")]
    return (lines[0] if lines else "ended without a word").partition(" near '")[0][:300]
