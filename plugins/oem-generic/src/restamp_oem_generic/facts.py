"""What the texts of steps name: everything the runbook and the recovery know of the lost stamp and of its target."""

from collections.abc import Iterator

from restamp.hookspecs import Recovery, Runbook
from restamp.models.backup import BackupFacts
from restamp.models.finding import Finding
from restamp.releases import fits, release, takes

from .artefacts import where
from .hardware import nodes_of, told

UNKNOWN = "unknown"
_IDENTITY = {"ADFS": "AD FS", "AzureAD": "Entra ID"}


def facts(runbook: Runbook, recovery: Recovery) -> dict[str, str]:
    """The value of each name in a text; what nobody captured is `unknown`, so that it is asked for."""
    known = _of_the_stamp(runbook) | _of_the_target(runbook, recovery) | _of_the_backup(runbook, recovery)
    return {name: value or UNKNOWN for name, value in known.items()} | where(runbook)


def _of_the_stamp(runbook: Runbook) -> dict[str, str | None]:
    stamp, captured = runbook.stamp, runbook.captured
    return {
        "region": stamp.region,
        "domain": stamp.domain,
        "suffix": stamp.suffix,
        "identity": _IDENTITY[stamp.identity],
        "machines": told(nodes_of(runbook)),
        "stamp_version": captured.stamp_version if captured else None,
        "oem_version": captured.oem_version if captured else None,
    }


def _of_the_target(runbook: Runbook, recovery: Recovery) -> dict[str, str | None]:
    target = recovery.document.target
    nodes = target.nodes or len(nodes_of(runbook))
    return {
        "build": target.version or "(named nowhere yet)",
        "nodes": str(nodes or UNKNOWN),
        "oem": target.oem or "The OEM",
        "wanted": " ".join(part for part in (target.oem, target.hardware) if part) or "the same again",
    }


def _of_the_backup(runbook: Runbook, recovery: Recovery) -> dict[str, str | None]:
    backup, version = backup_of(runbook, recovery), version_of(runbook, recovery)
    return {
        "backup": backup.id if backup else recovery.document.backup_id,
        "backup_time": f"{backup.created:%Y-%m-%d %H:%M} UTC" if backup else None,
        "backup_version": version,
        "backup_oem_version": backup.oem_version if backup else None,
        "thumbprint": backup.thumbprint if backup else None,
        "baselines": " or ".join(takes(version)),
        "verdict": _verdict(runbook, recovery),
    }


def _verdict(runbook: Runbook, recovery: Recovery) -> str:
    against = [f"{finding.about} {finding.message}. {finding.hint}" for finding in baseline(runbook, recovery)]
    return " ".join(against) or "By the documented rule it takes the backup; that the rule counts releases is inferred."


def backup_of(runbook: Runbook, recovery: Recovery) -> BackupFacts | None:
    """What the stamp said of the backup that is meant: the one of recovery.yaml, else the newest one captured."""
    newest = runbook.captured.backup if runbook.captured else None
    wanted = recovery.document.backup_id or (newest.id if newest else "")
    return runbook.backups.find(wanted) if runbook.backups else None


def version_of(runbook: Runbook, recovery: Recovery) -> str:
    """The stamp version in that backup; where nobody recorded it, what the stamp had at the last capture."""
    backup, captured = backup_of(runbook, recovery), runbook.captured
    return (backup.stamp_version if backup else None) or (captured.stamp_version if captured else None) or ""


def baseline(runbook: Runbook, recovery: Recovery | None) -> Iterator[Finding]:
    """What is to be said against the build in recovery.yaml, where a backup has to fit it: in a native recovery."""
    if recovery is None or recovery.document.way != "native":
        return
    build, version = recovery.document.target.version, version_of(runbook, recovery)
    if not build:
        hint = "Once the OEM gave its word, write it into recovery.yaml: target: {version: <build>}"
        yield Finding("baseline", "note", "recovery.yaml", "names no build that the OEM deploys", hint)
    elif not release(version):
        message = "cannot be compared: of which version the backup is, nobody recorded"
        yield Finding("baseline", "warn", f"baseline {build}", message, "Ask the OEM, in writing, whether it takes it.")
    else:
        yield from fits(version, build)
