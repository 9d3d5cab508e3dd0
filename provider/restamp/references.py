"""References of documents <-> ids of a stamp.

In memory a reference is always full: `compute/small`, `offers-rg/gold`, a subscription's id. A quota of a service
without a kind is `<namespace>/<name>`. Anything else an id may be (another provider's plan) stays the id itself,
and is never rewritten.
"""

from collections.abc import Callable
from typing import Any

from restamp import ids
from restamp.kind import Kinds, Place

_ANY_QUOTA = "/subscriptions/{provider}/providers/{namespace}/locations/{region}/quotas/{name}"


def to_ref(resource_id: str, collection: str, kinds: Kinds, place: Place) -> str:
    """The full reference an id stands for."""
    for kind in kinds.in_collection(collection):
        if (ref := kind.ref_of(resource_id, place)) is not None:
            return ref
    values = ids.take(_ANY_QUOTA, resource_id) if collection == "quotas" else None
    if values and all(ids.same(values.get(key, value), value) for key, value in place.values().items()):
        return f"{values['namespace']}/{values['name']}"
    return resource_id


def to_id(ref: str, collection: str, kinds: Kinds, place: Place) -> str:
    """The id a full reference names at this place."""
    for kind in kinds.in_collection(collection):
        if (resource_id := kind.id_of(ref, place)) is not None:
            return resource_id
    namespace, _, name = ref.partition("/")
    if collection == "quotas" and namespace and name:
        return ids.build(_ANY_QUOTA, place.values() | {"namespace": namespace, "name": name})
    return ref


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """A field's value with `change` applied to every reference in it: alone, in a list, or as the keys of a map."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): item for key, item in value.items()}
    return tuple(change(item) for item in value)


def inside(value: Any) -> tuple[str, ...]:
    """Every reference in a field's value."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
