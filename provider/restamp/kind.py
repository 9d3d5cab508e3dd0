"""What a kind is: a type of document and all we know about it. Data only; the verbs are in `objects`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Literal, Protocol, TypeVar

from restamp import ids
from restamp.errors import Refused
from restamp.models.document import Document, Json, marked, own_fields
from restamp.models.finding import Finding
from restamp.models.sealed import SealedValue
from restamp.models.step import Gate

D = TypeVar("D", bound=Document)
Body = Mapping[str, Any]
Holder = Literal["subscription", "provider"]  # a user subscription, the default provider's
OWN = "restamp"  # what documents call whoever restamp signs in as: a redeployed stamp knows it by another id
AS_LEFT = "asLeft"  # in a body: whether its sealed values are as they were left, and so were not read
_PLACE = ("region", "provider", "subscription")


class Seals(Protocol):
    """Seals and opens secrets of one stamp; both bind a value to an identity."""

    def seal(self, identity: str, value: str) -> SealedValue:
        """The value, sealed for every recipient, with the mark by which it is known again."""

    def open(self, identity: str, sealed: SealedValue, about: str = "") -> str:
        """The value in clear; what goes wrong is told of `about`."""


@dataclass(frozen=True, slots=True)
class Place:
    """What ids contain and no document says: asked at every run, or told by where a document stands."""

    region: str
    provider: str  # the default provider subscription
    subscription: str = ""  # the one we are inside of
    seals: Seals | None = None  # None where no secret can be read or written
    own: str = ""  # the object id that restamp signs in with

    def values(self) -> dict[str, str]:
        """As the fields of an id template."""
        return {"region": self.region, "provider": self.provider, "subscription": self.subscription}


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

    id: str  # a template; its fields beyond the place are the document's identity
    listed: str  # where all of them are listed, over all groups; with fields of `per`, once for each of its documents
    api_version: str
    source: Literal["recorded", "swagger", "documented", "assumed"]
    endpoint: Literal["admin", "tenant", "vault"] = "admin"
    per: str = ""  # the kind whose documents have a list of these each ...
    per_fields: tuple[str, ...] = ()  # ... found by these fields; left out: by their identity
    outside: tuple[str, ...] = ()  # fields that stand beside `properties`
    action: str = ""  # brought about by a POST of this name, not by a PUT
    read_only: str = ""  # why nobody can write it through the API: captured and verified
    afterwards: str = ""  # why `put` leaves it alone, and who writes it then: captured and verified
    alike: tuple[str, ...] = ()  # fields that no two objects have alike: one under another name is the same
    everywhere: bool = False  # every stamp has it: that it is there says nothing
    acts: Callable[[Body, Body], Iterable[tuple[str, Body]]] | None = None  # POSTs from one body to another, for no PUT
    bound_to: str = ""  # a template: the identity that sealed fields are bound to
    flat: bool = False  # fields stand in the body itself, not under `properties`
    located: bool = False  # `location` goes with every write
    repeats: Mapping[str, str] = field(default_factory=dict)  # field of the body -> the identity it repeats
    computed: frozenset[str] = frozenset()  # the service's own: dropped when read, never compared
    late: Late | None = None
    absent: Callable[[Body], bool] = lambda _body: False  # what is listed and is not there: a provider not registered
    remark: Callable[[Body], str] = lambda _body: ""  # what people should know of an object, each time it is seen
    # why an object is no document; asked of references too, with the name alone
    leave: Callable[[Body, Place], str | None] = lambda _body, _place: None
    decode: Callable[[dict[str, Any], Place], dict[str, Any]] = lambda fields, _place: fields
    encode: Callable[[dict[str, Any], Place], dict[str, Any]] = lambda fields, _place: fields

    @classmethod
    def nowhere(cls, identity: str, bound_to: str = "") -> "Wire[D]":
        """For documents that are on no stamp: a template of their identity alone, such as `{name}`."""
        return cls(identity, "", "", "documented", bound_to=bound_to)


@dataclass(frozen=True)
class Kind(Generic[D]):
    """A type of document. `folder` is where its files are and, by its first segment, what a `Ref` names.

    A kind that is `inside` a holder stands in the holder's documents, in a section called `folder`.
    """

    name: str
    folder: str  # "plans", "quotas/compute"; the section for what is inside
    model: type[D]
    wire: Wire[D]
    title: str | None = None  # the field people know an object by, where it is not its identity
    inside: tuple[Holder, ...] = ()
    holds: Holder | None = None  # its documents have sections for what is inside
    gate: Gate = (
        "control-plane-restored"  # which one its documents hold closed: those of a provider that comes back late
    )
    comes_from: Literal["stamp", "plugin", "people"] = "stamp"  # else on no stamp: captured by its plugin, or written
    lets_in: str = ""  # a template: whom an object lets in, where it gives access by being there
    identity: tuple[str, ...] = field(init=False)
    _own: str = field(init=False)  # the template of a reference

    def __post_init__(self) -> None:
        """The identity is what the id template asks for beyond the place."""
        own = tuple(name for name in ids.fields(self.wire.id) if name not in _PLACE)
        object.__setattr__(self, "identity", own)
        object.__setattr__(self, "_own", ids.only(self.wire.id, own))

    @property
    def collection(self) -> str:
        """The collection references name: `quotas` for all quotas alike; "" for what is inside."""
        return "" if self.inside else self.folder.split("/")[0]

    @property
    def place(self) -> str:
        """Where its documents are in a runbook: a folder, or the one file of a kind that there is one of."""
        return self.folder if self.identity else f"{self.folder}.yaml"

    @property
    def prefix(self) -> str:
        """What references within the collection begin with: `compute/`, or nothing."""
        return "" if self.inside else "".join(f"{part}/" for part in self.folder.split("/")[1:])

    @property
    def namespace(self) -> str:
        """The Hub service, `Microsoft.Compute.Admin`; empty for Resource Manager's own objects."""
        return ids.namespace(self.wire.id)

    @property
    def is_named_only(self) -> bool:
        """Whether its objects have nothing but a name: a section of these is a list."""
        return set(own_fields(self.model)) == set(self.identity)

    def ref(self, document: Document) -> str:
        """The document's full reference within its collection: `compute/small`, `offers-rg/gold`."""
        if not self.identity:
            return self.folder
        return self.prefix + ids.build(self._own, {name: str(getattr(document, name)) for name in self.identity})

    def sameness(self, document: Document) -> tuple[str, ...]:
        """What makes an object the same one, in lower case: its reference, or what no two have alike."""
        said = [str(getattr(document, name)) for name in self.wire.alike] or [self.ref(document)]
        return tuple(text.lower() for text in said)

    def values(self, ref: str) -> dict[str, str] | None:
        """The identity that a full reference names, or None where it is not of this kind."""
        if not self.identity:
            return {} if ref == self.folder else None
        return ids.take(self._own, ref.removeprefix(self.prefix)) if ref.startswith(self.prefix) else None

    def label(self, document: Document) -> str:
        """What people call the object: its title where it has one, else its reference."""
        return str(getattr(document, self.title)) if self.title else self.ref(document)

    def resource_id(self, document: Document, place: Place) -> str:
        """The document's id on the stamp at this place."""
        return ids.build(self.wire.id, place.values() | {name: str(getattr(document, name)) for name in self.identity})

    def bound_to(self, identity: Mapping[str, str], place: Place) -> str:
        """What the sealed values of a document are bound to, wherever it is kept."""
        return self.wire.bound_to.format_map(place.values() | dict(identity)).lower()

    def id_of(self, ref: str, place: Place) -> str | None:
        """The id a full reference names, or None where it is not of this kind."""
        values = self.values(ref)
        return None if values is None else ids.build(self.wire.id, place.values() | values)

    def identity_of(self, resource_id: str, place: Place) -> dict[str, str] | None:
        """The identity in an id, or None where the id is of another kind or another place."""
        values = ids.take(self.wire.id, resource_id)
        if values is None or any(not ids.same(values.get(key, value), value) for key, value in place.values().items()):
            return None
        return {name: values[name] for name in self.identity}

    def ref_of(self, resource_id: str, place: Place) -> str | None:
        """The full reference of an id, or None where the id is of another kind or another place."""
        values = self.identity_of(resource_id, place)
        if values is None or not self.identity:
            return None if values is None else self.folder
        return self.prefix + ids.build(self._own, values)

    def lists(self, place: Place, parents: Iterable[tuple[str, ...]]) -> Iterator[str]:
        """Where all objects of this kind are listed: one path, or one for each parent (the values of its identity)."""
        if not self.wire.per:
            yield ids.build(self.wire.listed, place.values())
            return
        for parent in parents:
            yield ids.build(self.wire.listed, place.values() | dict(zip(self.identity, parent, strict=False)))


