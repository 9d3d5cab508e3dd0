"""What this machine has for the secrets of a runbook: recipients in its folder, private keys in the environment."""

import os
from pathlib import Path

from restamp.secrets.openers import Ask, Opener, openers
from restamp.secrets.recipients import recipients
from restamp.secrets.seal import Seals

FOLDER = "recipients"


def password(_name: str) -> str:
    """The password of private keys, from RESTAMP_OPENER_PASSWORD; empty where it is not set."""
    return os.environ.get("RESTAMP_OPENER_PASSWORD", "")


def openers_at_hand(ask: Ask = password) -> tuple[Opener, ...]:
    """The private keys in the files that RESTAMP_OPENERS names, comma separated; none where it is not set."""
    files = [Path(part.strip()) for part in os.environ.get("RESTAMP_OPENERS", "").split(",") if part.strip()]
    return openers(files, ask)


def at_hand(runbook: Path, ask: Ask = password) -> Seals:
    """What can be done here with the secrets of a runbook, but for the capture key (`capture_key.with_capture_key`)."""
    return Seals(recipients(runbook / FOLDER), openers_at_hand(ask))
