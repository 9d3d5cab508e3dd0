"""What stamp.yaml says for this plugin."""

from restamp.models.document import Count, Model


class Settings(Model):
    """Under which name the infrastructure backup has Event Hubs, which is documented nowhere."""

    role: str = ""  # as `roleStatus` of a backup has it: see backups.yaml
    restore_attempts: Count = 1  # how often the Restore call may be posted: again unasked never
