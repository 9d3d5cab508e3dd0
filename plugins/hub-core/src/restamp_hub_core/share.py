"""The share of the lost stamp's backups, which steps and checks sign in to alike."""

from collections.abc import Callable
from typing import Any

from restamp.hookspecs import Run

SHARE_PASSWORD = "share-password"  # noqa: S105 - the name of a secret


def signing_in(run: Run) -> Callable[[Any], tuple[str, str]]:
    """User and password for an address: those of the settings, else the user that stands in it."""

    def credentials(address: Any) -> tuple[str, str]:
        user = run.settings.share_user or address.user
        return user, run.secret(SHARE_PASSWORD) if user else ""

    return credentials
