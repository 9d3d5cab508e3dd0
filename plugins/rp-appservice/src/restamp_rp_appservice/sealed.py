"""What keeps App Service from being restored, said while the stamp lives: its secrets file, and places lost with it."""

import datetime as dt
from collections.abc import Iterator

from restamp.hookspecs import Run
from restamp.models.finding import Finding
from restamp.models.step import StepResult, done, failed

from .controllers import SECRETS

_ABOUT = "secrets of App Service"
_AGAIN = (
    "Admin portal, App Service, Secrets, Download Secrets; then: "
    f"restamp secrets add SystemSecrets.JSON --name {SECRETS}, and delete the file."
)


def saved(run: Run) -> StepResult:
    """Whether the secrets file is sealed in the runbook, since the last rotation."""
    found = list(of_secrets(run))
    if found:
        return failed("; ".join(f"{finding.about} {finding.message}. {finding.hint}" for finding in found))
    return done(f"sealed, as secrets/{SECRETS}.yaml")


def of_secrets(run: Run) -> Iterator[Finding]:
    """That there is none, that it is from before a rotation (documented: useless then), or old."""
    sealed = run.sealed(SECRETS)
    if sealed is None:
        message = "are not sealed in the runbook: without them nothing of App Service comes back"
        yield Finding("app-service", "stop", _ABOUT, message, _AGAIN)
    elif sealed.on is None:
        yield Finding("app-service", "warn", _ABOUT, "were sealed nobody knows when", _AGAIN)
    elif run.settings.rotated and sealed.on < run.settings.rotated:
        message = f"were sealed on {sealed.on}, and rotated on {run.settings.rotated}: they open nothing any more"
        yield Finding("app-service", "stop", _ABOUT, message, _AGAIN)
    elif (days := (dt.datetime.now(dt.UTC).date() - sealed.on).days) > run.settings.secrets_days:
        message = f"were sealed {days} days ago, on {sealed.on}: were they rotated since?"
        yield Finding("app-service", "warn", _ABOUT, message, _AGAIN)


def of_places(run: Run) -> Iterator[Finding]:
    """Data that lives under the stamp's own domain, and is lost with it."""
    suffix = run.runbook.stamp.suffix
    if suffix in run.settings.backups.lower():
        message = f"{run.settings.backups} lives under the stamp's own domain: it is lost with it"
        yield Finding("own-domain", "stop", "copies of App Service's data", message, "Keep them elsewhere.")
    for what, where, setting in (
        ("SQL server of App Service", run.settings.server_now, "newSqlServer"),
        ("content share of App Service", run.settings.share_now, "newFileShare"),
    ):
        if suffix in where.lower():
            message = f"{where} lives under the stamp's own domain: it is lost with it, and has to be built anew first"
            hint = f"Keep it elsewhere; in a recovery write where it is then: plugins.rp-appservice.settings.{setting}"
            yield Finding("own-domain", "warn", what, message, hint)
