"""Whether the build that was deployed takes the backup of a native recovery."""

from collections.abc import Iterator

from restamp.hookspecs import Recovery, Runbook
from restamp.models.finding import Finding
from restamp.releases import fits, release


def deployed(runbook: Runbook, recovery: Recovery, build: str | None) -> Iterator[Finding]:
    """What is to be said against a stamp's build; nothing on a rebuild, or where nobody recorded the backup's version.

    The version is that of the backup in recovery.yaml, as the stamp told it at the last capture, else the stamp's own.
    """
    backup = recovery.document.backup_id or ""
    facts = runbook.backups.find(backup) if runbook.backups else None
    version = (facts and facts.stamp_version) or (runbook.captured and runbook.captured.stamp_version) or ""
    if recovery.document.way == "native" and build and release(version):
        yield from fits(version, build)
