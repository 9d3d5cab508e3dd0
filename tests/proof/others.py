"""Other values than a field has: of its type, and such as a stamp takes."""

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from restamp.models.document import Aside, Model, Ref, marked

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
_GUID = "0b8f4963-7c1e-4c5b-9a0e-3f1d2c4b5a69"
_ALLOWED = "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c"
# where any text would not do: the field of the kind -> another value that its service takes
TAKEN: Mapping[tuple[str, str], Any] = {
    ("Subscription", "tenant"): _GUID,
    ("Subscription", "delegated_provider"): _GUID,
    ("Subscription", "routing_resource_manager_type"): "Admin",
    ("DirectoryTenant", "tenant"): _GUID,
    ("Vault", "tenant"): _GUID,
    ("BackupLocation", "thumbprint"): "CD34",
    ("Vault", "sku"): "premium",
    ("RoleAssignment", "role"): CONTRIBUTOR,
    ("PolicyAssignment", "definition"): _ALLOWED,
    ("PolicyDefinition", "mode"): "Indexed",
    ("RoleDefinition", "assignable_scopes"): ("/resourceGroups/app", "/resourceGroups/data"),
    ("PolicyAssignment", "not_scopes"): ("/resourceGroups/data",),
}


def others(annotation: Any, value: Any, refs: Mapping[str, tuple[str, ...]]) -> Iterator[Any]:
    """Values unlike this one, nothing among them where that may be; `refs` are all references, by collection."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        to = next((mark.to for mark in inner[1:] if isinstance(mark, Ref)), "")
        yield from (each for each in refs.get(to, ())[:4] if each != value) if to else others(inner[0], value, refs)
    elif origin in (Union, types.UnionType):
        kept = next(each for each in inner if each is not type(None))
        yield from ([None] if value is not None else [])
        yield from others(kept, value if value is not None else _least(kept), refs)
    elif origin is Literal:
        yield from (each for each in inner if each != value)
    elif origin is tuple:
        yield from _other_lists(inner[0], value, refs)
    elif origin is dict:
        yield from _other_maps(inner, value, refs)
    elif isinstance(annotation, type) and issubclass(annotation, Model):
        yield from _other_models(annotation, value, refs)
    else:
        yield _other_plain(value)


def _other_plain(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value} other"


def _other_lists(item: Any, value: tuple[Any, ...], refs: Mapping[str, tuple[str, ...]]) -> Iterator[Any]:
    """With one more, with one less, and with each of the first two another."""
    more = next((each for each in others(item, _least(item), refs) if each not in value), None)
    yield from [(*value, more)] if more is not None else []
    yield from [value[:-1]] if value else []
    for at, each in enumerate(value[:2] if isinstance(item, type) else ()):
        for other in others(item, each, refs):
            yield (*value[:at], other, *value[at + 1 :])


def _other_maps(inner: tuple[Any, ...], value: dict[str, Any], refs: Mapping[str, tuple[str, ...]]) -> Iterator[Any]:
    """With one more, with one less, and with the first one another."""
    key, item = inner
    new = next((each for each in others(key, "", refs) if each not in value), "other")
    if item is Any:
        yield value | {"other": {"type": "String", "allowed": ["a", 1, True]}}
    else:
        yield value | {new.strip(): next(others(item, _least(item), refs))}
    for first in list(value)[:1]:
        yield {name: each for name, each in value.items() if name != first}
        if item is not Any:
            yield from (value | {first: other} for other in others(item, value[first], refs))


def _other_models(model: type[Model], value: Any, refs: Mapping[str, tuple[str, ...]]) -> Iterator[Any]:
    for name, field in model.model_fields.items():
        if not marked(field, Aside):
            for other in others(field.annotation, getattr(value, name), refs):
                yield value.model_copy(update={name: other})


def _least(annotation: Any) -> Any:
    """The least value of a type."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _least(inner[0])
    if origin is Literal:
        return None
    kind = origin or annotation
    return kind() if isinstance(kind, type) else ""
