"""Compute.Admin: quotas."""

from .messages import Response
from .rules import READ_WRITE, Call, Rule

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


def unsupported_location(call: Call) -> Response:
    """Return the answer for another region, which has no `error` (recorded)."""
    return Response(400, {"message": f"Unsupported quota location: {call.address.names[0]}"})


RULES = (
    Rule(
        namespace=NAMESPACE,
        types="locations/quotas",
        versions=("2015-12-01-preview", "2018-02-09", "2020-11-01", "2021-01-01"),
        source="recorded",
        methods=READ_WRITE,
        create=200,
        wire_type=f"{NAMESPACE}/quotas",
        defaults=dict.fromkeys(COUNTS, 0),
        fields=dict.fromkeys(COUNTS, int),
        in_order=True,
        wrong_location=unsupported_location,
        headers=HEADERS,
    ),
)
