"""Who documents mean: names beside ids when they are captured, today's ids when they are put or compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from restamp.errors import Refused
from restamp.kind import OWN
from restamp.kinds.authorization import RoleAssignment, RoleDefinition
from restamp.kinds.keyvault import Vault
from restamp.kinds.subscriptions import Subscription
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.principals import Principals
from restamp.runbook import Runbook
from restamp.runbook.read import read_own

if TYPE_CHECKING:
    from restamp.arm.inside import Inside

FILE = "principals.yaml"


def table(folder: Path) -> Principals:
    """What people wrote into a runbook's principals.yaml; Refused with everything that is wrong with it."""
    path, found = folder / FILE, list[Finding]()
    given = read_own(path, Principals, folder, found) if path.exists() else None
    if found:
        raise Refused(found)
    return given or Principals()


def as_today(runbook: Runbook) -> Runbook:
    """The runbook with the ids and owners that its people have today."""
    people = table(runbook.folder)
    documents = tuple(today(document, people) for document in runbook.documents)
    inside = {ref: tuple(today(document, people) for document in held) for ref, held in runbook.inside.items()}
    return replace(runbook, documents=documents, inside=inside)


def today(document: Document, people: Principals) -> Document:
    """A document that says who its people are today: the one place where old ids become new ones."""
    match document:
        case RoleAssignment():
            return document.model_copy(update={"principal": people.now(document.principal)})
        case Vault():
            policies = {people.now(who): policy for who, policy in document.access_policies.items()}
            return document.model_copy(update={"access_policies": policies})
        case Subscription() if document.owner_override:
            return document.model_copy(update={"owner": document.owner_override})
    return document


def of(document: Document) -> tuple[str, ...]:
    """The object ids that a document names."""
    match document:
        case RoleAssignment():
            return (document.principal,)
        case Vault():
            return tuple(document.access_policies)
    return ()


@dataclass(frozen=True)
class Known:
    """What principals and roles are called, by id in lower case."""

    principals: Mapping[str, str]
    roles: Mapping[str, str]
    gone: frozenset[str] = frozenset()  # who is in no directory any more, of those that could be asked

    def beside(self, document: Document) -> Document:
        """A document with the names beside its ids; an id that nobody has a name for has none."""
        match document:
            case RoleAssignment():
                who, role = self.principals.get(document.principal.lower()), self.roles.get(document.role.lower())
                return document.model_copy(update={"principal_name": who, "role_name": role})
            case Vault():
                named = {
                    who: policy.model_copy(update={"name": self.principals.get(who.lower())})
                    for who, policy in document.access_policies.items()
                }
                return document.model_copy(update={"access_policies": named})
        return document


def told(documents: Iterable[Document]) -> Known:
    """The names that documents hold already: an earlier capture's, and those of custom roles."""
    principals, roles = dict[str, str](), dict[str, str]()
    for document in documents:
        match document:
            case RoleAssignment():
                principals |= {document.principal.lower(): document.principal_name} if document.principal_name else {}
                roles |= {document.role.lower(): document.role_name} if document.role_name else {}
            case RoleDefinition():
                roles[document.name.lower()] = document.role_name
            case Vault():
                policies = document.access_policies.items()
                principals |= {who.lower(): policy.name for who, policy in policies if policy.name}
    return Known(principals, roles)


def asked(ways: Iterable[tuple["Inside", Iterable[Document]]], before: Iterable[Document]) -> Known:
    """The names of whatever these documents name, each asked where it is; else as the documents before had them."""
    known = told(before)
    people: dict[str, tuple[Inside, set[str]]] = {}
    principals, roles = dict(known.principals), dict(known.roles)
    seen = dict[str, str]()
    for stamp, documents in ways:
        found = list(documents)
        people.setdefault(stamp.directory, (stamp, set()))[1].update(each for item in found for each in of(item))
        seen |= told(found).roles
        if any(isinstance(item, RoleAssignment) and item.role.lower() not in seen for item in found):
            seen |= stamp.role_names()  # the built-in ones have the same ids everywhere (documented): asked once
    gone: set[str] = set()
    for stamp, ids in people.values():
        found_there = stamp.names(ids)
        principals |= found_there or {}
        gone |= set() if found_there is None else {each.lower() for each in ids} - found_there.keys() - {OWN}
    return Known(principals, roles | seen, frozenset(gone))