@dataclass(frozen=True)
class Kinds:
    """All kinds of this run, by name; built in and from plugins alike."""

    by_name: Mapping[str, Kind[Any]]
    plugins: frozenset[str] = frozenset()  # names of those that are installed, whether they have kinds or not

    def __iter__(self) -> Iterator[Kind[Any]]:
        return iter(self.by_name.values())

    def __getitem__(self, name: str) -> Kind[Any]:
        """The kind of this name; Refused where no plugin of this environment owns it."""
        if name not in self.by_name:
            hint = "Install the plugin that owns it, in the environment that runs Pulumi."
            raise Refused([Finding("unknown-kind", "stop", name, "there is no such kind here", hint)])
        return self.by_name[name]

    @cached_property
    def _by_model(self) -> Mapping[type[Document], Kind[Any]]:
        return {kind.model: kind for kind in self}

    def of(self, document: Document) -> Kind[Any]:
        """The kind of a document."""
        return self._by_model[type(document)]

    def in_collection(self, collection: str) -> tuple[Kind[Any], ...]:
        """The kinds whose documents a `Ref(collection)` may name."""
        return tuple(kind for kind in self if kind.collection == collection)

    @cached_property
    def on_their_own(self) -> tuple[Kind[Any], ...]:
        """The kinds whose documents have files of their own."""
        return tuple(kind for kind in self if not kind.inside)

    @cached_property
    def on_the_stamp(self) -> tuple[Kind[Any], ...]:
        """Of these, the kinds that a stamp has objects of."""
        return tuple(kind for kind in self.on_their_own if kind.comes_from == "stamp")

    @cached_property
    def free_json(self) -> frozenset[str]:
        """The fields, as files spell them, that hold whatever JSON a service takes."""
        fields = ((field.alias or name, field) for kind in self for name, field in own_fields(kind.model).items())
        return frozenset(alias for alias, field in fields if marked(field, Json))

    def held_by(self, holder: Kind[Any]) -> tuple[Kind[Any], ...]:
        """The kinds of what documents of a kind hold, in the order in which they are brought back."""
        return tuple(kind for kind in self if holder.holds in kind.inside)
