"""Secrets for git: sealed for certificates, bound to what they are the secret of, and opened by private keys."""

from restamp.secrets.openers import Opener, openers
from restamp.secrets.recipients import Recipient, recipients
from restamp.secrets.seal import Seals

__all__ = ["Opener", "Recipient", "Seals", "openers", "recipients"]
