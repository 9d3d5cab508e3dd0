"""Kinds of plugins come in through the same door as restamp's own."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import pluggy
import pytest

import restamp.kinds
from restamp import hookspecs
from restamp.errors import Refused
from restamp.kind import Kind, Wire
from restamp.kinds.subscriptions import PLAN
from restamp.models.document import Count, Document, Name
from restamp.plugins import all_kinds, collected


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


def manager_of(**plugins: Kind[Any]) -> pluggy.PluginManager:
    """restamp's own kinds, and plugins with one kind each, registered in the given order."""
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    for name, kind in plugins.items():
        plugin = ModuleType(name)
        plugin.kinds = hookspecs.hookimpl(lambda kind=kind: [kind])  # type: ignore[attr-defined]
        manager.register(plugin, name)
    manager.register(restamp.kinds, "restamp")
    return manager


def test_a_plugins_kind_is_a_kind_as_any_other() -> None:
    """A third party's quota may be named by a plan, with restamp's own kinds first."""
    kinds = collected(manager_of(database=QUOTA))

    assert [kind.name for kind in kinds][:-1] == [kind.name for kind in all_kinds()]
    assert kinds["DatabaseQuota"] is QUOTA
    assert QUOTA in kinds.in_collection("quotas")


def test_plugins_come_in_the_order_of_their_names() -> None:
    """The order of installation says nothing."""
    zebra, ant = replace(QUOTA, name="Zebra", folder="zebras"), replace(QUOTA, name="Ant", folder="ants")

    assert [kind.name for kind in collected(manager_of(zebra=zebra, ant=ant))][-2:] == ["Ant", "Zebra"]


@pytest.mark.parametrize("other", [replace(QUOTA, folder="elsewhere"), replace(QUOTA, name="Elsewhere")])
def test_two_plugins_for_one_kind_or_folder_are_refused_naming_both(other: Kind[Any]) -> None:
    """Neither of two plugins wins silently."""
    with pytest.raises(Refused, match="the plugins one and two both own this kind") as refused:
        collected(manager_of(two=other, one=QUOTA))

    assert refused.value.hint == "Uninstall one of the two: `pip uninstall two`."


def test_a_plugin_that_takes_a_kind_of_ours_is_refused() -> None:
    """restamp's own kinds are no exception."""
    with pytest.raises(Refused, match="Plan: the plugins restamp and rival both own this kind"):
        collected(manager_of(rival=PLAN))
