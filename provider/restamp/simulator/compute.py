"""Compute.Admin: quotas, platform images, VM extensions, features, scale units, disks and their migrations."""

from copy import deepcopy
from typing import Any

from . import verbs
from .guards import quota_unused
from .messages import Response, error, refuse
from .rules import DELETE, GET, LIST, PUT, READ_WRITE, Call, Rule
from .store import Wire

NAMESPACE = "Microsoft.Compute.Admin"
HEADERS = {"server": "Microsoft-HTTPAPI/2.0"}
COUNTS = (
    "virtualMachineCount",
    "coresLimit",
    "availabilitySetCount",
    "vmScaleSetCount",
    "maxAllocationStandardManagedDisksAndSnapshots",
    "maxAllocationPremiumManagedDisksAndSnapshots",
    "ddagpuCount",
    "partitionedGPUCount",
)
BUILT_IN = ("quotas", "Default Quota", dict(zip(COUNTS, (20, 50, 10, 20, 2048, 2048, 0, 0), strict=True)))
IMAGE = "locations/artifactTypes/publishers/offers/skus/versions"
EXTENSION = "locations/artifactTypes/publishers/types/versions"


def unsupported_location(call: Call) -> Response:
    """Return the answer for another region, which has no `error` (recorded for quotas)."""
    return Response(400, {"message": f"Unsupported quota location: {call.address.names[0]}"})


def missing(call: Call) -> Response:
    """Return Compute's 404; its code is recorded for disks only."""
    return error(404, "NotFound", f"The resource '{call.address.name}' was not found.")


def artifacts(call: Call) -> Response:
    """Return all platform images or all extensions, as a bare array (recorded)."""
    wanted = {"platformimage": IMAGE, "vmextension": EXTENSION}.get(call.address.name.lower())
    if wanted is None:
        raise refuse(404, "NotFound", f"The artifact type '{call.address.name}' was not found.")
    found = call.state.store.of_type((NAMESPACE.lower(), wanted.lower()), call.address.key + "/")
    return Response(200, [body for _, body in found])


def put_image(call: Call) -> Response:
    """Create a platform image: the first answer says Creating, every GET after it Succeeded (recorded)."""
    response = verbs.put(call)
    if response.status == call.rule.create:
        response.body = deepcopy(response.body)
        response.body["properties"]["provisioningState"] = "Creating"
    return response


def put_extension(call: Call) -> Response:
    """Create a VM extension: publisher, kind and version in other fields than sent, no source (recorded)."""
    response = verbs.put(call)
    publisher, kind, version = call.address.names[2:]
    said = {"publisher": publisher, "extensionType": kind, "typeHandlerVersion": version, "sourceBlob": None}
    response.body = response.body | {"properties": response.body["properties"] | said}
    call.state.store.put(call.address.key, response.body)
    return response


def disks(call: Call) -> Response:
    """Return the disks that the query asks for: by state, share and owner, from `start` on, `count` of them."""
    query = call.request.query
    found = [body for _, body in verbs.below(call)]
    if (state := query.get("status", "All").lower()) != "all":
        found = [body for body in found if str(body["properties"].get("status", "")).lower() == state]
    if share := query.get("sharepath", "").lower():
        found = [body for body in found if str(body["properties"].get("sharePath", "")).lower() == share]
    if owner := query.get("usersubscriptionid", "").lower():
        found = [body for body in found if owner in str(body["properties"].get("userResourceId", "")).lower()]
    start, count = query.get("start", ""), query.get("count", "")
    found = found[int(start) :] if start.isdecimal() and len(start) < 10 else found
    return Response(200, {"value": found[: int(count)] if count.isdecimal() and len(count) < 10 else found})


def feature(call: Call) -> Wire:
    """Return a copy of the feature that a POST is about."""
    found = call.state.store.get(call.address.key.rpartition("/")[0])
    if found is None:
        raise refuse(404, "NotFound", f"The feature '{call.address.name}' was not found.")
    return deepcopy(found)


def keep(call: Call, body: Wire) -> Response:
    """Keep a changed feature and return the bare 200 (recorded)."""
    call.state.store.put(str(body["id"]).lower(), body)
    return Response(200)


