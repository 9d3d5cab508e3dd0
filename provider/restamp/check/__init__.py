"""What would stop a recovery today, all at once: from git, this machine, plugins, the share, the stamp if it lives."""

from restamp.check.baseline import deployed
from restamp.check.plugins import at_hand, called, for_steps, of_plugins, still_there, stops

__all__ = ["at_hand", "called", "deployed", "for_steps", "of_plugins", "still_there", "stops"]
