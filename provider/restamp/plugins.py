"""Find the plugins, and ask each for its kinds: restamp's own come in through the same door."""

from functools import cache
from typing import Any

import pluggy

import restamp.kinds
from restamp import hookspecs
from restamp.errors import Refused
from restamp.kind import Kind, Kinds
from restamp.models.finding import Finding


@cache
def all_kinds() -> Kinds:
    """Every kind of this environment; two plugins for one kind are refused, naming both."""
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(restamp.kinds, "restamp")
    manager.load_setuptools_entrypoints(hookspecs.GROUP)
    manager.check_pending()
    return collected(manager)


def collected(manager: pluggy.PluginManager) -> Kinds:
    """The kinds of a manager's plugins: restamp's own, then one plugin at a time, in name order."""
    found: dict[str, Kind[Any]] = {}
    owner: dict[str, str] = {}
    plugins = dict(manager.list_name_plugin())
    for plugin in sorted(plugins, key=lambda name: (name != "restamp", name)):
        others = [module for name, module in plugins.items() if name != plugin]
        for kind in (kind for answer in manager.subset_hook_caller("kinds", others)() for kind in answer):
            for claim in (kind.name, f"section {kind.folder}" if kind.inside else kind.folder):
                if claim in owner:
                    raise Refused([_claimed_twice(claim, owner[claim], plugin)])
                owner[claim] = plugin
            found[kind.name] = kind
    return Kinds(found)


def _claimed_twice(claim: str, one: str, other: str) -> Finding:
    hint = f"Uninstall one of the two: `pip uninstall {other}`."
    return Finding("plugins", "stop", claim, f"the plugins {one} and {other} both own this kind", hint)
