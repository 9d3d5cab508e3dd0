"""The infrastructure backup on its share: what is there, whether it can be recovered from, and copies of it.

Plugins may use `copied`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restamp.backup.address import Credentials
    from restamp.backup.copy import Copied

__all__ = ["copied"]


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
