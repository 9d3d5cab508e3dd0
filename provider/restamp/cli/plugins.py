"""Prepare: `plugins`, what OEMs and resource providers add here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restamp.cli.here import RunbookOption

if TYPE_CHECKING:
    from restamp.models.stamp import Captured, Stamp
    from restamp.plugins import Plugin


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    told = "Plugins: what OEMs and resource providers add to a recovery."
    group = typer.Typer(name="plugins", help=told, invoke_without_command=True)
    group.callback()(plugins)
    group.command()(use)
    app.add_typer(group)


def plugins(context: typer.Context, runbook: RunbookOption = None) -> None:
    """Show each plugin of this environment: version, hooks, kinds, and if this runbook does not use it, why.

    A plugin is used once stamp.yaml names it: restamp plugins use hub-core oem-generic
    """
    from restamp.cli.here import runbook_folder, stamp_of
    from restamp.errors import Refused
    from restamp.plugins import installed
    from restamp.runbook.read import last_capture

    if context.invoked_subcommand:
        return
    try:
        folder: Path | None = runbook_folder(runbook)
    except Refused:
        folder = None
    stamp, captured = (stamp_of(folder), last_capture(folder)) if folder else (None, None)
    for plugin in installed():
        print(f"{plugin.name} {plugin.version}: {_what(plugin, stamp, captured)}")
        if not plugin.broken:
            print(f"  {plugin.card.role}: {plugin.card.title}")
            print(f"  hooks: {', '.join(plugin.hooks)}")
    there = {plugin.name for plugin in installed()}
    for name in sorted(set(stamp.plugins if stamp else ()) - there):
        print(f"{name}: named in stamp.yaml, and NOT INSTALLED: pip install {name}")
    if not there:
        print("no plugin is installed in this environment: pip install restamp-hub-core")


def use(
    names: Annotated[list[str], typer.Argument(help="Plugins that are installed here.", metavar="NAME...")],
    runbook: RunbookOption = None,
) -> None:
    """Name plugins in stamp.yaml: from now on recoveries of this runbook have their steps, and checks ask them."""
    from restamp.cli.here import runbook_folder, stamp_of
    from restamp.errors import Refused
    from restamp.models.finding import Finding
    from restamp.models.stamp import Use
    from restamp.plugins import installed, unfit
    from restamp.runbook.read import last_capture
    from restamp.runbook.save import own_file

    folder = runbook_folder(runbook)
    stamp, there = stamp_of(folder), {plugin.name: plugin for plugin in installed()}
    wrong: list[Finding] = [
        problem for name in names if (problem := unfit(name, there.get(name), last_capture(folder))) is not None
    ]
    if wrong:
        raise Refused(wrong)
    named = {name: stamp.plugins.get(name, Use()) for name in sorted({*stamp.plugins, *names})}
    path = folder / "stamp.yaml"
    path.write_text(own_file(stamp.model_copy(update={"plugins": named})), "utf-8")
    print(f"{path} uses {', '.join(named)}")
    print(f"needed: git add {path} && git commit")
    print("next: restamp check")


def _what(plugin: "Plugin", stamp: "Stamp | None", captured: "Captured | None") -> str:
    from restamp.plugins import unfit

    if plugin.broken:
        return f"not used: cannot be loaded: {plugin.broken}"
    if stamp is None:
        return "installed; there is no runbook here"
    if plugin.name not in stamp.plugins:
        return f"not used: stamp.yaml does not name it (restamp plugins use {plugin.name})"
    problem = unfit(plugin.name, plugin, captured)
    return f"NOT USABLE: {problem.message}. {problem.hint}" if problem else "used"
