"""The Restore call for the role of Event Hubs: posted once, and never again unasked."""

import base64
from datetime import timedelta

from restamp.errors import Rejected
from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, later, waiting

KEY, PASSWORD = "backup-key", "backup-key-password"
_RESTORE = (
    "/subscriptions/{provider}/resourceGroups/system.{region}/providers/Microsoft.Backup.Admin"
    "/backupLocations/{region}/backups/"
)
_VERSION = "2018-09-01"  # recorded
_POLL = timedelta(minutes=1)  # recorded: Retry-After 60


def restored(run: Run) -> StepResult:
    """Whether the call ended well; it is posted where it was not yet. What it brought back nobody can look at."""
    before, _, how = run.token.partition(" ")
    attempts = int(before or 0)
    if how.startswith("https://"):
        return _polled(run, attempts, how)
    if attempts < run.settings.restore_attempts:
        return _posted(run, attempts + 1)
    return later(
        "the Restore call was posted, and did not end well as far as anybody heard. Look at Event Hubs in the portal; "
        f"to post it again, restoreAttempts: {attempts + 1} under plugins: rp-eventhubs: settings in stamp.yaml"
    )


def _posted(run: Run, attempt: int) -> StepResult:
    assert run.recovery is not None
    backup, role = run.recovery.document.backup_id, run.settings.role
    if not backup:
        return later(f"nobody says which backup: backupId in recoveries/{run.recovery.id}/recovery.yaml")
    body = {
        "decryptionCertBase64": base64.b64encode(run.secret_file(KEY)).decode(),
        "decryptionCertPassword": run.secret(PASSWORD),
        "roleName": role,
    }
    arm = run.arm
    url = arm.admin.url(f"{_RESTORE.format_map(arm.place.values())}{backup}/restore", _VERSION)
    run.remember(f"{attempt} posting")
    try:
        begun = arm.admin.begin("POST", url, body)
    except Rejected as error:
        run.remember(str(attempt - 1))  # nothing was begun
        error.tell_without([body["decryptionCertBase64"], body["decryptionCertPassword"]])
        raise
    if begun is None:
        return done(f"role {role} restored, by the stamp's word")
    token = f"{attempt} {begun.poll}"
    run.remember(token)
    return waiting(f"the Restore call of role {role} was posted", token=token, again=_POLL)


def _polled(run: Run, attempt: int, poll: str) -> StepResult:
    answer = run.arm.admin.read(poll)
    if answer.status == 202:
        return waiting("the stamp restores", token=run.token, again=_POLL)
    if answer.status < 400:
        return done(f"role {run.settings.role} restored, by the stamp's word; what came back, people have to look at")
    token = f"{attempt} failed"
    run.remember(token)
    error = answer.body.get("error", answer.body) if isinstance(answer.body, dict) else {}
    why = f"{answer.status} {error.get('code', '')} {error.get('message', '')}".strip()
    return later(f"the Restore call failed: {why}", token=token)
