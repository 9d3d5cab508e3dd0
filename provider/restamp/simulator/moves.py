"""Subscriptions.Admin: moving subscriptions between providers, and other actions on the whole service."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from . import operations
from .addresses import last
from .guards import USERS
from .messages import Response, error, refuse
from .rules import GET, POST, Call, Rule

NAMESPACE = "Microsoft.Subscriptions.Admin"


def validate(call: Call) -> Response:
    """Start the validation of a move (recorded: 202, both headers, 60 seconds)."""
    _moving(call)
    return _started(call)


def move(call: Call) -> Response:
    """Start a move; without a target offer the default provider gets the subscriptions (documented)."""
    target = call.sent().get("targetDelegatedProviderOffer")
    provider = call.state.provider_subscription
    if isinstance(target, str) and target:
        segments = target.strip("/").lower().split("/")
        if "delegatedproviders" in segments[:-1]:
            provider = target.strip("/").split("/")[segments.index("delegatedproviders") + 1]
    for body in _moving(call):
        body["delegatedProviderSubscriptionId"] = provider
        call.state.store.put(body["id"].lower(), body)
    return _started(call)


def _moving(call: Call) -> list[dict[str, Any]]:
    asked = call.sent().get("resources")
    if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
        raise refuse(400, "InvalidRequestContent", "The property 'resources' is not a list of ids.")
    known = {last(key): body for key, body in call.state.store.of_type(USERS)}
    return [deepcopy(known[last(each).lower()]) for each in asked if last(each).lower() in known]


def _started(call: Call) -> Response:
    done = operations.begin(call.state, 30)
    where = f"{call.state.root}/providers/{NAMESPACE}/locations/{call.state.region}/operationsStatus/{done}"
    url = f"https://{call.request.host}{where}?api-version={call.request.api_version}"
    followed = f"{url}&operationResultResponseType=Azure-AsyncOperation"
    return Response(202, None, {"location": url, "azure-asyncoperation": followed, "retry-after": "60"})


def status(call: Call) -> Response:
    """Return how a move stands at the one URL, its result (204) at the other (recorded)."""
    done = operations.is_done(call.state, call.address.name)
    if done is None:
        return error(404, "OperationNotFound", f"The operation '{call.address.name}' was not found.")
    if call.request.query.get("operationresultresponsetype", "").lower() != "azure-asyncoperation":
        return Response(204 if done else 202)
    body = {
        "id": call.address.path,
        "name": call.address.name,
        "status": "Succeeded" if done else "Running",
        "percentComplete": 100.0 if done else 0.0,
    }
    return Response(200, body)


def available(call: Call) -> Response:
    """Return whether a name is free (swagger)."""
    name, kind = call.sent().get("name"), call.sent().get("resourceType")
    if not isinstance(name, str) or not isinstance(kind, str):
        raise refuse(400, "InvalidRequestContent", "The properties 'name' and 'resourceType' are needed.")
    types = (NAMESPACE.lower(), kind.rpartition("/")[2].lower())
    taken = any(last(key) == name.lower() for key, _ in call.state.store.of_type(types))
    reason = {"reason": "AlreadyExists", "message": f"The name '{name}' is taken."} if taken else {}
    return Response(200, {"nameAvailable": not taken} | reason)


def health(call: Call) -> Response:
    """Return that the identity system is well (swagger)."""
    now = call.state.clock.text()
    body = {"reportStartTimeUtc": now, "reportEndTimeUtc": now, "status": "Healthy", "directoryTenants": []}
    return Response(200, body)


def _post(types: str, answer: Callable[[Call], Response], **more: Any) -> Rule:
    return Rule(
        **{
            "namespace": NAMESPACE,
            "types": types,
            "versions": ("2015-11-01",),
            "source": "swagger",
            "methods": frozenset({POST}),
            "answers": {POST: answer},
        }
        | more
    )


MOVE_RULES = (
    _post("moveSubscriptions", move, source="recorded", assumed=("Moves of subscriptions take thirty seconds.",)),
    _post("validateMoveSubscriptions", validate, source="recorded"),
    _post("locations/operationsStatus", status, methods=frozenset({GET}), answers={GET: status}, source="recorded"),
    _post("checkNameAvailability", available),
    _post("checkIdentityHealth", health, assumed=("checkIdentityHealth: always healthy.",)),
    _post("updateEncryption", lambda _: Response(200)),
    _post("restoreData", lambda _: Response(200, {"value": []}), assumed=("restoreData: nothing to restore.",)),
)
