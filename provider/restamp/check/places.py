"""What a recovery needs and would be lost with the stamp: whatever lives under its own domain."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from restamp.errors import Refused
from restamp.history import git
from restamp.hookspecs import Runbook
from restamp.models.finding import Finding


def of_places(runbook: Runbook, shares: Iterable[str], keys: Iterable[Path] = ()) -> Iterator[Finding]:
    """Git remotes, Pulumi's backend, share, keys, files and kits; and that git has anywhere else to live."""
    suffix = runbook.stamp.suffix
    remotes = _remotes(runbook.folder)
    places = [("git remote", remote) for remote in remotes]
    places += [("Pulumi backend", os.environ.get("PULUMI_BACKEND_URL", ""))]
    places += [("share of the backups", share) for share in shares]
    places += [("keys", key) for key in (*map(str, keys), *os.environ.get("RESTAMP_OPENERS", "").split(","))]
    places += [("external certificates", name) for name in runbook.stamp.certificates]
    plugins = runbook.stamp.plugins.items()
    places += [(f"file {plugin}/{name}", path) for plugin, use in plugins for name, path in use.files.items()]
    places += [("kits", name) for name in runbook.stamp.kits]
    for what, where in places:
        if suffix in where.lower() or where.lower().rstrip("/").endswith(runbook.stamp.domain):
            message = f"{where} lives under the stamp's own domain: it is lost with it"
            yield Finding("own-domain", "stop", what, message, "Move it elsewhere.")
    if not remotes:
        hint = "git remote add origin ..., and push after each capture: a runbook on one machine is lost with it."
        yield Finding("no-remote", "warn", "git remote", "there is none: the runbook is on this machine alone", hint)


def _remotes(folder: Path) -> list[str]:
    try:
        told = (git(folder, "remote", "-v") or b"").decode()
    except Refused:  # no git: on a machine that runs from a kit
        return []
    return sorted({line.split()[1] for line in told.splitlines() if len(line.split()) > 1})
