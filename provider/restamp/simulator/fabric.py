"""Fabric.Admin: the one location, which says what the deployment is."""

from .rules import Rule

RULES = (
    Rule(
        namespace="Microsoft.Fabric.Admin",
        types="fabricLocations",
        versions=("2016-05-01",),
        source="recorded",
        headers={"server": "Microsoft-HTTPAPI/2.0"},
        assumed=("Fabric: nothing but its location is there; addresses and time server in it are made up.",),
    ),
)
