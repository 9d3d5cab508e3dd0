"""What a kind is: a type of document and all we know about it. Data only; the verbs are in `objects`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from restamp import ids
from restamp.errors import Refused
from restamp.models.document import Document
from restamp.models.finding import Finding

D = TypeVar("D", bound=Document)
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """What every admin id contains and a new stamp may change: asked at every run, never in a document."""

    region: str
    provider: str  # the default provider subscription

    def values(self) -> dict[str, str]:
        """As the fields of an id template."""
        return {"region": self.region, "provider": self.provider}


@dataclass(frozen=True, slots=True)
class Late:
    """Values a field cannot have at birth: the value to create with instead, and when the wanted one is set.

    `created`: in the same breath, once the object exists. `referred`: after everything that refers to the object.
    """

    field: str
    births: Mapping[str, str]
    until: Literal["created", "referred"]


@dataclass(frozen=True, slots=True)
class Wire(Generic[D]):
    """How documents of a kind stand on the wire. `decode` and `encode` only where the wire is odd."""

    id: str  # a template; its fields beyond region and provider are the document's identity
    listed: str  # where all of them are listed, over all groups
    api_version: str
    source: Literal["recorded", "swagger", "documented", "assumed"]
    flat: bool = False  # fields stand in the body itself, not under `properties`
    located: bool = False  # `location` goes with every write
    repeats: Mapping[str, str] = field(default_factory=dict)  # field of the body -> the identity it repeats
    computed: frozenset[str] = frozenset()  # the service's own: dropped when read, never compared
    late: Late | None = None
    # why an object is no document; asked of references too, with the name alone
    leave: Callable[[Body, Place], str | None] = lambda _body, _place: None
    decode: Callable[[dict[str, Any], Place], dict[str, Any]] = lambda fields, _place: fields
    encode: Callable[[dict[str, Any], Place], dict[str, Any]] = lambda fields, _place: fields


@dataclass(frozen=True)
class Kind(Generic[D]):
    """A type of document. `folder` is where its files are and, by its first segment, what a `Ref` names."""

    name: str
    folder: str  # "plans", "quotas/compute"
    model: type[D]
    wire: Wire[D]
    title: str | None = None  # the field people know an object by, where it is not its identity
    identity: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """The identity is what the id template asks for beyond the place."""
        own = tuple(name for name in ids.fields(self.wire.id) if name not in ("region", "provider"))
        object.__setattr__(self, "identity", own)

    @property
    def collection(self) -> str:
        """The collection references name: `quotas` for compute quotas and network quotas alike."""
        return self.folder.split("/")[0]

    @property
    def prefix(self) -> str:
        """What references within the collection begin with: `compute/`, or nothing."""
        return "".join(f"{part}/" for part in self.folder.split("/")[1:])

    @property
    def namespace(self) -> str:
        """The Hub service, `Microsoft.Compute.Admin`; empty for Resource Manager's own objects."""
        return ids.namespace(self.wire.id)

    def ref(self, document: Document) -> str:
        """The document's full reference within its collection: `compute/small`, `offers-rg/gold`."""
        return self.prefix + "/".join(str(getattr(document, name)) for name in self.identity)

    def label(self, document: Document) -> str:
        """What people call the object: its title where it has one, else its reference."""
        return str(getattr(document, self.title)) if self.title else self.ref(document)

    def resource_id(self, document: Document, place: Place) -> str:
        """The document's id on the stamp at this place."""
        return ids.build(self.wire.id, place.values() | {name: str(getattr(document, name)) for name in self.identity})

    def id_of(self, ref: str, place: Place) -> str | None:
        """The id a full reference names, or None where it is not of this kind."""
        parts = ref.removeprefix(self.prefix).split("/")
        if not ref.startswith(self.prefix) or len(parts) != len(self.identity):
            return None
        return ids.build(self.wire.id, place.values() | dict(zip(self.identity, parts, strict=True)))

    def ref_of(self, resource_id: str, place: Place) -> str | None:
        """The full reference of an id, or None where the id is of another kind or another place."""
        values = ids.take(self.wire.id, resource_id)
        if values is None or any(not ids.same(values.get(key, value), value) for key, value in place.values().items()):
            return None
        return self.prefix + "/".join(values[name] for name in self.identity)


@dataclass(frozen=True)
class Kinds:
    """All kinds of this run, by name; built in and from plugins alike."""

    by_name: Mapping[str, Kind[Any]]

    def __iter__(self) -> Any:
        return iter(self.by_name.values())

    def __getitem__(self, name: str) -> Kind[Any]:
        """The kind of this name; Refused where no plugin of this environment owns it."""
        if name not in self.by_name:
            hint = "Install the plugin that owns it, in the environment that runs Pulumi."
            raise Refused([Finding("unknown-kind", "stop", name, "there is no such kind here", hint)])
        return self.by_name[name]

    def of(self, document: Document) -> Kind[Any]:
        """The kind of a document."""
        return next(kind for kind in self if kind.model is type(document))

    def in_collection(self, collection: str) -> tuple[Kind[Any], ...]:
        """The kinds whose documents a `Ref(collection)` may name."""
        return tuple(kind for kind in self if kind.collection == collection)
