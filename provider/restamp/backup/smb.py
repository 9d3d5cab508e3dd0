"""A share over SMB 3, encrypted on the way or not read at all; no handle keeps a stamp from writing or deleting."""

import io
import logging
import ntpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from stat import S_ISDIR
from typing import Any

import smbclient
from smbprotocol.exceptions import LogonFailure, SMBAuthenticationError, SMBException, SMBOSError, SMBResponseException

from restamp.backup.address import Address
from restamp.backup.share import Entry, Told
from restamp.errors import ShareLost, Unreadable

PATIENCE = 30  # seconds without an answer, after which a server counts as gone
logging.getLogger("smbprotocol").addHandler(logging.NullHandler())  # what goes wrong is raised, and told once


class Smb:
    """One folder of an SMB share, and a connection of its own."""

    def __init__(self, address: Address, connections: dict[str, Any]) -> None:
        """`connections` holds the session; `connected` makes both."""
        self.name, self.lost = str(address), False
        self._root = ntpath.join(f"\\\\{address.host}\\{address.share}", *address.folder.split("/"))
        self._with = {"port": address.port, "connection_cache": connections}

    @classmethod
    @contextmanager
    def connected(cls, address: Address, user: str, password: str) -> Iterator["Smb"]:
        """A session that insists on encryption, ended with the block; ShareLost where there is none to be had."""
        connections: dict[str, Any] = {}
        share = cls(address, connections)
        try:
            with share._told(""):
                how = {"encrypt": True, "connection_timeout": PATIENCE, **share._with}
                smbclient.register_session(address.host, user or None, password or None, **how)
                for connection in connections.values():  # the library itself would wait for an answer for ever
                    connection.receive = partial(connection.receive, timeout=PATIENCE)
                smbclient.stat(share._root, **share._with)
            yield share
        finally:
            for connection in connections.values():
                with suppress(SMBException, OSError):  # what was read was read
                    connection.disconnect(close=not share.lost)

    def entries(self, path: str) -> list[Entry]:
        """What is in a folder, in order of names."""
        prefix = f"{path}/" if path else ""
        with self._told(path):
            found = smbclient.scandir(self._full(path), **self._with)
            return sorted(Entry(prefix + item.name, item.is_dir(), item.smb_info.end_of_file) for item in found)

    def stat(self, path: str) -> Entry:
        """One file or folder."""
        with self._told(path):
            found = smbclient.stat(self._full(path), **self._with)
            return Entry(path, S_ISDIR(found.st_mode), found.st_size)

    def open(self, path: str) -> io.RawIOBase:
        """A file to read from and seek in, unbuffered."""
        with self._told(path):
            raw = smbclient.open_file(self._full(path), mode="rb", buffering=0, share_access="rwd", **self._with)
            return Told(raw, lambda: self._told(path))

    def _full(self, path: str) -> str:
        return ntpath.join(self._root, *path.split("/")) if path else self._root

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        try:
            yield
        except SMBOSError as error:
            reason = (error.strerror or str(error)).lower()
            raise (Unreadable(path, reason) if path else ShareLost(self.name, reason)) from error
        except (SMBException, OSError, ValueError) as error:
            self.lost = True
            raise ShareLost(self.name, _reason(error)) from error


def _reason(error: Exception) -> str:
    match error:
        case LogonFailure():
            return "user or password was refused"
        case SMBAuthenticationError():
            return "nobody was named to sign in as"
        case SMBResponseException():
            return str(error.message).partition(": ")[2].partition(". (")[0].strip()
        case _:
            return str(error) or type(error).__name__
