"""Event Hubs on Azure Stack Hub: deployed anew by people, its role restored natively, and looked at. Unverified."""

from collections.abc import Iterable, Iterator
from importlib.resources import files

from restamp.hookspecs import Recovery, Run, Runbook, hookimpl
from restamp.models.finding import Finding
from restamp.models.step import PluginCard, Step, StepResult
from restamp.releases import known
from restamp.restore_call import KEY, PASSWORD, restore_call

from .settings import Settings

NAME = "rp-eventhubs"
TEXTS = {path.name.removesuffix(".txt"): path.read_text("utf-8") for path in (files(__package__) / "texts").iterdir()}


@hookimpl
def plugin_card() -> PluginCard:
    """Event Hubs needs a stamp of 2002 or newer, with four nodes (documented)."""
    trains = 2002, int(known().releases[-1])
    return PluginCard(name=NAME, role="rp", title="Event Hubs (unverified)", trains=trains, settings=Settings)


@hookimpl
def check(run: Run) -> Iterator[Finding]:
    """Whether backups have the role that is to be restored."""
    newest = run.runbook.backups.newest if run.runbook.backups else None
    facts = run.runbook.backups.find(newest.id) if run.runbook.backups and newest else None
    roles = sorted(facts.roles) if facts else []
    among = f"the newest backup has {', '.join(roles)}" if roles else "no capture knows the roles of a backup"
    hint = f"plugins.{NAME}.settings.role in stamp.yaml, as the backups have it: ask Microsoft which one it is."
    if not run.settings.role:
        message = f"is restored by people alone, as nobody says which role of a backup it is; {among}"
        yield Finding("event-hubs", "warn", "Event Hubs", message, hint)
    elif roles and run.settings.role.lower() not in {role.lower() for role in roles}:
        yield Finding("event-hubs", "stop", f"role {run.settings.role}", f"is in no backup: {among}", hint)


@hookimpl
def steps(runbook: Runbook, recovery: Recovery, settings: Settings) -> Iterable[Step]:
    """Natively with the Restore call, where its role is known; else people alone."""
    calls = recovery.document.way == "native" and bool(settings.role)
    values = {"suffix": runbook.stamp.suffix, "role": settings.role}

    def how(name: str) -> str:
        return TEXTS[name].format_map(values).strip()

    deployed, looked_at = f"{NAME}/deployed", f"{NAME}/looked-at"
    yield Step(
        id=deployed,
        title="Event Hubs deployed anew",
        phase="restore",
        after=("registered",),
        by="operator",
        how=how("deployed"),
    )
    if calls:
        yield Step(
            id=f"{NAME}/restore",
            title="Restore call for Event Hubs (unverified)",
            phase="restore",
            needs=(deployed,),
            after=("hub-core/settle",),
            secrets=(KEY, PASSWORD),
            destructive=True,
            how=how("restore"),
        )
    needs = (f"{NAME}/restore",) if calls else (deployed,)
    text = how("looked-at.native" if calls else "looked-at.rebuild")
    yield Step(id=looked_at, title="Event Hubs looked at", phase="restore", needs=needs, by="operator", how=text)


@hookimpl
def run_step(run: Run) -> StepResult:
    """The one step that people do not do."""
    return restore_call(run, NAME, run.settings.role)
