"""Resource Manager's own objects: resource groups on both endpoints, and the default provider subscription.

No recording covers them: shapes are Resource Manager's documented ones, the whole module is assumed.
"""

import re
from typing import Any

from . import operations
from .addresses import parse
from .messages import Response, refuse
from .rights import sees
from .rules import DELETE, GET, HEAD, LIST, PUT, Call, Rule, deny
from .state import State
from .store import Wire
from .vaults import take
from .verbs import tags_of

VERSIONS = ("2015-11-01", "2016-02-01", "2016-06-01", "2016-09-01", "2018-02-01", "2018-05-01", "2019-10-01")
GROUPS = ("", "subscriptions/resourcegroups")
NAME = re.compile(r"[\w\-.()]{0,89}[\w\-()]")
_GROUP = ("subscriptions", "resourcegroups")
DISPLAY_NAME = "Default Provider Subscription"  # documented


def provider_subscription(state: State) -> Wire:
    """Return the default provider subscription as its own list shows it."""
    return {
        "id": state.root,
        "subscriptionId": state.provider_subscription,
        "tenantId": state.tenant,
        "displayName": DISPLAY_NAME,
        "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "AzureStack"},
    }


def subscriptions(call: Call) -> Response:
    """Return the subscriptions of the admin endpoint that the principal has a role in."""
    here = sees(call.state, call.principal, call.state.provider_subscription)
    return Response(200, {"value": [provider_subscription(call.state)] if here else []})


def subscription(call: Call) -> Response:
    """Return the default provider subscription."""
    return Response(200, provider_subscription(call.state))


def group_missing(call: Call) -> Response:
    """Return Resource Manager's 404 for a group."""
    return refuse(
        404,
        "ResourceGroupNotFound",
        f"Resource group '{call.address.name}' could not be found.",
        x_ms_failure_cause="gateway",
    ).response


def put_group(call: Call) -> Response:
    """Create or replace a resource group."""
    sent, old = call.sent(), call.state.store.get(call.address.key)
    name, location = call.address.name, sent.get("location")
    if not NAME.fullmatch(name):
        raise refuse(400, "InvalidResourceGroup", f"'{name}' is no name for a resource group.")
    if not isinstance(location, str) or not location:
        raise refuse(400, "LocationRequired", "The location property is required for this definition.")
    if location.lower().replace(" ", "") != call.state.region.lower():
        text = f"The provided location '{location}' is not available for resource group."
        raise refuse(400, "LocationNotAvailableForResourceGroup", text)
    body: Wire = {
        "id": (old or {}).get("id") or f"{call.root}/resourceGroups/{name}",
        "name": (old or {}).get("name") or name,
        "location": (old or {}).get("location") or call.state.region,
    }
    if sent.get("tags") is not None:
        body["tags"] = tags_of(sent["tags"])
    body["properties"] = {"provisioningState": "Succeeded"}
    call.state.store.put(call.address.key, body)
    return Response(201 if old is None else 200, body)


def delete_group(call: Call) -> Response:
    """Delete a resource group and all that is in it, as an operation; the system's own group stays."""
    if call.state.store.get(call.address.key) is None:
        raise deny(group_missing(call))
    if call.plane == "admin" and call.address.name.lower() == f"system.{call.state.region}".lower():
        raise refuse(403, "DenyAssignmentAuthorizationFailed", "The system resource group cannot be deleted.")
    take(call.state, call.address.key)
    call.state.store.delete(call.address.key)
    done = operations.begin(call.state, 0)
    where = f"https://{call.request.host}{call.root}/operationresults/{done}"
    return Response(202, None, {"location": f"{where}?api-version={call.request.api_version}", "retry-after": "15"})


def head_group(call: Call) -> Response:
    """Return whether a resource group is there: 204 or 404."""
    return Response(404 if call.state.store.get(call.address.key) is None else 204)


def in_groups(call: Call) -> Response:
    """Return what is in the groups of a subscription, of any provider; not what is nested in it or hangs on it."""
    below = f"{call.root}/resourcegroups/".lower()
    found = [(parse(key), body) for key, body in call.state.store.inside(below)]
    mine = [(at, body) for at, body in found if at.namespace and len(at.types) == 1 and parse(at.scope).types == _GROUP]
    shown = [{name: body[name] for name in ("id", "name", "type", "location") if name in body} for _, body in mine]
    return Response(200, {"value": shown})


def result(call: Call) -> Response:
    """Return the result of a finished operation."""
    done = operations.is_done(call.state, call.address.name)
    if done is None:
        raise refuse(404, "OperationNotFound", "The operation was not found.")
    return Response(200 if done else 202)


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of Resource Manager has in common."""
    return Rule(**{"namespace": "", "types": types, "versions": VERSIONS, "source": "assumed"} | more)


RULES = (
    row(
        "subscriptions/resourcegroups",
        plane="both",
        methods=frozenset({GET, LIST, PUT, DELETE}),
        answers={PUT: put_group, DELETE: delete_group, HEAD: head_group},
        missing=group_missing,
        assumed=(
            "Resource groups, on both endpoints: everything, as Resource Manager documents it;"
            " deleting one takes what is in it, whether in use or not, and is done at once.",
        ),
    ),
    row(
        "subscriptions/resources",
        plane="both",
        methods=frozenset({LIST}),
        answers={LIST: in_groups},
        assumed=("Resources of a subscription: id, name, type and place of what is in its groups; no filters.",),
    ),
    row("subscriptions/operationresults", plane="both", methods=frozenset({GET}), answers={GET: result}),
)
