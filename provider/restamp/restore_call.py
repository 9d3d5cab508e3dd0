"""The stamp's Restore call, of a whole backup or of one role: posted once, and never again unasked."""

import base64
import datetime as dt

from restamp.errors import Rejected
from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, later, waiting

KEY, PASSWORD = "backup-key", "backup-key-password"  # the secrets that a step with this call declares
_BACKUPS = (
    "/subscriptions/{provider}/resourceGroups/system.{region}/providers/Microsoft.Backup.Admin"
    "/backupLocations/{region}/backups/"
)
_VERSION = "2018-09-01"  # recorded
_POLL = dt.timedelta(minutes=1)  # recorded: Retry-After 60
_FAILED = "failed"


def restore_call(run: Run, plugin: str, role: str = "") -> StepResult:
    """How the call of a plugin's step stands; posted where it was not yet, `restore_attempts` times in all (settings).

    Done where the stamp says that it ended well: what came back is for the plugin to look at. The token of the step is
    this function's: attempts, and how the last one stands. Rejected where the stamp refused: nothing was begun.
    """
    before, _, how = run.token.partition(" ")
    attempts = int(before or 0)
    if is_under_way(run.token):
        return _polled(run, attempts, how)
    if attempts < run.settings.restore_attempts:
        return _posted(run, attempts + 1, role)
    what = "failed" if how == _FAILED else "was posted, and nobody heard the answer, so it may be on its way"
    again = f"restoreAttempts: {attempts + 1} under plugins: {plugin}: settings in stamp.yaml"
    return later(f"the Restore call {what}. Look at the stamp; to post it again, {again}")


def is_under_way(token: str) -> bool:
    """Whether the stamp took the call, and was not heard to have ended it."""
    return token.partition(" ")[2].startswith("https://")


def _posted(run: Run, attempt: int, role: str) -> StepResult:
    assert run.recovery is not None
    backup, arm = run.recovery.document.backup_id, run.arm
    if not backup:
        return later(f"nobody says which backup: backupId in recoveries/{run.recovery.id}/recovery.yaml")
    secrets = {
        "decryptionCertBase64": base64.b64encode(run.secret_file(KEY)).decode(),
        "decryptionCertPassword": run.secret(PASSWORD),
    }
    url = arm.admin.url(f"{_BACKUPS.format_map(arm.place.values())}{backup}/restore", _VERSION)
    run.remember(f"{attempt} posting")
    try:
        begun = arm.admin.begin("POST", url, secrets | ({"roleName": role} if role else {}))
    except Rejected as error:
        run.remember(str(attempt - 1))  # nothing was begun
        error.tell_without(secrets.values())
        raise
    if begun is None:
        return done("restored, by the stamp's word")
    token = f"{attempt} {begun.poll}"
    run.remember(token)
    what = f"role {role}" if role else f"backup {backup}"
    return waiting(f"the Restore call of {what} was posted", token=token, again=_POLL)


def _polled(run: Run, attempt: int, poll: str) -> StepResult:
    answer = run.arm.admin.read(poll)
    if answer.status == 202:
        return waiting("the stamp restores", token=run.token, again=_POLL)
    if answer.status < 400:
        return done("restored, by the stamp's word")
    token = f"{attempt} {_FAILED}"
    run.remember(token)
    error = answer.body.get("error", answer.body) if isinstance(answer.body, dict) else {}
    why = f"{answer.status} {error.get('code', '')} {error.get('message', '')}".strip()
    return later(
        f"the Restore call failed: {why}. Look at the stamp: the next run says how it is posted again", token=token
    )
