"""What would stop a recovery today, and what is not as it was in the end."""

import os
from collections.abc import Iterator

from restamp.hookspecs import Run
from restamp.models.finding import Finding, Level
from restamp_hub_core import images, opening, stamp
from restamp_hub_core.backups import is_recoverable, same_folder
from restamp_hub_core.job import documents
from restamp_hub_core.stamp import BACKUPS, properties


def before(run: Run) -> Iterator[Finding]:
    """What nobody can say any more once the stamp is lost; asks no stamp."""
    settings = run.settings
    if settings.registration is None:
        yield _said(
            "registration", "nobody says how it is registered", "registration: {name, group, subscription, billing}"
        )
    elif settings.registration.billing == "Capacity" and not settings.registration.agreement:
        yield _said("registration", "Capacity needs the number of the agreement", "registration: {agreement}", "stop")
    if run.runbook.stamp.identity == "ADFS":
        yield from _of_adfs(run)
    yield from _of_backups(run)
    yield from _of_places(run)
    yield from images.damaged(run)
    yield from opening.obstacles(run)


def _of_adfs(run: Run) -> Iterator[Finding]:
    if not run.settings.service_admin:
        yield _said("service admin", "nobody says who owns the default provider subscription", "serviceAdmin: <UPN>")
    if not (run.settings.graph and run.settings.federation):
        yield _said("federation", "a rebuild would not know the customer's directory and AD FS", "graph and federation")
    if not os.environ.get("RESTAMP_CLIENT_CERTIFICATE"):
        message = "restamp signs in with no certificate, so nothing can make its application anew on a rebuilt stamp"
        hint = "Give it one, and name the file in RESTAMP_CLIENT_CERTIFICATE (docs/operator/rights.md)."
        yield Finding("hub-core", "warn", "sign-in", message, hint)


def _of_backups(run: Run) -> Iterator[Finding]:
    if not run.settings.backup_path:
        yield _said(
            "backups", "nobody says which new folder backups go to after a recovery", r"backupPath: \\server\share"
        )
    for location in documents(run.runbook, "BackupLocation"):
        if same_folder(run.settings.backup_path, location.path):
            yield _said("backups", "backupPath is the folder of the old backups", "backupPath: another folder", "stop")
        elif run.settings.backup_path and not location.certificate:
            hint = f"Write the .cer file in base64 as `certificate` into BackupLocation {location.name}."
            yield Finding(
                "hub-core", "warn", f"BackupLocation {location.name}", "has no certificate to begin with", hint
            )


def _of_places(run: Run) -> Iterator[Finding]:
    settings, suffix = run.settings, run.runbook.stamp.suffix
    places = {"share": settings.share, "copyTo": settings.copy_to, "backupPath": settings.backup_path}
    for name, where in places.items():
        if suffix in where.lower():
            message = f"{where} lives under the stamp's own domain: it is lost with it"
            yield Finding("own-domain", "stop", f"hub-core's {name}", message, "Name a place elsewhere.")


def _said(about: str, message: str, field: str, level: Level = "warn") -> Finding:
    return Finding("hub-core", level, about, message, f"Write it into stamp.yaml, plugins: hub-core: settings: {field}")


def behind(run: Run) -> Iterator[Finding]:
    """Backups that are off, or not one that can be recovered from; images that are missing. Never writes."""
    store = properties(run.arm.admin.get(stamp.url(run.arm, BACKUPS))).get("externalStoreDefault") or {}
    if not store.get("isBackupSchedulerEnabled"):
        hint = "Enable them: the next loss has nothing to recover from."
        yield Finding("hub-core", "warn", "backups", "are not made on schedule", hint)
    infos = [
        properties(each).get("backupInfo") or {}
        for each in run.arm.admin.list_all(stamp.url(run.arm, BACKUPS, "/backups"))
    ]
    own = [each for each in infos if each.get("deploymentID") == run.arm.about.deployment]
    if not any(is_recoverable(each) for each in own):
        yield Finding("hub-core", "warn", "backups", "none of this deployment can be recovered from", "Start one.")
    yield from images.missing(run)
