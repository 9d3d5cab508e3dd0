"""Storage.Admin: quotas, settings, storage accounts, acquisitions, and operations on them."""

from copy import deepcopy
from typing import Any

from . import operations
from .guards import quota_unused
from .messages import Response, error, refuse
from .rules import GET, LIST, POST, PUT, READ_WRITE, Call, Rule
from .verbs import put_singleton, singleton

NAMESPACE = "Microsoft.Storage.Admin"
VERSION = "2019-08-08-preview"
HEADERS = {"server": "Microsoft-HTTPAPI/2.0", "content-type": "application/json"}
COUNTS = ("numberOfStorageAccounts", "capacityInGb")
BUILT_IN = ("quotas", "Default Quota", {"numberOfStorageAccounts": 20, "capacityInGb": 2048})


def missing(call: Call) -> Response:
    """Return Storage's 404 (assumed)."""
    return error(404, "ResourceNotFound", f"The resource '{call.address.name}' was not found.")


def settings(call: Call) -> Response:
    """Return the settings; as long as nobody set them nothing that was deleted is kept (documented)."""
    if next(call.state.store.of_type(call.address.type_key, call.address.key), None) is not None:
        return singleton(call)
    place = f"{call.state.root}/providers/{NAMESPACE}/locations/{call.state.region}/settings/value"
    body = {"id": place, "name": f"{call.state.region}/value", "type": call.rule.shown_type}
    return Response(200, body | {"location": call.state.region, "properties": dict(call.rule.defaults)})


def undelete(call: Call) -> Response:
    """Bring a deleted storage account back, as an operation (recorded)."""
    key = call.address.key.rpartition("/")[0]
    found = call.state.store.get(key)
    if found is None:
        raise refuse(404, "ResourceNotFound", "The storage account was not found.")
    body = deepcopy(found)
    body.setdefault("properties", {})["accountStatus"] = "Active"
    call.state.store.put(key, body)
    return started(call)


def started(call: Call) -> Response:
    """Return the 202 of Storage's operations, with `Location` alone (recorded)."""
    done = operations.begin(call.state, 5)
    where = f"{call.state.root}/providers/{NAMESPACE}/locations/{call.state.region}/asyncoperations/{done}"
    url = f"https://{call.request.host}{where}?api-version={call.request.api_version}"
    return Response(202, None, {"location": url, "retry-after": "5"})


def polled(call: Call) -> Response:
    """Return how an operation stands: 202, then 200, both empty (recorded)."""
    done = operations.is_done(call.state, call.address.name)
    if done is None:
        raise refuse(404, "ResourceNotFound", "The operation was not found.")
    if done:
        return Response(200)
    return Response(202, None, {"location": f"https://{call.request.host}{call.address.path}", "retry-after": "5"})


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of Storage has in common."""
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "types": types,
        "versions": (VERSION, "2019-08-08"),
        "source": "recorded",
        "missing": missing,
        "headers": HEADERS,
    }
    return Rule(**common | more)


RULES = (
    row(
        "locations/quotas",
        before_delete=(quota_unused,),
        methods=READ_WRITE,
        create=200,
        name="located",
        defaults={"numberOfStorageAccounts": 20, "capacityInGb": 2048},
        fields=dict.fromkeys(COUNTS, int),
        in_order=True,
        assumed=("Storage quotas: GET and DELETE of one that is absent; the limits that creation fills in.",),
    ),
    row(
        "locations/settings",
        methods={LIST, PUT},
        answers={LIST: settings, PUT: put_singleton},
        name="located",
        create=200,
        defaults={"retentionPeriodForDeletedStorageAccountsInDays": 0},
        fields={"retentionPeriodForDeletedStorageAccountsInDays": int},
        assumed=("Storage settings: id, name and type of the object, before and after it was written.",),
    ),
    row(
        "locations/storageAccounts",
        listing="odata",
        wire_type=f"{NAMESPACE}/storageAccounts",
        actions={"undelete": undelete},
    ),
    row("locations/acquisitions", methods={LIST}),
    row("locations/asyncOperations", methods={GET}, answers={GET: polled}),
    row("locations/reclaimStorageCapacity", methods={POST}, answers={POST: started}),
    row("storageServices", source="swagger", methods={GET, LIST, PUT}, create=200),
)
