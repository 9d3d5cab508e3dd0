"""Infrastructure backups: the one to recover from copied away first; and at the end backups again, to a new folder."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from restamp.backup import copied
from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, failed, later, waiting
from restamp.remoting import Credential
from restamp_hub_core import stamp
from restamp_hub_core.endpoint import privileged
from restamp_hub_core.job import Case, Job, Later, documents, step
from restamp_hub_core.share import SHARE_PASSWORD, signing_in
from restamp_hub_core.stamp import BACKUPS, Wire, properties
from restamp_hub_core.validation import while_updated

_STORE_PASSWORD = "backup-password"  # noqa: S105 - the name of a secret
_UNDER_WAY = ("Creating", "Queued", "Running")  # swagger
_POLL = dt.timedelta(minutes=5)
_SOURCE = "Microsoft, Infrastructure Backup best practices: 20 to 40 minutes"
_COPY = """Copy the backup {backup} to a place where nothing expires: the stamp's retention is 2 to 14 days, and new
hardware takes weeks.

restamp backups copy <share> {backup} --to <folder>
restamp backups check <folder> {backup} --key <.pfx>

Or let restamp do it: share and copyTo under plugins: hub-core: settings in stamp.yaml."""
_ENABLE = """No settings of backups come back with a recovery (inferred). Enable infrastructure backups again, in the
administrator portal under Infrastructure backup: to a *new* folder, with the user, frequency and retention as before:

{was}

Leave the old folder alone: what is in it is all there is until the first new backup can be recovered from."""
_OLD = """The first backup of the new stamp can be recovered from. Decide what becomes of the old folder {old}
and of the copy: until now they were all there was. Nothing of restamp's deletes them."""


def jobs(case: Case) -> Iterator[Job]:
    """At the very begin of a native recovery, and at the very end of each."""
    location = next(iter(documents(case.runbook, "BackupLocation")), None)
    if case.native:
        yield _copying(case)
    yield _enabling(case, location)
    takes: dict[str, Any] = {"takes": (dt.timedelta(minutes=20), dt.timedelta(minutes=40)), "source": _SOURCE}
    yield Job(step("first-backup", "The first backup, recoverable", needs=("hub-core/enable-backup",), **takes), first)
    how, needs = _OLD.format(old=location.path if location else "of the backups"), ("hub-core/first-backup",)
    yield Job(step("old-backups", "What becomes of the old backups", by="operator", how=how, needs=needs))


def _copying(case: Case) -> Job:
    settings, backup = case.settings, case.recovery.document.backup_id or "<backup>"
    title, first_of_all = "The backup copied to a safe place", ("redeploy",)
    if not (settings.share and settings.copy_to):
        how = _COPY.format(backup=backup)
        return Job(step("copy-backup", title, "redeploy", by="operator", how=how, before=first_of_all))
    secrets = (SHARE_PASSWORD,) if settings.share_user else ()
    return Job(step("copy-backup", title, "redeploy", before=first_of_all, secrets=secrets), copy)


def _enabling(case: Case, location: Any) -> Job:
    title, after = "Infrastructure backups again, to a new folder", ("rps-restored",)
    if case.settings.backup_path and location:
        secrets = () if location.password else (_STORE_PASSWORD,)
        return Job(step("enable-backup", title, after=after, secrets=secrets), enable)
    was = "  nothing of them was captured"
    if location:
        times = f"every {location.frequency} hours, kept {location.retention} days"
        was = f"  as {location.user_name}, {times}; they went to {location.path}"
    return Job(step("enable-backup", title, by="operator", how=_ENABLE.format(was=was), after=after))


def copy(run: Run) -> StepResult:
    """Copy what is not there yet, and read it back: restamp's own copy goes on where it stopped."""
    assert run.recovery is not None
    settings, backup = run.settings, run.recovery.document.backup_id
    if not backup:
        return later(f"nobody says which backup: backupId in recoveries/{run.recovery.id}/recovery.yaml")

    def said(done_now: int, total: int) -> None:
        run.say(f"copying backup {backup}", done_now / max(total, 1))
        if run.stopped():
            raise Later("the copy goes on where it stopped")

    found = copied(settings.share, backup, Path(settings.copy_to), signing_in(run), said)
    if wrong := [str(finding) for finding in found.findings if finding.level == "stop"]:
        return failed("; ".join(wrong))
    check = f"restamp backups check {settings.copy_to} {backup} --key FILE"
    return done(f"{found.files} files are in {settings.copy_to}, and were read back", evidence={"to prove it": check})


