"""The steps of `restamp capture --with-data`: what plugins save while the stamp lives, one after the other."""

import time
from collections.abc import Callable, Mapping, Sequence

from restamp.journal import Journal
from restamp.models.stamp import RecoveryDocument
from restamp.models.step import Step, StepResult
from restamp.plugins import Used
from restamp.recovery import Begun
from restamp.steps.run import Around, PluginRun, asked, remembered, written
from restamp.steps.work import backups, said

_NO_RECOVERY = ""


def saved(
    used: Sequence[Used], around: Around, journal: Journal, tell: Callable[[Step, StepResult], None]
) -> list[StepResult]:
    """How each step stands after it was asked; one that needs another that is not done is not begun.

    What people do is told as waiting, each time: a sign-off for data of some night says nothing of the next.
    """
    plugins = {each.plugin.name: each for each in used}
    results: dict[str, StepResult] = {}
    for step in backups(list(said(used, around.runbook, Begun(_NO_RECOVERY, RecoveryDocument())))):
        results[step.id] = _stands(step, plugins[step.plugin], around, journal, results)
        tell(step, results[step.id])
    return list(results.values())


def _stands(step: Step, used: Used, around: Around, journal: Journal, before: Mapping[str, StepResult]) -> StepResult:
    if waits := [name for name in step.needs if name not in before or before[name].status != "done"]:
        return StepResult(status="waiting", message=f"waits for {', '.join(waits)}")
    if step.by != "restamp":
        return StepResult(status="waiting", message=f"for the {step.by}: {' '.join(step.how.split())}")
    facts = {name: result.facts for name, result in before.items()}
    token = remembered(journal, _NO_RECOVERY, step.id)

    def ask(remember: Callable[[str], None]) -> StepResult:
        return asked(PluginRun(around, used, step, facts, token, remember), step, time.sleep)

    return written(journal, _NO_RECOVERY, step.id, ask)
