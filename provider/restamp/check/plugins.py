"""What would stop a recovery today, from git, this machine and plugins; the stamp may be living or lost."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from restamp.errors import Refused, RestampError
from restamp.hookspecs import Recovery, Runbook
from restamp.models.finding import Finding, Level
from restamp.models.step import Step
from restamp.plugins import Used
from restamp.steps import asked_for
from restamp.steps.run import Around, PluginRun
from restamp.steps.work import said


def stops(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that end a recovery before it writes."""
    return [finding for finding in findings if finding.level == "stop"]


def of_plugins(used: Iterable[Used], around: Around) -> Iterator[Finding]:
    """What each plugin says, one at a time in name order; that one fails is a finding too."""
    for each in used:
        around.say(f"asking {each.plugin.name}")
        yield from called("check", each, around)


def called(hook: str, used: Used, around: Around) -> list[Finding]:
    """The findings of one plugin's `check` or `verify`."""
    run = PluginRun(around, used)
    try:
        return used.plugin.all_of(hook, Finding, run=run)
    except Refused as refused:
        return list(refused.findings)
    except RestampError as error:
        return [_broken(used, error)]


def _broken(used: Used, error: RestampError) -> Finding:
    return Finding("plugins", "stop", f"plugin {used.plugin.name}", str(error), error.hint)


def planning(
    used: Iterable[Used], runbook: Runbook, recovery: Recovery
) -> tuple[tuple[Used, ...], list[Step], list[Finding]]:
    """Those of the plugins that say their steps, these steps, and why the others say none."""
    able: list[Used] = []
    steps: list[Step] = []
    found: list[Finding] = []
    for each in used:
        try:
            steps += said([each], runbook, recovery)
        except RestampError as error:
            found.append(_broken(each, error))
        else:
            able.append(each)
    return tuple(able), steps, found


def for_steps(
    runbook: Runbook, steps: Iterable[Step], have: Callable[[str, str], bool], level: Level = "stop"
) -> Iterator[Finding]:
    """Secrets and pinned files that steps will ask for and that are not at hand: all of them, before the first step.

    `have(plugin, name)` is whether a secret can be had, `level` what it is if not.
    """
    seen: set[tuple[str, str, str]] = set()
    for step in steps:
        for what, names in (("secret", step.secrets), ("file", step.files)):
            for name in names:
                if (what, step.plugin, name) in seen:
                    continue
                seen.add((what, step.plugin, name))
                if what == "file":
                    _, problem = asked_for.pinned(runbook, step.plugin, name)
                    yield from [problem] if problem else []
                elif not have(step.plugin, name):
                    yield replace(asked_for.missing_secret(step.plugin, name), level=level)


def at_hand(runbook: Runbook, plugin: str, name: str) -> bool:
    """Whether a secret can be had here: from the environment, or sealed in the runbook."""
    return bool(os.environ.get(asked_for.variable(plugin, name))) or asked_for.sealed_file(runbook, name) is not None


def still_there(deployment: str | None) -> Iterator[Finding]:
    """That a deployment which was lost answers: `deployment` is its id, None where it does not."""
    if deployment:
        hint = "If it lives, end the recovery; if not, take its names off it, and point DNS at the new one."
        yield Finding("wrong-target", "stop", f"deployment {deployment}", "was lost, and answers", hint)
