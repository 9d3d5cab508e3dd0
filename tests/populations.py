"""Whole populations of documents as hypothesis strategies: as odd as a stamp allows, and all of it consistent."""

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

from restamp.kinds.compute import ComputeQuota
from restamp.kinds.groups import ResourceGroup
from restamp.kinds.network import NetworkQuota
from restamp.kinds.registry import RegistryConfiguration, RegistryQuota
from restamp.kinds.storage import StorageQuota, StorageSettings
from restamp.kinds.subscriptions import Offer, Plan, Subscription
from restamp.models.document import Document, own_fields

D = TypeVar("D", bound=Document)
ODD = [
    "Default Quota",
    "größe",
    "con",
    "LPT1.txt",
    "no",
    "007",
    "1.10",
    "12:30",
    "a.b",
    "x ",
    "..x",
    "~",
    "ключ",
    "null",
]
ODD += [
    "eb377774-8d90-4f4b-bc76-0211g8bfbf86",
    "Gold",
    "gold",
    "GOLD",
    "a b&c;d=e+f,g",
    "'quoted'",
    "#",
    "😀",
    "n" * 80,
]
TEXTS = st.sampled_from([*ODD, "", "a: b", "- x", "line\nline\n", "tab\t", "\u2028", "\x85", " both "]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
)
NAMES = (
    st.sampled_from([name for name in ODD if name != "#"])
    | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\?#%"), min_size=1, max_size=12)
).filter(lambda name: name.strip(".") != "" and name == name.strip("\u2028\u2029"))
GROUPS = st.sampled_from(["offers-rg", "größe", "no", "007", "con", "1.10", "(lab)", "ключ", "Gold", "gold", "n" * 80])
TEXT_OR_NONE = st.none() | TEXTS
COUNTS = st.integers(0, 2**31 - 1)
OUTSIDE = ["compute/gone", "Microsoft.KeyVault.Admin/Unlimited", "Microsoft.AzureStackResourceMonitor.Admin/Unlimited"]


def unique(found: list[D], *names: str) -> list[D]:
    """No two with the same names, whatever their case: a stamp has no room for them."""
    return list({tuple(getattr(each, name).lower() for name in names): each for each in found}.values())


def made(model: type[D], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[D]:
    """Documents of one kind with each field drawn."""
    return st.fixed_dictionaries(fields).map(lambda values: model(**values))


def quotas(model: type[Document]) -> st.SearchStrategy[list[Any]]:
    """Quotas of one kind: a name, and counts."""
    counts = {name: COUNTS for name in own_fields(model) if name != "name"}
    return st.lists(made(model, name=NAMES, **counts), max_size=3).map(lambda found: unique(found, "name"))


@st.composite
def populations(draw: Callable[[st.SearchStrategy[Any]], Any]) -> list[Document]:
    """Documents of every kind that name each other, kind after kind in the order they are written."""
    tags = st.dictionaries(st.sampled_from(["env", "cost centre", "größe", "no", "1.10", "~"]), TEXTS, max_size=3)
    groups = unique(draw(st.lists(made(ResourceGroup, name=GROUPS, tags=tags), min_size=1, max_size=3)), "name")
    group = st.sampled_from([each.name for each in groups])
    compute, network, storage, registry = (
        draw(quotas(model)) for model in (ComputeQuota, NetworkQuota, StorageQuota, RegistryQuota)
    )
    named = {"compute": compute, "network": network, "storage": storage, "registry": registry}
    known = [f"{prefix}/{each.name}" for prefix, found in named.items() for each in found]
    shared: dict[str, Any] = {"group": group, "name": NAMES, "display_name": TEXTS}
    shared |= {"description": TEXT_OR_NONE, "external_reference_id": TEXT_OR_NONE}
    refs = st.lists(st.sampled_from(known + OUTSIDE), unique=True, max_size=4).map(tuple)
    plans = unique(draw(st.lists(made(Plan, quotas=refs, **shared), min_size=1, max_size=4)), "group", "name")
    plan = st.sampled_from([f"{each.group}/{each.name}" for each in plans])
    offer = made(
        Offer,
        state=st.sampled_from(["Private", "Public", "Decommissioned"]),
        max_subscriptions_per_account=COUNTS,
        base_plans=st.lists(plan, unique=True, min_size=1, max_size=3).map(tuple),
        addon_plans=st.dictionaries(plan, COUNTS, max_size=2),
        **shared,
    )
    offers = unique(draw(st.lists(offer, min_size=1, max_size=4)), "group", "name")
    subscription = made(
        Subscription,
        id=st.sampled_from(ODD).filter(lambda name: name != "#") | st.uuids().map(str),
        display_name=st.sampled_from(["Contoso ERP", "contoso-erp", "Contoso ERP!"]) | TEXTS,
        owner=TEXTS,
        tenant=st.uuids().map(str),
        offer=st.sampled_from([f"{each.group}/{each.name}" for each in offers]),
        state=st.sampled_from(["Enabled", "Warned", "PastDue", "Disabled"]),
        external_reference_id=TEXT_OR_NONE,
        delegated_provider=st.none() | st.uuids().map(str),
        routing_resource_manager_type=st.sampled_from(["Default", "Admin"]),
    )
    subscriptions = unique(draw(st.lists(subscription, max_size=5)), "id")
    settings = [  # every stamp has them
        StorageSettings(retention_period_for_deleted_storage_accounts_in_days=draw(COUNTS)),
        RegistryConfiguration(name="Default", maximum_capacity_in_gib=draw(COUNTS)),
    ]
    return [*groups, *compute, *network, *storage, *registry, *settings, *plans, *offers, *subscriptions]
