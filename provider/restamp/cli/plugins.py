"""Prepare: `plugins`, what OEMs and resource providers add here."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restamp.cli.here import RunbookOption

if TYPE_CHECKING:
    from restamp.models.stamp import Captured, Stamp
    from restamp.plugins import Plugin


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(name="plugins", invoke_without_command=True, rich_markup_mode=None)
    group.callback()(plugins)
    group.command()(use)
    group.command()(new)
    app.add_typer(group)


def plugins(context: typer.Context, runbook: RunbookOption = None) -> None:
    """Plugins: what operators, OEMs and resource providers add to a recovery. Alone: each one here, and its use.

    A plugin is a Python distribution: it adds steps to a recovery, and maybe documents to a runbook, checks and a
    verification. It is installed beside restamp (pip install restamp-hub-core), and used once stamp.yaml names it:
    restamp plugins use hub-core oem-generic. For each plugin that is installed, `restamp plugins` alone shows version,
    title and hooks, and if this runbook does not use it, why.

    To write one, begin with one that passes its contract: restamp plugins new rp-foo, and docs/plugins/first-plugin.md.
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
        if not plugin.unusable:
            print(f"  {plugin.card.role}: {plugin.card.title}")
            print(f"  hooks: {', '.join(plugin.hooks)}")
    there = {plugin.name for plugin in installed()}
    for name in sorted(set(stamp.plugins if stamp else ()) - there):
        print(f"{name}: named in stamp.yaml, and NOT INSTALLED: pip install restamp-{name}")
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


def new(
    name: Annotated[
        str, typer.Argument(help="Its name: hub-..., oem-... or rp-..., small letters, digits, dashes.", metavar="NAME")
    ],
    to: Annotated[
        Path | None, typer.Option(help="The folder to make; left out: one of its name, here.", metavar="FOLDER")
    ] = None,
) -> None:
    """Write a new plugin that passes its contract at once: a distribution of its own, to be changed bit by bit.

    What it is like depends on its first letters, which say whose it is. hub- is an operator's own work around a
    restore, and has documents that people write; oem- captures machines, and has a redeploy by people; rp- has a quota
    that plans name, and the restore of a service. Each has a card, a kind of document, steps, what runs them, a
    check, and a test that holds it to the contract of docs/plugins/contract.md.
    """
    from restamp.plugins import installed
    from restamp.template import write

    folder = to or Path(name)
    written = write(name, folder, frozenset(plugin.name for plugin in installed()))
    print(f"{folder}: the plugin {name}, which passes its contract")
    for path in written:
        print(f"  {path.relative_to(folder)}")
    print("next, in the environment of restamp:")
    print(f"  pip install -e {shlex.quote(f'{folder.absolute()}[test]')}")
    print(f"  python -m pytest {shlex.quote(str(folder))}")
    print("  restamp plugins")
    print(f"  restamp plugins use {name}   in the folder of a runbook's project")


def _what(plugin: "Plugin", stamp: "Stamp | None", captured: "Captured | None") -> str:
    from restamp.plugins import unfit

    if plugin.unusable:
        return f"NOT USABLE: {plugin.unusable}"
    if stamp is None:
        return "installed; there is no runbook here"
    if plugin.name not in stamp.plugins:
        return f"not used: stamp.yaml does not name it (restamp plugins use {plugin.name})"
    problem = unfit(plugin.name, plugin, captured)
    return f"NOT USABLE: {problem.message}. {problem.hint}" if problem else "used"
