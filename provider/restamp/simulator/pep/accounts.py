"""Administrators of the cloud: who may use the endpoint, and the built-in one as a user of AD FS."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from restamp.simulator.principals import Principal
from restamp.simulator.state import State, derived

from .cmdlet import Cmdlet, Failure, Invocation, kept

BUILT_IN = "CloudAdmin"
ACCOUNTS = "accounts"
ASSUMED = (
    "Administrators of the cloud: CloudAdmin's password is new with every deployment; at AD FS CloudAdmin signs in as"
    " CloudAdmin@<region>.<domain>, and owns the default provider subscription until Set-ServiceAdminOwner names"
    " somebody.",
)


def passwords(state: State) -> dict[str, str]:
    """Return every administrator's password, by name."""
    return kept(state, ACCOUNTS) or {BUILT_IN: derived(0, f"{state.deployment_id}/{BUILT_IN}")}


def password_of(state: State, name: str) -> str | None:
    """Return the password of an administrator, whatever the name's case."""
    return next((found for each, found in passwords(state).items() if each.lower() == name.lower()), None)


def cloud_admin(state: State) -> Principal:
    """Return the built-in administrator as a user of the stamp's AD FS."""
    return Principal(
        "",
        state.object_id(f"{state.deployment_id}/{BUILT_IN}"),
        f"{BUILT_IN}@{state.home}",
        "adfs",
        passwords(state).get(BUILT_IN, ""),
        roles={state.root.lower(): "Owner"},
        kind="User",
    )


def settle(state: State) -> None:
    """Let the built-in administrator sign in at AD FS, if that is who signs people in and it is not known there."""
    if state.identity == "ADFS" and state.directory.named(cloud_admin(state).name) is None:
        state.directory.put(cloud_admin(state))


def _new(call: Invocation) -> Iterator[Any]:
    name = call.text("UserName")
    if password_of(call.state, name) is not None:
        raise Failure("UserExists", f"The user '{name}' exists.", "ResourceExists", name)
    call.keep(ACCOUNTS, passwords(call.state) | {name: call.text("Password")})
    yield from ()


def _changed(call: Invocation) -> Iterator[Any]:
    name = _known(call)
    call.keep(ACCOUNTS, passwords(call.state) | {name: call.text("NewPassword")})
    found = call.state.directory.named(f"{name}@{call.state.home}")
    if name == BUILT_IN and found is not None:
        call.state.directory.put(replace(found, secret=call.text("NewPassword")))
    yield from ()


def _removed(call: Invocation) -> Iterator[Any]:
    name = _known(call)
    if name == BUILT_IN:
        raise Failure("UserIsBuiltIn", f"The user '{name}' cannot be removed.", "PermissionDenied", name)
    call.keep(ACCOUNTS, {each: found for each, found in passwords(call.state).items() if each != name})
    yield from ()


def _listed(call: Invocation) -> Iterator[Any]:
    yield from passwords(call.state)


def _known(call: Invocation) -> str:
    name = call.text("UserName")
    for each in passwords(call.state):
        if each.lower() == name.lower():
            return each
    raise Failure("UserNotFound", f"The user '{name}' was not found.", "ObjectNotFound", name)


CMDLETS = (
    Cmdlet("New-CloudAdminUser", _new, ("UserName", "Password"), mandatory=("UserName", "Password")),
    Cmdlet("Set-CloudAdminUserPassword", _changed, ("UserName", "NewPassword"), mandatory=("UserName", "NewPassword")),
    Cmdlet("Remove-CloudAdminUser", _removed, ("UserName",), mandatory=("UserName",)),
    Cmdlet("Get-CloudAdminUserList", _listed),
)
