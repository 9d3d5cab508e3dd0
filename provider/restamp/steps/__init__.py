"""Steps of plugins: what is to be done (`work`), in which order (`plan`), how long (`times`), and one asked (`run`)."""

from restamp.steps.plan import Placed, Plan, planned
from restamp.steps.work import Work, work

__all__ = ["Placed", "Plan", "Work", "planned", "work"]
