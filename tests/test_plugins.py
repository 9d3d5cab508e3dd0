"""Kinds of plugins come in through the same door as restamp's own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from restamp import hookspecs
from restamp.errors import PluginFailed, Refused
from restamp.kind import Kind, Wire
from restamp.kinds.subscriptions import PLAN
from restamp.models.document import Count, Document, Model, Name
from restamp.models.stamp import Captured, Stamp
from restamp.models.step import PluginCard, Step
from restamp.plugins import Plugin, chosen, collected, fitting
from restamp.steps.work import said

ANY: Any = None  # a runbook and a recovery that nobody looks at


class DatabaseQuota(Document):
    """How many databases a subscription may have."""

    name: Name
    databases: Count


QUOTA = Kind(
    name="DatabaseQuota",
    folder="quotas/database",
    model=DatabaseQuota,
    wire=Wire(
        id="/subscriptions/{provider}/providers/Contoso.Database.Admin/locations/{region}/quotas/{name}",
        listed="/subscriptions/{provider}/providers/Contoso.Database.Admin/locations/{region}/quotas",
        api_version="2020-01-01",
        source="assumed",
    ),
)


def plugin_of(name: str, version: str = "1.0", **hooks: Callable[..., Any]) -> Plugin:
    """A plugin of these hooks."""
    module = ModuleType(name)
    for hook, function in hooks.items():
        setattr(module, hook, hookspecs.hookimpl(function))
    return Plugin(name, version, module)


def owner(name: str, *kinds: Kind[Any]) -> Plugin:
    """A plugin that owns kinds."""
    return plugin_of(name, kinds=lambda: kinds)


def test_a_plugins_kind_is_a_kind_as_any_other() -> None:
    """A third party's quota may be named by a plan, with restamp's own kinds first."""
    kinds = collected([owner("database", QUOTA)])

    assert [kind.name for kind in kinds][:-1] == [kind.name for kind in collected(())]
    assert kinds["DatabaseQuota"] is QUOTA
    assert QUOTA in kinds.in_collection("quotas")


def test_plugins_come_in_the_order_of_their_names() -> None:
    """The order of installation says nothing."""
    zebra, ant = replace(QUOTA, name="Zebra", folder="zebras"), replace(QUOTA, name="Ant", folder="ants")

    assert [kind.name for kind in collected([owner("zebra", zebra), owner("ant", ant)])][-2:] == ["Ant", "Zebra"]


@pytest.mark.parametrize("other", [replace(QUOTA, folder="elsewhere"), replace(QUOTA, name="Elsewhere")])
def test_two_plugins_for_one_kind_or_folder_are_refused_naming_both(other: Kind[Any]) -> None:
    """Neither of two plugins wins silently."""
    with pytest.raises(Refused, match="the plugins one and two both own this kind") as refused:
        collected([owner("two", other), owner("one", QUOTA)])

    assert refused.value.hint == "Uninstall one of the two: `pip uninstall restamp-two`."


def test_a_plugin_that_takes_a_kind_of_ours_is_refused() -> None:
    """restamp's own kinds are no exception."""
    with pytest.raises(Refused, match="Plan: the plugins restamp and rival both own this kind"):
        collected([owner("rival", PLAN)])


class Settings(Model):
    """Of the plugin below."""

    racks: Count = 1


def card(name: str = "oem-acme", **more: Any) -> Callable[[], PluginCard]:
    """A hook that answers with a card."""
    return lambda: PluginCard(name=name, role="oem", title="Acme", settings=Settings, **more)


def stamp_with(**settings: Any) -> Stamp:
    """A stamp.yaml that uses the plugin."""
    return Stamp.model_validate(
        {
            "region": "redmond",
            "domain": "a.example",
            "identity": "ADFS",
            "plugins": {"oem-acme": {"settings": settings}},
        }
    )


def captured_with(**plugins: str) -> Captured:
    """A capture by these versions, of a stamp of 2506."""
    versions = {name.replace("_", "-"): version for name, version in plugins.items()}
    facts = {"on": "2026-11-01", "restamp": "0.1.0", "documents": 1, "subscriptions": 0, "stamp_version": "1.2506.0.15"}
    return Captured.model_validate(facts | {"plugins": versions})


def test_a_plugin_that_is_named_comes_with_its_settings() -> None:
    """Settings are texts in stamp.yaml, and what the plugin's own model makes of them here."""
    (used,) = chosen(stamp_with(racks="2"), None, [plugin_of("oem-acme", plugin_card=card())])

    assert used.settings == Settings(racks=2)
    assert used.plugin.hooks == ("plugin_card",)


def test_a_plugin_that_is_not_named_is_not_used() -> None:
    """Whether it is installed is no decision."""
    stamp = Stamp(region="redmond", domain="a.example", identity="ADFS")

    assert chosen(stamp, None, [plugin_of("oem-acme", plugin_card=card())]) == ()


