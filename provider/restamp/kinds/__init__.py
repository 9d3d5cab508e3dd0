"""The kinds restamp brings along: one module per Hub service. They come in through the hook that plugins use."""

from collections.abc import Iterable
from typing import Any

from restamp.hookspecs import hookimpl
from restamp.kind import Kind
from restamp.kinds import compute, groups, network, registry, storage, subscriptions


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """Groups first: the order of this list is the order in which equals are shown."""
    return (
        groups.GROUP,
        compute.QUOTA,
        network.QUOTA,
        storage.QUOTA,
        registry.QUOTA,
        subscriptions.PLAN,
        subscriptions.OFFER,
        subscriptions.SUBSCRIPTION,
    )
