"""The kinds restamp brings along: one module per Hub service. They come in through the hook that plugins use."""

from collections.abc import Iterable
from typing import Any

from restamp.hookspecs import hookimpl
from restamp.kind import Kind
from restamp.kinds import (
    authorization,
    backup,
    compute,
    delegation,
    groups,
    keyvault,
    network,
    registry,
    storage,
    subscriptions,
)


@hookimpl
def kinds() -> Iterable[Kind[Any]]:
    """What others name comes first: the order of this list is the order in which things are brought back."""
    return (
        groups.GROUP,
        compute.QUOTA,
        network.QUOTA,
        storage.QUOTA,
        registry.QUOTA,
        storage.SETTINGS,
        registry.CONFIGURATION,
        backup.LOCATION,
        subscriptions.PLAN,
        subscriptions.OFFER,
        delegation.DIRECTORY_TENANT,
        subscriptions.PROVIDER_SUBSCRIPTION,
        subscriptions.SUBSCRIPTION,
        delegation.OFFER_DELEGATION,
        delegation.DELEGATED_OFFER,
        compute.FEATURE,
        # inside a subscription, in the order in which each needs the ones before
        delegation.ACQUIRED_PLAN,
        groups.REGISTRATION,
        groups.TENANT_GROUP,
        authorization.ROLE_DEFINITION,
        keyvault.VAULT,
        keyvault.SECRET,
        authorization.ROLE_ASSIGNMENT,
        authorization.POLICY_DEFINITION,
        authorization.POLICY_ASSIGNMENT,
        authorization.LOCK,
    )
