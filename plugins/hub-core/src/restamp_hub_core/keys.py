"""BitLocker recovery keys: new after every update (documented), so after a deployment too (inferred): sealed."""

import json
from collections.abc import Iterator

from restamp.hookspecs import Run
from restamp.models.step import StepResult, done, failed
from restamp_hub_core.endpoint import privileged
from restamp_hub_core.job import Case, Job, step


def jobs(case: Case) -> Iterator[Job]:
    """Behind the deployment; natively behind the update as well."""
    yield Job(
        step("recovery-keys", "BitLocker keys of the new volumes into safe keeping"), lambda run: kept(run, "deployed")
    )
    if case.native and case.settings.update:
        title = "BitLocker keys again, which the update has changed"
        yield Job(step("recovery-keys-again", title, needs=("hub-core/update",)), lambda run: kept(run, "updated"))


def kept(run: Run, when: str) -> StepResult:
    """Seal what the stamp says; in clear they are nowhere but in memory."""
    assert run.recovery is not None
    with privileged(run) as pep:
        found = pep.run("Get-AzsRecoveryKeys")
    if not found:
        return failed("the stamp names no recovery key")
    name = f"bitlocker-{run.recovery.id}-{when}"
    run.seal(name, json.dumps(found, indent=1).encode())
    shown = f"restamp secrets reveal secrets/{name}.yaml value"
    return done(f"{len(found)} keys are sealed in secrets/{name}.yaml: commit it", evidence={"how to read them": shown})
