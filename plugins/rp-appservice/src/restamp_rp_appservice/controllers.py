"""The controllers of App Service, over PowerShell remoting: its documented restore, cmdlet by cmdlet.

What is done for a recovery is marked on the first controller, by a file named after both: a second run finds it there.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from restamp.errors import Refused
from restamp.hookspecs import Run
from restamp.models.finding import Finding
from restamp.models.step import StepResult, done, failed, waiting
from restamp.remoting import DEFAULT, Endpoint, Remote, connect

DEPLOYED, SECRETS, PASSWORD = "rp-appservice/deployed", "app-service", "roleadmin"
SERVICES = ["WebFarmService", "ResourceMetering"]  # HostingVssService is gone since 1.5 (documented)


def stamp(run: Run) -> StepResult:
    """Restore secrets and configuration; all instances of custom worker tiers go, and come back with the roles."""
    secrets = run.secret_file(SECRETS).decode("utf-8-sig", "replace")
    if not _is_json(secrets):
        return failed(f"secrets/{SECRETS}.yaml holds no JSON: download it from the portal anew, and seal that")
    with _controllers(run) as (first, *others):
        if _marked(first, run, "stamp"):
            return done("secrets and configuration were restored already")
        for other in others:
            other.run("Stop-Service", Name=SERVICES[:1])
        first.run("Stop-Service", Name=SERVICES)
        _restore(first, run, secrets)
        _mark(first, run, "stamp")
    return done(f"secrets and configuration restored, with {run.settings.server_now} and {run.settings.share_now}")


def roles(run: Run) -> StepResult:
    """Restore the roles: instances of custom worker tiers are made anew."""
    with _controllers(run) as (first, *_):
        if not _marked(first, run, "roles"):
            first.run("Restore-AppServiceRoles")
            _mark(first, run, "roles")
    return done("roles restored")


def services(run: Run) -> StepResult:
    """Start the services, and wait until a management server is ready."""
    with _controllers(run) as (first, *others):
        for other in others:
            other.run("Start-Service", Name=SERVICES[:1])
        first.run("Start-Service", Name=SERVICES)
        servers = first.run("Get-AppServiceServer", ServerType="ManagementServer")
    stand = {str(server.get("Name")): str(server.get("Status")) for server in servers}
    told = ", ".join(f"{name} is {status}" for name, status in sorted(stand.items())) or "there is none"
    if "Ready" in stand.values():
        return done(f"services run; management servers: {told}")
    return waiting(f"no management server is ready yet: {told}", again=timedelta(minutes=1))


def objects(run: Run) -> StepResult:
    """Synchronise sites and server farms."""
    with _controllers(run) as (first, *_):
        if not _marked(first, run, "objects"):
            first.run("Get-AppServiceSite", "Sync-AppServiceObject")
            first.run("Get-AppServiceServerFarm", "Sync-AppServiceObject")
            _mark(first, run, "objects")
    return done("sites and server farms synchronised")


def _restore(first: Remote, run: Run, secrets: str) -> None:
    """Restore-AppServiceStamp, which takes the secrets from a file; the file is gone afterwards."""
    path = _path(run, "SystemSecrets.json")
    override = {
        "OverrideDatabaseServer": run.settings.new_sql_server,
        "OverrideContentShare": run.settings.new_file_share,
    }
    first.run("New-Item", Path=_path(run), ItemType="Directory", Force=True)
    first.run("Set-Content", Path=path, Value=secrets, Encoding="UTF8")
    try:
        first.run("Restore-AppServiceStamp", FilePath=path, **{name: said for name, said in override.items() if said})
    finally:
        first.run("Remove-Item", Path=path, Force=True)


@contextmanager
def _controllers(run: Run) -> Iterator[list[Remote]]:
    """Every controller, the first one first, as the sign-off of the deployment says; nothing is dialled yet."""
    said = run.facts.get(DEPLOYED, {}).get("controllers", "")
    hosts = [host.strip() for host in said.split(",") if host.strip()]
    if not hosts:
        hint = f"Sign it off once more: restamp signoff {DEPLOYED} --by NAME --fact controllers=10.0.1.4,10.0.1.5"
        raise Refused([Finding("app-service", "stop", DEPLOYED, "says not where the controllers are", hint)])
    with ExitStack() as stack:
        yield [stack.enter_context(connect(_endpoint(run, host), run.say)) for host in hosts]


def _endpoint(run: Run, host: str) -> Endpoint:
    way = run.arm.settings
    return Endpoint(
        hosts=(host,),
        user=run.settings.user,
        password=run.secret(PASSWORD),
        configuration=DEFAULT,
        auth=run.settings.auth,
        ca=way.ca,
        where=way.where,
        consents=True,
    )


def _path(run: Run, *names: str) -> str:
    assert run.recovery is not None
    return "\\".join(("C:", "restamp", run.recovery.id, *names))


def _marked(first: Remote, run: Run, step: str) -> bool:
    return first.run("Test-Path", Path=_path(run, f"{step}.done")) == [True]


def _mark(first: Remote, run: Run, step: str) -> None:
    first.run("New-Item", Path=_path(run, f"{step}.done"), ItemType="File", Force=True)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
