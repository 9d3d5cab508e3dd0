"""How fast the share of backups is read: catalogue, envelopes, SMB. `python -m tests.benchmarks.backups`.

Speeds are ratios within one run, taken in turns: machines differ, and so does one machine from minute to minute.
"""

import hmac
import os
import resource
import statistics
import struct
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import smbclient
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from tests.benchmarks.bench import RUNS, Row, median, seconds, table
from tests.samba import PASSWORD, SHARE, SMBD, samba
from tests.shares import made

from restamp.backup.address import opened
from restamp.backup.catalogue import catalogue
from restamp.backup.envelope import Keys, Plain, envelope, prove
from restamp.backup.share import CHUNK, Folder, chunks

MEGABYTES = int(os.environ.get("MEGABYTES", "1024"))
BACKUPS, REPOSITORIES = 14, 40
KEYS = Keys(bytes(range(32)), bytes(range(32, 64)))
CIPHER = Cipher(algorithms.AES(KEYS.cipher), modes.CBC(bytes(16)))


def write_envelope(path: Path) -> None:
    """An envelope around so many megabytes."""
    encryptor, mac, block = CIPHER.encryptor(), hmac.new(KEYS.mac, digestmod="sha512"), os.urandom(CHUNK)
    with path.open("wb") as file:
        file.write(bytes(90))
        for piece in (*[block] * MEGABYTES, bytes([16]) * 16):
            sealed = encryptor.update(piece)
            mac.update(sealed)
            file.write(sealed)
        file.seek(0)
        file.write(struct.pack("<5h", 1, 0, 0, 16, 64) + bytes(16) + mac.digest())


def check_envelope(path: Path) -> None:
    """Prove an envelope and decrypt all that is in it, as a check and an open do."""
    share = Folder(path.parent)
    with share.open(path.name) as file:
        around = envelope(file, path.name, share.stat(path.name).size)
        prove(file, around, KEYS, lambda _size: None)
        read = sum(len(piece) for piece in chunks(Plain(file, around, KEYS)))
    assert read == MEGABYTES * CHUNK


def bare(data: bytes = os.urandom(CHUNK)) -> None:
    """HMAC and AES alone, over as many bytes that are in memory."""
    mac, decryptor, clear = hmac.new(KEYS.mac, digestmod="sha512"), CIPHER.decryptor(), bytearray(CHUNK + 16)
    for _ in range(MEGABYTES):
        mac.update(data)
    for _ in range(MEGABYTES):
        decryptor.update_into(data, clear)


def memory_of(path: Path) -> float:
    """Megabytes at most of a process that does nothing but check an envelope."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (path,))


def _peak(path: Path) -> float:
    check_envelope(path)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ratio(ours: Callable[[], None], theirs: Callable[[], None]) -> float:
    """How fast ours is beside theirs: the median of pairs, each taken in one go."""
    return statistics.median(seconds(theirs) / seconds(ours) for _ in range(RUNS))


def of_folder(folder: Path) -> list[Row]:
    made(
        folder / "share",
        BACKUPS,
        repositories=[f"R{number};Service;-;Store" for number in range(REPOSITORIES)],
        size=99,
    )
    write_envelope(folder / "large")
    listed = median(lambda: catalogue(Folder(folder / "share")))
    what = f"envelope check of {MEGABYTES} MB / HMAC-SHA512 and AES-CBC of as much"
    return [
        Row(f"catalogue of {BACKUPS} backups of {REPOSITORIES} repositories, a folder", listed, "s", 2),
        Row(what, ratio(lambda: check_envelope(folder / "large"), bare), "times", 0.6, at_most=False),
        Row("memory of a process that checks it", memory_of(folder / "large"), "MB", 100),
    ]


def of_smb(folder: Path) -> list[Row]:
    """The same share and file behind a real Samba."""
    with samba(folder) as server, opened(server.address, lambda address: (address.user, PASSWORD)) as share:
        cache: dict[str, object] = {}
        how = {"port": server.port, "connection_cache": cache}
        smbclient.register_session("127.0.0.1", server.user, PASSWORD, encrypt=True, **how)

        def ours() -> None:
            with share.open("large") as file:
                assert sum(len(piece) for piece in chunks(file)) > MEGABYTES * CHUNK

        def theirs() -> None:
            plain: Any
            buffer = memoryview(bytearray(CHUNK))  # into a bytearray the library copies twice
            with smbclient.open_file(f"\\\\127.0.0.1\\{SHARE}\\large", mode="rb", buffering=0, **how) as plain:
                assert sum(iter(lambda: plain.readinto(buffer), 0)) > MEGABYTES * CHUNK

        theirs()  # a server grants a new connection less at once than one that has been at work
        speed = MEGABYTES / seconds(ours)
        read = ratio(ours, theirs)
        smbclient.reset_connection_cache(connection_cache=cache)
    with samba(folder / "share") as server, opened(server.address, lambda address: (address.user, PASSWORD)) as share:
        listed = median(lambda: catalogue(share))
    print(f"over SMB: {speed:.0f} MB/s")
    return [
        Row("the same catalogue over SMB", listed, "s", 2),
        Row("read over SMB / smbprotocol's own read", read, "times", 0.7, at_most=False),
    ]


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="restamp-backups-") as scratch:
        found = of_folder(Path(scratch))
        if SMBD is None:
            print("over SMB: not measured, as there is no smbd (tools/servers)")
            return found
        return found + of_smb(Path(scratch))


if __name__ == "__main__":
    sys.exit(table(rows()))
