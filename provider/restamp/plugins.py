"""Find the plugins, check and choose them, and call them: the one place where code that we did not write is run."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from itertools import groupby
from typing import Any, TypeVar

import pluggy
from packaging.version import Version
from pydantic import BaseModel, ValidationError

import restamp.kinds
from restamp import hookspecs
from restamp.errors import PluginFailed, Refused, RestampError
from restamp.kind import Kind, Kinds
from restamp.models.finding import Finding
from restamp.models.stamp import Captured, Stamp
from restamp.models.step import PluginCard

T = TypeVar("T")
HOOKS = ("plugin_card", "kinds", "capture", "check", "steps", "run_step", "verify")
OWN = "restamp"
_SINGLE = ("plugin_card", "run_step")  # the other hooks collect
_WISHES = ("wrapper", "hookwrapper", "tryfirst", "trylast")  # pluggy's, and none of ours


@dataclass(frozen=True)
class Plugin:
    """One plugin of this environment: its module where it could be loaded, else why not."""

    name: str
    version: str
    module: Any = None
    broken: str = ""

    @cached_property
    def _hooks(self) -> Mapping[str, Callable[..., Any]]:
        manager = pluggy.PluginManager(hookspecs.GROUP)
        manager.add_hookspecs(hookspecs)
        manager.register(self.module, self.name)
        manager.check_pending()
        found = {hook: getattr(manager.hook, hook) for hook in HOOKS if getattr(manager.hook, hook).get_hookimpls()}
        for hook, caller in found.items():
            if any(getattr(impl, wish) for impl in caller.get_hookimpls() for wish in _WISHES):
                raise ValueError(f"{hook} wraps or wants a turn: hooks are asked one plugin at a time, in name order")
        return found

    @property
    def hooks(self) -> tuple[str, ...]:
        """The hooks it has, in the order in which a recovery calls them."""
        return tuple(self._hooks) if self.module is not None else ()

    @cached_property
    def card(self) -> PluginCard:
        """What it says of itself; PluginFailed where that is no card, or another plugin's."""
        card = self.call("plugin_card", PluginCard)
        if card.name != self.name:
            raise PluginFailed(self.name, "plugin_card", f"its card says {card.name}, and its entry point {self.name}")
        return card

    @cached_property
    def unusable(self) -> str:
        """Why no runbook can use it; empty where one can."""
        if self.broken or "plugin_card" not in self.hooks:
            return self.broken or "has no plugin_card"
        try:
            self.card  # noqa: B018 it is made here
        except PluginFailed as error:
            return str(error)
        return ""

    def call(self, hook: str, answer: type[T], **arguments: Any) -> T:
        """What a hook of it answers; PluginFailed where it raises, or answers something else."""
        found = self._called(hook, arguments)
        if not isinstance(found, answer):
            raise PluginFailed(self.name, hook, f"answered {type(found).__name__}, and not {answer.__name__}")
        return found

    def all_of(self, hook: str, item: type[T], **arguments: Any) -> list[T]:
        """Everything that a collecting hook of it yields; nothing where it has no such hook. PluginFailed as `call`."""
        if hook not in self.hooks:
            return []
        found = self._called(hook, arguments)
        if wrong := next((each for each in found if not isinstance(each, item)), None):
            raise PluginFailed(self.name, hook, f"answered {type(wrong).__name__}, and not {item.__name__}")
        return found  # type: ignore[no-any-return]

    def _called(self, hook: str, arguments: Mapping[str, Any]) -> Any:
        try:
            answer = next(iter(self._hooks[hook](**arguments)), None)  # pluggy leaves None out
            return answer if hook in _SINGLE else list(answer or ())
        except RestampError:
            raise
        except (Exception, SystemExit) as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"{type(error).__name__}: {_in_one_line(error)} ({where.filename}:{where.lineno})"
            raise PluginFailed(self.name, hook, reason) from error


@dataclass(frozen=True)
class Used:
    """A plugin that a runbook names, with its settings there as its card's model."""

    plugin: Plugin
    settings: BaseModel


@cache
def installed() -> tuple[Plugin, ...]:
    """Every plugin of this environment, in name order; those that cannot be loaded too, with the reason."""
    entries = sorted(entry_points(group=hookspecs.GROUP), key=lambda item: item.name)
    return tuple(_loaded(*same) for _, same in groupby(entries, key=lambda item: item.name))


def _loaded(entry: EntryPoint, *others: EntryPoint) -> Plugin:
    if others:
        names = sorted(each.dist.name for each in (entry, *others) if each.dist)
        return Plugin(entry.name, "", broken=f"{' and '.join(names)} both have it: pip uninstall one of them")
    version = entry.dist.version if entry.dist else ""
    try:
        plugin = Plugin(entry.name, version, entry.load())
        plugin.hooks  # noqa: B018 a hook that is no hook of ours, or asks for what there is not, is told here
    except (Exception, SystemExit) as error:  # noqa: BLE001 the boundary to code that we did not write
        return Plugin(entry.name, version, broken=_in_one_line(error))
    return plugin


