"""Microsoft.Authorization: policy definitions and assignments, and the writes that they deny.

Documented for Azure; no recording covers them.
"""

from typing import Any

from . import verbs
from .addresses import parse, scope_of, within
from .messages import Response, refuse
from .policy_rules import Odd, holds, resolved
from .rules import DELETE, GET, LIST, PUT, READ_WRITE, Call, Rule
from .scopes import around, inside, spelled_scope
from .store import Wire

NAMESPACE = "Microsoft.Authorization"
DEFINITIONS, ASSIGNMENTS = (NAMESPACE.lower(), "policydefinitions"), (NAMESPACE.lower(), "policyassignments")
VERSIONS = ("2015-10-01-preview", "2016-04-01", "2016-12-01", "2017-06-01-preview")
ROOT = f"/providers/{NAMESPACE}/policyDefinitions"
BUILT_IN = {
    "e56962a6-4747-49cd-b67b-bf8b01975c4c": (
        "Allowed locations",
        "listOfAllowedLocations",
        {"not": {"field": "location", "in": "[parameters('listOfAllowedLocations')]"}},
    ),
    "6c112d4e-5bc7-47ae-a041-ea2d9dccd749": (
        "Not allowed resource types",
        "listOfResourceTypesNotAllowed",
        {"field": "type", "in": "[parameters('listOfResourceTypesNotAllowed')]"},
    ),
}


def check(call: Call) -> None:
    """Refuse a PUT of a group or a resource that an assigned policy denies."""
    is_group = call.rule.types == "subscriptions/resourcegroups"
    if call.request.method != PUT or not (is_group or call.rule.namespace) or call.rule.extends:
        return
    if call.rule.namespace == NAMESPACE:
        return
    for _, assignment in inside(call.state, ASSIGNMENTS, call.address.subscription):
        if _applies(call, assignment, is_group=is_group):
            _deny(call, assignment)


def _applies(call: Call, assignment: Wire, *, is_group: bool) -> bool:
    properties, path = assignment["properties"], call.address.key
    if not within(path, scope_of(assignment["id"].lower())):
        return False
    if any(within(path, str(each).lower()) for each in properties.get("notScopes") or []):
        return False
    definition = _definition(call, str(properties.get("policyDefinitionId", "")))
    if definition is None or (is_group and str(definition["properties"].get("mode", "All")).lower() == "indexed"):
        return False
    rule = definition["properties"].get("policyRule") or {}
    parameters = _parameters(definition, properties)
    try:
        effect = str(resolved(rule["then"]["effect"], parameters)).lower()
        return effect == "deny" and holds(rule["if"], _resource(call, is_group=is_group), parameters)
    except (KeyError, TypeError, Odd):
        return False


def _resource(call: Call, *, is_group: bool) -> Wire:
    kind = "Microsoft.Resources/subscriptions/resourceGroups" if is_group else call.rule.shown_type
    sent = call.sent()
    tags = sent.get("tags") if isinstance(sent.get("tags"), dict) else {}
    return {**sent, "tags": tags, "id": call.address.path, "name": call.address.name, "type": kind}


def _parameters(definition: Wire, assigned: Wire) -> dict[str, Any]:
    known = definition["properties"].get("parameters") or {}
    values = {name.lower(): each.get("defaultValue") for name, each in known.items() if isinstance(each, dict)}
    sent = assigned.get("parameters") or {}
    return values | {name.lower(): each.get("value") for name, each in sent.items() if isinstance(each, dict)}


def _deny(call: Call, assignment: Wire) -> None:
    name = assignment["properties"].get("displayName") or assignment["name"]
    text = f"Resource '{call.address.name}' was disallowed by policy. Policy assignment: '{name}'."
    refused = refuse(403, "RequestDisallowedByPolicy", text, x_ms_failure_cause="gateway")
    info = {name: assignment["properties"].get(name) for name in ("policyDefinitionId", "scope")}
    found = {"type": "PolicyViolation", "info": info | {"policyAssignmentId": assignment["id"]}}
    refused.response.body["error"] |= {"target": call.address.name, "additionalInfo": [found]}
    raise refused


def _definition(call: Call, identifier: str) -> Wire | None:
    return _built_in(identifier) or call.state.get(identifier)


def _built_in(identifier: str) -> Wire | None:
    name = identifier.rpartition("/")[2].lower()
    if name not in BUILT_IN or parse(identifier).subscription:
        return None
    title, parameter, condition = BUILT_IN[name]
    properties = {
        "displayName": title,
        "policyType": "BuiltIn",
        "mode": "Indexed",
        "description": f"The built-in policy {title}.",
        "metadata": {"category": "General"},
        "parameters": {parameter: {"type": "Array", "metadata": {"displayName": title}}},
        "policyRule": {"if": condition, "then": {"effect": "deny"}},
    }
    return {"properties": properties, "id": f"{ROOT}/{name}", "type": f"{NAMESPACE}/policyDefinitions", "name": name}


