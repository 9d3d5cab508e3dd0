"""Steps of plugins: their order (`plan`), how long it takes (`times`), and one of them asked how it stands (`run`)."""

from restamp.steps.plan import Placed, Plan, planned

__all__ = ["Placed", "Plan", "planned"]
