"""Datacenter integration: the customer's directory, AD FS and DNS, and who owns the default provider subscription."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from .accounts import cloud_admin
from .actions import planned
from .cmdlet import Cmdlet, Failure, Invocation

DIRECTORY, FEDERATION, FORWARDERS, OWNER = "directory service", "custom adfs", "dns servers", "service admin owner"
ASSUMED = (
    "Datacenter integration: what was registered is kept and tried nowhere; on an AD FS stamp alone;"
    " Reset-DatacenterIntegrationConfiguration forgets it, and leaves the owner as it is.",
    "Set-ServiceAdminOwner: the user has to be in the directory; the owner before loses what it had as such.",
)


def _directory(call: Invocation) -> Iterator[Any]:
    _check_identity(call)
    credential = call.given.get("CustomADAdminCredential")
    if not isinstance(credential, tuple):
        text = "Cannot process command because of one or more missing mandatory parameters: CustomADAdminCredential."
        raise Failure("MissingMandatoryParameter,Register-DirectoryService", text, "InvalidArgument")
    if not call.is_set("ValidateParameters"):
        call.keep(DIRECTORY, {"globalCatalog": call.text("CustomADGlobalCatalog"), "userName": credential[0]})
    yield from ()


def _federation(call: Invocation) -> Iterator[Any]:
    _check_identity(call)
    address, content = (call.text(f"CustomADFSFederationMetadata{each}") for each in ("EndpointUri", "FileContent"))
    if bool(address) == bool(content):
        text = "Either the address of the federation metadata or its content has to be given."
        raise Failure("InvalidMetadata", text, "InvalidArgument")
    if address and urlsplit(address).scheme != "https":
        raise Failure("InvalidMetadata", f"'{address}' is no https address.", "InvalidArgument", address)
    if content and "EntityDescriptor" not in content:
        raise Failure("InvalidMetadata", "The content is no federation metadata.", "InvalidArgument")
    call.keep(FEDERATION, {"name": call.text("CustomAdfsName"), "metadata": address or "a file"})
    yield from ()


def _dns(call: Invocation) -> Iterator[Any]:
    found = call.kept(FORWARDERS) or {}
    call.keep(FORWARDERS, found | {call.text("CustomDomainName"): call.texts("CustomDnsIPAddresses")})
    yield from ()


def _owner(call: Invocation) -> Iterator[Any]:
    name, directory, root = call.text("ServiceAdminOwnerUpn"), call.state.directory, call.state.root.lower()
    new = directory.named(name)
    if new is None or new.kind != "User":
        raise Failure("UserNotFound", f"The user '{name}' was not found in the directory.", "ObjectNotFound", name)
    before = directory.named(call.kept(OWNER) or cloud_admin(call.state).name)
    if before is not None:
        directory.put(replace(before, roles={scope: role for scope, role in before.roles.items() if scope != root}))
    directory.put(replace(new, roles={**new.roles, root: "Owner"}))
    call.keep(OWNER, new.name)
    yield from ()


def _reset(call: Invocation) -> Iterator[Any]:
    for what in (DIRECTORY, FEDERATION, FORWARDERS):
        call.keep(what, None)
    yield from ()


def _check_identity(call: Invocation) -> None:
    if call.state.identity != "ADFS":
        raise Failure("NotAdfs", "This stamp uses Azure Active Directory, which needs no integration.")


def _integrating(name: str, run: Any, parameters: tuple[str, ...], *switches: str) -> Cmdlet:
    return Cmdlet(name, planned(name, run), (*parameters, "TimeoutInSecs"), switches, parameters[:1])


CMDLETS = (
    _integrating(
        "Register-DirectoryService",
        _directory,
        ("CustomADGlobalCatalog", "CustomADAdminCredential"),
        *("ValidateParameters", "SkipRootDomainValidation", "Force"),
    ),
    _integrating(
        "Register-CustomAdfs",
        _federation,
        (
            "CustomAdfsName",
            "CustomADFSFederationMetadataEndpointUri",
            "CustomADFSFederationMetadataFileContent",
            "SigningCertificateRevocationCheck",
            "EncryptionCertificateRevocationCheck",
        ),
    ),
    _integrating("Register-CustomDnsServer", _dns, ("CustomDomainName", "CustomDnsIPAddresses")),
    _integrating("Set-ServiceAdminOwner", _owner, ("ServiceAdminOwnerUpn",)),
    _integrating("Reset-DatacenterIntegrationConfiguration", _reset, ()),
)
