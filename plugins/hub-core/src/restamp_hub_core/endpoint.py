"""The privileged endpoint of the redeployed stamp: never that of one that was lost."""

from collections.abc import Iterator
from contextlib import contextmanager

from restamp.errors import Refused
from restamp.hookspecs import Run
from restamp.models.finding import Finding
from restamp.models.step import StepResult, done, waiting
from restamp.remoting import Remote, privileged_endpoint
from restamp_hub_core.job import Later


@contextmanager
def privileged(run: Run) -> Iterator[Remote]:
    """Cmdlets of the recovery's stamp; Later where nobody has said yet how to get there.

    Refused where the endpoint says a deployment id that is not the target's, or a lost one's. That it says the same id
    as Fabric does is inferred.
    """
    try:
        remote = privileged_endpoint(run.arm.settings, run.say)
    except Refused as refused:
        raise Later("; ".join(f"{finding.about} {finding.message}" for finding in refused.findings)) from refused
    with remote as pep:
        (stamp,) = pep.run("Get-AzureStackStampInformation")
        _check(str(stamp["DeploymentID"]), run)
        yield pep


def _check(found: str, run: Run) -> None:
    assert run.recovery is not None
    recovery = run.recovery.document
    lost = {each.lower() for each in recovery.lost} if not recovery.redeployed else set()
    target = recovery.target.deployment
    if found.lower() in lost:
        message = f"is that of deployment {found}, which was lost: it may be the living stamp"
    elif target and found.lower() != target.lower():
        message = f"is that of deployment {found}, and the recovery's target is {target}"
    else:
        return
    hint = "RESTAMP_PEP has to name the ERCS machines of the redeployed stamp. That both say one id is inferred."
    raise Refused([Finding("wrong-target", "stop", "the privileged endpoint", message, hint)])


def once(pep: Remote, cmdlet: str, said: str, **parameters: object) -> StepResult:
    """Run a cmdlet that this deployment has not completed yet, and answer what is `said` of it.

    Whether it has is asked of Get-ActionStatus (documented); a stamp that was deployed anew has completed nothing.
    """
    match _status(pep, cmdlet):
        case "Completed":
            return done(f"{said}, already before")
        case "Running" | "InProgress":
            return waiting(f"{cmdlet} is under way")
    pep.run(cmdlet, **parameters)
    return done(said)


def _status(pep: Remote, cmdlet: str) -> str:
    found = pep.run("Get-ActionStatus", FunctionName=cmdlet)
    return str(found[-1].get("CurrentStatus", "")) if found else ""
