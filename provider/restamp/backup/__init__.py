"""The infrastructure backup on its share: what is there, whether it can be recovered from, and copies of it.

Plugins may use what is here: `copied`, `judged`, `not_ready`.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restamp.backup.address import Credentials
    from restamp.backup.copy import Copied
    from restamp.backup.envelope import Opener
    from restamp.models.backup import Backups
    from restamp.models.finding import Finding

__all__ = ["copied", "judged", "not_ready"]


def copied(
    address: str, backup: str, to: Path, credentials: "Credentials", said: Callable[[int, int], None]
) -> "Copied":
    """Copy everything a backup is made of, and read each file back; a later call goes on where one stopped.

    Args:
        address: The share, as `restamp backups` takes it.
        backup: The backup's id.
        to: The folder to copy to; made if it is not there. Nothing in it is overwritten.
        credentials: Asked for user and password, where the share is an SMB one.
        said: Called with bytes that were read and written, and with all there are.

    Raises:
        Refused: The share has no snapshot of this backup; something else is in the folder; it does not fit.
        ShareLost, NotCopied: The share, or the folder, is gone.
    """
    from restamp.backup.address import opened
    from restamp.backup.copy import chain_copied

    with opened(address, credentials) as share:
        return chain_copied(share, backup, to, said)


def judged(
    address: str,
    backup: str,
    recorded: "Backups | None",
    keys: "Sequence[Opener]",
    credentials: "Credentials",
    said: Callable[[int, int], None],
) -> "tuple[Finding, ...]":
    """Everything that speaks against recovering from a backup, as `restamp backups check` finds it; reads all its data.

    Args:
        address: The share, as `restamp backups` takes it.
        backup: The backup's id.
        recorded: What the stamp said of its backups at the last capture; None where nobody asked.
        keys: Private keys with their certificates; without any, no data is proved, and a `warn` says so.
        credentials: Asked for user and password, where the share is an SMB one.
        said: Called with bytes that were read, and with all there are.

    Raises:
        Refused: The address is none.
        ShareLost, Unreadable: The share is gone, or a folder of it cannot be read.
    """
    from restamp.backup.address import opened
    from restamp.backup.catalogue import catalogue
    from restamp.backup.chains import whole
    from restamp.backup.proof import Proof
    from restamp.backup.verdict import Said, judge

    read = 0

    def step(size: int) -> None:
        nonlocal read
        read += size
        said(read, total)

    with opened(address, credentials) as share:
        found = catalogue(share)
        parts = whole(found, backup)
        total = parts.size if parts else 0
        told = [Said(recorded, "at the last capture")] if recorded else []
        return judge(backup, found, told, Proof(share, keys, step)).findings


def not_ready(backup: str, recorded: "Backups | None") -> "Iterator[Finding]":
    """Why, by what the stamp said at the last capture, nobody can recover from a backup; nothing where it said none."""
    from restamp.backup.verdict import of_the_stamp

    facts = recorded.find(backup) if recorded else None
    if facts is not None:
        yield from of_the_stamp(backup, facts, "at the last capture")