@cache
def all_kinds() -> Kinds:
    """Every kind of this environment; two plugins for one kind are refused, naming both."""
    return collected(installed())


def collected(plugins: Iterable[Plugin]) -> Kinds:
    """Restamp's own kinds, then those of plugins that could be loaded, one at a time in name order."""
    found: dict[str, Kind[Any]] = {}
    owner: dict[str, str] = {}
    whole = sorted((plugin for plugin in plugins if not plugin.broken), key=lambda plugin: plugin.name)
    for plugin in (Plugin(OWN, "", restamp.kinds), *whole):
        for kind in plugin.all_of("kinds", Kind):
            for claim in (kind.name, f"section {kind.folder}" if kind.inside else kind.folder):
                if claim in owner:
                    raise Refused([_claimed_twice(claim, owner[claim], plugin.name)])
                owner[claim] = plugin.name
            found[kind.name] = kind
    return Kinds(found, frozenset(plugin.name for plugin in whole))


def chosen(stamp: Stamp, captured: Captured | None, plugins: Iterable[Plugin] | None = None) -> tuple[Used, ...]:
    """The plugins that a runbook names, in name order; Refused with everything that keeps them from being used."""
    used, found = fitting(stamp, captured, plugins)
    if found:
        raise Refused(found)
    return used


def fitting(
    stamp: Stamp, captured: Captured | None, plugins: Iterable[Plugin] | None = None
) -> tuple[tuple[Used, ...], list[Finding]]:
    """Those of the plugins a runbook names that can be used, and everything that keeps the others from it."""
    there = {plugin.name: plugin for plugin in (installed() if plugins is None else plugins)}
    used: list[Used] = []
    found: list[Finding] = []
    for name, use in sorted(stamp.plugins.items()):
        plugin = there.get(name)
        problem = unfit(name, plugin, captured)
        if problem is not None or plugin is None:
            found += [problem] if problem else []
            continue
        try:
            used.append(Used(plugin, plugin.card.settings.model_validate(use.settings)))
        except ValidationError as error:
            found += _wrong_settings(name, error)
    return tuple(used), found


def unfit(name: str, plugin: Plugin | None, captured: Captured | None) -> Finding | None:
    """Why a plugin that a runbook names cannot be used here, with the way out; None where it can."""
    before = captured.plugins.get(name) if captured else None
    if plugin is None:
        return _not_installed(name, before)
    if plugin.unusable:
        return _stop(
            name,
            f"cannot be used: {plugin.unusable}",
            f"Install a version that fits this restamp: pip install -U restamp-{name}",
        )
    if before and plugin.version and Version(plugin.version) < Version(before):
        message = f"is version {plugin.version}, and {before} captured the runbook"
        return _stop(name, message, f"Install what captured it, or a newer one: pip install 'restamp-{name}>={before}'")
    train = train_of(captured.stamp_version if captured else None)
    trains = plugin.card.trains
    if trains and train and not trains[0] <= train <= trains[1]:
        message = f"was made for stamps of {trains[0]} to {trains[1]}, and this one was {train}"
        return _stop(name, message, f"Install the version for {train}, or take it out of stamp.yaml.")
    return None


def train_of(stamp_version: str | None) -> int | None:
    """The release train of a stamp's version: 2506 of 1.2506.0.15 (documented)."""
    parts = (stamp_version or "").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else None


def _not_installed(name: str, version: str | None) -> Finding:
    wanted = f"'restamp-{name}>={version}'" if version else f"restamp-{name}"
    message = "is named in stamp.yaml and not installed here" + (f"; {version} captured the runbook" if version else "")
    return _stop(name, message, f"pip install {wanted}, in the environment of restamp; `restamp plugins` lists all.")


def _wrong_settings(name: str, error: ValidationError) -> Iterator[Finding]:
    for item in error.errors(include_url=False, include_input=False):
        field = ".".join(map(str, item["loc"]))
        yield _stop(name, f"stamp.yaml: plugins.{name}.settings.{field}: {item['msg']}", "Correct it there.")


def _stop(name: str, message: str, hint: str) -> Finding:
    return Finding("plugins", "stop", f"plugin {name}", message, hint)


def _claimed_twice(claim: str, one: str, other: str) -> Finding:
    hint = f"Uninstall one of the two: `pip uninstall restamp-{other}`."
    return Finding("plugins", "stop", claim, f"the plugins {one} and {other} both own this kind", hint)


def _in_one_line(error: Exception | SystemExit) -> str:
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({error.code!r})"
    return " ".join(str(error).split()) or type(error).__name__