def definitions(call: Call) -> Response:
    """Return the built-in definitions and those of the subscription."""
    known = [_built_in(f"{ROOT}/{name}") for name in BUILT_IN]
    own = [body for _, body in verbs.below(call)]
    return verbs.wrap(call, [*filter(None, known), *own])


def definition(call: Call) -> Response:
    """Return one definition; a built-in one also below a subscription."""
    found = call.state.store.get(call.address.key) or _built_in(f"{ROOT}/{call.address.name}")
    if found is None:
        raise refuse(404, "PolicyDefinitionNotFound", f"The policy definition '{call.address.name}' was not found.")
    return Response(200, found)


def check_definition(_call: Call, _old: Wire | None, new: Wire) -> None:
    """Refuse a definition without a rule; what is not said is filled in."""
    rule = new["properties"].get("policyRule")
    then = rule.get("then") if isinstance(rule, dict) else None
    if not isinstance(then, dict) or "effect" not in then or "if" not in rule:
        raise refuse(400, "InvalidPolicyRule", "The policy rule needs 'if', and 'then' with an effect.")
    if not isinstance(new["properties"].get("parameters") or {}, dict):
        raise refuse(400, "InvalidPolicyParameters", "The policy's parameters are not an object.")
    new["properties"]["policyType"] = "Custom"


def in_subscription(call: Call) -> Response:
    """Write or delete a definition; only a subscription has any."""
    if call.address.group or not call.address.subscription:
        return verbs.not_allowed(call)
    return verbs.put(call) if call.request.method == PUT else verbs.delete(call)


def unassigned(call: Call, _old: Wire | None, _new: Wire) -> None:
    """Refuse to delete a definition that is assigned."""
    for _, body in inside(call.state, ASSIGNMENTS, call.address.subscription):
        if str(body["properties"].get("policyDefinitionId", "")).lower() == call.address.key:
            text = f"The policy definition '{call.address.name}' is assigned by '{body['id']}'."
            raise refuse(409, "PolicyDefinitionInUse", text)


def assignments(call: Call) -> Response:
    """Return the assignments at a scope, above it and below it."""
    spelled_scope(call)
    return verbs.wrap(call, list(around(call, ASSIGNMENTS)))


def check_assignment(call: Call, _old: Wire | None, new: Wire) -> None:
    """Refuse an assignment of an unknown definition; the scope is the one in the path."""
    asked = new["properties"].get("policyDefinitionId")
    if not isinstance(asked, str) or _definition(call, asked) is None:
        raise refuse(404, "PolicyDefinitionNotFound", f"The policy definition '{asked}' was not found.")
    for name, kind in (("parameters", dict), ("notScopes", list)):
        if new["properties"].get(name) is not None and not isinstance(new["properties"][name], kind):
            raise refuse(400, "InvalidRequestContent", f"The value of '{name}' is not of the right type.")
    new["properties"]["scope"] = spelled_scope(call)


def missing(call: Call) -> Response:
    """Return the 404 of a policy assignment."""
    text = f"The policy assignment '{call.address.name}' is not found."
    return refuse(404, "PolicyAssignmentNotFound", text, x_ms_failure_cause="gateway").response


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of policies has in common."""
    common: dict[str, Any] = {"namespace": NAMESPACE, "types": types, "versions": VERSIONS, "source": "documented"}
    return Rule(**common | {"plane": "both", "methods": READ_WRITE, "extends": True, "location": False} | more)


RULES = (
    row(
        "policyDefinitions",
        answers={LIST: definitions, GET: definition, PUT: in_subscription, DELETE: in_subscription},
        update=201,
        defaults={"mode": "All"},
        before_put=(check_definition,),
        before_delete=(unassigned,),
        assumed=(
            "Policy definitions: two are built in; the mode is All if none is sent; one that is assigned is not"
            " deleted (409); rules are read for deny alone, with equals, in, like, exists and their opposites on name,"
            " type, location, tags and properties, and a rule that says anything else denies nothing.",
        ),
    ),
    row(
        "policyAssignments",
        answers={LIST: assignments, DELETE: verbs.deleted},
        update=201,
        missing=missing,
        before_put=(check_assignment,),
        assumed=(
            "Policy assignments: a list shows those at the scope, above and below it; a PUT that one denies is 403"
            " RequestDisallowedByPolicy; what was there before stays.",
        ),
    ),
)
