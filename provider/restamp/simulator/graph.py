"""Graph: the directory as clients look things up in it, in the form of Azure AD Graph 1.6.

Documented for Azure; that the Hub's own Graph answers so is assumed.
"""

import json
import re
from typing import Any

from .messages import Refusal, Request, Response
from .principals import Principal
from .state import State
from .store import Wire

TYPES = {"users": "User", "groups": "Group", "serviceprincipals": "Application"}
SHOWN = {"User": "User", "Group": "Group", "Application": "ServicePrincipal"}
VERSIONS = frozenset({"1.5", "1.6", "beta", "2013-04-05"})
EQUALS = re.compile(r"(\w+) eq '([^']*)'")
ASSUMED = (
    "Graph: users, groups and service principals in the form of Azure AD Graph 1.6, to read; whoever may sign in to a"
    " directory may read all of it.",
)


def failed(status: int, code: str, text: str) -> Refusal:
    """Return a refusal in Graph's form."""
    body = {"odata.error": {"code": code, "message": {"lang": "en", "value": text}}}
    return Refusal(Response(status, body))


def answer(request: Request, state: State, principal: Principal) -> Response:
    """Return what Graph answers to somebody who is signed in."""
    tenant, _, rest = request.path.strip("/").partition("/")
    segments = [each for each in rest.split("/") if each]
    kind = segments[0].lower() if segments else ""
    if request.api_version not in VERSIONS:
        raise failed(400, "Request_BadRequest", "The specified api-version is invalid: it is 1.6.")
    _check_tenant(tenant, state, principal)
    if (request.method, kind, len(segments)) == ("POST", "getobjectsbyobjectids", 1):
        return _by_ids(request, state, principal)
    if request.method == "GET" and kind in TYPES and len(segments) <= 2:
        if len(segments) == 2:
            return _one(state, principal, TYPES[kind], segments[1])
        return _listed(request, [each for each in state.directory if here(each, principal, TYPES[kind])])
    raise failed(404, "Request_ResourceNotFound", f"Resource not found for the segment '{kind}'.")


def _check_tenant(tenant: str, state: State, principal: Principal) -> None:
    own = {"myorganization", principal.tenant.lower(), state.tenant if state.identity == "ADFS" else ""}
    if tenant.lower() not in own:
        text = "Access to the directory is denied: the token is of another one."
        raise failed(401, "Authentication_Unauthorized", text)


def here(found: Principal, principal: Principal, kind: str | None = None) -> bool:
    """Return whether somebody is in the directory of who asks, and of a kind."""
    return found.tenant == principal.tenant and kind in {None, found.kind}


def _by_ids(request: Request, state: State, principal: Principal) -> Response:
    try:
        asked = json.loads(request.body)["objectIds"]
    except (ValueError, KeyError, TypeError, RecursionError):
        asked = None
    if not isinstance(asked, list) or len(asked) > 1000:
        raise failed(400, "Request_BadRequest", "'objectIds' is not a list of at most 1000 ids.")
    found = [state.directory.get(each) for each in asked if isinstance(each, str)]
    return Response(200, {"value": [shown(each) for each in found if each and here(each, principal)]})


def _one(state: State, principal: Principal, kind: str, name: str) -> Response:
    found = state.directory.get(name) or (state.directory.named(name, principal.tenant) if kind == "User" else None)
    if found is None or not here(found, principal, kind):
        text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        raise failed(404, "Request_ResourceNotFound", text)
    return Response(200, shown(found))


def _listed(request: Request, known: list[Principal]) -> Response:
    text = request.query.get("$filter", "").strip()
    found = [shown(each) for each in known]
    if text:
        asked = EQUALS.fullmatch(text)
        if asked is None:
            raise failed(400, "Request_UnsupportedQuery", f"The filter '{text}' is not supported.")
        found = [each for each in found if str(each.get(asked[1], "")).lower() == asked[2].lower()]
    return Response(200, {"value": found})


def shown(principal: Principal) -> Wire:
    """Return a principal as Graph shows it."""
    kind = SHOWN[principal.kind]
    own: dict[str, Any] = {"User": {"userPrincipalName": principal.name, "accountEnabled": True}}.get(kind, {})
    if kind == "ServicePrincipal":
        own = {"appId": principal.client_id, "accountEnabled": True}
    place = {"odata.type": f"Microsoft.DirectoryServices.{kind}", "objectType": kind}
    return place | {"objectId": principal.object_id, "displayName": principal.name} | own