REFUSED = {
    "missing": ([], None, "is named in stamp.yaml and not installed here", "pip install restamp-oem-acme"),
    "missing since": ([], "2.1", "2.1 captured the runbook", "pip install 'restamp-oem-acme>=2.1'"),
    "broken": (
        [Plugin("oem-acme", "1.0", broken="no module named acme")],
        None,
        "no module named acme",
        "pip install -U",
    ),
    "no card": (
        [plugin_of("oem-acme", kinds=lambda: [])],
        None,
        "has no plugin_card",
        "pip install -U restamp-oem-acme",
    ),
    "older": (
        [plugin_of("oem-acme", "1.9", plugin_card=card())],
        "1.10",
        "is version 1.9, and 1.10 captured",
        ">=1.10",
    ),
    "stamp": (
        [plugin_of("oem-acme", plugin_card=card(trains=(2102, 2311)))],
        "1.0",
        "was made for stamps of 2102 to 2311, and this one was 2506",
        "Install the version for 2506",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_keeps_a_plugin_from_being_used_is_said_with_the_way_out(case: str) -> None:
    """Before anything runs, naming both sides."""
    plugins, version, message, hint = REFUSED[case]
    with pytest.raises(Refused, match=message) as refused:
        chosen(stamp_with(), captured_with(**({"oem_acme": version} if version else {})), plugins)

    assert hint in refused.value.hint
    assert "oem-acme" in str(refused.value)


def test_one_that_cannot_be_used_takes_nothing_from_the_others() -> None:
    """A check asks those that can, and says the rest."""
    stamp = stamp_with()
    both = stamp.model_copy(update={"plugins": stamp.plugins | {"rp-gone": stamp.plugins["oem-acme"]}})
    used, found = fitting(both, None, [plugin_of("oem-acme", plugin_card=card())])

    assert [item.plugin.name for item in used] == ["oem-acme"]
    assert [item.about for item in found] == ["plugin rp-gone"]


def test_wrong_settings_name_file_and_field() -> None:
    """All at once, as anything wrong in a runbook."""
    with pytest.raises(Refused) as refused:
        chosen(stamp_with(racks="many", rows="3"), None, [plugin_of("oem-acme", plugin_card=card())])

    fields = [finding.message.partition(": ")[2].partition(":")[0] for finding in refused.value.findings]
    assert fields == ["plugins.oem-acme.settings.racks", "plugins.oem-acme.settings.rows"]


def raises() -> Iterator[Step]:
    """A hook that ends in an error of its own."""
    yield Step(id="oem-acme/rack", title="Rack", phase="redeploy")
    raise KeyError("bolts")


def test_what_a_plugin_raises_names_it_its_hook_and_its_line() -> None:
    """Its makers need just that."""
    with pytest.raises(PluginFailed, match=r"plugin oem-acme, steps: KeyError: 'bolts' \(.*test_plugins.py:\d+\)"):
        plugin_of("oem-acme", steps=raises).all_of("steps", Step, runbook=None, recovery=None, settings=None)


def test_what_a_plugin_answers_is_looked_at() -> None:
    """A step is a step, and nothing that looks like one."""
    with pytest.raises(PluginFailed, match="answered str, and not Step"):
        plugin_of("oem-acme", steps=lambda: ["rack"]).all_of("steps", Step, runbook=None, recovery=None, settings=None)


def test_a_card_of_another_name_is_refused() -> None:
    """Which plugin a runbook means is its entry point's name."""
    with pytest.raises(PluginFailed, match="its card says oem-acme, and its entry point oem-other"):
        _ = plugin_of("oem-other", plugin_card=card()).card


@pytest.mark.parametrize("wish", ["wrapper", "hookwrapper", "tryfirst", "trylast"])
def test_a_hook_that_wraps_others_or_wants_to_be_first_is_no_hook(wish: str) -> None:
    """Order comes from what steps say, never from who was registered when."""
    module = ModuleType("oem-acme")
    module.steps = hookspecs.hookimpl(**{wish: True})(raises)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="steps wraps or wants a turn"):
        _ = Plugin("oem-acme", "1.0", module).hooks


def test_a_hook_that_asks_for_what_there_is_not_is_no_hook() -> None:
    """pluggy says which argument, and the plugin is broken before anything of it runs."""
    with pytest.raises(Exception, match="definition"):
        _ = plugin_of("oem-acme", steps=lambda planet: []).hooks


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("hub-core/rack", "its step hub-core/rack is named after another plugin"),
        ("oem-acme/rack", "nothing runs its step oem-acme/rack: it has no hook run_step"),
    ],
)
def test_a_step_that_its_plugin_cannot_run_is_refused(step: str, message: str) -> None:
    """Before anything runs: each plugin says steps of its own, and has what runs them."""
    plugin = plugin_of("oem-acme", plugin_card=card(), steps=lambda: [Step(id=step, title="Rack", phase="redeploy")])
    with pytest.raises(PluginFailed, match=f"plugin oem-acme, steps: {message}"):
        list(said(chosen(stamp_with(), None, [plugin]), ANY, ANY))