def set_globally(call: Call) -> Response:
    """Set the state of a feature for all tenants."""
    wanted = call.sent().get("globalFeatureState")
    if str(wanted) not in {"Enabled", "Disabled", "TenantSubscriptionLevel"}:
        raise refuse(400, "InvalidParameter", f"'{wanted}' is no state of a feature.")
    body = feature(call)
    body.setdefault("properties", {})["globalFeatureSettings"] = {"globalFeatureState": wanted}
    return keep(call, body)


def set_for_one(call: Call, enabled: bool) -> Response:
    """Enable or disable a feature for one subscription, in the caller's case (recorded)."""
    wanted = call.sent().get("tenantSubscriptionId")
    if not isinstance(wanted, str) or not wanted:
        raise refuse(400, "InvalidParameter", "The property 'tenantSubscriptionId' is missing.")
    body = feature(call)
    properties = body.setdefault("properties", {})
    others = [each for each in properties.get("enabledTenantSubscriptionIds") or [] if each.lower() != wanted.lower()]
    properties["enabledTenantSubscriptionIds"] = [*others, wanted] if enabled else others
    return keep(call, body)


def cancel_migration(call: Call) -> Response:
    """Cancel a disk migration."""
    found = call.state.store.get(call.address.key.rpartition("/")[0])
    if found is None:
        raise refuse(404, "NotFound", "The disk migration was not found.")
    body = deepcopy(found)
    body.setdefault("properties", {})["status"] = "Canceled"
    call.state.store.put(str(body["id"]).lower(), body)
    return Response(200, body)


def row(types: str, version: str, **more: Any) -> Rule:
    """Return a row with what all of Compute has in common."""
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "types": types,
        "versions": (version,),
        "source": "swagger",
        "missing": missing,
        "wrong_location": unsupported_location,
        "headers": HEADERS,
    }
    return Rule(**common | more)


RULES = (
    row(
        "locations/quotas",
        "2021-01-01",
        before_delete=(quota_unused,),
        versions=("2015-12-01-preview", "2021-01-01"),
        source="recorded",
        methods=READ_WRITE,
        create=200,
        wire_type=f"{NAMESPACE}/quotas",
        defaults=dict.fromkeys(COUNTS, 0),
        fields=dict.fromkeys(COUNTS, int),
        in_order=True,
        assumed=("Compute quotas: the answers to GET and DELETE of one that is absent.",),
    ),
    row("locations/artifactTypes", "2015-12-01-preview", source="recorded", methods={GET}, answers={GET: artifacts}),
    row(
        IMAGE,
        "2015-12-01-preview",
        source="recorded",
        methods={GET, PUT, DELETE},
        answers={PUT: put_image},
        name="null",
        defaults={"dataDisks": None, "details": None, "replicate": False},
        fixed={"provisioningState": "Succeeded"},
        assumed=("Platform images: creation takes no time; the field `replicate` is false when it is not sent.",),
    ),
    row(
        EXTENSION,
        "2015-12-01-preview",
        source="recorded",
        methods={GET, PUT, DELETE},
        answers={PUT: put_extension},
        name="null",
        fixed={"provisioningState": "Succeeded"},
        assumed=("VM extensions: 201 for a new one, as the swagger says.",),
    ),
    row(
        "locations/features",
        "2020-11-01",
        source="recorded",
        actions={
            "updateglobalfeaturesettings": set_globally,
            "enabletenantsubscriptionfeature": lambda call: set_for_one(call, enabled=True),
            "disabletenantsubscriptionfeature": lambda call: set_for_one(call, enabled=False),
        },
    ),
    row("locations/computeScaleUnits", "2021-03-30", source="recorded"),
    row(
        "locations/disks",
        "2021-09-01",
        source="recorded",
        answers={LIST: disks},
        assumed=("Disks: `start` counts from 0; the filters by scale unit and volume do nothing.",),
    ),
    row(
        "locations/diskMigrationJobs",
        "2021-09-01",
        methods={GET, LIST, PUT},
        create=200,
        answers={PUT: lambda call: refuse_migration(call)},
        actions={"cancel": cancel_migration},
        assumed=("Disk migrations: none can be started; those in a seed can be read and cancelled.",),
    ),
)


def refuse_migration(_: Call) -> Response:
    """Return the refusal of a migration: a simulated stamp has no volumes to move disks between."""
    return error(409, "OperationNotAllowed", "This stamp has no volume to migrate disks to.")