def _store(run: Run) -> Wire:
    """Where backups go by now."""
    return properties(run.arm.admin.get(stamp.url(run.arm, BACKUPS))).get("externalStoreDefault") or {}


def enable(run: Run) -> StepResult:
    """Set the new folder, once the stamp has reached it; nothing is asked of the old one."""
    location, path = documents(run.runbook, "BackupLocation")[0], run.settings.backup_path
    store = _store(run)
    if store.get("path") == path and store.get("isBackupSchedulerEnabled"):
        return done(f"backups go to {path}")
    if same_folder(path, location.path):
        return later(
            f"{path} is the folder of the old backups, which have to be left alone: backupPath has to be a new one"
        )
    if not location.certificate:
        return later(f"BackupLocation {location.name} has no certificate: its .cer file in base64, as `certificate`")
    if (waits := while_updated(run)) is not None:
        return waits
    credential = Credential(location.user_name, _password(run, location))
    with privileged(run) as pep:
        share = {"BackupSharePath": path, "BackupShareCredential": credential}
        if pep.run("Test-AzureStack", Include=["AzsBackupShareAccessibility"], **share)[-1:] != [True]:
            return failed(
                f"the stamp cannot use {path} as {credential.user}: look at the share, its rights, and port 445"
            )
    sent = {"path": path, "userName": credential.user, "password": credential.password}
    sent |= {"encryptionCertBase64": location.certificate, "isBackupSchedulerEnabled": True}
    sent |= {"backupFrequencyInHours": location.frequency, "backupRetentionPeriodInDays": location.retention}
    body = {"location": run.arm.place.region, "properties": {"externalStoreDefault": sent}}
    run.arm.admin.begin("PUT", stamp.url(run.arm, BACKUPS), body)
    return waiting(f"the stamp was told to write its backups to {path}", again=dt.timedelta(seconds=5))


def _password(run: Run, location: Any) -> str:
    """The share's password: sealed in the captured settings, else a secret of the recovery."""
    if location.password is None:
        return run.secret(_STORE_PASSWORD)
    if run.arm.seals is None:
        raise Later("the password of backups is sealed, and no private key is at hand: RESTAMP_OPENERS")
    return run.arm.seals.open(f"backup/{location.name}/password".lower(), location.password)


def first(run: Run) -> StepResult:
    """Look for a backup of this deployment that can be recovered from; else for one on its way; else start one."""
    assert run.recovery is not None
    if not _store(run).get("path"):
        return later("no backups are enabled on the stamp: it says no folder for them")
    target = run.recovery.document.target.deployment or run.arm.about.deployment
    listed = run.arm.admin.list_all(stamp.url(run.arm, BACKUPS, "/backups"))
    infos = [properties(each).get("backupInfo") or {} for each in listed]
    mine = sorted((each for each in infos if each.get("deploymentID") == target), key=_made)
    if whole := [each for each in mine if is_recoverable(each)]:
        found = str(whole[-1]["backupId"])
        message = f"backup {found} can be recovered from: it succeeded, is uploaded and ready (inferred)"
        proof = {"to prove it": f"restamp backups check <the new share> {found} --key FILE"}
        return done(message, facts={"backup": found}, evidence=proof)
    newest = mine[-1] if mine else {}
    if newest.get("status") in _UNDER_WAY or (
        newest.get("status") == "Succeeded" and not newest.get("completelyUploaded")
    ):
        return waiting(f"backup {newest['backupId']} is {newest['status']}", again=_POLL)
    told = f"told {newest.get('backupId')}"
    if newest and run.token != told:
        run.remember(told)
        return failed(f"backup {newest['backupId']} is {newest['status']}: the next run starts another", token=told)
    if stamp.asked_lately(run, "a backup"):
        return waiting("a backup was asked for", token=run.token, again=_POLL)
    token = stamp.asking(run, "a backup")
    run.arm.admin.begin("POST", stamp.url(run.arm, BACKUPS, "/createBackup"))
    return waiting("the first backup begins", token=token, again=_POLL)


def same_folder(one: str, other: str) -> bool:
    """Whether two paths of shares are one: Windows minds no case, and no backslash at the end."""
    return one.rstrip("\\").lower() == other.rstrip("\\").lower()


def is_recoverable(info: Wire) -> bool:
    """Whether a stamp may be recovered from a backup, by its own word (recorded; that all three count is inferred)."""
    return info.get("status") == "Succeeded" and bool(
        info.get("completelyUploaded") and info.get("isCloudRecoveryReady")
    )


def _made(info: Wire) -> str:
    return str(info.get("createdDateTime"))
