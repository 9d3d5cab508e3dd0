"""Paths of Resource Manager, taken apart."""

from dataclasses import dataclass
from functools import cached_property, lru_cache


@dataclass(frozen=True)
class Address:
    """A path as Resource Manager reads it: scope, namespace, then types and names in turn.

    A path without a provider has namespace "" and its whole path as types and names:
    `/subscriptions/s/resourcegroups/g` has the types `subscriptions`, `resourcegroups`. A provider as a subscription
    has it registered is such a path too: `/subscriptions/s/providers/Microsoft.Compute`.
    """

    path: str
    subscription: str | None
    group: str | None
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @cached_property
    def key(self) -> str:
        """The id without regard to case: what objects are kept under."""
        return self.path.lower()

    @cached_property
    def scope(self) -> str:
        """The path that an object of its own provider hangs on: subscription, group or resource."""
        return self.path[: self.path.lower().rindex("/providers/")] if self.namespace else self.path

    @property
    def is_item(self) -> bool:
        """One object is meant, not a collection or an action."""
        return len(self.names) == len(self.types)

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @cached_property
    def type_key(self) -> tuple[str, str]:
        """Namespace and types in lower case: what rules are found by."""
        return self.namespace.lower(), "/".join(self.types).lower()


@lru_cache(maxsize=16384)
def parse(path: str) -> Address:
    """Return the parts of a decoded path; empty segments but the last are kept, as names may not be empty anyway."""
    segments = [segment for segment in path.split("/") if segment]
    lowered = [segment.lower() for segment in segments]
    subscription = segments[1] if lowered[:1] == ["subscriptions"] and len(segments) > 1 else None
    group = segments[3] if subscription and lowered[2:3] == ["resourcegroups"] and len(segments) > 3 else None
    start, namespace = 0, ""
    if "providers" in lowered[::2]:
        at = max(index for index in range(0, len(lowered), 2) if lowered[index] == "providers")
        itself = at == 2 and lowered[at + 2 :] in ([], ["register"], ["unregister"])
        if at + 1 < len(segments) and not itself:
            start, namespace = at + 2, segments[at + 1]
    rest = segments[start:]
    clean = "/" + "/".join(segments)
    return Address(clean, subscription, group, namespace, tuple(rest[::2]), tuple(rest[1::2]))


def last(identifier: str) -> str:
    """Return the last segment of an id: the object's name, whatever its `name` field says."""
    return identifier.rstrip("/").rpartition("/")[2]


def within(path: str, scope: str) -> bool:
    """Return whether a path is a scope or inside it, both in lower case; "/" is the whole stamp."""
    return scope == "/" or path == scope or path.startswith(scope + "/")


def scope_of(key: str) -> str:
    """Return what an object like a lock hangs on, given its id in lower case."""
    return key[: key.rindex("/providers/")]
