"""What stamp.yaml says for this plugin: durations, which no runbook knows."""

import datetime as dt

from restamp.models.document import Count, Model


class Settings(Model):
    """What the OEM's contract says; left out, Microsoft's words, or assumed."""

    lead_days: Count = 28  # from order to delivery: documented are "weeks", and no number
    site_days: tuple[Count, Count] = (5, 7)  # from the cabling check to a deployed stamp: a business week (documented)

    @property
    def on_site(self) -> tuple[dt.timedelta, dt.timedelta]:
        """The days on site, at best and at worst."""
        best, worst = sorted(self.site_days)
        return dt.timedelta(days=best), dt.timedelta(days=worst)
