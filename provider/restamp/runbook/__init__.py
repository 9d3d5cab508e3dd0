"""The runbook: the documents of one stamp in a folder of a git repository."""

from restamp.runbook.load import load
from restamp.runbook.model import Runbook
from restamp.runbook.save import save

__all__ = ["Runbook", "load", "save"]
