"""A real Samba for tests: SMB 3, encryption required, on a loopback port, each connection in a process of its own."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SMBD = shutil.which("smbd", path=f"{os.environ['PATH']}:/usr/sbin")
PASSWORD, SHARE = "a password of the share", "backups"
_FOLDERS = ("state", "cache", "lock", "pid", "private", "ncalrpc")


class Samba:
    """A server of one folder; `connections` are the processes that serve, the newest last."""

    def __init__(self, top: Path, folder: Path, **settings: str) -> None:
        self.folder, self.user, self._top = folder, getpass.getuser(), top
        self.connections: list[subprocess.Popen[bytes]] = []
        for name in _FOLDERS:
            (top / name).mkdir()
        (top / "smb.conf").write_text(self._conf(settings))
        self._run("smbpasswd", "-c", str(top / "smb.conf"), "-s", "-a", self.user, given=f"{PASSWORD}\n{PASSWORD}\n")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Its share, as people write it."""
        return f"smb://{self.user}@127.0.0.1:{self.port}/{SHARE}"

    def end(self) -> None:
        """No connection is answered any more, and those there are end at once."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)
        for process in self.connections:
            process.kill()
            process.wait()

    def _serve(self) -> None:
        """As inetd does it: whoever connects is the standard input of a server of its own."""
        command = [str(SMBD), "-s", str(self._top / "smb.conf"), "-l", str(self._top)]
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:  # a session of its own, for at its end smbd ends its whole process group
                    process = subprocess.Popen(command, stdin=connection, stdout=connection, start_new_session=True)
                self.connections.append(process)

    def _run(self, *command: str, given: str) -> None:
        path = f"{os.environ['PATH']}:/usr/sbin"
        subprocess.run(command, input=given, text=True, check=True, capture_output=True, env={"PATH": path})

    def _conf(self, settings: dict[str, str]) -> str:
        folders = (
            "state directory",
            "cache directory",
            "lock directory",
            "pid directory",
            "private dir",
            "ncalrpc dir",
        )
        own = {key: str(self._top / key.partition(" ")[0]) for key in folders}
        own |= {"server min protocol": "SMB3", "server smb encrypt": "required", "server role": "standalone"}
        own |= {"disable spoolss": "yes", "disable netbios": "yes", "load printers": "no", "log level": "0"}
        own |= {"passdb backend": f"tdbsam:{self._top}/private/passdb.tdb"} | settings
        lines = [f"{key} = {value}" for key, value in own.items()]
        return "\n".join(["[global]", *lines, f"[{SHARE}]", f"path = {self.folder}", "read only = no", ""])


@contextmanager
def samba(folder: Path, **settings: str) -> Iterator[Samba]:
    """A server of a folder, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="samba-") as top:
        server = Samba(Path(top), folder, **settings)
        try:
            yield server
        finally:
            server.end()
